import { prng } from '../prng.ts'
import { auroc } from '../stats/auroc.ts'
import { percentileInterval, resampleClusters } from '../stats/bootstrap.ts'
import { delong } from '../stats/delong.ts'
import { weightedAuroc } from '../stats/weighted.ts'
import type { BootstrapSettings } from './accuracy.ts'
import { affordableResamples, intervalOf, type MethodInterval } from './statistic.ts'

/** AUROC of score a less that of score b, for the same labels on the same rows. */
export interface AurocDifference {
  readonly a: number | null
  readonly b: number | null
  readonly difference: number | null
  readonly ci: MethodInterval
  /** Two-sided p of no difference; null where there is none. */
  readonly p: number | null
  readonly test: 'delong' | 'bootstrap' | null
  /** Why there is no difference, or no p; else null. */
  readonly reason: string | null
}

/**
 * Compares two scores. Where every prompt has one row, DeLong's test; else prompts are resampled with all their rows, both scores
 * under the same resamples, and p is the least level whose percentile interval leaves 0 out:
 * p = 2 · (1 + min(#{d* ≤ 0}, #{d* ≥ 0})) / (1 + B), at most 1. Efron & Tibshirani 1993, §15.4 and §16.
 * @param share the work of a comparison is bounded by this share of what one statistic may cost
 */
export function aurocDifference(
  {
    label,
    a,
    b,
    cluster,
    clusters,
  }: {
    readonly label: Float64Array
    readonly a: Float64Array
    readonly b: Float64Array
    readonly cluster: Int32Array
    readonly clusters: number
  },
  settings: BootstrapSettings,
  share = 1,
): AurocDifference {
  const [first, second] = [auroc(label, a), auroc(label, b)]
  const none = { interval: null, method: null }
  if (first === null || second === null) {
    const reason = label.length === 0 ? 'no_common_completion' : 'one_class'
    return { a: first, b: second, difference: null, ci: none, p: null, test: null, reason }
  }
  const difference = first - second
  if (clusters === label.length) {
    const found = delong(label, a, b)
    // one row of a class, or a difference without variance: DeLong has no answer
    const ci = found === null ? none : { interval: { low: found.low, high: found.high }, method: 'delong' }
    const test = found === null ? null : 'delong'
    return {
      a: first,
      b: second,
      difference,
      ci,
      p: found?.p ?? null,
      test,
      reason: found === null ? 'no_variance' : null,
    }
  }
  if (clusters < 2) return { a: first, b: second, difference, ci: none, p: null, test: null, reason: 'one_prompt' }
  const resamples = affordableResamples(settings.resamples, (2 * label.length) / share)
  const evaluators = [weightedAuroc(label, a, cluster), weightedAuroc(label, b, cluster)]
  const [of, other] = resampleClusters(clusters, evaluators, resamples, prng(settings.seed)) as [
    Float64Array,
    Float64Array,
  ]
  const distribution = of.map((value, i) => value - other[i]!)
  const defined = percentileInterval(distribution) !== null
  return {
    a: first,
    b: second,
    difference,
    ci: intervalOf(difference, distribution, clusters, { ...settings, resamples }),
    p: defined ? inverted(distribution) : null,
    test: defined ? 'bootstrap' : null,
    reason: defined ? null : 'undefined_in_over_5_percent_of_resamples',
  }
}

function inverted(distribution: Float64Array): number {
  let [below, above, known] = [0, 0, 0]
  for (const d of distribution) {
    if (Number.isNaN(d)) continue
    known++
    if (d <= 0) below++
    if (d >= 0) above++
  }
  return Math.min(1, (2 * (1 + Math.min(below, above))) / (1 + known))
}
