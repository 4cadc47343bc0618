import { isReadyMade } from '../model/ready-made/open.ts'
import { chooseHead } from '../score/head.ts'
import { type PlanOptions, planOptionsFor } from '../score/plan.ts'
import { dpoScorer, rewardModelScorer, type Scorer } from '../score/scorer.ts'
import type { RunConfig } from './config.ts'
import type { LoadedModel } from './models.ts'

/** How measurements become a score, as the flags and the models' heads say. */
export function scorerOf(config: RunConfig, models: readonly LoadedModel[]): Scorer {
  if (config.bin === 'run-dpo')
    return dpoScorer({ beta: config.beta, refFreeType: config.refFreeType, reference: models.length === 2 })
  const { labels } = models[0]!.description
  return rewardModelScorer(chooseHead(config.head, labels), labels)
}

/** How batches are made: the device's own choice, within the flags' bounds. */
export function planOf(
  { batchTokens, batchSize }: RunConfig,
  device: 'cpu' | 'cuda' | 'webgpu',
  models: readonly LoadedModel[],
): PlanOptions {
  // a ready-made graph takes rows of texts and shares no prefix
  const rows = models.some(({ opened }) => isReadyMade(opened))
  const options = rows
    ? { ...planOptionsFor(device), layout: 'padded' as const, packed: false }
    : planOptionsFor(device)
  return { ...options, batchTokens: batchTokens ?? options.batchTokens, batchSize: batchSize ?? options.batchSize }
}
