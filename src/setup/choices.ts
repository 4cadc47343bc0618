import { rawNames } from '../model/heads/head.ts'
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
  const { head } = models[0]!.opened.built
  const choice = chooseHead(config.head, head.labels)
  if (head.steps !== undefined) return stepScorer(config.stepAggregate)
  return rewardModelScorer(choice, head.labels, config.rawOutputs ? rawNames(head) : [])
}

/** How batches are made: as suits the device and the models (which are all of one kind), within the flags' bounds. */
export function planOf({ batchTokens, batchSize }: RunConfig, models: readonly LoadedModel[]): PlanOptions {
  const options = planOptionsFor(models[0]!.opened.batching)
  return { ...options, batchTokens: batchTokens ?? options.batchTokens, batchSize: batchSize ?? options.batchSize }
}
