import { taggedAnswer } from '../agreement/answer.ts'
import type { Parses } from '../agreement/baselines.ts'
import { ToolkitFailure } from '../chem/toolkit/molecule.ts'
import { Toolkit } from '../chem/toolkit/toolkit.ts'
import type { ScoredCompletion } from '../types.ts'

/** Distinct answers that are parsed for the baseline; a third of a millisecond each. */
const MAX_ANSWERS = 100_000

/** For the baseline "the answer parses as SMILES": every distinct answer, parsed once. Null beyond MAX_ANSWERS. */
export async function parsesOf(completions: readonly ScoredCompletion[]): Promise<Parses | null> {
  const known = new Map<string, boolean | null>()
  for (const { text } of completions) {
    const answer = taggedAnswer(text)
    if (answer !== null) known.set(answer, null)
    if (known.size > MAX_ANSWERS) return null
  }
  if (known.size === 0) return () => null
  const toolkit = await Toolkit.shared()
  for (const answer of known.keys()) {
    await toolkit.recover()
    known.set(answer, parses(toolkit, answer))
  }
  return (smiles) => known.get(smiles) ?? null
}

function parses(toolkit: Toolkit, smiles: string): boolean | null {
  try {
    return toolkit.read(smiles) !== null
  } catch (error) {
    if (error instanceof ToolkitFailure) return null
    throw error
  }
}
