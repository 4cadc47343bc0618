import type { Batch, Sequence } from '../types.ts'

/**
 * A batch that did not fit in memory as two of about half its sequences each, in the same order; null where it has one. The second part
 * computes the prefix anew that its first sequence took over, so the cut is made where little is shared. Neither carries anything. Deterministic.
 */
export function halve(whole: Batch, sequences: readonly Sequence[]): readonly [Batch, Batch] | null {
  const batch = byItself(whole)
  const count = batch.sequences.length
  if (count < 2) return null
  const { reused } = batch
  const middle = count / 2
  let cut = Math.floor(middle)
  if (reused !== undefined)
    for (let i = Math.ceil(count / 4); i <= Math.floor((3 * count) / 4); i++) {
      const less = reused[i]! - reused[cut]!
      if (i > 0 && (less < 0 || (less === 0 && Math.abs(i - middle) < Math.abs(cut - middle)))) cut = i
    }
  return [part(batch, sequences, 0, cut), part(batch, sequences, cut, count)]
}

/** A batch that takes over nothing from the one before and leaves nothing. */
export function byItself({ carried = 0, kept: _, ...batch }: Batch): Batch {
  return { ...batch, tokens: batch.tokens + carried }
}

function part(batch: Batch, sequences: readonly Sequence[], from: number, to: number): Batch {
  const chosen = batch.sequences.slice(from, to)
  const reused = batch.reused?.slice(from, to).map((tokens, i) => (i === 0 ? 0 : tokens))
  const own = { ...batch, sequences: chosen, ...(reused !== undefined && { reused }) }
  return { ...own, tokens: sizeOf(own, sequences) }
}

/** Tokens of a batch, each shared one once; of padded rows their places. */
export function sizeOf(
  { layout, sequences: chosen, reused, carried = 0 }: Pick<Batch, 'layout' | 'sequences' | 'reused' | 'carried'>,
  sequences: readonly Sequence[],
): number {
  const lengths = chosen.map((index) => sequences[index]!.ids.length)
  return layout === 'padded'
    ? lengths.length * lengths.reduce((most, length) => Math.max(most, length), 0)
    : lengths.reduce((sum, length, i) => sum + length - (i === 0 ? carried : (reused?.[i] ?? 0)), 0)
}
