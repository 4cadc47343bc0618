import { PythonError } from './error.ts'

/** One program may take this many steps: an operation, an item, or 32 characters looked at. One to two seconds. */
export const MAX_STEPS = 5_000_000
/** Longest string that may be built, in UTF-16 units. */
export const MAX_CHARS = 16_000_000
/** Nested calls, and nested values when printed or compared; Python stops at about as many. */
export const MAX_DEPTH = 200
/** Bits of an integer; far above Python's own 4,300 digits for printing. */
const MAX_INT_BITS = 65_536

const limit = (message: string): PythonError => new PythonError('Limit', message)

/**
 * What a program from a stranger may spend. Steps are counted, not milliseconds, so that it either always passes or always fails.
 * Every operation here that can grow takes one.
 */
export class Budget {
  private steps = 0
  /** @param whose what the messages say is at its limit, such as `the template` */
  constructor(
    private readonly maxSteps: number = MAX_STEPS,
    private readonly maxChars: number = MAX_CHARS,
    private readonly whose: string = 'the program',
  ) {}

  charge(steps: number): void {
    this.steps += steps
    if (this.steps > this.maxSteps) throw limit(`${this.whose} needs more than ${shown(this.maxSteps)} steps`)
  }
  /** Call before a string of `length` is built. */
  chars(length: number): void {
    this.room(length)
    this.charge(1 + length / 32)
  }
  /** Whether a text of `length` may exist; charges nothing. */
  room(length: number): void {
    if (length > this.maxChars)
      throw limit(`${this.whose} builds a text of ${shown(length)} characters; the limit is ${shown(this.maxChars)}`)
  }
  /** Passes a new string on after it was counted. */
  text(built: string): string {
    this.chars(built.length)
    return built
  }
  /** Call before a list of `length` is built. */
  items(length: number): void {
    if (!(length <= this.maxSteps)) this.charge(Number.POSITIVE_INFINITY)
    this.charge(length)
  }
  depth(level: number): void {
    if (level > MAX_DEPTH) throw new PythonError('RecursionError', `nested more than ${MAX_DEPTH} deep`)
  }
  bits(count: number): void {
    if (!(count <= MAX_INT_BITS)) throw limit(`an integer of ${this.whose} grows too large`)
    this.charge(1 + count / 64)
  }
}
const shown = (count: number): string => count.toLocaleString('en')
