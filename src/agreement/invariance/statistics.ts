import { auroc } from '../../stats/auroc.ts'
import { weightedAuroc } from '../../stats/weighted.ts'
import type { Statistic } from '../../types.ts'
import { ClusterDraws } from '../cluster-draws.ts'
import { allRows, clustersOf, coded, notAll } from '../columns.ts'
import type { BootstrapSettings } from '../intervals.ts'
import { type Ratio, ratios } from '../ratios.ts'
import { bootstrapped, statistic } from '../statistic.ts'
import { keepsVerdict, type Move, type MovedGroup, type Moves, movedApart, movesOf, spreadOf } from './moves.ts'

const SCOPE = 'invariance'

/** Which completions of a group a line of agreement.csv is on. */
interface Part {
  readonly subset: string
  readonly has: (move: Move) => boolean
  /** Twins alone. */
  readonly twins?: true
}

/**
 * Lines of agreement.csv with the scope `invariance`; subset: `all`, `verdict:kept` (twins that the verifier judges as the original, where others
 * are), `family:<family>`, or the transformation's name. Prompts are resampled.
 * Of twins (`same` true), whose score should not move: mean_abs_delta, mean_delta, flip_rate, win_lost_rate, score_spread,
 * spread_over_margin, verdict_changed_rate. Of changed ones, whose score should: the same means with `changed_` in front, sensitivity,
 * abs_delta_auroc_within_prompt, ranked_below_original; over all of them abs_delta_auroc and margin_size.
 */
export function invarianceStatistics(given: readonly MovedGroup[], settings: BootstrapSettings): Statistic[] {
  const groups = given.map(movesOf)
  if (groups.length === 0) return []
  const prompts = coded(
    groups.map(({ cluster }) => cluster),
    groups.length,
  )
  const { cluster, clusters } = clustersOf(prompts, allRows(groups.length))
  const draws = new ClusterDraws(clusters, settings)
  const frame: Frame = { groups, cluster, clusters }
  return [
    ...partsOf(groups).flatMap((part) =>
      ratios([...ofTwins(frame, part), ...ofChanged(frame, part)], { scope: SCOPE, subset: part.subset }, draws),
    ),
    pooledAuroc(frame, settings),
  ]
}

interface Frame {
  readonly groups: readonly Moves[]
  /** Prompt of each group. */
  readonly cluster: Int32Array
  readonly clusters: number
}

/** All, each family, each transformation, in the order of the data. */
function partsOf(groups: readonly Moves[]): Part[] {
  const families = new Set<string>()
  const names = new Set<string>()
  for (const { twins, changed } of groups)
    for (const { transformation, family } of [...twins, ...changed]) {
      names.add(transformation)
      if (family !== null) families.add(family)
    }
  return [
    { subset: 'all', has: () => true },
    ...(groups.some(({ twins }) => !twins.every(keepsVerdict))
      ? [{ subset: 'verdict:kept', has: keepsVerdict, twins: true as const }]
      : []),
    ...[...families]
      // a family of one transformation of its name says the same twice
      .filter((family) => !names.has(family))
      .map((family): Part => ({ subset: `family:${family}`, has: (move) => move.family === family })),
    ...[...names].map((name): Part => ({ subset: notAll(name), has: ({ transformation }) => transformation === name })),
  ]
}

function ofTwins(frame: Frame, { has }: Part): Ratio[] {
  const some = frame.groups.map(({ twins }) => twins.filter(has))
  if (some.every((twins) => twins.length === 0)) return []
  const spreads = frame.groups.map(({ original }, g) => spreadOf(original.score, some[g]!))
  const unscored = 'no_scored_twin'
  return [
    meanOver(frame, some, 'mean_abs_delta', sizeOf, { unscored, tie: still }),
    meanOver(frame, some, 'mean_delta', ({ delta }) => delta, { unscored, tie: still }),
    meanOver(frame, some, 'flip_rate', ({ flip }) => flip, { unscored: 'no_scored_rival', share: true, tie: tiedWithRival }),
    meanOver(frame, some, 'win_lost_rate', ({ lost }) => lost, { unscored: 'no_rival_below', share: true, tie: tiedWithRival }),
    overGroups(frame, 'score_spread', (g) => [1, spreads[g]!], { has: (g) => some[g]!.length > 0, reason: unscored }),
    overGroups(frame, 'spread_over_margin', (g) => [frame.groups[g]!.margin!, spreads[g]!], {
      has: (g) => some[g]!.length > 0,
      reason: 'no_margin',
    }),
    meanOver(frame, some, 'verdict_changed_rate', ({ verdictChanged }) => verdictChanged, {
      unscored: 'no_verified_twin',
      share: true,
    }),
  ] // biome-ignore format: one line each
}

function ofChanged(frame: Frame, { subset, has, twins: alone }: Part): Ratio[] {
  if (alone === true) return []
  const some = frame.groups.map(({ changed }) => changed.filter(has))
  if (some.every((changed) => changed.length === 0)) return []
  const unscored = 'no_scored_changed_completion'
  const apart = frame.groups.map(({ twins }, g) => movedApart(twins, some[g]!))
  return [
    meanOver(frame, some, 'changed_mean_abs_delta', sizeOf, { unscored, tie: still }),
    meanOver(frame, some, 'changed_mean_delta', ({ delta }) => delta, { unscored, tie: still }),
    meanOver(frame, some, 'sensitivity', ({ beyond }) => beyond, { unscored: 'no_scored_twin_beside', share: true }),
    overGroups(frame, 'abs_delta_auroc_within_prompt', (g) => [1, apart[g]!], {
      has: (g) => some[g]!.length > 0,
      reason: 'no_group_with_both',
      share: true,
    }),
    meanOver(frame, some, 'ranked_below_original', ({ below }) => below, {
      unscored: 'no_changed_completion_with_a_lower_reward',
      share: true,
      tie: still,
    }),
    ...(subset === 'all'
      ? [
          overGroups(frame, 'margin_size', (g) => [1, frame.groups[g]!.margin!], {
            has: (g) => some[g]!.length > 0,
            reason: 'no_scored_rival',
          }),
        ]
      : []),
  ] // biome-ignore format: one line each
}

const sizeOf = ({ delta }: Move): number | null => (delta === null ? null : Math.abs(delta))
const still = ({ delta }: Move): boolean => delta === 0
const tiedWithRival = ({ tied }: Move): boolean => tied > 0

interface MeanOptions {
  /** Why there is none where no completion has a value. */
  readonly unscored: string
  readonly share?: boolean
  readonly tie?: (move: Move) => boolean
}

/** A mean over completions, each counting the same. */
function meanOver(
  { cluster, clusters }: Frame,
  some: readonly (readonly Move[])[],
  name: string,
  value: (move: Move) => number | null,
  { unscored, share = false, tie = () => false }: MeanOptions,
): Ratio {
  const [counts, sums] = [new Float64Array(clusters), new Float64Array(clusters)]
  let [all, ties] = [0, 0]
  for (const [g, moves] of some.entries())
    for (const move of moves) {
      all++
      const found = value(move)
      if (found === null) continue
      const c = cluster[g]!
      counts[c] = counts[c]! + 1
      sums[c] = sums[c]! + found
      if (tie(move)) ties++
    }
  return { name, counts, sums, all, ties, share, reason: unscored }
}

interface OverOptions {
  /** Groups that are asked. */
  readonly has: (group: number) => boolean
  readonly reason: string
  readonly share?: boolean
}

/** Σ numerator / Σ denominator over groups; a null of either leaves the group out. */
function overGroups(
  { groups, cluster, clusters }: Frame,
  name: string,
  of: (group: number) => readonly [denominator: number | null, numerator: number | null],
  { has, reason, share = false }: OverOptions,
): Ratio {
  const [counts, sums, rows] = [new Float64Array(clusters), new Float64Array(clusters), new Float64Array(clusters)]
  let all = 0
  for (const g of groups.keys()) {
    if (!has(g)) continue
    all++
    const [below, above] = of(g)
    if (below === null || above === null) continue
    const c = cluster[g]!
    rows[c] = rows[c]! + 1
    counts[c] = counts[c]! + below
    sums[c] = sums[c]! + above
  }
  return { name, counts, sums, rows, all, ties: 0, share, reason }
}

/** Chance that a changed completion moves the score more than a twin does, over all prompts together. */
function pooledAuroc({ groups, cluster, clusters }: Frame, settings: BootstrapSettings): Statistic {
  const label: (0 | 1)[] = []
  const size: number[] = []
  const of: number[] = []
  let all = 0
  for (const [g, { twins, changed }] of groups.entries())
    for (const [changes, moves] of [twins.filter(keepsVerdict), changed].entries())
      for (const move of moves) {
        all++
        if (move.delta === null) continue
        label.push(changes as 0 | 1)
        size.push(Math.abs(move.delta))
        of.push(cluster[g]!)
      }
  const place = {
    scope: SCOPE,
    subset: 'all',
    n: label.length,
    clusters: new Set(of).size,
    missing: all - label.length,
  }
  const value = new Set(label).size < 2 ? null : auroc(label, size)
  const evaluate = () => weightedAuroc(label, size, Int32Array.from(of))
  const made = bootstrapped(value, clusters, evaluate, settings, label.length)
  return statistic(place, 'abs_delta_auroc', value, made, 'one_class')
}
