import { HarnessError } from '../../errors.ts'
import { resolveDevice } from '../../model/device.ts'
import { cutRows } from '../../pairs/shard.ts'
import { estimatePlan } from '../../score/estimate.ts'
import { planOf } from '../../setup/choices.ts'
import { inspect, openDataset, rowsOf } from '../../setup/dataset.ts'
import { loadModels } from '../../setup/models.ts'
import { subjectOf } from '../../setup/subject.ts'
import type { TableRow } from './table.ts'

/** What a run of the table would take, from what `--dry-run` plans. */
export interface RunEstimate {
  readonly rows: number
  readonly completions: number
  /** That the graph computes for the heaviest shard, all models of the run together; 0 without a model. */
  readonly shardTokens: number
  /** Tokens a second, and where that comes from; null without a model. */
  readonly rate: { readonly tokensPerSecond: number; readonly source: 'given' | 'assumed' } | null
  /** Of the heaviest shard, the start included; null where there is no rate. */
  readonly seconds: number | null
  /** Of a shard: weights, one batch, what is remembered of its rows. */
  readonly shardBytes: number
  /** Of the process that merges, verifies and analyses all rows. */
  readonly wholeBytes: number
}

export interface EstimateRequest {
  readonly shards: number
  readonly cpus: number
  readonly gpus: number
  /** `--tokens-per-second` of one job; null: assumed. */
  readonly tokensPerSecond: number | null
}

/** Rows that are tokenised; what they need for each estimated token of text holds for the others. */
const SAMPLE_ROWS = 1000

/** Measured with scripts/bench/scale.ts: a process with its tokenizer, before any row; RDKit in a thread. */
const PROCESS_BYTES = 300e6
const VERIFIER_BYTES = 150e6
/** Of a shard: ids of all rows (digest-map.ts) and the cut; ledger and index; a window of texts and ids. */
const BYTES_PER_ROW = 69
const BYTES_PER_OWN_COMPLETION = 160
const WINDOW_BYTES = 100e6
/** Of the whole: texts, scores and statistics of a completion. */
const BYTES_PER_JOINED_COMPLETION = 4000
/** Multiply-adds are two operations per parameter and token. What is assumed of a core in float32, and of a GPU in half precision. */
const CORE_FLOPS = 2e10
const GPU_FLOPS = 4e13
const START_S = 60

/**
 * Plans a run as `--dry-run` does, of a sample of its rows: nothing is downloaded, no model is opened.
 * @returns why there is no estimate (a model or data set that is not on this machine …) in place of one
 */
export async function estimateRun(
  { config, command }: TableRow,
  request: EstimateRequest,
): Promise<RunEstimate | string> {
  const { shards, cpus, gpus, tokensPerSecond } = request
  try {
    const here = { ...config, offline: true, device: 'cpu', dtype: 'fp32' as const, shard: { index: 1, count: shards } }
    const data = await openDataset(here, () => {})
    const { rows, completions } = await inspect(rowsOf(here, data, true))
    const loads = (data.cut ?? (await cutRows(rowsOf(here, data, true), 1))).loads
    const heaviest = loads.reduce((most, load) => Math.max(most, load), 0)
    const wholeBytes =
      PROCESS_BYTES +
      (config.verification.enabled ? VERIFIER_BYTES * Math.max(1, Math.floor(cpus / 2)) : 0) +
      BYTES_PER_ROW * rows +
      BYTES_PER_JOINED_COMPLETION * completions
    if (command === 'run-verify')
      return { rows, completions, shardTokens: 0, rate: null, seconds: null, shardBytes: wholeBytes, wholeBytes }
    const device = await resolveDevice('cpu', 'fp32')
    const models = await loadModels(here, device, () => {})
    const plan = planOf(here, models)
    const sample = { ...here, limit: Math.min(here.limit ?? SAMPLE_ROWS, SAMPLE_ROWS) }
    const sampled = (await cutRows(rowsOf(sample, data, true), 1)).loads[0]!
    let [shardTokens, operations, peakBytes] = [0, 0, 0]
    for (const model of models) {
      const subject = await subjectOf(model, here, device, new Date(0), () => {})
      const found = await estimatePlan(rowsOf(sample, data, true), subject, plan, model.description.size)
      const tokens = sampled === 0 ? 0 : Math.ceil((heaviest * found.computed) / sampled)
      shardTokens += tokens
      operations += 2 * tokens * (model.description.parameters ?? model.description.size.weightBytes)
      peakBytes = Math.max(peakBytes, found.peakBytes)
    }
    const assumed = (shardTokens * (gpus > 0 ? GPU_FLOPS : cpus * CORE_FLOPS)) / Math.max(operations, 1)
    const rate =
      tokensPerSecond === null
        ? ({ tokensPerSecond: assumed, source: 'assumed' } as const)
        : ({ tokensPerSecond, source: 'given' } as const)
    const ownCompletions = Math.ceil(
      (completions * heaviest) /
        Math.max(
          1,
          loads.reduce((sum, load) => sum + load, 0),
        ),
    )
    const shardBytes =
      PROCESS_BYTES + peakBytes + WINDOW_BYTES + BYTES_PER_ROW * rows + BYTES_PER_OWN_COMPLETION * ownCompletions
    return {
      rows,
      completions,
      shardTokens,
      rate,
      seconds: rate.tokensPerSecond > 0 ? START_S + shardTokens / rate.tokensPerSecond : null,
      // a run that is no shard does all
      shardBytes: shards === 1 ? Math.max(shardBytes, peakBytes + wholeBytes) : shardBytes,
      wholeBytes,
    }
  } catch (error) {
    if (error instanceof HarnessError) return `${error.where}: ${error.message}`
    throw error
  }
}

/** In place of an estimate where none is made. */
export const NOT_ASKED = 'nothing hangs on it: --memory is given'
/** What is asked for where there is no estimate. */
export const DEFAULT_MEMORY = '16G'
const ROOM = 1.25
const STEP_BYTES = 512 * 2 ** 20

/** A quarter more than estimated, in steps of 512 MiB, 1 GiB at least, as Slurm and Kubernetes write it. @example memoryText(1e9) // '1536M' */
export const memoryText = (bytes: number): string =>
  `${(Math.max(2, Math.ceil((bytes * ROOM) / STEP_BYTES)) * STEP_BYTES) / 2 ** 20}M`

/** Twice the estimate, in steps of five minutes, as Slurm writes it. @example timeText(3600) // '02:00:00' */
export function timeText(seconds: number): string {
  const minutes = Math.max(10, Math.ceil((2 * seconds) / 300) * 5)
  const [days, hours] = [Math.floor(minutes / 1440), Math.floor((minutes % 1440) / 60)]
  const two = (n: number): string => String(n).padStart(2, '0')
  return `${days === 0 ? '' : `${days}-`}${two(hours)}:${two(minutes % 60)}:00`
}
