/** What went wrong, by whose fault: the template's text, its run, its own raise_exception, our coverage, or our limits. */
export type FaultKind = 'syntax' | 'runtime' | 'raised' | 'unsupported' | 'limit'

/** A failure while a template is read or rendered. `pyType` is the exception that Python's Jinja2 raises in its place. */
export class TemplateFault extends Error {
  /** Line of the template, from 1; filled in by the interpreter. */
  line: number | null
  constructor(
    readonly kind: FaultKind,
    readonly pyType: string,
    message: string,
    line: number | null = null,
  ) {
    super(message)
    this.name = 'TemplateFault'
    this.line = line
  }
}

export const typeError = (message: string): TemplateFault => new TemplateFault('runtime', 'TypeError', message)
export const valueError = (message: string): TemplateFault => new TemplateFault('runtime', 'ValueError', message)
export const keyError = (key: string): TemplateFault => new TemplateFault('runtime', 'KeyError', `'${key}'`)
export const indexError = (message: string): TemplateFault => new TemplateFault('runtime', 'IndexError', message)
/** A construct that Jinja2 has and we refuse, so that no text can differ unnoticed. */
export const unsupported = (what: string): TemplateFault =>
  new TemplateFault('unsupported', 'Unsupported', `${what} is not supported here`)

/** One render may take this many steps: a node, a loop turn, an item, or 32 characters looked at. One to two seconds. */
export const MAX_STEPS = 5_000_000
/** Longest string that a template may build, in UTF-16 units; real conversations stay under a hundredth of it. */
export const MAX_CHARS = 16_000_000
/** Nested macro calls, and nested values when printed; Python stops at about as many. */
export const MAX_DEPTH = 200
/** Bits of an integer; far above Python's own 4,300 digits for printing. */
const MAX_INT_BITS = 65_536

/**
 * What a template may spend: templates come from the hub and are not trusted. Steps are counted, not milliseconds, so that a
 * render either always passes or always fails.
 */
export class Budget {
  private steps = 0
  constructor(
    private readonly maxSteps: number = MAX_STEPS,
    private readonly maxChars: number = MAX_CHARS,
  ) {}

  charge(steps: number): void {
    this.steps += steps
    if (this.steps > this.maxSteps)
      throw new TemplateFault(
        'limit',
        'Limit',
        `the template needs more than ${this.maxSteps.toLocaleString('en')} steps`,
      )
  }
  /** Call before a string of `length` is built. */
  chars(length: number): void {
    this.room(length)
    this.charge(1 + length / 32)
  }
  /** Whether a text of `length` may exist; charges nothing. */
  room(length: number): void {
    if (length > this.maxChars)
      throw new TemplateFault(
        'limit',
        'Limit',
        `the template builds a text of ${length.toLocaleString('en')} characters; the limit is ${this.maxChars.toLocaleString('en')}`,
      )
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
    if (level > MAX_DEPTH) throw new TemplateFault('limit', 'RecursionError', `nested more than ${MAX_DEPTH} deep`)
  }
  bits(count: number): void {
    if (!(count <= MAX_INT_BITS))
      throw new TemplateFault('limit', 'Limit', 'an integer of the template grows too large')
    this.charge(1 + count / 64)
  }
}
