import { DeviceMemoryError } from '../errors.ts'
import type { Batch, HeadMeasurement, LogProbMeasurement, Measurement, Runner, Sequence, Unscored } from '../types.ts'
import { type Fitted, type Halved, runFitting } from './fitting.ts'

/** The reason of a completion that does not fit in the memory of the device, alone. */
export const OUT_OF_MEMORY = 'out_of_memory'

/** What became of one sequence. */
export interface Measured {
  /** Index into the planned sequences. */
  readonly index: number
  readonly measurement: Measurement | null
  /** Why there is none; else null. */
  readonly unscored: Unscored | null
}
/** One run, to be stored whole. */
export interface MeasuredBatch {
  readonly batch: Batch
  readonly results: readonly Measured[]
}

/**
 * Measures planned batches one by one. A sequence without anything to read is unscored before it runs; one whose
 * output is not finite is measured again alone, because a neighbour in the same tree may be the cause, and is unscored
 * if that does not help. If the weights are the cause, the runner throws. A batch that does not fit in memory is halved (fitting.ts); a
 * sequence that does not fit alone is unscored. Batches may be asked for ahead, so that a runner in another thread finds the next one when it is
 * done with one; what comes out, and in which order, does not depend on it. Of a batch that runs again for what it keeps there are no results.
 * @param onHalved told of every batch that did not fit
 * @param ahead how many batches beside the one in hand are asked for now
 */
export async function* measure(
  runner: Runner,
  batches: readonly Batch[],
  sequences: readonly Sequence[],
  onHalved: (halved: Halved) => void = () => {},
  ahead: () => number = () => 0,
): AsyncGenerator<MeasuredBatch> {
  const asked: Promise<Measured[]>[] = []
  for (const [i, batch] of batches.entries()) {
    const most = Math.min(batches.length, i + 1 + ahead())
    while (asked.length < Math.max(most, i + 1)) {
      const results = measureBatch(runner, batches[asked.length]!, sequences, onHalved)
      // nobody waits for it where one before it fails, or the caller stops
      results.catch(() => {})
      asked.push(results)
    }
    const results = await asked[i]!
    asked[i] = DONE
    yield { batch, results }
  }
}
/** In place of results that were handed on. */
const DONE: Promise<Measured[]> = Promise.resolve([])

/** For what it keeps. Where that does not fit in memory any more, those who want it compute it themselves. */
async function runAgain(runner: Runner, batch: Batch, sequences: readonly Sequence[]): Promise<void> {
  try {
    await runner.run(batch, sequences)
  } catch (error) {
    if (!(error instanceof DeviceMemoryError)) throw error
  }
}

async function measureBatch(
  runner: Runner,
  batch: Batch,
  sequences: readonly Sequence[],
  onHalved: (halved: Halved) => void,
): Promise<Measured[]> {
  if (batch.again !== undefined) {
    await runAgain(runner, batch, sequences)
    return []
  }
  const unreadable = batch.sequences.map((index) => whyUnreadable(runner, sequences[index]!))
  const whole = unreadable.every((reason) => reason === null)
  const outputs = whole ? await runFitting(runner, batch, sequences, onHalved) : null
  const results: Measured[] = []
  for (const [i, index] of batch.sequences.entries()) {
    const unscored = unreadable[i]!
    if (unscored) results.push({ index, measurement: null, unscored })
    else results.push(await measureOne(runner, index, sequences, outputs?.[i] ?? null))
  }
  return results
}

/** @param output the graph's output for this sequence if it was in a run already */
async function measureOne(
  runner: Runner,
  index: number,
  sequences: readonly Sequence[],
  output: Fitted | null,
): Promise<Measured> {
  const sequence = sequences[index]!
  if (output !== null && 'tooLarge' in output) return tooLarge(index, sequence, output.tooLarge)
  if (output === null || !output.every(Number.isFinite)) {
    const alone: Batch = { layout: 'padded', sequences: [index], prefix: 0, tokens: sequence.ids.length }
    const [again] = await runFitting(runner, alone, sequences)
    if ('tooLarge' in again!) return tooLarge(index, sequence, again.tooLarge)
    if (!again!.every(Number.isFinite)) {
      await runner.checkWeights?.()
      const finite = runner.checkWeights === undefined ? '' : '; its weights are finite'
      const message = `the model gives ${again!.find((value) => !Number.isFinite(value))} for this text${finite}`
      return { index, measurement: null, unscored: { reason: 'non_finite', message } }
    }
    return { index, measurement: measurementOf(runner, sequence, again!), unscored: null }
  }
  return { index, measurement: measurementOf(runner, sequence, output), unscored: null }
}

const tooLarge = (index: number, { ids }: Sequence, message: string): Measured => ({
  index,
  measurement: null,
  unscored: { reason: OUT_OF_MEMORY, message: `${ids.length} tokens alone do not fit in memory: ${message}` },
})

function measurementOf(runner: Runner, sequence: Sequence, output: Float32Array): Measurement {
  const { kind, rawOutputs = [], perToken = false } = runner.info
  return kind === 'head' ? headOf(sequence, output, rawOutputs.length) : logProbOf(output, perToken)
}

function headOf({ reads, positionStart }: Sequence, output: Float32Array, rawCount: number): HeadMeasurement {
  const labels = output.length - rawCount
  return {
    kind: 'head',
    values: [...output.subarray(0, labels)],
    scoredTokenIndex: reads.at(-1)! + positionStart,
    ...(rawCount > 0 && { raw: [...output.subarray(labels)] }),
  }
}

/** Sums in float64. */
function logProbOf(logProbs: Float32Array, perToken: boolean): LogProbMeasurement {
  let sum = 0
  let sumSquares = 0
  for (const logProb of logProbs) {
    sum += logProb
    sumSquares += logProb * logProb
  }
  return { kind: 'logProb', sum, tokens: logProbs.length, sumSquares, ...(perToken && { logProbs: [...logProbs] }) }
}

function whyUnreadable(runner: Runner, sequence: Sequence): Unscored | null {
  const { ids, reads } = sequence
  if (ids.length === 0) return { reason: 'no_tokens', message: 'the text has no tokens' }
  const first = reads[0]
  if (first === undefined || first >= ids.length)
    return { reason: 'empty_span', message: 'the completion has no tokens' }
  if (runner.info.kind === 'logProb' && first < 1)
    return {
      reason: 'no_context',
      message: 'the completion begins the text: its first token has no probability given anything',
    }
  return runner.unreadable?.(sequence) ?? null
}
