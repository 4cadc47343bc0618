import type { ScoredPair } from '../types.ts'
import { counted } from './count.ts'

/** What makes a researcher look at the pairs again: sides that may be swapped, and pairs that are one text twice. */
export function pairDoubts(
  pairs: readonly (Pick<ScoredPair, 'id' | 'verifiableOutcome'> & {
    readonly chosen: Pick<ScoredPair['chosen'], 'text'>
    readonly rejected: Pick<ScoredPair['rejected'], 'text'>
  })[],
): string[] {
  const lines: string[] = []
  const wins = pairs.filter(({ verifiableOutcome }) => verifiableOutcome === 'win').length
  const losses = pairs.filter(({ verifiableOutcome }) => verifiableOutcome === 'loss').length
  if (losses > wins)
    lines.push(
      `the verifier prefers the rejected answer in ${losses} of ${counted(wins + losses, 'pair')} that it decides: are chosen and rejected swapped? --chosen-column and --rejected-column name them`,
    )
  const same = pairs.filter(({ chosen, rejected }) => chosen.text === rejected.text)
  if (same.length > 0)
    lines.push(
      `${counted(same.length, 'pair')} of ${pairs.length} ${same.length === 1 ? 'has' : 'have'} one text as chosen and as rejected, a tie whatever the model (the first is ${same[0]!.id}): they count as the other pairs do`,
    )
  return lines
}
