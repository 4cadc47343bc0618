import { type Stats, statSync } from 'node:fs'
import { ModelError } from '../errors.ts'
import { hashCheckpoint } from '../model/checkpoint.ts'
import type { Decoder, Runner } from '../types.ts'
import type { LoadedModel } from './models.ts'
import type { StepGeneration } from './step-generation.ts'
import type { OpenSubject } from './subject.ts'

/** The files of a model are not those that were hashed. */
export class ChangedFiles extends ModelError {}

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

interface Check {
  /** Before anything is computed. @throws ModelError where a mapped file was cut short: to read behind its end would end the process (SIGBUS) */
  before(): void
  /** @throws ModelError where what was just computed may be of other weights than those that were hashed */
  after(): Promise<void>
}

async function watched(model: LoadedModel, since: number, opened: { release(): Promise<void> }): Promise<Check> {
  try {
    const watch = new Watch(model)
    await checkWeights(model, since)
    return watch
  } catch (error) {
    await opened.release()
    throw error
  }
}

/** Files that were touched since are hashed again. @throws ModelError where they are others now */
async function checkWeights(model: LoadedModel, since: number): Promise<void> {
  const touched = (file: string): boolean => {
    const found = statSync(file, { throwIfNoEntry: false })
    return found === undefined || Math.max(found.ctimeMs, found.mtimeMs) >= since
  }
  if (model.opened.checkpoint.files.some(touched)) await checkHashes(model, 'nothing is measured')
}

async function checkHashes(
  { name, opened: { checkpoint }, hashes, trustBlobNames }: LoadedModel,
  consequence: string,
): Promise<void> {
  const now = await hashCheckpoint(checkpoint, { trustBlobNames }).catch(() => null)
  const changed = hashes.find(({ sha256 }, i) => now?.[i]?.sha256 !== sha256)
  if (changed !== undefined)
    throw new ChangedFiles(
      `${changed.name} changed after it was hashed: ${consequence}`,
      name,
      'Run again when nothing writes the checkpoint any more.',
    )
}

/**
 * The files of an open model, as they were at its opening. One that was written over is hashed again; one that is gone, or has another in its
 * place, does no harm: the system keeps the file that is mapped, unless it was cut short before.
 */
class Watch implements Check {
  #seen: readonly (Stats | undefined)[]
  readonly #cut = new Set<number>()
  #last: Promise<void> = Promise.resolve()

  constructor(readonly model: LoadedModel) {
    this.#seen = this.#now()
  }

  before(): void {
    for (const [i, found] of this.#now().entries()) {
      if (!isSame(this.#seen[i], found)) continue
      if (found!.size < this.#seen[i]!.size) this.#cut.add(i)
      else this.#cut.delete(i)
    }
    const [cut] = this.#cut
    if (cut === undefined) return
    throw new ChangedFiles(
      `${this.model.hashes[cut]!.name} was cut short after it was hashed: nothing more is measured`,
      this.model.name,
      'Run again when nothing writes the checkpoint any more.',
    )
  }

  /** One after the other: each begins after what it answers for was computed. */
  after(): Promise<void> {
    this.#last = this.#last.then(() => this.#checkOnce())
    return this.#last
  }

  async #checkOnce(): Promise<void> {
    const now = this.#now()
    if (!now.some((found, i) => isWrittenOver(this.#seen[i], found))) return
    await checkHashes(this.model, 'what is measured from here on is not kept')
    this.#seen = now
  }

  #now(): (Stats | undefined)[] {
    return this.model.opened.checkpoint.files.map((file) => statSync(file, { throwIfNoEntry: false }))
  }
}

const isSame = (before: Stats | undefined, now: Stats | undefined): boolean =>
  before !== undefined && now !== undefined && before.ino === now.ino && before.dev === now.dev
const isWrittenOver = (before: Stats | undefined, now: Stats | undefined): boolean =>
  before !== undefined &&
  now !== undefined &&
  isSame(before, now) &&
  (before.mtimeMs !== now.mtimeMs || before.ctimeMs !== now.ctimeMs || before.size !== now.size)

const guardedRunner = (runner: Runner, check: Check): Runner => ({
  get info() {
    return runner.info
  },
  async run(batch, sequences) {
    check.before()
    const outputs = await runner.run(batch, sequences)
    await check.after()
    return outputs
  },
  unreadable: (sequence) => runner.unreadable?.(sequence) ?? null,
  busyMs: runner.busyMs,
  ...(runner.checkWeights !== undefined && { checkWeights: () => runner.checkWeights!() }),
  release: () => runner.release(),
})

const guardedDecoder = (decoder: Decoder, check: Check): Decoder => ({
  get info() {
    return decoder.info
  },
  bytesPerToken: decoder.bytesPerToken,
  async prefill(prompts, behind) {
    check.before()
    const prefixes = await decoder.prefill(prompts, behind)
    await check.after()
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
        check.before()
        const next = await table.step(tokens)
        await check.after()
        return next
      },
    }
  },
  keeps: (from, to) => decoder.keeps(from, to),
  checkWeights: () => decoder.checkWeights(),
  release: () => decoder.release(),
})
