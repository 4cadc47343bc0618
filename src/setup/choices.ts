import { rawNames } from '../model/heads/head.ts'
import { isReadyMade } from '../model/ready-made/open.ts'
import { comparisonScorer } from '../score/compare.ts'
import { chooseHead } from '../score/head.ts'
import { type PlanOptions, planOptionsFor } from '../score/plan.ts'
import { dpoScorer, rewardModelScorer, type Scorer } from '../score/scorer.ts'
import { stepScorer } from '../score/steps.ts'
import type { RunConfig } from './config.ts'
import type { LoadedModel } from './models.ts'

/** How measurements become a score, as the flags and the models' heads say. */
export function scorerOf(config: RunConfig, models: readonly LoadedModel[]): Scorer {
  if (config.bin === 'run-dpo')
    return dpoScorer({ beta: config.beta, refFreeType: config.refFreeType, reference: models.length === 2 })
  const { head } = models[0]!.opened
  if (head.compares?.kind === 'letters') return comparisonScorer('letters')
  const choice = chooseHead(config.head, head.labels)
  if (head.compares !== undefined) return comparisonScorer(head.compares.kind)
  if (head.steps !== undefined) return stepScorer(config.stepAggregate)
  return rewardModelScorer(choice, head.labels, config.rawOutputs ? rawNames(head) : [])
}

/**
 * How batches are made: as suits the device and the models, within the flags' bounds. Models are all of one kind, but that one may be
 * a ready-made graph, which takes rows of texts and shares no prefix: then all get such rows.
 */
export function planOf(
  { batchTokens, batchSize }: RunConfig,
  models: readonly Pick<LoadedModel, 'opened'>[],
): PlanOptions {
  const { opened } = models.find((model) => isReadyMade(model.opened)) ?? models[0]!
  const options = planOptionsFor(opened.batching)
  return { ...options, batchTokens: batchTokens ?? options.batchTokens, batchSize: batchSize ?? options.batchSize }
}
