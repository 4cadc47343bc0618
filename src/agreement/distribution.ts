import { kurtosis, mean, skewness, standardDeviation } from '../stats/descriptive.ts'
import { cohenD, histogram, ksDistance, overlapCoefficient } from '../stats/distribution.ts'
import { quantile } from '../stats/quantile.ts'

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
] as const
export type Cell = string | number | null

/** distribution.csv: moments and quantiles of the raw scores, one row a group. */
export const distributionRow = ({ subset, group, values }: ScoreGroup): readonly Cell[] => [
  subset,
  group,
  values.length,
  mean(values),
  standardDeviation(values),
  skewness(values),
  kurtosis(values),
  ...[0, 0.05, 0.25, 0.5, 0.75, 0.95, 1].map((q) => quantile(values, q)),
]

export const SEPARATION_COLUMNS = ['subset', 'first', 'second', 'cohen_d', 'ks', 'overlap'] as const
/** separation.csv: how far two groups' scores lie apart. */
export const separationRow = (a: ScoreGroup, b: ScoreGroup): readonly Cell[] => [
  a.subset,
  a.group,
  b.group,
  cohenD(a.values, b.values),
  ksDistance(a.values, b.values),
  overlapCoefficient(a.values, b.values),
]

export const HISTOGRAM_COLUMNS = ['subset', 'group', 'low', 'high', 'count'] as const
/** histogram.csv: 20 bins of equal width common to the groups (HERM's plot_per_model_dist). */
export function histogramRows(groups: readonly ScoreGroup[]): (readonly Cell[])[] {
  const h = histogram(
    groups.map((g) => g.values),
    20,
  )
  if (h === null) return []
  return groups.flatMap((g, s) =>
    h.counts[s]!.map((count, b): readonly Cell[] => [g.subset, g.group, h.edges[b]!, h.edges[b + 1]!, count]),
  )
}
