import { sortOrder } from './sort-order.ts'

/**
 * Ranks from 1, equal values sharing the mean of theirs; all NaN where a value is NaN (scipy.stats.rankdata).
 * @example averageRanks([10, 30, 10]) // [1.5, 3, 1.5]
 */
export const averageRanks = (values: ArrayLike<number>): Float64Array => ranksInOrder(values, sortOrder(values))

/** `averageRanks` of values whose ascending order is at hand. */
export function ranksInOrder(values: ArrayLike<number>, order: Int32Array): Float64Array {
  const ranks = new Float64Array(values.length)
  if (hasNaN(values)) return ranks.fill(Number.NaN)
  for (let i = 0, j = 0; i < order.length; i = j) {
    for (j = i + 1; j < order.length && values[order[j]!] === values[order[i]!]; j++);
    for (let k = i; k < j; k++) ranks[order[k]!] = (i + 1 + j) / 2
  }
  return ranks
}

/** Sizes of the blocks of equal values, blocks of one included. */
export function tieSizes(values: ArrayLike<number>): number[] {
  const sorted = Float64Array.from(values).sort()
  const sizes: number[] = []
  for (let i = 0, j = 0; i < sorted.length; i = j) {
    for (j = i + 1; j < sorted.length && sorted[j] === sorted[i]; j++);
    sizes.push(j - i)
  }
  return sizes
}

/** True when one of the values is NaN. */
export function hasNaN(values: ArrayLike<number>): boolean {
  for (let i = 0; i < values.length; i++) if (Number.isNaN(values[i])) return true
  return false
}

/** Two series of different length are a caller's fault, not data. */
export function sameLength(a: ArrayLike<unknown>, b: ArrayLike<unknown>): void {
  if (a.length !== b.length) throw new RangeError(`series of ${a.length} and ${b.length} values`)
}
