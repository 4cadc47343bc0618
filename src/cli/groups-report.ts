import type { GroupsReport } from '../report/html/group-input.ts'
import type { RunConfig } from '../setup/config.ts'
import { rewardWeightsOf } from '../setup/options.ts'
import type { AdvantagesOfRun } from './advantages.ts'
import type { GroupsOfRun } from './groups.ts'

/** What report.html shows of the run's groups; undefined where it has none. */
export function groupsReport(
  groups: GroupsOfRun | null,
  grpo: AdvantagesOfRun | null,
  config: RunConfig,
): GroupsReport | undefined {
  if (groups === null) return undefined
  const { findings, curves, declines, topRewards } = groups
  return {
    findings,
    curves,
    declines,
    topRewards,
    advantages: grpo?.points ?? [],
    advantagesAre: advantagesAre(config),
  }
}

const DIVIDED: Readonly<Record<RunConfig['scaleRewards'], (batch: number) => string>> = {
  group: () => '(reward − mean of its group) / (the standard deviation of the group + 1e−4)',
  batch: (groups) => `(reward − mean of its group) / (the standard deviation of a batch of ${batchOf(groups)} + 1e−4)`,
  none: () => 'reward − mean of its group',
}

/** The options that the advantages hang on, as a sentence. */
export function advantagesAre(
  config: Pick<RunConfig, 'scaleRewards' | 'groupBatchSize' | 'rewardWeights' | 'multiObjectiveAggregation'>,
): string {
  const { scaleRewards, groupBatchSize, multiObjectiveAggregation } = config
  const [format, accuracy] = rewardWeightsOf(config.rewardWeights)
  const reward = `${format} × format + ${accuracy} × accuracy`
  return multiObjectiveAggregation === 'normalize_then_sum'
    ? `Each reward is normalised in its group, (reward − mean) / (standard deviation + 1e−4), and summed by weight, the verifiable one ${reward}; an advantage is that sum, normalised over a batch of ${batchOf(groupBatchSize)}.`
    : `An advantage is ${DIVIDED[scaleRewards](groupBatchSize)}; the verifiable reward is ${reward}.`
}

const batchOf = (groups: number): string => `${groups} ${groups === 1 ? 'group' : 'groups'}`
