import { statSync } from 'node:fs'
import { ModelError } from '../errors.ts'
import { hashCheckpoint } from '../model/checkpoint.ts'
import type { LoadedModel } from '../setup/models.ts'
import type { StepGeneration } from '../setup/step-generation.ts'
import type { OpenSubject } from '../setup/subject.ts'

/**
 * A subject whose runner is handed out only if the weights are still those that were hashed: a training may write its checkpoint anew
 * between the two, and every measurement would be kept under the hash of other weights.
 * @param since milliseconds since the epoch, from before the weights were hashed
 */
export const guarded = (model: LoadedModel, subject: OpenSubject, since: number): OpenSubject => ({
  ...subject,
  async open(where) {
    const runner = await subject.open(where)
    try {
      await checkWeights(model, since)
    } catch (error) {
      await runner.release()
      throw error
    }
    return runner
  },
})

/** Files that were touched since are hashed again. @throws ModelError where they are others now */
export async function checkWeights(
  { name, opened: { checkpoint }, hashes, trustBlobNames }: LoadedModel,
  since: number,
): Promise<void> {
  const touched = (file: string): boolean => {
    const found = statSync(file, { throwIfNoEntry: false })
    return found === undefined || Math.max(found.ctimeMs, found.mtimeMs) >= since
  }
  if (!checkpoint.files.some(touched)) return
  const now = await hashCheckpoint(checkpoint, { trustBlobNames }).catch(() => null)
  const changed = hashes.find(({ sha256 }, i) => now?.[i]?.sha256 !== sha256)
  if (changed !== undefined)
    throw new ModelError(
      `${changed.name} changed after it was hashed: nothing is measured`,
      name,
      'Run again when nothing writes the checkpoint any more.',
    )
}

/** The same of a model that continues reasonings. */
export const guardedGeneration = (model: LoadedModel, steps: StepGeneration, since: number): StepGeneration => ({
  ...steps,
  generation: {
    ...steps.generation,
    async open() {
      const decoder = await steps.generation.open()
      try {
        await checkWeights(model, since)
      } catch (error) {
        await decoder.release()
        throw error
      }
      return decoder
    },
  },
})
