import { createContext, Script } from 'node:vm'
import { ModelError } from '../errors.ts'
import { isQuick } from './pattern-cost.ts'
import { Recurrence } from './recurrence.ts'
import { UnencodableText } from './unencodable.ts'

/** Time that any text gets, and each of its characters besides: the slowest of real tokenizers takes some 5 µs for one. */
const BASE_MS = 2000
const MS_PER_CHAR = 0.05
/** Up to so many characters quick patterns need no watch: 25 million steps at most. A watch costs 50 µs, as much as 100 characters. */
const UNWATCHED_CHARS = 5000
/**
 * Ends what does not come to an end: a tokenizer.json is written by somebody else, and its patterns may need longer than the universe.
 * V8 stops the work from a thread of its own, wherever it is; only time can tell here, so that a slow machine may refuse a text that
 * another one takes: the row is then not scored, with that reason.
 */
export class EncodeWatch {
  readonly #quick: boolean
  readonly #recurrence = new Recurrence()

  readonly #baseMs: number

  /** @param patterns those of the tokenizer */
  constructor(patterns: readonly RegExp[], baseMs = BASE_MS) {
    this.#quick = patterns.every(isQuick)
    this.#baseMs = baseMs
  }

  /**
   * @param chars length of the text
   * @throws UnencodableText where the time is over; ModelError where that happens again and again
   */
  run<T>(chars: number, work: () => T): T {
    this.#recurrence.begin()
    if (this.#quick && chars <= UNWATCHED_CHARS) return work()
    const ms = Math.round(this.#baseMs + MS_PER_CHAR * chars)
    inContext.run = work
    try {
      return script.runInContext(inContext, { timeout: ms }) as T
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException | null)?.code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw cause
      const message = `the tokenizer does not come to an end on a text of ${chars.toLocaleString('en')} characters within ${ms / 1000} s`
      if (!this.#recurrence.fail()) throw new UnencodableText('tokenizer_error', message)
      throw new ModelError(
        `${message}; it did not ${this.#recurrence.said}`,
        'tokenizer.json',
        'A pattern in it repeats what is repeated already, such as (a+)+: it has to be written anew.',
      )
    } finally {
      inContext.run = null
    }
  }
}
const inContext = createContext({ run: null as (() => unknown) | null })
const script = new Script('run()')

/** The patterns of one of the port's objects and its parts. */
export function patternsOf(part: unknown): RegExp[] {
  if (typeof part !== 'object' && typeof part !== 'function') return []
  const { pattern, normalizers, tokenizers, decoders } = (part ?? {}) as Readonly<Record<string, unknown>>
  const parts = [normalizers, tokenizers, decoders].flatMap((list) => (Array.isArray(list) ? (list as unknown[]) : []))
  return [...(pattern instanceof RegExp ? [pattern] : []), ...parts.flatMap(patternsOf)]
}
