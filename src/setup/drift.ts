import { createHash } from 'node:crypto'
import { totalmem } from 'node:os'
import { given } from '../given.ts'
import type { ResolvedDevice } from '../model/device.ts'
import { type OpenOptions, openModel } from '../model/open.ts'
import { isReadyMade } from '../model/ready-made/open.ts'
import { isFailure } from '../pairs/failure.ts'
import type { Row, RowFailure } from '../types.ts'
import type { RunConfig } from './config.ts'
import type { LoadedModel } from './models.ts'

/** What is to be scored in float32 beside a run in another number format, or why nothing is. */
export interface DriftPlan {
  /** Rows of the sample; 0 with the reason. */
  readonly rows: number
  /** The models of the run in float32. */
  readonly models: readonly LoadedModel[]
  readonly reason: string | null
}

/** Rows with weights in few bits where --drift is not given: enough for the size of the change, not for a rate of flips. */
const DEFAULT_ROWS = 64
/** Part of the memory that float32 weights may take where nobody asked for them. */
const MEMORY_SHARE = 0.6

/**
 * How the drift of a run's number format is measured; null where it computes in float32.
 * @param memory bytes of this machine, or those that its container may use
 */
export function driftPlan(
  config: RunConfig,
  models: readonly LoadedModel[],
  { device, deviceId }: ResolvedDevice,
  memory: number = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY),
): DriftPlan | null {
  const dtypes = [...new Set(models.map(({ opened }) => opened.dtype))].filter((dtype) => dtype !== 'fp32')
  if (dtypes.length === 0) return null
  const none = (reason: string): DriftPlan => ({ rows: 0, models: [], reason })
  if (dtypes.includes('tf32'))
    return none('in a process that computes in TF32 nothing is float32: compare two runs, with chemherm analyze')
  if (models.some(({ opened }) => isReadyMade(opened) && opened.dtype !== 'fp32'))
    return none(
      'a ready-made export has one number format; where its safetensors lie beside it, the two are compared (run.json, graph)',
    )
  const few = dtypes.some((dtype) => dtype === 'q8' || dtype === 'q4')
  const rows = config.drift ?? (few ? DEFAULT_ROWS : 0)
  if (rows === 0) return none(config.drift === 0 ? '--drift 0' : `--drift N measures it on N rows`)
  const exact = models.map((model): LoadedModel => {
    if (isReadyMade(model.opened)) return model
    const { checkpoint, kind } = model.opened
    const asked = given<Pick<OpenOptions, 'head'>>({ head: model.asked })
    const opened = openModel(checkpoint, { kind, device, deviceId, dtype: 'fp32', ...asked })
    return { ...model, opened, description: opened.description }
  })
  const needed = Math.max(...exact.map(({ description }) => description.size.weightBytes))
  if (config.drift === null && device === 'cpu' && needed > MEMORY_SHARE * memory)
    return none(
      `float32 weights take ${gigabytes(needed)} of the ${gigabytes(memory)} of this machine; --drift ${rows} tries it all the same`,
    )
  return { rows, models: exact, reason: null }
}

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toPrecision(3)} GB`

/** Ids of `count` rows, as the seed draws them whatever their order: those with the smallest SHA-256 of seed and id. */
export async function drawRows(
  rows: AsyncIterable<Row | RowFailure>,
  count: number,
  seed: number,
): Promise<ReadonlySet<string>> {
  const drawn: { readonly id: string; readonly digest: string }[] = []
  for await (const row of rows) {
    if (isFailure(row)) continue
    drawn.push({ id: row.id, digest: createHash('sha256').update(`${seed}\n${row.id}`).digest('hex') })
    if (drawn.length >= 2 * count + 1024) cut(drawn, count)
  }
  cut(drawn, count)
  return new Set(drawn.map(({ id }) => id))
}

function cut(drawn: { readonly id: string; readonly digest: string }[], count: number): void {
  drawn.sort((a, b) => (a.digest < b.digest ? -1 : 1))
  drawn.length = Math.min(drawn.length, count)
}
