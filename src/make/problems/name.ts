import { pick } from '../edits/edit.ts'
import { solutionOf } from '../problem.ts'
import type { ProblemBuilder } from './builder.ts'

const PROMPTS = [
  'What is the SMILES of the molecule with this InChI? {inchi}',
  'Write the SMILES string of {inchi}.',
  'Convert this InChI to SMILES, stereochemistry included: {inchi}',
]
const TYPE = 'molecule-name/inchi'

/** From InChI to SMILES: the one name that RDKit computes by itself, and it is exact. */
export const nameProblem: ProblemBuilder = {
  name: 'name',
  title: 'the SMILES of a molecule given as InChI (product_eval)',
  standIn: false,
  build(molecule, random, { mols }) {
    if (molecule.molecule.graph.components !== 1) return null
    const inchi = mols.inchi(molecule.molecule)
    if (!inchi.startsWith('InChI=1S/')) return null
    const answer = molecule.molecule.canonical
    return {
      name: 'name',
      type: TYPE,
      prompt: pick(PROMPTS, random).replace('{inchi}', inchi),
      solution: solutionOf('product_eval', answer, TYPE),
      answer,
      form: 'molecule',
      molecule,
      shown: [inchi],
      inchi,
    }
  },
}
