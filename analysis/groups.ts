import type { Coded, CompletionColumns } from '../src/agreement/columns.ts'
import { type GroupAnalysis, groupAnalysis } from '../src/agreement/group-analysis.ts'
import type { BootstrapSettings } from '../src/agreement/intervals.ts'
import { MIN_CLUSTERS } from '../src/agreement/strata.ts'
import { decimal, type PaperTable, percent, text } from '../src/agreement/tables.ts'
import type { Cell } from '../src/report/csv.ts'
import { percent as percentText, textTable } from '../src/report/table.ts'
import type { Statistic } from '../src/types.ts'
import { kindOf, type Run } from './runs.ts'

/** What is said of one run's groups. */
export interface RunGroups extends GroupAnalysis {
  readonly model: string
  readonly kind: string
  readonly ids: readonly string[]
}

/** Curves, statistics and tests of a run's groups, as the run itself made them; null where it has none. */
export function groupsOfRun(run: Run, settings: BootstrapSettings): RunGroups | null {
  const groups = run.groups ?? []
  if (groups.length === 0) return null
  const score = (run.manifest as { score?: unknown } | null)?.score
  const analysis = groupAnalysis(groups, {
    settings,
    scored: kindOf(run) !== 'verifier',
    probability: typeof score === 'string' && score.startsWith('softmax probability'),
    completions: pick(run.completions, Int32Array.from(groups.flatMap(({ rows }) => rows))),
  })
  return { ...analysis, model: run.model, kind: kindOf(run), ids: groups.map(({ id }) => id) }
}

function pick(columns: CompletionColumns, rows: Int32Array): CompletionColumns {
  const coded = ({ code, names }: Coded): Coded => ({ names, code: rows.map((i) => code[i]!) })
  const numbers = (values: Float64Array): Float64Array => Float64Array.from(rows, (i) => values[i]!)
  return {
    n: rows.length,
    subset: coded(columns.subset),
    cluster: coded(columns.cluster),
    score: numbers(columns.score),
    reward: numbers(columns.reward),
    length: numbers(columns.length),
  }
}

/** Statistics of a standing, all over the run's own groups. */
const SHOWN = [
  'best_of_n', 'rerank', 'top1', 'voting_string', 'voting_canonical', 'pass_at_n', 'random', 'best_of_4', 'kendall_tau_b',
] as const // biome-ignore format: one line says it

export const GROUP_STANDING_COLUMNS = [
  'scorer', 'kind', 'n', 'clusters', 'missing', ...SHOWN, 'ci_low', 'ci_high', 'ci_method', 'decline', 'p',
] as const // biome-ignore format: one line says it

const figureOf = ({ statistics }: RunGroups, name: (typeof SHOWN)[number]): Statistic | undefined =>
  statistics.find(({ subset, statistic }) => subset === 'all' && statistic === name)

/** The runs by the share of groups in which their best of n passes, the highest first. */
const standing = (runs: readonly RunGroups[]): RunGroups[] =>
  runs.toSorted((a, b) => (figureOf(b, 'best_of_n')?.value ?? -1) - (figureOf(a, 'best_of_n')?.value ?? -1))

/** Rows of group-leaderboard.csv; the interval, n, clusters and missing are those of best_of_n. */
export const groupStandingRows = (runs: readonly RunGroups[]): Cell[][] =>
  standing(runs).map((run) => {
    const best = figureOf(run, 'best_of_n')
    const of = best?.n ? best : figureOf(run, 'pass_at_n')
    const decline = run.declines.find(({ test }) => test.subset === 'all')?.test
    return [
      run.model,
      run.kind,
      of?.n ?? 0,
      of?.clusters ?? 0,
      of?.missing ?? 0,
      ...SHOWN.map((name) => figureOf(run, name)?.value ?? null),
      best?.ciLow ?? null,
      best?.ciHigh ?? null,
      best?.ciMethod ?? null,
      decline?.decline ?? null,
      decline?.p ?? null,
    ]
  })

const TITLES = {
  best_of_n: 'best of n', rerank: 'rerank', top1: 'top-1', voting_string: 'vote (text)', voting_canonical: 'vote (molecule)',
  pass_at_n: 'pass@n', random: 'random', best_of_4: 'RewardBench 2', kendall_tau_b: 'τ-b in the group',
} as const // biome-ignore format: one line says it

/** The same for a terminal. */
export function groupsText(dataset: string, runs: readonly RunGroups[]): string {
  const table = textTable(
    [`${dataset}, groups`, ...SHOWN.map((name) => TITLES[name]), 'groups'],
    standing(runs).map((run) => [
      run.model,
      ...SHOWN.map((name) => {
        const value = figureOf(run, name)?.value ?? null
        return name === 'kendall_tau_b' ? (value?.toFixed(3) ?? '–') : percentText(value)
      }),
      String(figureOf(run, 'pass_at_n')?.n ?? 0),
    ]),
  )
  const note = ownGroupsNote(runs.map(({ ids }) => ids))
  return note === null ? table : `${table}\n${note}`
}

/** Where runs are not of the same groups, their values are not to be compared; null where they are. */
export function ownGroupsNote(runs: readonly (readonly string[])[]): string | null {
  const all = new Set(runs.flat())
  const sets = runs.map((ids) => new Set(ids))
  const shared = [...all].filter((id) => sets.every((ids) => ids.has(id)))
  if (shared.length === all.size) return null
  return `The runs are not of the same groups: ${shared.length} of ${all.size} are in all of them, and each value is over the run's own. paired-tests.csv compares two runs on the groups that both have.`
}

/** The same for a paper. */
export function groupsTable(dataset: string, runs: readonly RunGroups[]): PaperTable {
  const note = ownGroupsNote(runs.map(({ ids }) => ids))
  return {
    name: 'groups',
    caption: `Completions picked from the groups of ${dataset}, share that passes, per cent.`,
    intervals: 'In brackets 95 % intervals: prompts resampled, percentile; Wilson where the share is 0 or 100.',
    source: 'group-leaderboard.csv',
    columns: [
      { title: '' },
      ...SHOWN.map((name) =>
        ['best_of_n', 'rerank', 'best_of_4', 'kendall_tau_b'].includes(name)
          ? { title: TITLES[name], best: 'high' as const }
          : { title: TITLES[name] },
      ),
    ],
    rows: standing(runs).map((run) => [
      text(run.model),
      ...SHOWN.map((name) => {
        const line = figureOf(run, name)
        if (name === 'kendall_tau_b') return decimal(line?.value ?? null)
        const ci = line?.ciLow == null || line.ciHigh == null ? null : { low: line.ciLow, high: line.ciHigh }
        return percent(line?.value ?? null, ci, (line?.clusters ?? 0) < MIN_CLUSTERS)
      }),
    ]),
    notes: [
      'Each over its own groups, which count the same. Best of n: the completion with the highest score of all, ties shared; rerank: ties to the lower index. RewardBench 2: best of 4 over its rows (one that passes, three that fail) drawn from the groups, chance 25. Paired tests on the groups that two scorers share are in paired-tests.csv.',
      ...(note === null ? [] : [note]),
    ],
  }
}
