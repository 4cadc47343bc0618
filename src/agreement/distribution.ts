import { kurtosis, mean, skewness, standardDeviation } from '../stats/descriptive.ts'
import { cohenD, histogram, ksDistance, overlapCoefficient } from '../stats/distribution.ts'
import { quantileSorted } from '../stats/quantile.ts'
import { ascending } from '../stats/sort-order.ts'

/** Scores of one group of completions (chosen, rejected, pass, fail …). */
export interface ScoreGroup {
  readonly subset: string
  readonly group: string
  readonly values: Float64Array
}
export const DISTRIBUTION_COLUMNS = [
  'subset',
  'group',
  'n',
  'mean',
  'sd',
  'skewness',
  'kurtosis',
  'min',
  'q05',
  'q25',
  'median',
  'q75',
  'q95',
  'max',
  'reason',
] as const
export type Cell = string | number | null

/** What cannot be computed of these values: null with the reason. Squares or cubes of scores beyond 1e100 have no double. */
function held(value: number | null, reason: string): { readonly value: number | null; readonly reason: string | null } {
  if (value === null) return { value, reason }
  return Number.isFinite(value) ? { value, reason: null } : { value: null, reason: 'overflow' }
}
const reasonsOf = (named: readonly (readonly [string, { readonly reason: string | null }])[]): string | null => {
  const absent = named.flatMap(([name, { reason }]) => (reason === null ? [] : [`${name}: ${reason}`]))
  return absent.length === 0 ? null : absent.join('; ')
}

/** distribution.csv: moments and quantiles of the raw scores, one row per group; what one value or equal ones have not is absent. */
export function distributionRow({ subset, group, values }: ScoreGroup): readonly Cell[] {
  const average = held(mean(values), 'no_scores')
  const none = values.length < 2 ? 'fewer_than_two_scores' : (average.reason ?? 'constant')
  const spread = held(standardDeviation(values), none)
  const sorted = ascending(values)
  // a spread without a double has no standardised moment, either
  const moment = spread.reason === 'overflow' ? spread.reason : none
  const [skew, tails] = [held(skewness(values), moment), held(kurtosis(values), moment)]
  return [
    subset,
    group,
    values.length,
    average.value,
    spread.value,
    skew.value,
    tails.value,
    ...[0, 0.05, 0.25, 0.5, 0.75, 0.95, 1].map((q) => (sorted.length === 0 ? null : quantileSorted(sorted, q))),
    reasonsOf([
      ['mean', average],
      ['sd', spread],
      ['skewness', skew],
      ['kurtosis', tails],
    ]),
  ]
}

export const SEPARATION_COLUMNS = ['subset', 'first', 'second', 'cohen_d', 'ks', 'overlap', 'reason'] as const
/** separation.csv: how far two groups' scores lie apart. */
export function separationRow(a: ScoreGroup, b: ScoreGroup): readonly Cell[] {
  const spreads = [a, b].map(({ values }) => held(standardDeviation(values), 'fewer_than_two_scores'))
  const without = spreads.find(({ reason }) => reason !== null)?.reason ?? 'constant'
  const d = held(cohenD(a.values, b.values), without)
  const distance = ksDistance(a.values, b.values)
  const overlap = held(overlapCoefficient(a.values, b.values), 'overflow')
  return [
    a.subset,
    a.group,
    b.group,
    d.value,
    distance,
    overlap.value,
    reasonsOf([
      ['cohen_d', d],
      ['overlap', overlap],
    ]),
  ]
}

export const HISTOGRAM_COLUMNS = ['subset', 'group', 'low', 'high', 'count'] as const
const BINS = 20
/** Counts of the groups of one subset in bins of equal width common to them. */
export interface GroupHistograms {
  readonly subset: string
  readonly groups: readonly string[]
  /** One more than there are bins. */
  readonly edges: Float64Array
  /** Group by group. */
  readonly counts: Int32Array
}
/** @param groups of one subset. @returns null without a score, or where they are too far apart for bins */
export function groupHistograms(groups: readonly ScoreGroup[]): GroupHistograms | null {
  const h = histogram(
    groups.map((g) => g.values),
    BINS,
  )
  if (h === null) return null
  return {
    subset: groups[0]!.subset,
    groups: groups.map(({ group }) => group),
    edges: Float64Array.from(h.edges),
    counts: Int32Array.from(h.counts.flat()),
  }
}
/** histogram.csv: 20 bins of equal width common to the groups (HERM's plot_per_model_dist). */
export const histogramRows = ({ subset, groups, edges, counts }: GroupHistograms): (readonly Cell[])[] =>
  groups.flatMap((group, g) =>
    Array.from({ length: BINS }, (_, b): readonly Cell[] => [
      subset,
      group,
      edges[b]!,
      edges[b + 1]!,
      counts[g * BINS + b]!,
    ]),
  )
