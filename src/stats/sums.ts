import type { Prng } from '../prng.ts'
import { sampleBinomial } from './binomial-sample.ts'
import { Draws, type Weights } from './draws.ts'

/**
 * Statistics that are functions of sums over rows (accuracy, κ, MCC, differences of accuracies): `sums[k]` = Σ of column k,
 * `out` gets one value per statistic, NaN where undefined.
 */
export type FromSums = (sums: Float64Array, out: Float64Array) => void

export interface SumsBootstrap {
  /** On the data themselves. */
  readonly estimates: Float64Array
  /** One array of `resamples` values a statistic; the same resamples for all. */
  readonly distributions: readonly Float64Array[]
}

/** Above this share of distinct clusters there is nothing to gain from drawing whole patterns. */
const PATTERN_SHARE = 0.2
/** So many patterns are drawn whatever their share. */
const FEW_PATTERNS = 50

/**
 * Cluster bootstrap of functions of sums. Clusters with the same column totals are interchangeable, so a resample is one
 * multinomial draw over the distinct patterns: the same distribution as drawing every cluster, at a cost that does not grow
 * with their number (100,000 prompts of one pair each have three patterns: won, tied, lost). Patterns are drawn in the order of
 * their totals, not of the rows: shuffled rows give the same resamples.
 * @param columns totals of each cluster; all of one length
 * @param draws resamples of so many clusters from the same stream, where they are at hand: the counts that `random` would give
 */
export function bootstrapSums(
  columns: readonly Float64Array[],
  statistics: number,
  f: FromSums,
  resamples: number,
  random: Prng,
  draws?: Draws,
): SumsBootstrap {
  const clusters = columns[0]?.length ?? 0
  const width = columns.length
  const byTotals = (a: number, b: number): number => {
    for (let k = 0; k < width; k++) {
      const difference = columns[k]![a]! - columns[k]![b]!
      if (difference !== 0) return difference
    }
    return 0
  }
  const found = patternsOf(columns, Math.max(FEW_PATTERNS, Math.floor(PATTERN_SHARE * clusters)))
  const direct = found === null
  if (direct) columns = sortedColumns(columns, byTotals)
  const order = [...(found?.first.keys() ?? [])].sort((a, b) => byTotals(found!.first[a]!, found!.first[b]!))
  const count = order.map((i) => found!.count[i]!)
  const first = order.map((i) => found!.first[i]!)
  const sums = new Float64Array(width)
  const out = new Float64Array(statistics)
  const add = (c: number, times: number): void => {
    for (let k = 0; k < width; k++) sums[k] = sums[k]! + times * columns[k]![c]!
  }
  if (direct) for (let k = 0; k < width; k++) sums[k] = columns[k]!.reduce((a, b) => a + b, 0)
  else
    first.forEach((c, i) => {
      add(c, count[i]!)
    })
  f(sums, out)
  const estimates = out.slice()
  const distributions = Array.from({ length: statistics }, () => new Float64Array(resamples))
  const weights = new Float64Array(direct ? clusters : 0)
  const keep = (b: number): void => {
    f(sums, out)
    for (let s = 0; s < statistics; s++) distributions[s]![b] = out[s]!
  }
  if (direct)
    // The random reads touch the counts only; then column by column.
    (draws ?? new Draws(clusters, () => random)).each(resamples, (counts, b) => {
      weights.set(counts)
      for (let k = 0; k < width; k++) sums[k] = dot(weights, columns[k]!)
      keep(b)
    })
  else
    for (let b = 0; b < resamples; b++) {
      sums.fill(0)
      let left = clusters
      let pool = clusters
      for (let i = 0; i < first.length && left > 0; i++) {
        const times = i === first.length - 1 ? left : sampleBinomial(left, count[i]! / pool, random)
        left -= times
        pool -= count[i]!
        if (times > 0) add(first[i]!, times)
      }
      keep(b)
    }
  return { estimates, distributions }
}

/** Distinct clusters by their totals, each with the first cluster that has them and how many do; null for more than `most`. */
function patternsOf(
  columns: readonly Float64Array[],
  most: number,
): { readonly first: readonly number[]; readonly count: readonly number[] } | null {
  const clusters = columns[0]?.length ?? 0
  // Bits of the doubles, hashed; patterns of one hash are told apart by their totals.
  const words = columns.map((column) => new Uint32Array(column.buffer, column.byteOffset, 2 * clusters))
  const size = 2 ** Math.ceil(Math.log2(2 * most + 2))
  const slots = new Int32Array(size).fill(-1)
  const first: number[] = []
  const count: number[] = []
  for (let c = 0; c < clusters; c++) {
    let hash = 0
    for (let k = 0; k < words.length; k++) {
      hash = Math.imul(hash ^ words[k]![2 * c]!, 0x85ebca6b)
      hash = Math.imul((hash ^ (hash >>> 13)) + words[k]![2 * c + 1]!, 0xc2b2ae35)
    }
    let slot = (hash ^ (hash >>> 16)) & (size - 1)
    for (; ; slot = (slot + 1) & (size - 1)) {
      const pattern = slots[slot]!
      if (pattern === -1) {
        if (first.length === most) return null
        slots[slot] = first.length
        first.push(c)
        count.push(1)
        break
      }
      if (columns.every((column) => column[c] === column[first[pattern]!])) {
        count[pattern] = count[pattern]! + 1
        break
      }
    }
  }
  return { first, count }
}

/** The columns with their clusters in the order of `compare`. */
function sortedColumns(columns: readonly Float64Array[], compare: (a: number, b: number) => number): Float64Array[] {
  const order = Int32Array.from(columns[0]!, (_, c) => c).sort(compare)
  return columns.map((column) => Float64Array.from(order, (c) => column[c]!))
}

/** Four sums side by side: the additions need not wait for each other. */
export function dot(weights: Weights, column: Float64Array): number {
  const whole = column.length & ~3
  let [a, b, c, d] = [0, 0, 0, 0]
  for (let i = 0; i < whole; i += 4) {
    a += weights[i]! * column[i]!
    b += weights[i + 1]! * column[i + 1]!
    c += weights[i + 2]! * column[i + 2]!
    d += weights[i + 3]! * column[i + 3]!
  }
  for (let i = whole; i < column.length; i++) a += weights[i]! * column[i]!
  return a + b + (c + d)
}

/** Totals of a row column by cluster. */
export function clusterTotals(cluster: Int32Array, clusters: number, value: (row: number) => number): Float64Array {
  const totals = new Float64Array(clusters)
  for (let i = 0; i < cluster.length; i++) totals[cluster[i]!] = totals[cluster[i]!]! + value(i)
  return totals
}
