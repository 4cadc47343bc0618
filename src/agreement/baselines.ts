import { characters } from '../plain-text.ts'
import { namedPrng } from '../prng.ts'
import { auroc } from '../stats/auroc.ts'
import { sorted } from '../stats/sorted.ts'
import { bootstrapSums, clusterTotals } from '../stats/sums.ts'
import { weightedAuroc } from '../stats/weighted.ts'
import type { CompletionRole, ScoredCompletion, ScoredPair, Statistic } from '../types.ts'
import { hasOneAnswerTag, taggedAnswer } from './answer.ts'
import { closedRanks } from './closed-form.ts'
import { allRows, type CompletionColumns, clustersOf, filterRows, type PairColumns, pick, valuesOf } from './columns.ts'
import { passes } from './completions.ts'
import { type BootstrapSettings, intervalOf, randomOf } from './intervals.ts'
import { accuracyStatistics } from './pairs.ts'
import type { CompletionSample, Sample } from './sample.ts'
import { bootstrapped, type Place, statistic } from './statistic.ts'

/** True when a SMILES string can be parsed; null when that cannot be said (no toolkit). */
export type Parses = (smiles: string) => boolean | null

/**
 * A scorer that has learned nothing: what any reward model must beat; a "null scorer" in the names of the files (scope `null:<name>`,
 * statistic `model_minus_null`, kind `null`), which stay as they were published. A score of null = it cannot score this text.
 */
export interface Baseline {
  readonly name: string
  readonly title: string
  readonly score: (completion: Pick<ScoredCompletion, 'id' | 'role' | 'index' | 'text'>) => number | null
}

/**
 * The baseline "random": a number in [0, 1) that depends on the completion's place in the data alone, not on `--seed` nor the order of
 * rows, so that it is one and the same draw in every file.
 */
export const randomScore = (id: string, role: CompletionRole, index: number): number =>
  namedPrng(0, `${id} ${role} ${index}`)()

/** The baselines of every run. */
export const baselineScorers = (parses: Parses | null): readonly Baseline[] => [
  { name: 'longest', title: 'the longer text', score: (c) => characters(c.text) },
  { name: 'shortest', title: 'the shorter text', score: (c) => -characters(c.text) },
  { name: 'constant', title: 'always the same score', score: () => 0 },
  { name: 'random', title: 'a random number', score: (c) => randomScore(c.id, c.role, c.index) },
  { name: 'answer_tag', title: 'exactly one answer tag', score: (c) => (hasOneAnswerTag(c.text) ? 1 : 0) },
  ...(parses === null
    ? []
    : [
        {
          name: 'smiles_parses',
          title: 'the answer parses as SMILES: RDKit checks valences and aromaticity',
          score: (c: Pick<ScoredCompletion, 'text'>): number | null => {
            const answer = taggedAnswer(c.text)
            const ok = answer === null ? false : parses(answer)
            return ok === null ? null : ok ? 1 : 0
          },
        },
      ]),
]

/** A baseline's margins and scores, aligned with the columns; NaN where it has none. */
export interface BaselineColumns {
  readonly name: string
  readonly title: string
  readonly margin: Float64Array
  readonly score: Float64Array
}
export const baselineColumns = (
  scorers: readonly Baseline[],
  pairs: readonly ScoredPair[],
  completions: readonly ScoredCompletion[],
): BaselineColumns[] => {
  const [chosen, rejected] = [placesOf('chosen', pairs, completions), placesOf('rejected', pairs, completions)]
  return scorers.map(({ name, title, score }) => {
    const scores = Float64Array.from(completions, (c) => score(c) ?? Number.NaN)
    const scoreOf = (completion: ScoredCompletion, place: number): number =>
      place < 0 ? (score(completion) ?? Number.NaN) : scores[place]!
    const margin = Float64Array.from(
      pairs,
      (pair, i) => scoreOf(pair.chosen, chosen[i]!) - scoreOf(pair.rejected, rejected[i]!),
    )
    return { name, title, margin, score: scores }
  })
}

/** Where the completions of one side of the pairs are among all, both in the order of the data; -1: not there. */
function placesOf(
  side: 'chosen' | 'rejected',
  pairs: readonly ScoredPair[],
  completions: readonly ScoredCompletion[],
): Int32Array {
  let row = 0
  return Int32Array.from(pairs, (pair) => {
    while (row < completions.length && completions[row]!.id !== pair.id) row++
    let place = row
    while (completions[place]?.id === pair.id) {
      if (completions[place] === pair[side]) return place
      place++
    }
    return -1
  })
}

/** A baseline that the model does not beat: by the paired interval it does better, or the two cannot be told apart. */
export interface BaselineWarning {
  readonly scorer: string
  /** What it does, in words. */
  readonly title: string
  readonly found: 'better' | 'not_distinguishable'
  /** The pairs that both score, and their prompts. */
  readonly n: number
  readonly clusters: number
  /** The pairs that both score, counted in words. */
  readonly on: string
  /** The model's half accuracy less the baseline's, in points, with its interval. */
  readonly lead: string
}

/** The rows that the model has scored: what a baseline is held against. All where it scored none (verdicts alone). */
function scoredRows(n: number, value: Float64Array): Int32Array {
  const scored = filterRows(allRows(n), (i) => !Number.isNaN(value[i]))
  return scored.length === 0 ? allRows(n) : scored
}

/**
 * Accuracy and AUROC of each baseline (scope `null:<name>`) on the rows that the model scored, `missing` the others; and
 * model_minus_null: the model's half accuracy less the baseline's on the pairs that both score, from the same resamples of prompts.
 */
export function baselineStatistics(
  pairs: PairColumns,
  completions: CompletionColumns,
  baselines: readonly BaselineColumns[],
  settings: BootstrapSettings,
): { readonly statistics: Statistic[]; readonly warnings: BaselineWarning[] } {
  const judged = scoredRows(pairs.n, pairs.margin)
  const lost = pairs.n - judged.length
  const statistics: Statistic[] = []
  const warnings: BaselineWarning[] = []
  for (const { name, title, margin, score } of baselines) {
    const of = { scope: `null:${name}`, subset: 'all', settings }
    if (pairs.n > 0) {
      const difference = halfDifference({ ...of, columns: pairs, rows: allRows(pairs.n) }, pairs.margin, margin)
      const own = accuracyStatistics(margin, { ...of, columns: pairs, rows: judged }, '')
      statistics.push(...own.map((line) => ({ ...line, missing: line.missing + lost })), difference)
      const warning = warningOf(name, title, difference)
      if (warning !== null) warnings.push(warning)
    }
    statistics.push(
      baselineAuroc({ ...of, columns: completions, rows: scoredRows(completions.n, completions.score) }, score),
    )
  }
  return { statistics, warnings }
}

/** Half accuracy of margin a less that of margin b, on the rows that have both. */
export function halfDifference(
  { columns, rows, scope, subset, settings }: Sample<Pick<PairColumns, 'cluster'>>,
  a: Float64Array,
  b: Float64Array,
  name = 'model_minus_null',
): Statistic {
  const both = filterRows(rows, (i) => !Number.isNaN(a[i]) && !Number.isNaN(b[i]))
  const { cluster, clusters } = clustersOf(columns.cluster, both)
  const half = (m: number): number => (m > 0 ? 1 : m === 0 ? 0.5 : 0)
  const { estimates, distributions } = bootstrapSums(
    [
      clusterTotals(cluster, clusters, () => 1),
      clusterTotals(cluster, clusters, (k) => half(a[both[k]!]!) - half(b[both[k]!]!)),
    ],
    1,
    (sums, out) => {
      out[0] = sums[1]! / sums[0]!
    },
    clusters < 2 ? 0 : settings.resamples,
    randomOf(settings),
  )
  const place: Place = { scope, subset, n: both.length, clusters, missing: rows.length - both.length }
  const value = both.length === 0 ? null : estimates[0]!
  return statistic(
    place,
    name,
    value,
    intervalOf(estimates[0]!, distributions[0]!, clusters, settings),
    'no_common_pairs',
  )
}

/** How the model stands to a baseline by the paired interval of their difference; null where it is above it, or there is no difference. */
export function standingTo({
  value,
  ciLow,
  ciHigh,
}: Pick<Statistic, 'value' | 'ciLow' | 'ciHigh'>): BaselineWarning['found'] | null {
  if (value === null) return null
  // without an interval (all prompts alike) the value itself says it
  const [low, high] = [ciLow ?? value, ciHigh ?? value]
  return high < 0 ? 'better' : low > 0 ? null : 'not_distinguishable'
}

function warningOf(name: string, title: string, difference: Statistic): BaselineWarning | null {
  const { value, ciLow, ciHigh, n, clusters } = difference
  const found = standingTo(difference)
  if (value === null || found === null) return null
  const points = (v: number): string => `${(100 * v).toFixed(1)}`
  const range = ciLow === null || ciHigh === null ? 'no interval' : `${points(ciLow)} to ${points(ciHigh)}`
  const on = `${n} ${n === 1 ? 'pair' : 'pairs'} of ${clusters} ${clusters === 1 ? 'prompt' : 'prompts'}`
  return { scorer: name, title, found, n, clusters, on, lead: `${points(value)} (${range})` }
}

const grouped = <T>(items: readonly T[], key: (item: T) => string): [string, T[]][] =>
  [...new Set(items.map(key))].map((k) => [k, items.filter((item) => key(item) === k)])

/** Below this many prompts the model is not held against baselines: an interval would be wide, and wrong. */
export const MIN_PROMPTS = 20

/**
 * One line for each set of pairs that the scorers were held against; those with the same lead and interval stand together. Of few prompts
 * none (`fewPromptsLine`).
 * @example 'the model is not distinguishable from 1 baseline on 80 pairs of 80 prompts (model minus baseline in points, 95 % interval): longest (the longer text) 3.8 (-5.0 to 12.5)'
 */
export function baselineWarningLines(warnings: readonly BaselineWarning[]): string[] {
  const enough = warnings.filter(({ clusters }) => clusters >= MIN_PROMPTS)
  return grouped(enough, ({ on, found }) => JSON.stringify([found, on])).map(([, same]) => {
    const { on, found } = same[0]!
    const leads = grouped(same, ({ lead }) => lead).map(
      ([lead, scorers]) => `${scorers.map(({ scorer, title }) => `${scorer} (${title})`).join(', ')} ${lead}`,
    )
    const count = `${same.length} ${same.length === 1 ? 'baseline' : 'baselines'}`
    const who =
      found === 'better'
        ? `${count} ${same.length === 1 ? 'does' : 'do'} better than the model`
        : `the model is not distinguishable from ${count}`
    return `${who} on ${on} (model minus baseline in points, 95 % interval): ${leads.join('; ')}`
  })
}

/** What is said in place of `baselineWarningLines` where prompts are few: no warning, as nothing is wrong. Null where they are not. */
export function fewPromptsLine(warnings: readonly BaselineWarning[]): string | null {
  const few = warnings.filter(({ clusters }) => clusters < MIN_PROMPTS)
  if (few.length === 0) return null
  const most = Math.max(...few.map(({ clusters }) => clusters))
  return `${most} ${most === 1 ? 'prompt is' : 'prompts are'} too few to hold the model against baselines (${MIN_PROMPTS} at least): agreement.csv has what they reach, in the rows whose scope begins with null:`
}

function baselineAuroc({ columns, rows, scope, subset, settings }: CompletionSample, score: Float64Array): Statistic {
  const present = filterRows(rows, (i) => !Number.isNaN(score[i]) && !Number.isNaN(columns.reward[i]))
  const { cluster, clusters } = clustersOf(columns.cluster, present)
  const label = valuesOf(present, (i) => (passes(columns.reward[i]!) ? 1 : 0))
  const values = pick(score, present)
  const value = auroc(label, values)
  const ci = bootstrapped(
    value,
    clusters,
    () => weightedAuroc(label, values, cluster),
    settings,
    present.length,
    () => closedRanks(label, label, sorted(values), cluster, clusters).auroc(),
  )
  const place: Place = { scope, subset, n: present.length, clusters, missing: columns.n - present.length }
  return statistic(place, 'auroc', value, ci, present.length === 0 ? 'no_verified_completion' : 'one_class')
}
