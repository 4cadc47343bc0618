import type { Prng } from '../prng.ts'
import { sampleBinomial } from './binomial-sample.ts'

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

/**
 * Cluster bootstrap of functions of sums. Clusters with the same column totals are interchangeable, so a resample is one
 * multinomial draw over the distinct patterns: the same distribution as drawing every cluster, at a cost that does not grow
 * with their number (100,000 prompts of one pair each have three patterns: won, tied, lost). Patterns are drawn in the order of
 * their totals, not of the rows: shuffled rows give the same resamples.
 * @param columns totals of each cluster; all of one length
 */
export function bootstrapSums(
  columns: readonly Float64Array[],
  statistics: number,
  f: FromSums,
  resamples: number,
  random: Prng,
): SumsBootstrap {
  const clusters = columns[0]?.length ?? 0
  const width = columns.length
  const patterns = new Map<string, number>()
  let count: number[] = []
  let first: number[] = []
  for (let c = 0; c < clusters; c++) {
    let key = ''
    for (let k = 0; k < width; k++) key += `${columns[k]![c]!},`
    const seen = patterns.get(key)
    if (seen !== undefined) count[seen] = count[seen]! + 1
    else {
      patterns.set(key, count.length)
      count.push(1)
      first.push(c)
    }
  }
  const byTotals = (a: number, b: number): number => {
    for (let k = 0; k < width; k++) {
      const difference = columns[k]![a]! - columns[k]![b]!
      if (difference !== 0) return difference
    }
    return 0
  }
  const direct = first.length > PATTERN_SHARE * clusters && first.length > 50
  if (direct) columns = sortedColumns(columns, byTotals)
  else {
    const order = [...first.keys()].sort((a, b) => byTotals(first[a]!, first[b]!))
    count = order.map((i) => count[i]!)
    first = order.map((i) => first[i]!)
  }
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
  const weights = new Float64Array(clusters)
  for (let b = 0; b < resamples; b++) {
    sums.fill(0)
    if (direct) drawEach(columns, weights, sums, random)
    else {
      let left = clusters
      let pool = clusters
      for (let i = 0; i < first.length && left > 0; i++) {
        const times = i === first.length - 1 ? left : sampleBinomial(left, count[i]! / pool, random)
        left -= times
        pool -= count[i]!
        if (times > 0) add(first[i]!, times)
      }
    }
    f(sums, out)
    for (let s = 0; s < statistics; s++) distributions[s]![b] = out[s]!
  }
  return { estimates, distributions }
}

/** The columns with their clusters in the order of `compare`. */
function sortedColumns(columns: readonly Float64Array[], compare: (a: number, b: number) => number): Float64Array[] {
  const order = Int32Array.from(columns[0]!, (_, c) => c).sort(compare)
  return columns.map((column) => Float64Array.from(order, (c) => column[c]!))
}

/** Draws as many clusters as there are, then adds up column by column: the random reads touch the small counts only. */
function drawEach(columns: readonly Float64Array[], weights: Float64Array, sums: Float64Array, random: Prng): void {
  const clusters = weights.length
  weights.fill(0)
  for (let i = 0; i < clusters; i++) {
    const c = Math.floor(random() * clusters)
    weights[c] = weights[c]! + 1
  }
  for (let k = 0; k < columns.length; k++) sums[k] = dot(weights, columns[k]!)
}
function dot(weights: Float64Array, column: Float64Array): number {
  let total = 0
  for (let c = 0; c < column.length; c++) total += weights[c]! * column[c]!
  return total
}

/** Totals of a row column by cluster. */
export function clusterTotals(cluster: Int32Array, clusters: number, value: (row: number) => number): Float64Array {
  const totals = new Float64Array(clusters)
  for (let i = 0; i < cluster.length; i++) totals[cluster[i]!] = totals[cluster[i]!]! + value(i)
  return totals
}
