import { type Prng, prng } from '../prng.ts'
import { Draws, type Weights } from './draws.ts'
import { checkCount, checkLevel, checkOneOf } from './options.ts'
import { quantileSorted } from './quantile.ts'
import { ascending } from './sort-order.ts'
import { normalCdf, normalQuantile } from './special.ts'

/** An interval at level 0.95 unless said otherwise. */
export interface Interval {
  readonly low: number
  readonly high: number
}
export type BootstrapMethod = 'percentile' | 'bca'
export interface BootstrapOptions {
  /** Number of resamples; default 2,000. */
  readonly resamples?: number
  /** Default 0. */
  readonly seed?: number
  /** Default 0.95. */
  readonly level?: number
  /** Default percentile. */
  readonly method?: BootstrapMethod
}

/**
 * A statistic that can be recomputed when cluster c is counted `weights[c]` times (0 = left out), without copying rows.
 * NaN where it is undefined for that resample.
 */
export type WeightedStatistic = (weights: Weights) => number

/** Fewer defined resamples than this share, and no interval is given. */
export const MIN_DEFINED = 0.95

/**
 * Bootstrap distributions of several statistics over the same resamples of clusters (rows are clusters of one).
 * Each resample draws `clusters` clusters with replacement and keeps all rows of each; nothing is allocated per resample.
 * The same resample serves every statistic, so differences of two of the distributions are paired.
 * @param draws resamples, or the stream to draw them from
 * @returns one Float64Array of `resamples` values a statistic, NaN where undefined
 */
export function resampleClusters(
  clusters: number,
  statistics: readonly WeightedStatistic[],
  resamples = 2000,
  draws: Prng | Draws = prng(0),
): Float64Array[] {
  const out = statistics.map(() => new Float64Array(resamples))
  const drawn = typeof draws === 'function' ? new Draws(clusters, () => draws) : draws
  drawn.each(resamples, (weights, b) => {
    for (let s = 0; s < statistics.length; s++) out[s]![b] = statistics[s]!(weights)
  })
  return out
}

/** The statistic with each cluster left out in turn (weights 1 and one 0). */
export function jackknifeClusters(clusters: number, statistic: WeightedStatistic): Float64Array {
  const weights = new Float64Array(clusters).fill(1)
  const out = new Float64Array(clusters)
  for (let c = 0; c < clusters; c++) {
    weights[c] = 0
    out[c] = statistic(weights)
    weights[c] = 1
  }
  return out
}

/** The finite values, ascending; null when fewer than `MIN_DEFINED` of them are defined. */
function defined(distribution: Float64Array): Float64Array | null {
  const kept = ascending(distribution.filter((v) => !Number.isNaN(v)))
  return kept.length === 0 || kept.length < MIN_DEFINED * distribution.length ? null : kept
}

/** Efron's percentile interval: the α/2 and 1 − α/2 quantiles (linear) of the bootstrap distribution. */
export function percentileInterval(distribution: Float64Array, level = 0.95): Interval | null {
  const sorted = defined(distribution)
  if (sorted === null) return null
  const tail = (1 - level) / 2
  return { low: quantileSorted(sorted, tail), high: quantileSorted(sorted, 1 - tail) }
}

/**
 * Bias-corrected and accelerated interval. Efron 1987; z₀ and a as in scipy.stats.bootstrap: z₀ from the share of resamples
 * below the estimate (ties count ½), a = Σ(θ̄ − θᵢ)³ / (6 (Σ(θ̄ − θᵢ)²)^{3/2}) over the jackknife values.
 * null where all jackknife values are equal, one is undefined, or the distribution lies on one side of the estimate.
 */
export function bcaInterval(
  estimate: number,
  distribution: Float64Array,
  jackknife: Float64Array,
  level = 0.95,
): Interval | null {
  const sorted = defined(distribution)
  if (sorted === null || jackknife.some(Number.isNaN)) return null
  let below = 0
  for (const v of sorted) below += v < estimate ? 1 : v === estimate ? 0.5 : 0
  const z0 = normalQuantile(below / sorted.length)
  let mean = 0
  for (const v of jackknife) mean += v / jackknife.length
  let squares = 0
  let cubes = 0
  for (const v of jackknife) {
    const d = mean - v
    squares += d * d
    cubes += d * d * d
  }
  if (!Number.isFinite(z0) || squares === 0) return null
  const a = cubes / (6 * squares ** 1.5)
  const at = (z: number): number => normalCdf(z0 + (z0 + z) / (1 - a * (z0 + z)))
  const z = normalQuantile((1 - level) / 2)
  return { low: quantileSorted(sorted, at(z)), high: quantileSorted(sorted, at(-z)) }
}

/** Rows grouped by cluster: `order` lists the rows, those of cluster c at order[start[c] … start[c + 1]). */
export interface Grouped {
  readonly order: Int32Array
  readonly start: Int32Array
}
/** Counting sort of rows by cluster; `cluster[i]` in [0, clusters). */
export function groupRows(cluster: Int32Array, clusters: number): Grouped {
  const start = new Int32Array(clusters + 1)
  for (const c of cluster) start[c + 1] = start[c + 1]! + 1
  for (let c = 0; c < clusters; c++) start[c + 1] = start[c + 1]! + start[c]!
  const next = start.slice(0, clusters)
  const order = new Int32Array(cluster.length)
  for (let i = 0; i < cluster.length; i++) {
    const c = cluster[i]!
    const slot = next[c]!
    order[slot] = i
    next[c] = slot + 1
  }
  return { order, start }
}

/** Cluster labels of any kind as 0, 1, … in order of first appearance. */
export function indexClusters(labels: readonly (string | number)[] | Int32Array): {
  cluster: Int32Array
  clusters: number
} {
  if (labels instanceof Int32Array) return indexCodes(labels)
  const seen = new Map<string | number, number>()
  const cluster = new Int32Array(labels.length)
  labels.forEach((label, i) => {
    let c = seen.get(label)
    if (c === undefined) {
      c = seen.size
      seen.set(label, c)
    }
    cluster[i] = c
  })
  return { cluster, clusters: seen.size }
}

/** The same of codes from 0, as columns have them: a table in place of a Map. Memory: 4 bytes up to the largest code. */
function indexCodes(codes: Int32Array): { cluster: Int32Array; clusters: number } {
  let largest = -1
  for (const code of codes) largest = Math.max(largest, code)
  const seen = new Int32Array(largest + 1).fill(-1)
  let clusters = 0
  const cluster = codes.map((code) => {
    if (seen[code] === -1) seen[code] = clusters++
    return seen[code]!
  })
  return { cluster, clusters }
}

const arithmeticMean = (xs: ArrayLike<number>): number => {
  let sum = 0
  for (let i = 0; i < xs.length; i++) sum += xs[i]!
  return xs.length === 0 ? Number.NaN : sum / xs.length
}

/**
 * Bootstrap interval of any statistic of independent values.
 * @param statistic of the resampled values (given in one reused buffer); null or NaN = undefined for that resample
 * @returns null for an empty input, where the statistic is undefined, or where too few resamples are defined
 * @example bootstrapCi([1, 2, 3, 4]) // of the mean, 2,000 resamples, percentile, seed 0
 */
export function bootstrapCi(
  values: readonly number[],
  statistic: (values: ArrayLike<number>) => number | null = arithmeticMean,
  options: BootstrapOptions = {},
): Interval | null {
  return clusterBootstrapCi(values, Array.from(values.keys()), statistic, options)
}

/**
 * Bootstrap interval of any statistic of clustered values: clusters (prompts) are drawn with replacement, all their rows kept.
 * @example clusterBootstrapCi([1, 1, 0, 1], ['a', 'a', 'b', 'c'])
 */
export function clusterBootstrapCi(
  values: readonly number[],
  clusters: readonly (string | number)[],
  statistic: (values: ArrayLike<number>) => number | null = arithmeticMean,
  options: BootstrapOptions = {},
): Interval | null {
  const { resamples = 2000, seed = 0, level = 0.95, method = 'percentile' } = options
  checkCount('resamples', resamples)
  checkLevel(level)
  checkOneOf('method', method, ['percentile', 'bca'])
  if (clusters.length !== values.length) throw new RangeError(`${values.length} values, ${clusters.length} clusters`)
  const estimate = values.length === 0 ? null : statistic(values)
  if (estimate === null || Number.isNaN(estimate)) return null
  const { cluster, clusters: count } = indexClusters(clusters)
  const { order, start } = groupRows(cluster, count)
  let buffer = new Float64Array(values.length * 2)
  const weighted: WeightedStatistic = (weights) => {
    let n = 0
    for (let c = 0; c < count; c++) {
      const rows = start[c + 1]! - start[c]!
      for (let w = weights[c]!; w > 0; w--) {
        if (n + rows > buffer.length) {
          const larger = new Float64Array((n + rows) * 2)
          larger.set(buffer)
          buffer = larger
        }
        for (let r = start[c]!; r < start[c + 1]!; r++) buffer[n++] = values[order[r]!]!
      }
    }
    return n === 0 ? Number.NaN : (statistic(buffer.subarray(0, n)) ?? Number.NaN)
  }
  const distribution = resampleClusters(count, [weighted], resamples, prng(seed))[0]!
  if (method === 'percentile') return percentileInterval(distribution, level)
  return bcaInterval(estimate, distribution, jackknifeClusters(count, weighted), level)
}
