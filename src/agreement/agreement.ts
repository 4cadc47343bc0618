import type { ScoredCompletion, ScoredPair, Statistic } from '../types.ts'
import { agreementBounds, aurocBounds } from './bounds.ts'
import { completionCalibration, pairCalibration } from './calibration.ts'
import {
  allRows,
  type CompletionColumns,
  completionColumns,
  notAll,
  type PairColumns,
  pairColumns,
  rowsByCode,
} from './columns.ts'
import { completionStatistics } from './completions.ts'
import { type BootstrapSettings, DEFAULT_SETTINGS, streamOf } from './intervals.ts'
import { lengthStatistics } from './length.ts'
import { type NullWarning, nullColumns, nullScorers, nullStatistics, type Parses } from './nulls.ts'
import { pairStatistics } from './pairs.ts'
import { strataStatistics } from './strata.ts'

export interface AgreementOptions extends Partial<BootstrapSettings> {
  /** For the null scorer "the answer parses as SMILES"; left out without it. */
  readonly parses?: Parses | null
}
export interface Agreement {
  /** agreement.csv, in order. */
  readonly statistics: readonly Statistic[]
  /** Null scorers that do as well as the model or better: to be printed. */
  readonly warnings: readonly NullWarning[]
}

/** agreement.csv of columns alone (as `analyze` reads them back): scopes pairs and completions, overall and by subset. */
export function columnStatistics(
  pairs: PairColumns,
  completions: CompletionColumns,
  settings: BootstrapSettings = DEFAULT_SETTINGS,
): Statistic[] {
  const out: Statistic[] = []
  if (pairs.n > 0) {
    for (const { subset, rows, own } of parts(pairs.subset, pairs.n, settings)) {
      out.push(
        ...pairStatistics(pairs, rows, 'pairs', subset, own),
        ...lengthStatistics(pairs, rows, 'pairs', subset, own),
        ...pairCalibration(pairs, rows, 'pairs', subset, own),
        ...agreementBounds(pairs, rows, 'pairs', subset, own),
      )
    }
  }
  for (const { subset, rows, own } of parts(completions.subset, completions.n, settings)) {
    out.push(
      ...completionStatistics(completions, rows, 'completions', subset, own),
      ...aurocBounds(completions, rows, 'completions', subset, own),
    )
    if (subset === 'all') out.push(...completionCalibration(completions, rows, 'completions', subset, own))
  }
  return out
}

interface Part {
  readonly subset: string
  readonly rows: Int32Array
  /** Settings with the stream of this part. */
  readonly own: BootstrapSettings
}
/** 'all' and, where there are several, each subset. */
function parts(subset: PairColumns['subset'], n: number, settings: BootstrapSettings): Part[] {
  const every: Part = { subset: 'all', rows: allRows(n), own: settings }
  if (subset.names.length < 2) return [every]
  return [
    every,
    ...rowsByCode(subset).map((rows, c): Part => {
      const name = subset.names[c]!
      return { subset: notAll(name), rows, own: streamOf(settings, name, subset.names.length) }
    }),
  ]
}

/**
 * Everything of agreement.csv: pairs, completions, null scorers, strata. Intervals: prompts resampled with replacement
 * (2,000 times, percentile, seeded) unless ci_method names another.
 * @param pairs may be empty (groups, single conversations)
 */
export function agreement(
  pairs: readonly ScoredPair[],
  completions: readonly ScoredCompletion[],
  { parses = null, ...settings }: AgreementOptions = {},
): Agreement {
  const used = { ...DEFAULT_SETTINGS, ...settings }
  const [p, c] = [pairColumns(pairs), completionColumns(completions, pairs)]
  const nulls = nullStatistics(p, c, nullColumns(nullScorers(parses), pairs, completions), used)
  return {
    statistics: [...columnStatistics(p, c, used), ...nulls.statistics, ...strataStatistics(pairs, p, used)],
    warnings: nulls.warnings,
  }
}

export const AGREEMENT_COLUMNS = [
  'scope',
  'subset',
  'statistic',
  'value',
  'ci_low',
  'ci_high',
  'ci_method',
  'n',
  'clusters',
  'ties',
  'missing',
  'reason',
] as const

/** A line of agreement.csv in the order of its columns. */
export const agreementRow = (s: Statistic): readonly (string | number | null)[] => [
  s.scope,
  s.subset,
  s.statistic,
  s.value,
  s.ciLow,
  s.ciHigh,
  s.ciMethod,
  s.n,
  s.clusters,
  s.ties,
  s.missing,
  s.reason,
]
