import { deviation } from '../groups/advantages.ts'
import {
  type CurriculumSettings,
  type CurriculumStep,
  type Problem,
  simulateCurriculum,
  sustainableFraction,
} from '../groups/curriculum.ts'
import { type Aggregation, isZeroAdvantageGroup, type RewardParts } from '../groups/multi-reward.ts'
import { namedPrng } from '../prng.ts'
import type { CompletionGroup, Statistic } from '../types.ts'
import { rewardOf } from './advantages.ts'
import { passes } from './completions.ts'
import { type GroupAdvantages, type GrpoSettings, grpoAdvantages, type NoSignal, type RewardSource } from './grpo.ts'
import { type Place, statistic } from './statistic.ts'

export interface CurriculumOptions
  extends Pick<CurriculumSettings, 'fraction' | 'numGenerations' | 'epochs' | 'groupBatchSize'> {
  readonly seed: number
}

/** A line of curriculum.csv: one step with the curriculum, and what the same step has without. */
export interface CurriculumRow {
  readonly source: RewardSource
  readonly step: CurriculumStep
  readonly without: CurriculumStep
  readonly problems: number
}

/** The problems of a run under one of the rewards. */
export function curriculumProblems(
  groups: readonly CompletionGroup[],
  source: RewardSource,
  settings: GrpoSettings,
): Problem[] {
  return Array.from(grpoAdvantages(groups, settings), ({ of }) => problemOf(of[source], settings))
}

const problemOf = (of: GroupAdvantages['of'][RewardSource], { multiObjectiveAggregation }: GrpoSettings): Problem => ({
  rollouts: of.rewards.length,
  isTrivial:
    multiObjectiveAggregation === 'sum_then_normalize'
      ? equalRewards(of.rewards)
      : noAdvantage(of.parts, of.weights, multiObjectiveAggregation),
})

const noAdvantage =
  (parts: readonly RewardParts[], weights: readonly number[], aggregation: Aggregation): Problem['isTrivial'] =>
  (drawn) =>
    isZeroAdvantageGroup(
      drawn.map((i) => parts[i]!),
      weights,
      aggregation,
    )

/** Rewards are kept as 8 bytes per completion: a run has as many of these as groups. */
function equalRewards(all: readonly (number | null)[]): Problem['isTrivial'] {
  const rewards = Float64Array.from(all, (reward) => reward ?? Number.NaN)
  return (drawn) => {
    let first = Number.NaN
    for (const i of drawn) {
      const reward = rewards[i]!
      if (Number.isNaN(reward)) continue
      if (Number.isNaN(first)) first = reward
      if (reward !== first) return false
    }
    return true
  }
}

/** The steps of one source, with the curriculum and without it. */
export function* curriculumRows(
  problems: readonly Problem[],
  source: RewardSource,
  { seed, ...options }: CurriculumOptions,
): Generator<CurriculumRow, void> {
  const run = (fraction: number, arm: string) =>
    simulateCurriculum(problems, {
      ...options,
      fraction,
      order: namedPrng(seed, `curriculum ${source} order`),
      draws: namedPrng(seed, `curriculum ${source} ${arm}`),
    })
  const without = run(0, 'without')
  for (const step of run(options.fraction, 'with'))
    yield { source, step, without: without.next().value!, problems: problems.length }
}

export const CURRICULUM_COLUMNS = [
  'reward_source',
  'step',
  'groups',
  'from_buffer',
  'nontrivial_share',
  'nontrivial_share_without',
  'nontrivial_share_data',
  'nontrivial_share_buffer',
  'buffer',
  'kept_share',
  'seen_share',
  'seen_share_without',
  'reason',
] as const

/** A line of curriculum.csv in the order of its columns. */
export function curriculumCells({ source, step, without, problems }: CurriculumRow): (string | number | null)[] {
  const { groups, fromBuffer, nonTrivial, nonTrivialFromBuffer } = step
  const fromData = groups - fromBuffer
  const empty = [...(fromData === 0 ? ['nothing_from_data'] : []), ...(fromBuffer === 0 ? ['nothing_from_buffer'] : [])]
  return [
    source,
    step.step,
    groups,
    fromBuffer,
    nonTrivial / groups,
    without.nonTrivial / without.groups,
    fromData === 0 ? null : (nonTrivial - nonTrivialFromBuffer) / fromData,
    fromBuffer === 0 ? null : nonTrivialFromBuffer / fromBuffer,
    step.buffer,
    step.buffer / problems,
    step.seen / problems,
    without.seen / problems,
    empty.length === 0 ? null : empty.join('; '),
  ]
}

const SIMULATED = [
  'curriculum_nontrivial_share',
  'curriculum_nontrivial_share_without',
  'curriculum_kept_share',
  'curriculum_seen_share',
  'curriculum_seen_share_without',
  'curriculum_sustainable_fraction',
] as const

/** Sums over the steps of one source, from which its lines of agreement.csv are made. */
export class CurriculumSum {
  private groups = 0
  private fromBuffer = 0
  private nonTrivial = 0
  private nonTrivialFromBuffer = 0
  private without = 0
  private last: CurriculumRow | null = null

  add(row: CurriculumRow): void {
    const { step, without } = row
    this.groups += step.groups
    this.fromBuffer += step.fromBuffer
    this.nonTrivial += step.nonTrivial
    this.nonTrivialFromBuffer += step.nonTrivialFromBuffer
    this.without += without.nonTrivial
    this.last = row
  }

  /** Scope `curriculum`: n = groups drawn, or problems. Without a step they are absent: nobody has the reward. */
  statistics(source: RewardSource, clusters: number, seed: number): Statistic[] {
    if (this.last === null) {
      const place: Place = { scope: 'curriculum', subset: 'all', n: 0, clusters: 0 }
      return SIMULATED.map((name) => statistic(place, `${name}_${source}`, null, null, 'no_completion_with_the_reward'))
    }
    const { step, without, problems } = this.last
    const { groups, fromBuffer, nonTrivial, nonTrivialFromBuffer } = this
    const drawn: Place = { scope: 'curriculum', subset: 'all', n: groups, clusters }
    const all: Place = { ...drawn, n: problems }
    const simulated = { interval: null, method: `none: simulated, seed ${seed}` }
    const line = (place: Place, name: (typeof SIMULATED)[number], value: number | null, reason = '') =>
      statistic(place, `${name}_${source}`, value, simulated, reason)
    const fromData = groups - fromBuffer
    const bound = sustainableFraction(
      1 - (nonTrivial - nonTrivialFromBuffer) / fromData,
      1 - nonTrivialFromBuffer / fromBuffer,
    )
    return [
      line(drawn, 'curriculum_nontrivial_share', nonTrivial / groups),
      line(drawn, 'curriculum_nontrivial_share_without', this.without / groups),
      line(all, 'curriculum_kept_share', step.buffer / problems),
      line(all, 'curriculum_seen_share', step.seen / problems),
      line(all, 'curriculum_seen_share_without', without.seen / problems),
      line(
        drawn,
        'curriculum_sustainable_fraction',
        fromBuffer === 0 ? null : bound,
        fromBuffer === 0 ? 'nothing_from_buffer' : 'data_all_trivial',
      ),
    ]
  }
}

/** What curriculum.jsonl says of a prompt beside its text. */
export interface CurriculumChoice {
  readonly n: number
  readonly n_verified: number
  /** Share of the verified completions that pass; null without one. */
  readonly pass_rate: number | null
  readonly std_verifier: number | null
  readonly std_learned: number | null
  readonly std_mix: number | null
  /** Whether it stays in the buffer, all its completions taken as one group; null where the reward is missing. */
  readonly keep_verifier: boolean | null
  readonly keep_learned: boolean | null
  readonly keep_mix: boolean | null
  readonly reason_verifier: NoSignal | null
  readonly reason_learned: NoSignal | null
  readonly reason_mix: NoSignal | null
}
export const CURRICULUM_KEYS = [
  'id',
  'subset',
  'prompt',
  'solution',
  'n',
  'n_verified',
  'pass_rate',
  'std_verifier',
  'std_learned',
  'std_mix',
  'keep_verifier',
  'keep_learned',
  'keep_mix',
  'reason_verifier',
  'reason_learned',
  'reason_mix',
] as const

export function curriculumChoice({ group, of }: GroupAdvantages): CurriculumChoice {
  const verified = group.completions.map(rewardOf).filter((reward) => reward !== null)
  const keep = (source: RewardSource): boolean | null => {
    const { noSignal } = of[source]
    return noSignal === 'missing' ? null : noSignal === null
  }
  return {
    n: group.completions.length,
    n_verified: verified.length,
    pass_rate: verified.length === 0 ? null : verified.filter(passes).length / verified.length,
    std_verifier: deviation(of.verifier.rewards),
    std_learned: deviation(of.learned.rewards),
    std_mix: deviation(of.mix.rewards),
    keep_verifier: keep('verifier'),
    keep_learned: keep('learned'),
    keep_mix: keep('mix'),
    reason_verifier: of.verifier.noSignal,
    reason_learned: of.learned.noSignal,
    reason_mix: of.mix.noSignal,
  }
}
