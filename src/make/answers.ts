import { extractAnswerLoose, extractThoughtAnswerStrict } from '../chem/ether0/answer.ts'
import { ToolkitFailure } from '../chem/toolkit/molecule.ts'
import type { AnswerTraits } from './jobs.ts'
import type { MakerChemistry } from './problems/builder.ts'
import { murckoScaffold } from './scaffold.ts'

/** What a completion answers: by ether0's strict format, with or without a thought, else by the loose one; null where there is nothing. */
export function answerOf(text: string): string | null {
  return (
    extractThoughtAnswerStrict(text, true)[1] ??
    extractThoughtAnswerStrict(text, false)[1] ??
    (extractAnswerLoose(text) || null)
  )
}

/** The molecule that a text names: canonical; null where it is none. */
export function canonicalOf(text: string | null, { mols }: MakerChemistry): string | null {
  if (text === null || text === '' || /[\s>]/.test(text)) return null
  try {
    const read = mols.read(text)
    return read === null || read.atomCount === 0 ? null : read.canonical
  } catch (error) {
    if (!(error instanceof ToolkitFailure)) throw error
    return null
  }
}

/** Answer, molecule and scaffold of a completion. */
export function traitsOf(text: string, chemistry: MakerChemistry): AnswerTraits {
  const answer = answerOf(text)
  const molecule = canonicalOf(answer, chemistry)
  const read = molecule === null ? null : chemistry.mols.read(molecule)
  return { answer, molecule, scaffold: read === null ? null : murckoScaffold(read, chemistry.mols) }
}
