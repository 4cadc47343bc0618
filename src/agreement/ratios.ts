import type { Statistic } from '../types.ts'
import type { ClusterDraws } from './cluster-draws.ts'
import { intervalOf } from './intervals.ts'
import { type Place, statistic } from './statistic.ts'

/** Σ sums / Σ counts over prompts: a mean, a share, a ratio of means. */
export interface Ratio {
  readonly name: string
  /** Denominator and numerator by prompt. */
  readonly counts: Float64Array
  readonly sums: Float64Array
  /** Rows by prompt, where the denominator does not count them. Default: `counts`. */
  readonly rows?: Float64Array
  /** Rows that might have been in it; those that are not are missing. */
  readonly all: number
  readonly ties: number
  /** Between 0 and 1 by its nature: at exactly 0 or 1 Wilson's interval. */
  readonly share: boolean
  /** Why there is none where there are no rows, or where the denominator is 0. */
  readonly reason: string
}

/** Lines of agreement.csv, all from the same resamples of prompts. */
export function ratios(
  list: readonly Ratio[],
  { scope, subset }: Pick<Place, 'scope' | 'subset'>,
  draws: ClusterDraws,
): Statistic[] {
  const known = list.filter(({ counts }) => total(counts) > 0)
  const drawn = draws.totals(known.flatMap(({ counts, sums }) => [counts, sums]))
  return list.map((one): Statistic => {
    const { name, counts, sums, rows = counts, all, ties, share, reason } = one
    const n = total(rows)
    const clusters = rows.reduce((some, value) => some + (value > 0 ? 1 : 0), 0)
    const place = { scope, subset, n, clusters, ties, missing: all - n }
    const at = known.indexOf(one)
    if (at < 0) return statistic(place, name, null, null, reason)
    const value = total(sums) / total(counts)
    const [below, above] = [drawn[2 * at]!, drawn[2 * at + 1]!]
    const distribution = above.map((sum, b) => sum / below[b]!)
    return statistic(place, name, value, intervalOf(value, distribution, clusters, draws.settings, share), reason)
  })
}

const total = (column: Float64Array): number => column.reduce((a, b) => a + b, 0)
