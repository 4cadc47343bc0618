import { auroc } from '../stats/auroc.ts'
import { delong, delongClustered } from '../stats/delong.ts'
import type { MethodInterval } from './statistic.ts'

/** AUROC of score a less that of score b, for the same labels on the same rows. */
export interface AurocDifference {
  readonly a: number | null
  readonly b: number | null
  readonly difference: number | null
  readonly ci: MethodInterval
  /** Two-sided p of no difference; null where there is none. */
  readonly p: number | null
  readonly test: 'delong' | 'delong_clustered' | 'sign_flip' | null
  /** Why there is no difference, or no p; else null. */
  readonly reason: string | null
}

/**
 * Compares two scores: DeLong's test where every prompt has one row, else Obuchowski's extension of it to prompts with several. Interval
 * and p rest on the same standard error, which is a formula: p has no floor that a number of resamples would set, so that Holm over many
 * scorers still finds what differs. A perfect score against a constant one has no standard error: there the prompts' signs are flipped.
 */
export function aurocDifference({
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
}): AurocDifference {
  const [first, second] = [auroc(label, a), auroc(label, b)]
  const none = { interval: null, method: null }
  if (first === null || second === null) {
    const reason = label.length === 0 ? 'no_common_completion' : 'one_class'
    return { a: first, b: second, difference: null, ci: none, p: null, test: null, reason }
  }
  const difference = first - second
  const without = (reason: string): AurocDifference => {
    const ci = { interval: null, method: `none: ${reason.replaceAll('_', ' ')}` }
    return { a: first, b: second, difference, ci, p: null, test: null, reason }
  }
  if (clusters < 2) return without('one_prompt')
  const alone = clusters === label.length
  const found = alone ? delong(label, a, b) : delongClustered(label, a, b, cluster, clusters)
  if (found === null) {
    // without a standard error: fewer than two prompts of a class, or the same difference in every one of them
    const promptsOf = (y: number): number => new Set(cluster.filter((_, i) => label[i] === y)).size
    if (Math.min(promptsOf(0), promptsOf(1)) < 2) return without('no_variance')
    // each prompt speaks for the same scorer: of all patterns of signs, only this and its mirror go as far
    return { ...without('no_variance'), p: 2 ** (1 - clusters), test: 'sign_flip', reason: null }
  }
  const ci: MethodInterval =
    found.low === found.high
      ? { interval: null, method: 'none: no variation between prompts' }
      : { interval: { low: found.low, high: found.high }, method: alone ? 'delong' : 'delong, clustered by prompt, t' }
  return { a: first, b: second, difference, ci, p: found.p, test: alone ? 'delong' : 'delong_clustered', reason: null }
}
