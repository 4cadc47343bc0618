import { JoinedLines, type StatisticLines } from '../statistic-lines.ts'
import type { ScoredCompletion, ScoredPair, Statistic } from '../types.ts'
import { type BaselineWarning, baselineColumns, baselineScorers, baselineStatistics, type Parses } from './baselines.ts'
import { agreementBounds, aurocBounds } from './bounds.ts'
import { completionCalibration, pairCalibration } from './calibration.ts'
import {
  allRows,
  CodeRows,
  Coder,
  type CompletionColumns,
  completionColumns,
  type PairColumns,
  pairColumns,
} from './columns.ts'
import { completionStatistics } from './completions.ts'
import { type BootstrapSettings, DEFAULT_SETTINGS } from './intervals.ts'
import { lengthStatistics } from './length.ts'
import { orderStatistics, sameInBothOrders } from './orders.ts'
import { pairStatistics } from './pairs.ts'
import { SubsetSamples } from './sample.ts'
import {
  lengthStrata,
  type Stratum,
  type StratumSample,
  strataOf,
  stratumSamples,
  stratumStatistics,
} from './strata.ts'

export interface AgreementOptions extends Partial<BootstrapSettings> {
  /** For the baseline "the answer parses as SMILES"; left out without it. */
  readonly parses?: Parses | null
  /** Of a model that compares two answers: the score at which it prefers neither (Scorer.even). */
  readonly even?: number
}
export interface Agreement {
  /** agreement.csv, in order. */
  readonly statistics: StatisticLines
  /** Baselines that the model does not beat: to be printed. */
  readonly warnings: readonly BaselineWarning[]
}

/** agreement.csv of columns alone (as `analyze` reads them back): scopes pairs and completions, overall and by subset. */
export const columnStatistics = (
  pairs: PairColumns,
  completions: CompletionColumns,
  settings: BootstrapSettings = DEFAULT_SETTINGS,
): Statistic[] => runLines({ pairs, completions, strata: [] }, settings).columns

/** A run as columns. */
export interface RunColumns {
  readonly pairs: PairColumns
  readonly completions: CompletionColumns
  readonly strata: readonly Stratum[]
}
/** The lines of agreement.csv that are worked out by sample, in its order. */
export interface RunLines {
  /** Scopes pairs and completions. */
  readonly columns: StatisticLines
  /** Scopes stratum:…, but for those of lengths. */
  readonly strata: StatisticLines
}

/** All lines, on this thread. */
export function runLines(
  columns: RunColumns,
  settings: BootstrapSettings,
): { readonly columns: Statistic[]; readonly strata: Statistic[] } {
  const samples = columnSamples(columns, settings)
  const tasks = new StatisticTasks(samples)
  const made = Array.from({ length: tasks.length }, (_, i) => [...taskStatistics(samples, tasks.at(i)!)]).flat()
  const of = (scope: SampleStatistics['scope']): Statistic[] =>
    made
      .filter((one) => one.scope === scope)
      .sort((a, b) => a.place - b.place)
      .flatMap(({ statistics }) => statistics)
  return { columns: [...of('pairs'), ...of('completions')], strata: of('strata') }
}

/** All that is resampled of a run: every row, the rows of each subset, and those of each level of a stratum. */
export interface ColumnSamples {
  readonly pairs: SubsetSamples<PairColumns>
  readonly completions: SubsetSamples<CompletionColumns>
  readonly strata: readonly StratumSample[]
}
export const columnSamples = (
  { pairs, completions, strata }: RunColumns,
  settings: BootstrapSettings,
): ColumnSamples => ({
  pairs: new SubsetSamples(pairs, 'pairs', settings, 0),
  completions: new SubsetSamples(completions, 'completions', settings),
  strata: strata.flatMap((stratum) => stratumSamples(stratum, pairs, settings)),
})

/** Places of the samples of one subset, or of one level: what can be worked out apart from the others. */
export interface StatisticTask {
  readonly pairs: Iterable<number>
  readonly completions: Iterable<number>
  readonly strata: Iterable<number>
}
/** Statistics of one sample, and where it stands. */
export interface SampleStatistics {
  readonly scope: 'pairs' | 'completions' | 'strata'
  readonly place: number
  readonly statistics: readonly Statistic[]
}

/**
 * Pairs and completions of a subset are one task: they mostly rest on the same prompts, and have one draw (prompt-draws.ts). The tasks of the
 * most rows come first, so that no thread begins one when the others are done.
 */
export class StatisticTasks {
  readonly length: number
  /** Tasks of the subsets, then one for each level. */
  readonly #order: Int32Array
  readonly #subsets: number
  readonly #pairs: CodeRows
  readonly #completions: CodeRows

  constructor({ pairs, completions, strata }: ColumnSamples) {
    const subsets = new Coder()
    const taskOf = (samples: SubsetSamples<PairColumns> | SubsetSamples<CompletionColumns>): Int32Array =>
      Int32Array.from({ length: samples.length }, (_, place) => subsets.add(samples.subsetOf(place)))
    const [ofPairs, ofCompletions] = [taskOf(pairs), taskOf(completions)]
    this.#subsets = subsets.names.length
    this.#pairs = new CodeRows(ofPairs, this.#subsets)
    this.#completions = new CodeRows(ofCompletions, this.#subsets)
    this.length = this.#subsets + strata.length
    const rows = new Float64Array(this.length)
    ofPairs.forEach((task, place) => {
      rows[task]! += pairs.sizeOf(place)
    })
    ofCompletions.forEach((task, place) => {
      rows[task]! += completions.sizeOf(place)
    })
    strata.forEach((level, place) => {
      rows[this.#subsets + place] = level.rows.length
    })
    this.#order = allRows(this.length).sort((a, b) => rows[b]! - rows[a]! || a - b)
  }

  /** @returns undefined behind the last one */
  at(i: number): StatisticTask | undefined {
    const task = this.#order[i]
    if (task === undefined) return undefined
    return task < this.#subsets
      ? { pairs: this.#pairs.of(task), completions: this.#completions.of(task), strata: [] }
      : { pairs: [], completions: [], strata: [task - this.#subsets] }
  }
}

/** One sample after the other, as they are asked for. */
export function* taskStatistics(of: ColumnSamples, task: StatisticTask): Generator<SampleStatistics> {
  for (const place of task.pairs) {
    const sample = of.pairs.at(place)
    const statistics = [
      ...pairStatistics(sample),
      ...lengthStatistics(sample),
      ...pairCalibration(sample),
      ...agreementBounds(sample),
    ]
    yield { scope: 'pairs', place, statistics }
  }
  for (const place of task.completions) {
    const sample = of.completions.at(place)
    const statistics = [
      ...completionStatistics(sample),
      ...aurocBounds(sample),
      ...(sample.subset === 'all' ? completionCalibration(sample) : []),
    ]
    yield { scope: 'completions', place, statistics }
  }
  for (const place of task.strata) yield { scope: 'strata', place, statistics: stratumStatistics(of.strata[place]!) }
}

/** Everything of agreement.csv, in the making. */
export interface AgreementWork {
  /** What is worked out by sample: by other threads, too. */
  readonly columns: RunColumns
  readonly settings: BootstrapSettings
  /** The lines that are not: orders, baselines, strata of lengths. @returns the whole, from the lines of the samples */
  readonly others: () => (lines: RunLines) => Agreement
}

/**
 * Everything of agreement.csv: pairs, completions, baselines, strata. Intervals: prompts resampled with replacement
 * (2,000 times, percentile, seeded) unless ci_method names another.
 * @param pairs may be empty (groups, single conversations)
 */
export function agreementWork(
  pairs: readonly ScoredPair[],
  completions: readonly ScoredCompletion[],
  { parses = null, even, ...given }: AgreementOptions = {},
): AgreementWork {
  const settings = { ...DEFAULT_SETTINGS, ...given }
  const [p, c] = [pairColumns(pairs), completionColumns(completions, pairs)]
  return {
    columns: { pairs: p, completions: c, strata: strataOf(pairs) },
    settings,
    others: () => {
      const same = even === undefined || pairs.length === 0 ? null : sameInBothOrders(pairs, even)
      const whole = new SubsetSamples(p, 'pairs', settings)
      const orders =
        same === null ? [] : Array.from({ length: whole.length }, (_, i) => orderStatistics(same, whole.at(i))).flat()
      const baselines = baselineStatistics(p, c, baselineColumns(baselineScorers(parses), pairs, completions), settings)
      const lengths = lengthStrata(p, settings)
      return ({ columns, strata }) => ({
        statistics: new JoinedLines([columns, orders, baselines.statistics, strata, lengths]),
        warnings: baselines.warnings,
      })
    },
  }
}

/** All of it, on this thread. */
export function agreement(
  ...of: Parameters<typeof agreementWork>
): Agreement & { readonly statistics: readonly Statistic[] } {
  const { columns, settings, others } = agreementWork(...of)
  const { statistics, warnings } = others()(runLines(columns, settings))
  return { statistics: [...statistics], warnings }
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
