import { indexClusters } from '../stats/bootstrap.ts'
import { bootstrapSums } from '../stats/sums.ts'
import type { Statistic } from '../types.ts'
import { allRows, type CompletionColumns, coded, notAll, rowsByCode } from './columns.ts'
import { completionStatistics } from './completions.ts'
import { type BootstrapSettings, DEFAULT_SETTINGS, intervalOf, randomOf, streamOf } from './intervals.ts'
import { statistic } from './statistic.ts'

/** A reasoning whose steps are labelled, with what a process reward model gives each. */
export interface LabelledSteps {
  readonly id: string
  readonly subset: string
  readonly cluster: string
  /** Probability of being right; null where the row was not scored. */
  readonly probabilities: readonly number[] | null
  readonly labels: readonly (boolean | null)[]
}

/** A step is called wrong below it (ProcessBench's scripts for Qwen's PRM; TRL's argmax). */
export const STEP_THRESHOLD = 0.5
const SCOPE = 'steps'

/** The first wrong step by the labels, −1 where all are right; null where steps before it were not judged. */
export function firstError(labels: readonly (boolean | null)[]): number | null {
  const wrong = labels.indexOf(false)
  const before = wrong === -1 ? labels : labels.slice(0, wrong)
  return before.every((label) => label === true) ? wrong : null
}
/** The first step that the model calls wrong, −1 where none is. */
export const firstCalledWrong = (probabilities: readonly number[]): number =>
  probabilities.findIndex((p) => p < STEP_THRESHOLD)

/**
 * Step rewards against labels. Of single steps: accuracy at ½, AUROC and the other statistics of completions. Of reasonings: how often the
 * first wrong step is found, where there is one (first_error_found), and none is seen where there is none (no_error_seen);
 * process_bench_f1 is their harmonic mean (Zheng et al. 2024, arXiv:2412.06559). Intervals: prompts resampled.
 */
export function labelledStepStatistics(
  rows: readonly LabelledSteps[],
  settings: BootstrapSettings = DEFAULT_SETTINGS,
  scope = SCOPE,
): Statistic[] {
  const subset = coded(
    rows.map((row) => row.subset),
    rows.length,
  )
  const parts: [string, LabelledSteps[], BootstrapSettings][] = [['all', [...rows], settings]]
  if (subset.names.length > 1)
    rowsByCode(subset).forEach((of, c) => {
      const name = subset.names[c]!
      parts.push([notAll(name), Array.from(of, (i) => rows[i]!), streamOf(settings, name, subset.names.length)])
    })
  return parts.flatMap(([name, part, used]) => [
    ...ofSteps(name, part, used, scope),
    ...ofReasonings(name, part, used, scope),
  ])
}

function ofSteps(
  subset: string,
  rows: readonly LabelledSteps[],
  settings: BootstrapSettings,
  scope: string,
): Statistic[] {
  const steps = rows.flatMap(({ cluster, probabilities, labels }) =>
    labels.flatMap((label, i) =>
      label === null ? [] : [{ cluster, label, score: probabilities?.[i] ?? Number.NaN, place: i + 1 }],
    ),
  )
  const n = steps.length
  const columns: CompletionColumns = {
    n,
    subset: coded(
      steps.map(() => subset),
      n,
    ),
    cluster: coded(
      steps.map((step) => step.cluster),
      n,
    ),
    score: Float64Array.from(steps, ({ score }) => score),
    reward: Float64Array.from(steps, ({ label }) => (label ? 1 : 0)),
    // of a step its place: what a later one has of its own
    length: Float64Array.from(steps, ({ place }) => place),
  }
  const scored = steps.filter(({ score }) => !Number.isNaN(score))
  const { cluster, clusters } = indexClusters(scored.map((step) => step.cluster))
  const right = scored.map(({ score, label }) => (score >= STEP_THRESHOLD === label ? 1 : 0))
  const [accuracy] = ratios(
    [{ over: scored.map(() => 1), of: right }],
    cluster,
    clusters,
    ([ratio]) => [ratio!],
    settings,
  )
  const place = { scope, subset, n: scored.length, clusters, missing: n - scored.length }
  return [
    statistic(place, 'step_accuracy', accuracy!.value, accuracy!.made, 'no_scored_steps'),
    ...completionStatistics({ columns, rows: allRows(n), scope, subset, settings }),
  ]
}

function ofReasonings(
  subset: string,
  rows: readonly LabelledSteps[],
  settings: BootstrapSettings,
  scope: string,
): Statistic[] {
  const judged = rows.flatMap(({ cluster, probabilities, labels }) => {
    const first = firstError(labels)
    return first === null || probabilities === null
      ? []
      : [{ cluster, wrong: first !== -1 ? 1 : 0, hit: firstCalledWrong(probabilities) === first ? 1 : 0 }]
  })
  const { cluster, clusters } = indexClusters(judged.map((row) => row.cluster))
  const [found, seen, f1] = ratios(
    [
      { over: judged.map(({ wrong }) => wrong), of: judged.map(({ wrong, hit }) => wrong * hit) },
      { over: judged.map(({ wrong }) => 1 - wrong), of: judged.map(({ wrong, hit }) => (1 - wrong) * hit) },
    ],
    cluster,
    clusters,
    ([found, seen]) => [found!, seen!, found! + seen! === 0 ? 0 : (2 * found! * seen!) / (found! + seen!)],
    settings,
  )
  const wrong = judged.filter((row) => row.wrong === 1)
  const place = { scope, subset, clusters, missing: rows.length - judged.length }
  const line = (name: string, n: number, one: Ratio, reason: string): Statistic =>
    statistic({ ...place, n }, name, one.value, one.made, reason)
  return [
    line('first_error_found', wrong.length, found!, 'no_wrong_reasoning'),
    line('no_error_seen', judged.length - wrong.length, seen!, 'no_right_reasoning'),
    line('process_bench_f1', judged.length, f1!, 'one_class'),
  ]
}

interface Ratio {
  readonly value: number | null
  readonly made: ReturnType<typeof intervalOf> | null
}

/** Functions of Σ of / Σ over with their intervals from one set of resamples. */
function ratios(
  columns: readonly { readonly over: readonly number[]; readonly of: readonly number[] }[],
  cluster: Int32Array,
  clusters: number,
  f: (ratios: readonly number[]) => readonly number[],
  settings: BootstrapSettings,
): Ratio[] {
  const count = f(columns.map(() => 1)).length
  if (clusters === 0) return Array.from({ length: count }, () => ({ value: null, made: null }))
  const totals = (values: readonly number[]): Float64Array => {
    const sums = new Float64Array(clusters)
    values.forEach((value, i) => {
      sums[cluster[i]!]! += value
    })
    return sums
  }
  const { estimates, distributions } = bootstrapSums(
    columns.flatMap(({ over, of }) => [totals(over), totals(of)]),
    count,
    (sums, out) => {
      out.set(f(columns.map((_, i) => sums[2 * i + 1]! / sums[2 * i]!)))
    },
    clusters < 2 ? 0 : settings.resamples,
    randomOf(settings),
  )
  return Array.from(estimates, (value, i) => ({
    value: Number.isNaN(value) ? null : value,
    made: Number.isNaN(value) ? null : intervalOf(value, distributions[i]!, clusters, settings, true),
  }))
}
