import type { Prng } from '../prng.ts'
import { below } from '../prng.ts'

/** A group of K completions that count. */
export interface ExchangeableGroup {
  readonly scores: readonly number[]
  /** What each is worth, in the same order. */
  readonly worths: readonly number[]
}

/**
 * Declines (peak less end) of the mean best-of-n curve of a score that says nothing: in each draw the worths are exchanged at random among
 * the completions of every group, equal scores sharing their places as ever. Under that null the observed decline is one more draw, however
 * few the prompts are.
 * @param groups with grid.at(-1) completions or more each
 * @param grid values of n, ascending
 * @returns one decline, 0 or more, per draw
 */
export function exchangedDeclines(
  groups: readonly ExchangeableGroup[],
  grid: readonly number[],
  draws: number,
  random: Prng,
): Float64Array {
  const bySize = new Map<number, SizeClass>()
  const moving = groups.flatMap(({ scores, worths }) => {
    // the curve of equal worths is flat
    if (worths.every((worth) => worth === worths[0])) return []
    const size = worths.length
    let own = bySize.get(size)
    if (own === undefined) {
      own = { totals: new Float64Array(size), weights: grid.map((n) => rankWeights(size, n)) }
      bySize.set(size, own)
    }
    return [{ worths: Float64Array.from(worths), ties: tiedRanks(scores), totals: own.totals }]
  })
  const curve = new Float64Array(grid.length)
  return Float64Array.from({ length: draws }, () => {
    for (const { totals } of bySize.values()) totals.fill(0)
    for (const { worths, ties, totals } of moving) {
      shuffle(worths, random)
      for (let rank = 0; rank < worths.length; rank++) totals[rank] = totals[rank]! + worths[rank]!
      for (const [from, to] of ties) share(worths, totals, from, to)
    }
    curve.fill(0)
    for (const { totals, weights } of bySize.values())
      for (const [k, own] of weights.entries())
        for (let rank = 0; rank < totals.length; rank++) curve[k] = curve[k]! + own[rank]! * totals[rank]!
    const end = curve.at(-1) ?? 0
    return groups.length === 0 ? 0 : curve.reduce((most, value) => Math.max(most, value - end), 0) / groups.length
  })
}

/** Groups of one size: what their completions are worth by rank, summed over them, and the weight of each rank at every n of the grid. */
interface SizeClass {
  readonly totals: Float64Array
  readonly weights: readonly Float64Array[]
}

/** Chance that the completion at each rank (lowest score first) is the best of n drawn from `size`: C(rank, n − 1) / C(size, n), ranks from 0. */
function rankWeights(size: number, n: number): Float64Array {
  const weights = new Float64Array(size)
  weights[size - 1] = n / size
  for (let rank = size - 1; rank >= n; rank--) weights[rank - 1] = (weights[rank]! * (rank - n + 1)) / rank
  return weights
}

/** Runs of equal scores in the order of the scores: [first rank, rank behind the last]. */
function tiedRanks(scores: readonly number[]): [from: number, to: number][] {
  const sorted = Float64Array.from(scores).sort()
  const ties: [number, number][] = []
  for (let from = 0; from < sorted.length; ) {
    let to = from + 1
    while (to < sorted.length && sorted[to] === sorted[from]) to++
    if (to - from > 1) ties.push([from, to])
    from = to
  }
  return ties
}

/** In `totals`, what stands at the ranks of a tie becomes their mean. */
function share(worths: Float64Array, totals: Float64Array, from: number, to: number): void {
  let sum = 0
  for (let rank = from; rank < to; rank++) sum += worths[rank]!
  const mean = sum / (to - from)
  for (let rank = from; rank < to; rank++) totals[rank] = totals[rank]! + mean - worths[rank]!
}

function shuffle(values: Float64Array, random: Prng): void {
  for (let i = values.length - 1; i > 0; i--) {
    const j = below(random, i + 1)
    const value = values[i]!
    values[i] = values[j]!
    values[j] = value
  }
}
