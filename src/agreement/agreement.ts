import type { ScoredCompletion, ScoredPair, Statistic } from '../types.ts'
import { type BaselineWarning, baselineColumns, baselineScorers, baselineStatistics, type Parses } from './baselines.ts'
import { agreementBounds, aurocBounds } from './bounds.ts'
import { completionCalibration, pairCalibration } from './calibration.ts'
import {
  allRows,
  type Coded,
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
import { orderStatistics, sameInBothOrders } from './orders.ts'
import { pairStatistics } from './pairs.ts'
import type { Sample } from './sample.ts'
import { strataStatistics } from './strata.ts'

export interface AgreementOptions extends Partial<BootstrapSettings> {
  /** For the baseline "the answer parses as SMILES"; left out without it. */
  readonly parses?: Parses | null
  /** Of a model that compares two answers: the score at which it prefers neither (Scorer.even). */
  readonly even?: number
}
export interface Agreement {
  /** agreement.csv, in order. */
  readonly statistics: readonly Statistic[]
  /** Baselines that the model does not beat: to be printed. */
  readonly warnings: readonly BaselineWarning[]
}

/** agreement.csv of columns alone (as `analyze` reads them back): scopes pairs and completions, overall and by subset. */
export function columnStatistics(
  pairs: PairColumns,
  completions: CompletionColumns,
  settings: BootstrapSettings = DEFAULT_SETTINGS,
): Statistic[] {
  const columns = columnSamples(pairs, completions, settings)
  return inOrder(statisticTasks(columns).map((task) => taskStatistics(columns, task)))
}

/** All that is resampled of a run: every row, and the rows of each subset. */
export interface ColumnSamples {
  readonly pairs: readonly Sample<PairColumns>[]
  readonly completions: readonly Sample<CompletionColumns>[]
}
export const columnSamples = (
  pairs: PairColumns,
  completions: CompletionColumns,
  settings: BootstrapSettings,
): ColumnSamples => ({
  pairs: pairs.n === 0 ? [] : samples(pairs, 'pairs', settings),
  completions: samples(completions, 'completions', settings),
})

/** Places of the samples of one subset: what can be worked out apart from the others. */
export interface StatisticTask {
  readonly pairs: readonly number[]
  readonly completions: readonly number[]
}
/** Statistics of one sample, and where it stands. */
export interface SampleStatistics {
  readonly scope: 'pairs' | 'completions'
  readonly place: number
  readonly statistics: readonly Statistic[]
}

/** Pairs and completions of a subset are one task: they mostly rest on the same prompts, and have one draw (prompt-draws.ts). */
export function statisticTasks({ pairs, completions }: ColumnSamples): StatisticTask[] {
  const tasks = new Map<string, { pairs: number[]; completions: number[] }>()
  for (const [scope, list] of [
    ['pairs', pairs],
    ['completions', completions],
  ] as const)
    for (const [place, { subset }] of list.entries()) {
      const task = tasks.get(subset) ?? { pairs: [], completions: [] }
      tasks.set(subset, task)
      task[scope].push(place)
    }
  return [...tasks.values()]
}

export const taskStatistics = (of: ColumnSamples, task: StatisticTask): SampleStatistics[] => [
  ...task.pairs.map((place): SampleStatistics => {
    const sample = of.pairs[place]!
    const statistics = [
      ...pairStatistics(sample),
      ...lengthStatistics(sample),
      ...pairCalibration(sample),
      ...agreementBounds(sample),
    ]
    return { scope: 'pairs', place, statistics }
  }),
  ...task.completions.map((place): SampleStatistics => {
    const sample = of.completions[place]!
    const statistics = [
      ...completionStatistics(sample),
      ...aurocBounds(sample),
      ...(sample.subset === 'all' ? completionCalibration(sample) : []),
    ]
    return { scope: 'completions', place, statistics }
  }),
]

/** The lines of agreement.csv, whatever the order in which they were worked out. */
export function inOrder(made: readonly (readonly SampleStatistics[])[]): Statistic[] {
  const of = (scope: SampleStatistics['scope']): Statistic[] =>
    made
      .flat()
      .filter((one) => one.scope === scope)
      .sort((a, b) => a.place - b.place)
      .flatMap(({ statistics }) => statistics)
  return [...of('pairs'), ...of('completions')]
}

/** All rows and, where there are several subsets, those of each, with a random stream of its own. */
function samples<Columns extends { readonly n: number; readonly subset: Coded }>(
  columns: Columns,
  scope: string,
  settings: BootstrapSettings,
): Sample<Columns>[] {
  const every = { columns, rows: allRows(columns.n), scope, subset: 'all', settings }
  const { names } = columns.subset
  if (names.length < 2) return [every]
  return [
    every,
    ...rowsByCode(columns.subset).map((rows, c) => {
      const name = names[c]!
      return { columns, rows, scope, subset: notAll(name), settings: streamOf(settings, name, names.length) }
    }),
  ]
}

/**
 * Everything of agreement.csv: pairs, completions, baselines, strata. Intervals: prompts resampled with replacement
 * (2,000 times, percentile, seeded) unless ci_method names another.
 * @param pairs may be empty (groups, single conversations)
 */
export function agreement(
  pairs: readonly ScoredPair[],
  completions: readonly ScoredCompletion[],
  { parses = null, even, ...settings }: AgreementOptions = {},
): Agreement {
  const used = { ...DEFAULT_SETTINGS, ...settings }
  const [p, c] = [pairColumns(pairs), completionColumns(completions, pairs)]
  const same = even === undefined || pairs.length === 0 ? null : sameInBothOrders(pairs, even)
  const orders = same === null ? [] : samples(p, 'pairs', used).flatMap((sample) => orderStatistics(same, sample))
  const baselines = baselineStatistics(p, c, baselineColumns(baselineScorers(parses), pairs, completions), used)
  return {
    statistics: [
      ...columnStatistics(p, c, used),
      ...orders,
      ...baselines.statistics,
      ...strataStatistics(pairs, p, used),
    ],
    warnings: baselines.warnings,
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
