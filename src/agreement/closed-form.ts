import {
  aurocInfluence,
  averagePrecisionInfluence,
  clusterError,
  influenceError,
  kendallInfluence,
  spearmanInfluence,
  variedClusters,
  waldInterval,
} from '../stats/influence.ts'
import { type Sorted, sorted } from '../stats/sorted.ts'
import type { MethodInterval } from './intervals.ts'
import { once } from './once.ts'

/** From so many prompts on the intervals of rank statistics, losses and hack rates are closed, where the conditions below hold. */
export const CLOSED_FROM = 10_000
/** So many prompts at least must have a value (a class, a reward, a score) other than the most frequent one, else resampling goes on. */
export const CLOSED_VARIED = 1000

/** ci_method of a closed interval. */
export const CLOSED_METHOD = 'wald, cluster-robust standard error, linearised'

/**
 * Standard error of a statistic over resampled prompts, from each row's influence on it (stats/influence.ts); what 2,000 resamples of that
 * many prompts would say up to their own noise, in the time of one.
 */
export interface ClosedForm {
  readonly error: number
  /** Prompts that the statistic rests on: the fewest with a value other than the most frequent. */
  readonly varied: number
  /** Range of the statistic. */
  readonly low: number
  readonly high: number
}

/** Interval of a closed form; null where it should be resampled: too few prompts vary, or it leaves the range of the statistic. */
export function closedInterval(value: number, form: ClosedForm | null): MethodInterval | null {
  if (form === null || form.varied < CLOSED_VARIED || !(form.error > 0) || !Number.isFinite(form.error)) return null
  const interval = waldInterval(value, form.error)
  return interval.low < form.low || interval.high > form.high ? null : { interval, method: CLOSED_METHOD }
}

/** Closed forms of the rank statistics of scores for rewards; what several share is worked out once, when it is first asked for. */
export function closedRanks(
  label: Float64Array,
  reward: Float64Array,
  byScore: Sorted,
  cluster: Int32Array,
  clusters: number,
): Record<'auroc' | 'averagePrecision' | 'tauB' | 'somersD' | 'spearman', () => ClosedForm> {
  const byReward = once(() => sorted(reward))
  const varied = once(() => variedClusters(byScore, cluster, clusters))
  const classes = once(() =>
    Math.min(varied(), variedClusters(label === reward ? byReward() : sorted(label), cluster, clusters)),
  )
  const rewards = once(() => Math.min(varied(), variedClusters(byReward(), cluster, clusters)))
  const errorOf = (influence: Float64Array): number => influenceError(influence, cluster, clusters)
  const form = (error: number, rests: number, low: number): ClosedForm => ({ error, varied: rests, low, high: 1 })
  // the errors alone are kept, not the influences of all rows
  const kendall = once(() => {
    const { tauB, somersD } = kendallInfluence(byReward(), byScore)
    return { tauB: errorOf(tauB), somersD: errorOf(somersD) }
  })
  return {
    auroc: () => form(errorOf(aurocInfluence(label, byScore)), classes(), 0),
    averagePrecision: () => form(errorOf(averagePrecisionInfluence(label, byScore)), classes(), 0),
    tauB: () => form(kendall().tauB, rewards(), -1),
    somersD: () => form(kendall().somersD, rewards(), -1),
    spearman: () => form(errorOf(spearmanInfluence(byReward(), byScore)), rewards(), -1),
  }
}

/** Of a mean over the clusters where a value is defined (not NaN): SE² = C/(C − 1) · Σ (v_c − mean)² / C². */
export function closedClusterMean(values: Float64Array, low: number): ClosedForm {
  const defined = values.filter((v) => !Number.isNaN(v))
  const mean = defined.reduce((s, v) => s + v, 0) / defined.length
  const own = Int32Array.from(defined, (_, c) => c)
  const error = clusterError(defined.map((v) => (v - mean) / defined.length))
  return { error, varied: variedClusters(sorted(defined), own, defined.length), low, high: 1 }
}

/** Of the ratio of two sums over clusters, r = Σ part / Σ whole: influence (part_c − r · whole_c) / Σ whole. */
export function closedRatio(part: Float64Array, whole: Float64Array, low: number, high: number): ClosedForm {
  let [p, w] = [0, 0]
  for (let c = 0; c < part.length; c++) {
    p += part[c]!
    w += whole[c]!
  }
  const influence = part.map((v, c) => (v - (p / w) * whole[c]!) / w)
  const own = Int32Array.from(part, (_, c) => c)
  return { error: clusterError(influence), varied: variedClusters(sorted(part), own, part.length), low, high }
}
