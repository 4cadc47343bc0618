import { editable, pick } from '../edits/edit.ts'
import { solutionOf } from '../problem.ts'
import type { ProblemBuilder } from './builder.ts'

const PROMPTS = [
  'A caption reads: "the enantiomer (mirror image) of {smiles}". Which molecule is it? Answer with its SMILES.',
  'Write the SMILES of the compound described as the optical antipode of {smiles}, with every stereocentre inverted.',
]
const TYPE = 'molecule-caption/mirror-image'

/** A caption that is computed and unambiguous: the mirror image of a chiral molecule. */
export const mirrorProblem: ProblemBuilder = {
  name: 'mirror',
  title: 'the mirror image of a given chiral molecule (caption_eval)',
  standIn: false,
  build({ molecule: { canonical } }, random, { mols }) {
    if (!canonical.includes('@')) return null
    // @ and @@ exchanged in place: each neighbourhood is read the other way round
    const swapped = canonical.replace(/@+/g, (mark) => (mark === '@' ? '@@' : '@'))
    const mirror = mols.read(swapped)
    if (mirror === null || mirror.canonical === canonical) return null
    const image = mols.read(mirror.canonical)
    const molecule = image === null ? null : editable(image, mols)
    if (molecule === null) return null
    return {
      name: 'mirror',
      type: TYPE,
      prompt: pick(PROMPTS, random).replace('{smiles}', () => canonical),
      solution: solutionOf('caption_eval', mirror.canonical, TYPE),
      answer: mirror.canonical,
      form: 'molecule',
      molecule,
      shown: [canonical],
    }
  },
}
