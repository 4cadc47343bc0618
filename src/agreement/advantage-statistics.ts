import { fracRewardZeroStd } from '../groups/multi-reward.ts'
import { bootstrapSums } from '../stats/sums.ts'
import type { CompletionGroup, Statistic } from '../types.ts'
import {
  type AdvantageSums,
  advantageSums,
  COMPARED,
  type Compared,
  type ComparedSums,
  type SourceSums,
} from './advantage-sums.ts'
import { type Coded, clustersOf, coded, notAll, rowsByCode } from './columns.ts'
import { type GroupAdvantages, type GrpoSettings, grpoBatches, REWARD_SOURCES, type RewardSource } from './grpo.ts'
import { type BootstrapSettings, intervalOf, ONE_PROMPT, randomOf, streamOf } from './intervals.ts'
import { affordableResamples, type Place, statistic } from './statistic.ts'

export interface AdvantageOptions extends BootstrapSettings {
  /** Whether there is a model; else only the verifier's lines are made. */
  readonly learned: boolean
}

/**
 * agreement.csv, scope `advantages`: overall and by subset. Prompts are resampled with replacement. The advantages are those of all groups
 * in their batches, in a subset too.
 */
export function advantageStatistics(
  groups: readonly CompletionGroup[],
  grpo: GrpoSettings,
  { learned, ...settings }: AdvantageOptions,
): Statistic[] {
  if (groups.length === 0) return []
  const sources = learned ? REWARD_SOURCES : (['verifier'] as const)
  const sums: AdvantageSums[] = []
  const zero = sources.map((source) => new ZeroStd(source))
  for (const batch of grpoBatches(groups, grpo)) {
    for (const group of batch) sums.push(advantageSums(group))
    for (const one of zero) one.add(batch, grpo)
  }
  const place = { scope: 'advantages', subset: 'all', clusters: new Set(sums.map(({ cluster }) => cluster)).size }
  return [...bySubset(sums, learned, settings), ...zero.map((one) => one.statistic(place))]
}

/** TRL's `frac_reward_zero_std` as its log has it: mean over the batches, each counting as many times as it has completions. */
class ZeroStd {
  private completions = 0
  private zero = 0
  private readonly source: RewardSource
  constructor(source: RewardSource) {
    this.source = source
  }
  add(batch: readonly GroupAdvantages[], { multiObjectiveAggregation, scaleRewards }: GrpoSettings): void {
    const parts = batch.map(({ of }) => of[this.source].parts)
    const rewardWeights = batch[0]!.of[this.source].weights
    const share = fracRewardZeroStd(parts, { rewardWeights, multiObjectiveAggregation, scaleRewards })
    if (share === null) return
    const completions = parts.reduce((sum, { length }) => sum + length, 0)
    this.completions += completions
    this.zero += share * completions
  }
  statistic(place: Omit<Place, 'n'>): Statistic {
    const { completions: n, zero } = this
    return statistic({ ...place, n }, `frac_reward_zero_std_${this.source}`, n === 0 ? null : zero / n, null, NO_ROWS)
  }
}
const NO_ROWS = 'no_completion'

/** A statistic that is a function of sums over groups. */
interface Definition {
  readonly name: string
  /** What a group adds to each sum. */
  readonly sums: (group: AdvantageSums) => readonly number[]
  /** NaN where it is undefined. */
  readonly value: (sums: readonly number[]) => number
  /** Rows that it rests on, those that are set aside as undecided, those without what it needs. */
  readonly rows: (group: AdvantageSums) => { readonly n: number; readonly ties?: number; readonly missing: number }
  readonly proportion: boolean
  /** Why it is undefined, where no row is there and where some are. */
  readonly reason: string | ((n: number) => string)
}

/** All groups and, where there are several subsets, those of each. */
function bySubset(groups: readonly AdvantageSums[], learned: boolean, settings: BootstrapSettings): Statistic[] {
  const definitions = [
    ...(learned ? (['verifier', 'learned', 'mix'] as const) : (['verifier'] as const)).flatMap(ofSource),
    ...(learned ? COMPARED.flatMap(ofCompared) : []),
  ]
  const code = (value: (group: AdvantageSums) => string): Coded => coded(groups.map(value), groups.length)
  const [subsets, clusters] = [code((g) => g.subset), code((g) => g.cluster)]
  const made = (rows: Int32Array, subset: string, own: BootstrapSettings): Statistic[] =>
    measure(definitions, groups, rows, clusters, subset, own)
  const { names } = subsets
  return [
    ...made(
      Int32Array.from(groups, (_, i) => i),
      'all',
      settings,
    ),
    ...(names.length < 2
      ? []
      : rowsByCode(subsets).flatMap((rows, c) =>
          made(rows, notAll(names[c]!), streamOf(settings, names[c]!, names.length)),
        )),
  ]
}

function measure(
  definitions: readonly Definition[],
  groups: readonly AdvantageSums[],
  rows: Int32Array,
  coding: Coded,
  subset: string,
  settings: BootstrapSettings,
): Statistic[] {
  const { cluster, clusters } = clustersOf(coding, rows)
  const widths = definitions.map(({ sums }) => sums(groups[rows[0]!]!).length)
  const columns = Array.from({ length: widths.reduce((a, b) => a + b, 0) }, () => new Float64Array(clusters))
  /** [definition] the prompts that it rests on, and its counts. */
  const places = definitions.map(() => ({ prompts: new Set<number>(), n: 0, ties: 0, missing: 0 }))
  for (const [k, row] of rows.entries()) {
    const [group, c] = [groups[row]!, cluster[k]!]
    let at = 0
    for (const [d, { sums, rows: counts }] of definitions.entries()) {
      for (const value of sums(group)) {
        const column = columns[at++]!
        column[c] = column[c]! + value
      }
      const { n, ties = 0, missing } = counts(group)
      const place = places[d]!
      place.n += n
      place.ties += ties
      place.missing += missing
      if (n > 0) place.prompts.add(c)
    }
  }
  const resamples = clusters < 2 ? 0 : affordableResamples(settings.resamples, 2 * clusters * columns.length)
  const used = { ...settings, resamples }
  const { estimates, distributions } = bootstrapSums(
    columns,
    definitions.length,
    (sums, out) => {
      let at = 0
      for (const [d, { value }] of definitions.entries()) {
        out[d] = value(Array.from(sums.subarray(at, at + widths[d]!)))
        at += widths[d]!
      }
    },
    resamples,
    randomOf(settings),
  )
  return definitions.map(({ name, reason, proportion }, d) => {
    const { prompts, n, ties, missing } = places[d]!
    const value = Number.isNaN(estimates[d]) ? null : estimates[d]!
    const interval =
      value === null
        ? null
        : prompts.size < 2
          ? ONE_PROMPT
          : intervalOf(value, distributions[d]!, prompts.size, used, proportion)
    const place = { scope: 'advantages', subset, n, clusters: prompts.size, ties, missing }
    return statistic(place, name, value, interval, typeof reason === 'string' ? reason : reason(n))
  })
}

const ratio = ([top, bottom]: readonly number[]): number => top! / bottom!

function ofSource(source: RewardSource): Definition[] {
  const of = (group: AdvantageSums): SourceSums => group.sources[source]
  const absent = source === 'verifier' ? 'no_verified_completion' : 'no_completion_with_the_reward'
  const share = (name: string, top: (sums: SourceSums) => number): Definition => ({
    name: `${name}_${source}`,
    sums: (group) => [top(of(group)), of(group).groups],
    value: ratio,
    rows: (group) => ({ n: of(group).groups, missing: 1 - of(group).groups }),
    proportion: true,
    reason: absent,
  })
  return [
    share('zero_advantage', ({ zero }) => zero),
    share('zero_advantage_all_right', ({ zeroBy }) => zeroBy.all_right),
    share('zero_advantage_all_wrong', ({ zeroBy }) => zeroBy.all_wrong),
    share('zero_advantage_constant', ({ zeroBy }) => zeroBy.constant),
    share('zero_advantage_too_few', ({ zeroBy }) => zeroBy.too_few),
    {
      name: `mean_abs_advantage_${source}`,
      sums: (group) => [of(group).absolute, of(group).completions],
      value: ratio,
      rows: (group) => ({ n: of(group).completions, missing: group.size - of(group).completions }),
      proportion: false,
      reason: absent,
    },
  ]
}

function ofCompared(source: Compared): Definition[] {
  const of = (group: AdvantageSums): ComparedSums => group.compared[source]
  const push = (name: string, part: 'failing' | 'passing' | 'rejected' | 'favoured', reason: string): Definition => ({
    name: `${name}_${source}`,
    sums: (group) => [of(group)[part].pushed, of(group)[part].of],
    value: ratio,
    rows: (group) => ({ n: of(group)[part].of, missing: of(group)[part].missing }),
    proportion: true,
    reason,
  })
  return [
    {
      name: `advantage_sign_agreement_${source}`,
      sums: (group) => [of(group).same, of(group).decided],
      value: ratio,
      rows: (group) => {
        const { both, decided } = of(group)
        return { n: decided, ties: both - decided, missing: group.size - both }
      },
      proportion: true,
      reason: 'no_completion_with_two_advantages',
    },
    {
      name: `advantage_kendall_tau_b_${source}`,
      sums: (group) => [of(group).tau, of(group).ranked],
      value: ratio,
      rows: (group) => {
        const { ranked, rankable } = of(group)
        return { n: ranked, ties: rankable - ranked, missing: 1 - rankable }
      },
      proportion: false,
      reason: 'no_group_with_different_advantages',
    },
    {
      name: `advantage_pearson_${source}`,
      sums: (group) => [of(group).both, ...of(group).moments],
      value: pearsonOfSums,
      rows: (group) => ({ n: of(group).both, missing: group.size - of(group).both }),
      proportion: false,
      reason: (n) => (n === 0 ? 'no_completion_with_both_rewards' : n < 2 ? 'too_few_rows' : 'constant'),
    },
    push('pushed_up_of_failing', 'failing', 'no_failing_completion'),
    push('pushed_up_of_rejected', 'rejected', 'no_completion_that_the_verifier_pushes_down'),
    push('pushed_down_of_passing', 'passing', 'no_passing_completion'),
    push('pushed_down_of_favoured', 'favoured', 'no_completion_that_the_verifier_pushes_up'),
    {
      name: `push_on_failing_${source}`,
      sums: (group) => [of(group).raiseOfFailing, of(group).raise],
      value: ratio,
      rows: (group) => ({ n: of(group).raised, missing: 0 }),
      proportion: true,
      reason: 'no_verified_completion_that_is_pushed_up',
    },
  ]
}

/** r from n, Σx, Σy, Σxx, Σyy, Σxy. NaN where a side is constant. */
function pearsonOfSums([n, x, y, xx, yy, xy]: readonly number[]): number {
  const [varianceX, varianceY] = [n! * xx! - x! * x!, n! * yy! - y! * y!]
  // a constant side has a variance of rounding alone
  if (varianceX <= 1e-12 * n! * xx! || varianceY <= 1e-12 * n! * yy!) return Number.NaN
  return Math.min(1, Math.max(-1, (n! * xy! - x! * y!) / Math.sqrt(varianceX) / Math.sqrt(varianceY)))
}
