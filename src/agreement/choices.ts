import { mcnemar, mcnemarEffect } from '../stats/binomial.ts'
import { benjaminiHochberg, holm } from '../stats/multiple.ts'
import { signFlipTest } from '../stats/sign-flip.ts'
import type { Statistic } from '../types.ts'
import { type Accuracy, type AccuracyTable, accuracyBySubset } from './accuracy.ts'
import { halfDifference } from './baselines.ts'
import { allRows, coded, notAll } from './columns.ts'
import { type BootstrapSettings, DEFAULT_SETTINGS } from './intervals.ts'
import { statistic } from './statistic.ts'

/** What one heuristic made of one row. */
export interface Pick {
  /** Null where it could not choose, with the reason. */
  readonly index: number | null
  readonly reason: string | null
  /** Whether the chosen candidate is right; null where that is not known. */
  readonly right: boolean | null
  /** Candidates that share the first place; 0 where one is best. */
  readonly tied: number
  /** Whether the second is so close that another batch or device may choose it. */
  readonly near: boolean
}
/** A row of which a candidate was chosen. */
export interface ChoiceRow {
  readonly id: string
  readonly subset: string
  readonly cluster: string
  readonly candidates: number
  /** How many of them are right; null where that is not known of all. */
  readonly right: number | null
  /** By heuristic, in their order. */
  readonly picks: readonly Pick[]
}

export interface HeuristicAccuracy {
  readonly heuristic: string
  readonly accuracy: AccuracyTable
  readonly ties: number
  readonly nearTies: number
}
/** Two heuristics on the rows that both judge. */
export interface ChoiceTest {
  readonly subset: string
  readonly a: string
  readonly b: string
  readonly n: number
  readonly clusters: number
  readonly missing: number
  readonly valueA: number | null
  readonly valueB: number | null
  readonly difference: Statistic
  readonly onlyA: number
  readonly onlyB: number
  readonly oddsRatio: number | null
  readonly mcnemarMethod: 'exact' | 'mid'
  readonly mcnemarP: number | null
  readonly test: string | null
  readonly p: number | null
  readonly pHolm: number | null
  readonly pBh: number | null
}
export interface ChoiceFindings {
  readonly heuristics: readonly HeuristicAccuracy[]
  /** Accuracy of drawing lots, and the share of rows that have a right candidate; by subset, `all` first. */
  readonly bounds: readonly ChoiceBounds[]
  readonly tests: readonly ChoiceTest[]
  /** For agreement.csv, scope `steps`. */
  readonly statistics: readonly Statistic[]
}
export interface ChoiceBounds {
  readonly subset: string
  readonly n: number
  readonly missing: number
  readonly clusters: number
  /** Mean of right / candidates; null without a row whose right candidates are known. */
  readonly chance: number | null
  readonly ceiling: number | null
}

const SCOPE = 'steps'
export const CHOICE_TESTS_FAMILY = 'choice accuracy of all pairs of heuristics on this data set'
/** As in the paired tests of analyze: below it McNemar's test is exact, else mid-p. */
const EXACT_BELOW = 25

/** Choice accuracy of every heuristic, with chance, ceiling and paired tests. Intervals: prompts resampled. */
export function choiceFindings(
  rows: readonly ChoiceRow[],
  heuristics: readonly string[],
  settings: BootstrapSettings = DEFAULT_SETTINGS,
): ChoiceFindings {
  const subsets = [...new Set(rows.map(({ subset }) => subset))]
  const parts = subsets.length < 2 ? [] : subsets
  const found = heuristics.map((heuristic, h): HeuristicAccuracy => {
    const picks = rows.map(({ picks }) => picks[h]!)
    return {
      heuristic,
      accuracy: accuracyBySubset(
        rows.map(({ subset, cluster }, i) => ({ subset, cluster, margin: marginOf(picks[i]!) })),
        settings,
      ),
      ties: picks.filter(({ tied }) => tied > 0).length,
      nearTies: picks.filter(({ near }) => near).length,
    }
  })
  const bounds = [boundsOf('all', rows), ...parts.map((name) => boundsOf(notAll(name), rows.filter(of(name))))]
  const tests = adjusted(
    heuristics.flatMap((_, a) =>
      heuristics.slice(a + 1).map((_, k) => compare(rows, heuristics, [a, a + 1 + k], settings)),
    ),
  )
  return {
    heuristics: found,
    bounds,
    tests,
    statistics: [
      ...bounds.flatMap(boundStatistics),
      ...found.flatMap((one, h) =>
        [
          accuracyStatistic('all', one.heuristic, one.accuracy.overall, rows, h),
          ...parts.map((name) =>
            accuracyStatistic(notAll(name), one.heuristic, one.accuracy.subsets[name]!, rows.filter(of(name)), h),
          ),
        ].flat(),
      ),
      ...tests.map(({ difference }) => difference),
    ],
  }
}

const of =
  (name: string) =>
  ({ subset }: ChoiceRow): boolean =>
    subset === name

/** A choice as accuracy.ts reads one: above 0 right, below 0 wrong, null not judged. */
const marginOf = ({ right }: Pick): number | null => (right === null ? null : right ? 1 : -1)

function boundsOf(subset: string, rows: readonly ChoiceRow[]): ChoiceBounds {
  const known = rows.filter(({ right }) => right !== null)
  const mean = (value: (row: ChoiceRow) => number): number | null =>
    known.length === 0 ? null : known.reduce((sum, row) => sum + value(row), 0) / known.length
  return {
    subset,
    n: known.length,
    missing: rows.length - known.length,
    clusters: new Set(known.map(({ cluster }) => cluster)).size,
    chance: mean(({ right, candidates }) => right! / candidates),
    ceiling: mean(({ right }) => (right! > 0 ? 1 : 0)),
  }
}

const boundStatistics = ({ subset, n, missing, clusters, chance, ceiling }: ChoiceBounds): Statistic[] => [
  statistic({ scope: SCOPE, subset, n, clusters, missing }, 'choice_chance', chance, null, 'no_judged_rows'),
  statistic({ scope: SCOPE, subset, n, clusters, missing }, 'choice_ceiling', ceiling, null, 'no_judged_rows'),
]

function accuracyStatistic(
  subset: string,
  heuristic: string,
  { strict, n, missing, clusters, ci }: Accuracy,
  rows: readonly ChoiceRow[],
  h: number,
): Statistic[] {
  const picks = rows.map(({ picks }) => picks[h]!)
  const tied = picks.filter(({ tied }) => tied > 0).length
  const chosen = picks.filter(({ index }) => index !== null)
  const near = chosen.filter(({ near }) => near).length
  const place = { scope: SCOPE, subset, n, clusters, ties: tied, missing }
  return [
    statistic(
      place,
      `choice_accuracy_${heuristic}`,
      strict,
      { interval: ci.strict, method: ci.method },
      'no_judged_choices',
    ),
    statistic(
      {
        ...place,
        n: chosen.length,
        clusters: new Set(rows.map(({ cluster }) => cluster)).size,
        missing: rows.length - chosen.length,
      },
      `choice_near_tie_rate_${heuristic}`,
      chosen.length === 0 ? null : near / chosen.length,
      null,
      'no_choices',
    ),
  ]
}

function compare(
  rows: readonly ChoiceRow[],
  heuristics: readonly string[],
  [a, b]: readonly [number, number],
  settings: BootstrapSettings,
): ChoiceTest {
  const margins = (h: number): Float64Array => Float64Array.from(rows, ({ picks }) => marginOf(picks[h]!) ?? Number.NaN)
  const [first, second] = [margins(a), margins(b)]
  const cluster = coded(
    rows.map((row) => row.cluster),
    rows.length,
  )
  const both = allRows(rows.length).filter((i) => !Number.isNaN(first[i]) && !Number.isNaN(second[i]))
  const name = `choice_difference_${heuristics[a]}_minus_${heuristics[b]}`
  const difference = halfDifference(
    { columns: { cluster }, rows: allRows(rows.length), scope: SCOPE, subset: 'all', settings },
    first,
    second,
    name,
  )
  const right = (margin: number): number => (margin > 0 ? 1 : 0)
  const flip = signFlipTest(
    Float64Array.from(both, (i) => right(first[i]!) - right(second[i]!)),
    { clusters: Array.from(both, (i) => cluster.code[i]!), weight: 'rows', seed: settings.seed },
  )
  const onlyA = both.filter((i) => first[i]! > 0 && second[i]! < 0).length
  const onlyB = both.filter((i) => second[i]! > 0 && first[i]! < 0).length
  const method = onlyA + onlyB < EXACT_BELOW ? 'exact' : 'mid'
  const average = (margin: Float64Array): number | null =>
    both.length === 0 ? null : both.reduce((sum, i) => sum + right(margin[i]!), 0) / both.length
  return {
    subset: 'all',
    a: heuristics[a]!,
    b: heuristics[b]!,
    n: both.length,
    clusters: difference.clusters,
    missing: rows.length - both.length,
    valueA: average(first),
    valueB: average(second),
    difference,
    onlyA,
    onlyB,
    oddsRatio: mcnemarEffect(onlyA, onlyB, both.length).oddsRatio,
    mcnemarMethod: method,
    mcnemarP: both.length === 0 ? null : (mcnemar(onlyA, onlyB, { method })?.p ?? null),
    test: flip === null ? null : flip.method === 'exact' ? 'sign_flip' : `sign_flip_${flip.method}`,
    p: flip?.p ?? null,
    pHolm: null,
    pBh: null,
  }
}

function adjusted(tests: readonly ChoiceTest[]): ChoiceTest[] {
  const p = tests.map((test) => test.p)
  const [byHolm, byBh] = [holm(p), benjaminiHochberg(p)]
  return tests.map((test, i) => ({ ...test, pHolm: byHolm[i]!, pBh: byBh[i]! }))
}

export const CHOICE_TEST_COLUMNS = [
  'a', 'b', 'n', 'clusters', 'difference', 'ci_low', 'ci_high', 'ci_method', 'discordant_a', 'discordant_b', 'odds_ratio',
  'mcnemar_method', 'mcnemar_p', 'statistic', 'value_a', 'value_b', 'test', 'p', 'p_holm', 'p_bh', 'family', 'reason', 'missing',
] as const // biome-ignore format: as in paired-tests.csv of analyze

/** A line of paired-tests.csv in the order of its columns. */
export const choiceTestRow = (t: ChoiceTest): readonly (string | number | null)[] => [
  t.a,
  t.b,
  t.n,
  t.clusters,
  t.difference.value,
  t.difference.ciLow,
  t.difference.ciHigh,
  t.difference.ciMethod,
  t.onlyA,
  t.onlyB,
  t.oddsRatio,
  t.mcnemarMethod,
  t.mcnemarP,
  'choice_accuracy',
  t.valueA,
  t.valueB,
  t.test,
  t.p,
  t.pHolm,
  t.pBh,
  CHOICE_TESTS_FAMILY,
  t.difference.reason,
  t.missing,
]
