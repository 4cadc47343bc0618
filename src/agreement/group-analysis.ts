import { holm } from '../stats/multiple.ts'
import type { Statistic } from '../types.ts'
import { ClusterDraws } from './cluster-draws.ts'
import { allRows, type CompletionColumns, clustersOf, coded, notAll, rowsByCode } from './columns.ts'
import { type CurveSpec, type GroupCurve, type GroupSample, groupCurves } from './group-curves.ts'
import { type GroupMeasures, groupMeasures } from './group-measures.ts'
import { type GroupPaths, groupPaths, LARGEST_N, PREFIX, VOTES } from './group-paths.ts'
import { groupStatistics } from './group-statistics.ts'
import type { GroupValues } from './group-values.ts'
import { type BootstrapSettings, streamOf } from './intervals.ts'
import { type OverOptimisation, overOptimisation } from './over-optimisation.ts'
import { type TopReward, topReward } from './top-reward.ts'

/** A decline with its p-value adjusted over the family that it belongs to. */
export interface AdjustedDecline {
  readonly test: OverOptimisation
  readonly pHolm: number | null
  readonly family: string
}
export interface GroupAnalysis {
  /** Scope `groups` of agreement.csv. */
  readonly statistics: readonly Statistic[]
  readonly curves: readonly GroupCurve[]
  readonly declines: readonly AdjustedDecline[]
  readonly topRewards: readonly TopReward[]
  /** What to tell the user: groups of unequal size, curves that end early. */
  readonly notes: readonly string[]
}
export interface GroupAnalysisOptions {
  readonly settings: BootstrapSettings
  /** The run has a model. */
  readonly scored: boolean
  /** Its scores are probabilities of being right, with 0.5 as the border. */
  readonly probability: boolean
  /** Of the same groups, where there is a score: for what is pooled over prompts. */
  readonly completions: CompletionColumns
  /** Of the same groups, where they are known already. */
  readonly measures?: readonly GroupMeasures[]
}

/** Everything that is said of groups, over all and by subset. Exact but for the intervals: nothing is drawn from a group. */
export function groupAnalysis(values: readonly GroupValues[], options: GroupAnalysisOptions): GroupAnalysis {
  const { scored, probability, settings, completions } = options
  const measures = options.measures ?? values.map(groupMeasures)
  const soft = values.some(({ rewards }) => rewards.some((reward) => reward !== null && reward !== 0 && reward !== 1))
  const table = { values, measures, scored, soft, probability }
  const paths = (['pass', 'reward'] as const)
    .filter((worth) => worth === 'pass' || soft)
    .map((worth) => ({ worth, paths: groupPaths(values, scored, worth) }))
  const parts = samples(values, settings).map((sample) => {
    const curves = paths.flatMap(({ worth, paths }) => curvesOf(sample, paths, worth, scored))
    const declines = scored ? paths.map(({ worth, paths }) => overOptimisation(sample, paths, values, worth)) : []
    return { curves, declines, statistics: groupStatistics(table, sample, curves, declines) }
  })
  const pooled = scored ? completionSamples(completions, settings) : []
  return {
    statistics: parts.flatMap(({ statistics }) => statistics),
    curves: parts.flatMap(({ curves }) => curves),
    declines: adjusted(parts.flatMap(({ declines }) => declines)),
    topRewards: pooled.flatMap((sample) =>
      (soft ? (['pass', 'reward'] as const) : (['pass'] as const)).map((measure) => topReward(sample, measure)),
    ),
    notes: notesOn(values, paths[0]!.paths),
  }
}

const SUFFIX = { pass: '', reward: '_reward' } as const

function curvesOf(sample: GroupSample, paths: GroupPaths, worth: 'pass' | 'reward', scored: boolean): GroupCurve[] {
  const share = worth === 'pass'
  const { values } = paths
  const named = (method: string): string => `${method}${SUFFIX[worth]}`
  const spec = (method: string, of: CurveSpec['of'], bestOf = false): CurveSpec => ({
    method: named(method),
    of,
    share,
    bestOf,
  })
  const ceiling = spec(worth === 'pass' ? 'pass_at_n' : 'oracle', ([ideal]) => ideal!, true)
  const floor = spec('random', (means) => means[1]!)
  const own = spec('best_of_n', (means) => means[2]!, true)
  // at n = 1 both are the mean, summed in another order
  const regret = spec('regret', ([ideal, _, own]) => (ideal! - own! <= 1e-12 ? 0 : ideal! - own!), true)
  const gain = spec(
    'normalized_gain',
    ([ideal, floor, own]) => (ideal! - floor! <= 1e-12 ? Number.NaN : (own! - floor!) / (ideal! - floor!)),
    true,
  )
  const bounds = [values.pass_at_n, values.random]
  return [
    ...(scored
      ? groupCurves(
          sample,
          paths,
          [...bounds, values.best_of_n],
          [own, ceiling, floor, { ...regret, share: false }, { ...gain, share: false }],
        )
      : groupCurves(sample, paths, bounds, [ceiling, floor])),
    ...[...VOTES, ...PREFIX].flatMap((method) =>
      groupCurves(sample, paths, [values[method]], [spec(method, ([mean]) => mean!)]),
    ),
  ]
}

/** All groups and, where there are several subsets, those of each, with a random stream of its own. */
function samples(values: readonly GroupValues[], settings: BootstrapSettings): GroupSample[] {
  const subset = coded(
    values.map((group) => group.subset),
    values.length,
  )
  const prompts = coded(
    values.map((group) => group.cluster),
    values.length,
  )
  const sample = (subset: string, rows: Int32Array, own: BootstrapSettings): GroupSample => {
    const { cluster, clusters } = clustersOf(prompts, rows)
    return { subset, rows, cluster, draws: new ClusterDraws(clusters, own) }
  }
  const every = sample('all', allRows(values.length), settings)
  const { names } = subset
  if (names.length < 2) return [every]
  return [
    every,
    ...rowsByCode(subset).map((rows, c) =>
      sample(notAll(names[c]!), rows, streamOf(settings, names[c]!, names.length)),
    ),
  ]
}

function completionSamples(columns: CompletionColumns, settings: BootstrapSettings) {
  const every = { columns, rows: allRows(columns.n), scope: 'groups', subset: 'all', settings }
  const { names } = columns.subset
  if (names.length < 2) return [every]
  return [
    every,
    ...rowsByCode(columns.subset).map((rows, c) => ({
      ...every,
      rows,
      subset: notAll(names[c]!),
      settings: streamOf(settings, names[c]!, names.length),
    })),
  ]
}

/** Holm over the subsets of a method; the test over all groups stands by itself. */
function adjusted(tests: readonly OverOptimisation[]): AdjustedDecline[] {
  const families = new Map<string, OverOptimisation[]>()
  for (const test of tests) {
    const family = test.subset === 'all' ? `decline of ${test.method}` : `decline of ${test.method}, by subset`
    families.set(family, [...(families.get(family) ?? []), test])
  }
  return [...families].flatMap(([family, all]) => {
    const pHolm = holm(all.map(({ p }) => p))
    return all.map((test, i) => ({ test, pHolm: pHolm[i]!, family }))
  })
}

function notesOn(values: readonly GroupValues[], { grid }: GroupPaths): string[] {
  const sizes = values.map(({ rewards }) => rewards.length)
  const [least, most] = [sizes.reduce((a, b) => Math.min(a, b)), sizes.reduce((a, b) => Math.max(a, b))]
  const whole = sizes.filter((size) => size === most).length
  return [
    ...(least === most
      ? []
      : [
          `groups have ${least} to ${most} completions: a value at n is over the groups with at least n (at ${most}: ${whole} of ${sizes.length}; curves.csv has their number at every n), so that values at different n may be of different groups`,
        ]),
    ...(most > LARGEST_N ? [`curves end at n = ${grid.at(-1)}: a group has ${most} completions`] : []),
  ]
}
