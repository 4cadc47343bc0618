import { functionalGroupsOf } from '../../chem/toolkit/functional-groups.ts'
import { below } from '../../prng.ts'
import { pick, shuffled } from '../edits/edit.ts'
import { solutionOf } from '../problem.ts'
import type { ProblemBuilder } from './builder.ts'

/** Worded after ether0's problem prompts. */
const PROMPTS = [
  'Propose a compound with molecular formula {formula} that contains the following functional groups: {groups}.',
  'Provide a reasonable SMILES for a chemical with molecular formula {formula} and these groups: {groups}.',
  'Suggest a SMILES structure for a molecule with formula {formula} and the following functional groups: {groups}.',
]
const TYPE = 'functional-group'
const MOST_GROUPS = 3
/** Longer names are of exotic patterns. */
const LONGEST_NAME = 26

export const groupsProblem: ProblemBuilder = {
  name: 'groups',
  title: 'a molecule of a given formula with given functional groups (functional_group_eval)',
  standIn: true,
  build(molecule, random, { mols, data }) {
    const { canonical: answer, formula } = molecule.molecule
    const all = functionalGroupsOf(molecule.molecule, data.functionalGroups, mols).filter(
      (group) => group.length < LONGEST_NAME && !/['\\]/.test(group),
    )
    if (all.length < 2) return null
    const groups = shuffled(all, random).slice(0, 1 + below(random, MOST_GROUPS))
    const info = `('${formula}', [${groups.map((group) => `'${group}'`).join(', ')}])`
    return {
      name: 'groups',
      type: TYPE,
      prompt: pick(PROMPTS, random)
        .replace('{formula}', formula)
        .replace('{groups}', () => groups.join(', ')),
      solution: solutionOf('functional_group_eval', info, TYPE),
      answer,
      form: 'molecule',
      molecule,
      shown: [formula, groups.join(', ')],
    }
  },
}
