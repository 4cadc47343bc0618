import { below } from '../../prng.ts'
import { pick } from '../edits/edit.ts'
import { solutionOf } from '../problem.ts'
import type { ProblemBuilder } from './builder.ts'

/** Worded after ether0's problem prompts. */
const PROMPTS = [
  'I have a partial molecule represented by the SMILES string {part}. What is a valid completion of this molecule, providing only the remaining characters in SMILES format?',
  "Here's a fragment of a SMILES string: {part}. What would be a chemically sound way to complete it? Respond with the missing portion of the SMILES representation.",
]
const TYPE = 'molecule-completion'
/** Shorter strings leave nothing to complete. */
const SHORTEST = 12

export const completionProblem: ProblemBuilder = {
  name: 'completion',
  title: 'the rest of a cut SMILES string (valid_mol_eval)',
  standIn: true,
  build({ molecule: { canonical } }, random) {
    if (canonical.length < SHORTEST) return null
    const cut = Math.floor(canonical.length * 0.4) + below(random, Math.floor(canonical.length * 0.4))
    const [part, rest] = [canonical.slice(0, cut), canonical.slice(cut)]
    // inside a bracket, or between the letters of an element or the characters of a two-digit ring closure
    if (part.lastIndexOf('[') > part.lastIndexOf(']') || /(?:C|B|%|%\d)$/.test(part)) return null
    return {
      name: 'completion',
      type: TYPE,
      prompt: pick(PROMPTS, random).replace('{part}', () => part),
      solution: solutionOf('valid_mol_eval', part, TYPE),
      answer: rest,
      form: 'text',
      molecule: null,
      shown: [part],
    }
  },
}
