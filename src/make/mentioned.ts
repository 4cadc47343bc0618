import { findSmiles } from '../chem/ether0/answer.ts'
import { ToolkitFailure } from '../chem/toolkit/molecule.ts'
import { answerOf } from './answers.ts'
import type { MakerChemistry } from './problems/builder.ts'

/** Canonical SMILES without stereo of those texts that are molecules, and of the parts of each; each once. */
export function flatOf(texts: readonly string[], { mols }: MakerChemistry): string[] {
  const found = new Set<string>()
  for (const text of texts.flatMap((one) => (one.includes('.') ? [one, ...one.split('.')] : [one]))) {
    if (text === '' || /\s/.test(text)) continue
    try {
      const read = mols.read(text)
      if (read !== null && read.atomCount > 0) found.add(read.flat)
    } catch (error) {
      if (!(error instanceof ToolkitFailure)) throw error
    }
  }
  return [...found]
}

/** The same of everything in the texts that looks like SMILES, answers included. */
export const mentioned = (texts: readonly string[], chemistry: MakerChemistry): string[] =>
  flatOf(
    texts.flatMap((text) => [
      text,
      answerOf(text) ?? '',
      ...findSmiles(text),
      ...findSmiles(text).flatMap((one) => one.split('>')),
    ]),
    chemistry,
  )
