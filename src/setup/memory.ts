import type { ResolvedDevice } from '../model/device.ts'
import { type FreeMemory, freeMemory } from '../model/free-memory.ts'
import type { PlanOptions } from '../score/plan.ts'
import { batchBytes, fitted } from '../score/plan-memory.ts'
import type { RunConfig } from './config.ts'
import type { LoadedModel } from './models.ts'

/** What a run is expected to take, of the model that takes most; they are in memory one after the other. For the screen and run.json. */
export interface MemoryPlan {
  /** Bytes of the weights as the device holds them, and of one full batch beside them. */
  readonly weights_bytes: number
  readonly batch_bytes: number
  /** Bytes that were free on the device before; null where nothing says it. */
  readonly free_bytes: number | null
  readonly free_of: string | null
}

/** A plan that fits in what is free, and what to say of it. */
export interface FittedPlan {
  readonly plan: PlanOptions
  readonly memory: MemoryPlan
  /** How batches are made and what they take. */
  readonly line: string
  readonly warnings: readonly string[]
}

/**
 * Halves the batches where they would not fit in free memory, unless `--batch-tokens` says how large they are.
 * @param together whether all models are in memory at once: a server and the library keep them open
 */
export async function fitPlan(
  plan: PlanOptions,
  config: Pick<RunConfig, 'batchTokens'>,
  models: readonly Pick<LoadedModel, 'description' | 'name'>[],
  { device, deviceId }: ResolvedDevice,
  together = false,
): Promise<FittedPlan> {
  const free = await freeMemory(device, deviceId)
  const each = models.map(({ description }) => description.size)
  const all = each.reduce((sum, { weightBytes }) => sum + weightBytes, 0)
  const sizes = together ? each.map((size) => ({ ...size, weightBytes: all })) : each
  const own = free === null || config.batchTokens !== null ? plan : fitted(plan, sizes, free.bytes)
  const largest = sizes.reduce((most, size) => (total(size, own) > total(most, own) ? size : most))
  const memory: MemoryPlan = {
    weights_bytes: largest.weightBytes,
    batch_bytes: Math.round(batchBytes(own, largest)),
    free_bytes: free?.bytes ?? null,
    free_of: free?.of ?? null,
  }
  return { plan: own, memory, line: planLine(own, memory), warnings: warningsOf(plan, own, memory, free) }
}

const total = (size: LoadedModel['description']['size'], plan: PlanOptions): number =>
  size.weightBytes + batchBytes(plan, size)

const mib = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20).toLocaleString('en-US')} MiB`

function planLine(plan: PlanOptions, { weights_bytes, batch_bytes, free_bytes, free_of }: MemoryPlan): string {
  const rows =
    plan.prompts === true
      ? ', prompts of one length in a batch'
      : (plan.rowMultiple ?? 1) > 1
        ? `, in rows padded to multiples of ${plan.rowMultiple}`
        : ''
  const free = free_bytes === null ? '' : `; ${mib(free_bytes)} are free on ${free_of}`
  return `batches of up to ${plan.batchTokens} tokens${rows}; estimated memory: weights ${mib(weights_bytes)}, a batch ${mib(batch_bytes)}${free}`
}

function warningsOf(
  asked: PlanOptions,
  own: PlanOptions,
  { weights_bytes, batch_bytes }: MemoryPlan,
  free: FreeMemory | null,
): string[] {
  if (free === null) return []
  if (own.batchTokens < asked.batchTokens)
    return [
      `batches have ${own.batchTokens} tokens in place of ${asked.batchTokens}, so that they fit in the ${mib(free.bytes)} that are free on ${free.of}; --batch-tokens ${asked.batchTokens} tries them all the same`,
    ]
  if (weights_bytes > free.bytes)
    return [`the weights take about ${mib(weights_bytes)}, and ${mib(free.bytes)} are free on ${free.of}`]
  return weights_bytes + batch_bytes > free.bytes
    ? [
        `weights and a batch take about ${mib(weights_bytes + batch_bytes)}, and ${mib(free.bytes)} are free on ${free.of}: what does not fit is halved and repeated`,
      ]
    : []
}
