import type { Decoder, Runner } from '../types.ts'
import type { LoadedModel } from './models.ts'
import type { StepGeneration } from './step-generation.ts'
import type { OpenSubject } from './subject.ts'
import { checkWeights, WeightsWatch } from './weights-watch.ts'

/**
 * A subject whose runner is handed out only if the weights are still those that were hashed: a training may write its checkpoint anew
 * between the two, and every measurement would be kept under the hash of other weights. So it is with what is measured later: weights are
 * mapped where they lie, and a file that is written over is read as it then is.
 * @param since milliseconds since the epoch, from before the weights were hashed
 */
export const guarded = (model: LoadedModel, subject: OpenSubject, since: number): OpenSubject => ({
  ...subject,
  async open(where) {
    const runner = await subject.open(where)
    return guardedRunner(runner, await watched(model, since, runner))
  },
})

/** Decoders of a model, guarded likewise. */
export const guardedOpen =
  (model: LoadedModel, open: () => Promise<Decoder>, since: number): (() => Promise<Decoder>) =>
  async () => {
    const decoder = await open()
    return guardedDecoder(decoder, await watched(model, since, decoder))
  }

/** The same of a model that continues reasonings. */
export const guardedGeneration = (model: LoadedModel, steps: StepGeneration, since: number): StepGeneration => ({
  ...steps,
  generation: { ...steps.generation, open: guardedOpen(model, () => steps.generation.open(), since) },
})

async function watched(model: LoadedModel, since: number, opened: { release(): Promise<void> }): Promise<WeightsWatch> {
  let watch: WeightsWatch | null = null
  try {
    watch = await WeightsWatch.open(model)
    await checkWeights(model, since)
    return watch
  } catch (error) {
    await watch?.close()
    await opened.release()
    throw error
  }
}

const guardedRunner = (runner: Runner, watch: WeightsWatch): Runner => ({
  get info() {
    return runner.info
  },
  async run(batch, sequences) {
    watch.before()
    const outputs = await runner.run(batch, sequences)
    await watch.after()
    return outputs
  },
  unreadable: (sequence) => runner.unreadable?.(sequence) ?? null,
  busyMs: runner.busyMs,
  ...(runner.checkWeights !== undefined && { checkWeights: () => runner.checkWeights!() }),
  async release() {
    await runner.release()
    await watch.close()
  },
})

const guardedDecoder = (decoder: Decoder, watch: WeightsWatch): Decoder => ({
  get info() {
    return decoder.info
  },
  bytesPerToken: decoder.bytesPerToken,
  async prefill(prompts, behind) {
    watch.before()
    const prefixes = await decoder.prefill(prompts, behind)
    await watch.after()
    return prefixes
  },
  table(mostRows) {
    const table = decoder.table(mostRows)
    return {
      get size() {
        return table.size
      },
      add: (prefix) => table.add(prefix),
      remove: (row) => table.remove(row),
      async step(tokens) {
        watch.before()
        const next = await table.step(tokens)
        await watch.after()
        return next
      },
    }
  },
  keeps: (from, to) => decoder.keeps(from, to),
  checkWeights: () => decoder.checkWeights(),
  async release() {
    await decoder.release()
    await watch.close()
  },
})
