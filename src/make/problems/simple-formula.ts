import { pick } from '../edits/edit.ts'
import { solutionOf } from '../problem.ts'
import type { ProblemBuilder } from './builder.ts'

/** Worded after ether0's problem prompts. */
const PROMPTS = [
  'What is the molecular formula of the molecule {smiles}?',
  'Give the molecular formula of {smiles}.',
  'What is the formula of the compound with SMILES {smiles}?',
]
const TYPE = 'simple-formula'

export const simpleFormulaProblem: ProblemBuilder = {
  name: 'simple_formula',
  title: 'the formula of a given molecule (str_eval)',
  standIn: false,
  build(molecule, random) {
    const { canonical, formula } = molecule.molecule
    return {
      name: 'simple_formula',
      type: TYPE,
      prompt: pick(PROMPTS, random).replace('{smiles}', () => canonical),
      solution: solutionOf('str_eval', formula, TYPE),
      answer: formula,
      form: 'formula',
      molecule: null,
      shown: [canonical],
    }
  },
}
