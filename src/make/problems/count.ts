import type { Molecule } from '../../chem/toolkit/molecule.ts'
import { pick } from '../edits/edit.ts'
import { solutionOf } from '../problem.ts'
import type { ProblemBuilder } from './builder.ts'

const PROMPTS = [
  'How many {what} does the molecule {smiles} have?',
  'Count the {what} of {smiles}.',
  'Give the number of {what} in the molecule with SMILES {smiles}.',
]

/** Numbers that RDKit computes, and whoever reads the structure can. */
const COUNTS: readonly (readonly [type: string, what: string, of: (molecule: Molecule) => number])[] = [
  ['carbon-atoms', 'carbon atoms', ({ graph }) => graph.atoms.filter(({ z }) => z === 6).length],
  [
    'hydrogen-atoms',
    'hydrogen atoms',
    ({ graph }) => graph.atoms.reduce((n, { z, hydrogens }) => n + hydrogens + (z === 1 ? 1 : 0), 0),
  ],
  ['heavy-atoms', 'heavy atoms', ({ descriptors }) => descriptors.NumHeavyAtoms!],
  // not RDKit's NumRings, which counts equivalent rings beyond the smallest set: 4 for adamantane, 6 for cubane
  [
    'rings',
    'rings (smallest set of smallest rings)',
    ({ graph }) => graph.bonds.length - graph.atoms.length + graph.components,
  ],
  ['aromatic-rings', 'aromatic rings', ({ descriptors }) => descriptors.NumAromaticRings!],
  [
    'nh-oh',
    'hydrogen atoms on nitrogen or oxygen',
    ({ graph }) => graph.atoms.reduce((n, { z, hydrogens }) => n + (z === 7 || z === 8 ? hydrogens : 0), 0),
  ],
  ['halogens', 'halogen atoms', ({ graph }) => graph.atoms.filter(({ z }) => [9, 17, 35, 53].includes(z)).length],
]

/** A count; where it is 0, what is not there would be asked for, so another is taken. */
export const countProblem: ProblemBuilder = {
  name: 'count',
  title: 'a number of atoms or rings of a given molecule (str_eval)',
  standIn: false,
  build({ molecule }, random) {
    const there = COUNTS.filter(([, , of]) => of(molecule) > 0)
    if (there.length === 0) return null
    const [kind, what, of] = pick(there, random)
    const type = `count/${kind}`
    const answer = String(of(molecule))
    return {
      name: 'count',
      type,
      prompt: pick(PROMPTS, random)
        .replace('{what}', what)
        .replace('{smiles}', () => molecule.canonical),
      solution: solutionOf('str_eval', answer, type),
      answer,
      form: 'count',
      molecule: null,
      shown: [molecule.canonical],
    }
  },
}
