import { COLUMN_WISE, RECORDS_HINT } from './column-wise.ts'
import { Pieces } from './pieces.ts'
import { PROMPT_LIKE } from './prompt.ts'
import { MAX_RECORD_BYTES, parseJson, type RawRecord, tooLong } from './raw.ts'

/** Keys under which a JSON object may hold its rows, where no split is asked for. */
const CONTAINERS: readonly string[] = ['data', 'train', 'validation', 'test']
/** An object with one of these keys is a row itself, whatever else it holds. */
const ROW_KEYS = [
  'prompt',
  'chosen',
  'rejected',
  'completions',
  'completion',
  'messages',
  'conversations',
  ...PROMPT_LIKE,
]

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a]
const [LIST, LIST_END, OBJECT, OBJECT_END] = [0x5b, 0x5d, 0x7b, 0x7d]
const END = -1
const isSpace = (byte: number): boolean => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)
const opens = (byte: number): boolean => byte === LIST || byte === OBJECT
const closes = (byte: number): boolean => byte === LIST_END || byte === OBJECT_END

/**
 * A JSON document, element by element: a list of records; an object that holds lists of records under `data` or the usual split names
 * (under `split` only, where one is asked for); one record; or several of these one after the other.
 * Values are cut out by their brackets, so memory is one record however long the list is. Trouble inside an element is that
 * element's; trouble between elements ends the reading with one failure.
 */
export async function* readJson(chunks: AsyncIterable<Uint8Array>, split: string | null): AsyncGenerator<RawRecord> {
  const bytes = new Bytes(chunks)
  try {
    for (let next = await bytes.peek(); next !== END; next = await bytes.peek()) {
      if (next === LIST) yield* listElements(bytes)
      else if (next === OBJECT) yield* objectElements(bytes, split)
      else if (next === COMMA || next === COLON || closes(next))
        throw new BadStructure(`expected a list or an object ${found(next)}`)
      else yield await element(bytes)
    }
  } catch (error) {
    if (!(error instanceof BadStructure)) throw error
    yield { at: bytes.line, reason: error.reason, message: error.message, hint: error.hint }
  } finally {
    await bytes.close()
  }
}

class BadStructure extends Error {
  readonly reason: string
  readonly hint: string | null
  constructor(message: string, reason = 'invalid_json', hint: string | null = null) {
    super(reason === 'invalid_json' ? `invalid JSON: ${message}` : message)
    this.reason = reason
    this.hint = hint
  }
}

async function* listElements(bytes: Bytes): AsyncGenerator<RawRecord> {
  bytes.skip()
  if ((await bytes.peek()) === LIST_END) return bytes.skip()
  for (;;) {
    yield await element(bytes)
    const next = await bytes.peek()
    if (next !== COMMA && next !== LIST_END) throw new BadStructure(`expected "," or "]" ${found(next)}`)
    bytes.skip()
    if (next === LIST_END) return
  }
}

async function element(bytes: Bytes): Promise<RawRecord> {
  await bytes.peek()
  const at = bytes.line
  const record = new Pieces()
  await bytes.value(record)
  const text = record.take()
  return text === null ? tooLong(at) : parseJson(text, at)
}

/** The lists inside an object of rows; or the object itself, where it turns out to be one. */
async function* objectElements(bytes: Bytes, split: string | null): AsyncGenerator<RawRecord> {
  const containers = split === null ? CONTAINERS : [split]
  const unread: RawRecord[] = []
  const at = bytes.line
  const whole = new Pieces()
  const keep = (byte: number): void => {
    bytes.skip()
    whole.add(Uint8Array.of(byte))
  }
  const keys = new Set<string>()
  let isRow = false
  let container = false
  keep(OBJECT)
  for (;;) {
    const next = await bytes.peek()
    if (next === OBJECT_END) break
    if (next !== QUOTE) throw new BadStructure(`expected a key or "}" ${found(next)}`)
    const key = await keyOf(bytes, whole)
    keys.add(key)
    isRow ||= ROW_KEYS.includes(key)
    if ((await bytes.peek()) !== COLON) throw new BadStructure(`expected ":" after ${JSON.stringify(key)}`)
    keep(COLON)
    const begin = await bytes.peek()
    if (begin === LIST && containers.includes(key) && !isRow) {
      if (keys.has('columns')) throw new BadStructure(COLUMN_WISE, 'column_wise', RECORDS_HINT)
      container = true
      yield* listElements(bytes)
    } else {
      const line = bytes.line
      const value = new Pieces()
      await bytes.value(value)
      const text = value.take()
      if (begin === LIST && split === null && (text === null || holdsRows(text))) unread.push(notRead(line, key))
      // what is too long makes the whole too long
      if (!container) whole.add(text ?? new Uint8Array(MAX_RECORD_BYTES))
    }
    const after = await bytes.peek()
    if (after === COMMA) keep(COMMA)
    else if (after !== OBJECT_END) throw new BadStructure(`expected "," or "}" ${found(after)}`)
  }
  keep(OBJECT_END)
  if (container) return yield* unread
  const text = whole.take()
  yield text === null ? tooLong(at) : parseJson(text, at)
}

/** Whether a list's first element has the columns of a row. */
const holdsRows = (list: Uint8Array): boolean => {
  const start = Buffer.from(list.buffer, list.byteOffset, Math.min(list.length, HEAD_BYTES)).toString('utf8')
  return /^\[\s*\{/.test(start) && ROW_KEYS.some((key) => start.includes(`"${key}"`))
}
const HEAD_BYTES = 1 << 16
/** Rows beside those that are read, under a name that is none of the usual ones: they are lost, and that is said. */
const notRead = (at: number, key: string): RawRecord => ({
  at,
  reason: 'unread_list',
  message: `the list under ${JSON.stringify(key.slice(0, 60))} is not read`,
  hint: `Without --split the lists under ${CONTAINERS.join(', ')} are read; choose another one with --split.`,
})

async function keyOf(bytes: Bytes, whole: Pieces): Promise<string> {
  const at = bytes.line
  const piece = new Pieces()
  await bytes.value(piece)
  const text = piece.take() ?? new Uint8Array()
  whole.add(text)
  const raw = parseJson(text, at)
  if ('reason' in raw) throw new BadStructure('a key is not a string')
  return String(raw.value)
}

const found = (byte: number): string =>
  byte === END ? 'before the end of the file' : `before ${JSON.stringify(String.fromCharCode(byte))}`

/** The bytes of a stream, one value at a time; awaits only at the end of a chunk. */
class Bytes {
  line = 1
  #source: AsyncIterator<Uint8Array>
  #chunk: Uint8Array = new Uint8Array()
  #at = 0

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#source = chunks[Symbol.asyncIterator]()
  }

  /** The next byte that is no white space, or END. */
  async peek(): Promise<number> {
    for (;;) {
      while (this.#at < this.#chunk.length) {
        const byte = this.#chunk[this.#at]!
        if (!isSpace(byte)) return byte
        if (byte === 0x0a) this.line++
        this.#at++
      }
      if (!(await this.#more())) return END
    }
  }

  skip(): void {
    this.#at++
  }

  /** Consumes one value: a string, a bracketed value, or a run up to the next delimiter. */
  async value(into: Pieces): Promise<void> {
    let depth = 0
    let inString = false
    let escaped = false
    await this.peek()
    for (;;) {
      const from = this.#at
      while (this.#at < this.#chunk.length) {
        const byte = this.#chunk[this.#at]!
        if (byte === 0x0a) this.line++
        let ends = false
        if (inString) {
          if (escaped) escaped = false
          else if (byte === BACKSLASH) escaped = true
          else if (byte === QUOTE) {
            inString = false
            ends = depth === 0
          }
        } else if (byte === QUOTE) inString = true
        else if (opens(byte)) depth++
        else if (closes(byte) && depth > 0) ends = --depth === 0
        else if (depth === 0 && (closes(byte) || byte === COMMA || byte === COLON || isSpace(byte))) {
          // the delimiter behind a number or a word stays; one in the place of a value is the value's own trouble
          into.add(this.#chunk.subarray(from, this.#at))
          if (byte === 0x0a) this.line--
          return
        }
        this.#at++
        if (ends) return into.add(this.#chunk.subarray(from, this.#at))
      }
      into.add(this.#chunk.subarray(from))
      if (await this.#more()) continue
      if (depth > 0 || inString) throw new BadStructure('the file ends in the middle of a value')
      return
    }
  }

  /** Closes the file where the reading ends early. */
  async close(): Promise<void> {
    await this.#source.return?.()
  }

  async #more(): Promise<boolean> {
    const next = await this.#source.next()
    if (next.done === true) return false
    this.#chunk = next.value
    this.#at = 0
    return true
  }
}
