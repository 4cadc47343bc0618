import { closeSync, readSync, rmSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type HermRun, hermScoreKeys } from '../agreement/herm.ts'
import { makeOutputFolder } from '../setup/folder.ts'
import { unwrittenFile } from '../system-words.ts'
import type { ScoredPair } from '../types.ts'
import { begun, ended } from '../unfinished.ts'
import { createFresh, WholeFile } from '../whole-file.ts'

export const hermScoresPath = (folder: string, { model }: HermRun): string =>
  join(folder, 'herm/eval-set-scores', `${model}.json`)

const SIDES = ['text_chosen', 'text_rejected'] as const
/** Characters that are gathered before they are written, and bytes that are read back at once. */
const PIECE = 1 << 20
/** Values written before a signal is answered. */
const VALUES_AT_ONCE = 1000
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/**
 * ◆ What the model read of the two completions of each scored pair. It comes while the rows are joined and is written last, column behind column:
 * until then it stands on disk beside the file, since in memory it would be more than everything else that is kept of a pair.
 */
export class HermTexts {
  readonly #path: string
  #spools: readonly Spool[] | null = null

  /** @param path of the file that they go into */
  constructor(path: string) {
    this.#path = path
  }
  /** Of the next scored pair. */
  add(chosen: string, rejected: string): void {
    this.#spools ??= SIDES.map((side) => new Spool(`${this.#path}.${side}.partial`))
    for (const [i, text] of [chosen, rejected].entries()) this.#spools[i]!.add(text)
  }
  /** The elements of a column, as they stand in the file. */
  *pieces(side: (typeof SIDES)[number]): Generator<Buffer> {
    const spool = this.#spools?.[SIDES.indexOf(side)]
    if (spool !== undefined) yield* spool.pieces()
  }
  discard(): void {
    for (const spool of this.#spools ?? []) spool.discard()
    this.#spools = null
  }
}

class Spool {
  readonly #path: string
  readonly #fd: number
  #waiting = ''
  #first = true

  constructor(path: string) {
    this.#path = path
    begun(path)
    this.#fd = this.#attempt(() => {
      makeOutputFolder(dirname(path))
      return createFresh(path, 'wx+')
    })
  }
  add(text: string): void {
    this.#waiting += elementText(text, this.#first)
    this.#first = false
    if (this.#waiting.length >= PIECE) this.#flush()
  }
  *pieces(): Generator<Buffer> {
    this.#flush()
    const piece = Buffer.allocUnsafe(PIECE)
    for (let at = 0; ; ) {
      const read = this.#attempt(() => readSync(this.#fd, piece, 0, PIECE, at))
      if (read === 0) return
      at += read
      yield piece.subarray(0, read)
    }
  }
  discard(): void {
    try {
      closeSync(this.#fd)
    } catch {}
    rmSync(this.#path, { force: true })
    ended(this.#path)
  }

  #flush(): void {
    const bytes = Buffer.from(this.#waiting)
    this.#waiting = ''
    this.#attempt(() => {
      for (let done = 0; done < bytes.length; ) done += writeSync(this.#fd, bytes, done, bytes.length - done)
    })
  }
  #attempt<T>(action: () => T): T {
    try {
      return action()
    } catch (cause) {
      throw unwrittenFile(cause, this.#path)
    }
  }
}

/** An element of an array in JSON of four spaces. */
const elementText = (value: unknown, first: boolean): string =>
  `${first ? '\n' : ',\n'}        ${JSON.stringify(value, null, 4).replaceAll('\n', '\n        ')}`

/**
 * ◆ Writes eval-set-scores/<model>.json: the text of `hermJson(hermEvalSetScores(…))`, value by value.
 * @param texts null: the model is not here to say what it read, and the texts are empty
 */
export async function writeHermScores(
  folder: string,
  pairs: readonly ScoredPair[],
  run: HermRun,
  texts: HermTexts | null,
): Promise<void> {
  const path = hermScoresPath(folder, run)
  makeOutputFolder(dirname(path))
  const scored = pairs.filter(({ margin }) => margin !== null)
  const file = new WholeFile(path)
  const column = async (value: (pair: ScoredPair) => unknown): Promise<void> => {
    for (let from = 0; from < scored.length; from += VALUES_AT_ONCE) {
      const some = scored.slice(from, from + VALUES_AT_ONCE)
      file.write(some.map((pair, i) => elementText(value(pair), from + i === 0)).join(''))
      await turn()
    }
  }
  const close = scored.length === 0 ? ']' : '\n    ]'
  try {
    file.write('{')
    for (const [key, value] of hermScoreKeys(run)) {
      file.write(`\n    ${JSON.stringify(key)}: `)
      if (typeof value === 'string') file.write(JSON.stringify(value))
      else {
        file.write('[')
        await column(value)
        file.write(close)
      }
      file.write(',')
    }
    for (const [i, side] of SIDES.entries()) {
      file.write(`\n    "${side}": [`)
      if (texts === null) await column(() => '')
      else for (const piece of texts.pieces(side)) file.write(piece)
      file.write(`${close}${i + 1 < SIDES.length ? ',' : ''}`)
    }
    file.write('\n}\n')
    file.close()
  } catch (error) {
    file.abort()
    throw error
  }
}
