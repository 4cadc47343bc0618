import { pick } from '../edits/edit.ts'
import { solutionOf } from '../problem.ts'
import type { ProblemBuilder } from './builder.ts'

/** Worded after ether0's problem prompts. */
const PROMPTS = [
  'Propose a molecule that has the following formula: {formula}.',
  'What is a plausible SMILES for a compound with the formula {formula}?',
  'What SMILES structure could correspond to the formula {formula}?',
]
const TYPE = 'molecule-formula'

/** A molecule of a formula. The target exempts its own rings and environments from the filters, so that the right answer needs none. */
export const formulaProblem: ProblemBuilder = {
  name: 'formula',
  title: 'a molecule of a given formula (formula_eval)',
  standIn: false,
  build(molecule, random) {
    const { canonical: answer, formula } = molecule.molecule
    return {
      name: 'formula',
      type: TYPE,
      prompt: pick(PROMPTS, random).replace('{formula}', formula),
      solution: solutionOf('formula_eval', answer, TYPE),
      answer,
      form: 'molecule',
      molecule,
      shown: [formula],
    }
  },
}
