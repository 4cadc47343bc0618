import { createContext, Script } from 'node:vm'
import { ModelError } from '../errors.ts'
import { ownClock, type ThreadClock } from '../thread-time.ts'
import { isQuick } from './pattern-cost.ts'
import { Recurrence } from './recurrence.ts'
import { UnencodableText } from './unencodable.ts'

/** Processor time that any text gets, and each of its characters besides: the slowest of real tokenizers takes some 5 µs for one. */
const BASE_MS = 1000
const MS_PER_CHAR = 0.05
/** The longest text that is made into tokens, a million characters, takes 5 s of the slowest. */
const MOST_MS = 10_000
/** Up to so many characters quick patterns need no watch: 25 million steps at most. A watch costs 50 µs, as much as 100 characters. */
const UNWATCHED_CHARS = 5000
/** V8's watch, which goes by the wall, waits so many times the limit at first, so that a thread with a core of its own surely had its time … */
const FIRST_WAIT = 1.25
/** … and at most so many times: a thread may have a core for a hundredth of the time. */
const LONGEST_WAIT = 160
/** From one wait to the next it becomes longer by what it was too short, so many times at least and at most: what was begun in vain is lost. */
const [LEAST_GROWTH, MOST_GROWTH] = [1.5, 4]
/**
 * Ends what does not come to an end: a tokenizer.json is written by somebody else, and its patterns may need longer than the universe.
 * V8 stops the work from a thread of its own, wherever it is. Its watch goes by the wall, the limit by processor time of this thread, so that
 * a busy machine refuses what an idle one refuses: what was stopped before it had its time begins anew with a longer watch, and what comes
 * to an end after more than its time is refused, too. A slower processor may still refuse what a faster one takes.
 */
export class EncodeWatch {
  readonly #quick: boolean
  readonly #recurrence = new Recurrence()
  readonly #baseMs: number
  readonly #clock: Pick<ThreadClock, 'read'>

  /** @param patterns those of the tokenizer */
  constructor(patterns: readonly RegExp[], baseMs = BASE_MS, clock: Pick<ThreadClock, 'read'> = ownClock()) {
    this.#quick = patterns.every(isQuick)
    this.#baseMs = baseMs
    this.#clock = clock
  }

  /**
   * @param chars length of the text
   * @param work may be begun again
   * @throws UnencodableText where the time is over; ModelError where that happens again and again
   */
  run<T>(chars: number, work: () => T): T {
    this.#recurrence.begin()
    if (this.#quick && chars <= UNWATCHED_CHARS) return work()
    const ms = Math.min(MOST_MS, Math.round(this.#baseMs + MS_PER_CHAR * chars))
    for (let factor = FIRST_WAIT; ; ) {
      const from = this.#clock.read()
      const end = stoppedAfter(Math.round(ms * factor), work)
      const computed = this.#clock.read() - from
      if (end !== STOPPED && computed <= ms) return end
      if (end !== STOPPED || computed >= ms || factor >= LONGEST_WAIT) throw this.#over(chars, ms, computed)
      const growth = Math.min(MOST_GROWTH, Math.max(LEAST_GROWTH, (FIRST_WAIT * ms) / computed))
      factor = Math.min(LONGEST_WAIT, factor * growth)
    }
  }

  #over(chars: number, ms: number, computed: number): UnencodableText | ModelError {
    const waited =
      computed < ms
        ? `, in ${(LONGEST_WAIT * ms) / 1000} s of which the machine gave it ${(computed / 1000).toFixed(3)}`
        : ''
    const message = `the tokenizer does not come to an end on a text of ${chars.toLocaleString('en')} characters within ${ms / 1000} s${waited}`
    if (!this.#recurrence.fail()) return new UnencodableText('tokenizer_error', message)
    return new ModelError(
      `${message}; it did not ${this.#recurrence.said}`,
      'tokenizer.json',
      'A pattern in it repeats what is repeated already, such as (a+)+: it has to be written anew.',
    )
  }
}

const STOPPED = Symbol('stopped')
/** What the work gives; `STOPPED` where it has not come to its end after so many milliseconds on the wall. */
function stoppedAfter<T>(ms: number, work: () => T): T | typeof STOPPED {
  inContext.run = work
  try {
    return script.runInContext(inContext, { timeout: ms }) as T
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException | null)?.code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw cause
    return STOPPED
  } finally {
    inContext.run = null
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
