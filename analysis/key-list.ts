/** Keys of rows in their order: an array, or what stands for one in a third of the memory. */
export interface Keys extends Iterable<string> {
  readonly length: number
  at(row: number): string | undefined
}

/** Keys that are kept together. */
const BLOCK_BITS = 12
const BLOCK = 1 << BLOCK_BITS
const WIDE = /[^\x00-\xff]/

interface Block {
  /** UTF-16 code units of all its keys, in bytes where each fits. */
  readonly units: Buffer | Uint16Array
  readonly ends: Int32Array
}

/** Keys that arrive one by one, as the characters alone: a string takes 24 bytes more. */
export class PackedKeys implements Keys {
  readonly #blocks: Block[] = []
  #last: string[] = []

  static of(keys: Iterable<string>): PackedKeys {
    const packed = new PackedKeys()
    for (const key of keys) packed.push(key)
    return packed
  }

  get length(): number {
    return this.#blocks.length * BLOCK + this.#last.length
  }

  /** @returns how many there are now */
  push(key: string): number {
    const length = this.#last.push(key) + this.#blocks.length * BLOCK
    if (this.#last.length === BLOCK) {
      this.#blocks.push(packed(this.#last))
      this.#last = []
    }
    return length
  }

  at(row: number): string | undefined {
    const block = this.#blocks[row >> BLOCK_BITS]
    if (block === undefined) return this.#last[row - this.#blocks.length * BLOCK]
    const place = row & (BLOCK - 1)
    return textOf(block, place === 0 ? 0 : block.ends[place - 1]!, block.ends[place]!)
  }

  /** Whether the row has this key; the key of the row is not made for it. */
  is(row: number, key: string): boolean {
    const block = this.#blocks[row >> BLOCK_BITS]
    if (block === undefined) return this.#last[row - this.#blocks.length * BLOCK] === key
    const { units, ends } = block
    const place = row & (BLOCK - 1)
    const start = place === 0 ? 0 : ends[place - 1]!
    if (ends[place]! - start !== key.length) return false
    for (let i = 0; i < key.length; i++) if (units[start + i] !== key.charCodeAt(i)) return false
    return true
  }

  *[Symbol.iterator](): Generator<string> {
    for (const block of this.#blocks) {
      const text = textOf(block, 0, block.units.length)
      let start = 0
      for (const end of block.ends) {
        yield text.slice(start, end)
        start = end
      }
    }
    yield* this.#last
  }

  /** Whether the keys are those of another list, row by row. */
  equals(other: PackedKeys): boolean {
    return (
      this.length === other.length &&
      this.#blocks.every(({ units, ends }, b) => {
        const { units: theirs, ends: their } = other.#blocks[b]!
        return (
          units.BYTES_PER_ELEMENT === theirs.BYTES_PER_ELEMENT &&
          bytesOf(units).equals(bytesOf(theirs)) &&
          bytesOf(ends).equals(bytesOf(their))
        )
      }) &&
      this.#last.every((key, i) => key === other.#last[i])
    )
  }
}

function packed(keys: readonly string[]): Block {
  const text = keys.join('')
  const ends = new Int32Array(keys.length)
  for (let i = 0, end = 0; i < ends.length; i++) {
    end += keys[i]!.length
    ends[i] = end
  }
  if (!WIDE.test(text)) return { units: Buffer.from(text, 'latin1'), ends }
  const units = new Uint16Array(text.length)
  for (let i = 0; i < units.length; i++) units[i] = text.charCodeAt(i)
  return { units, ends }
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Uint8Array | Uint16Array | Int32Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength)

function textOf({ units }: Block, start: number, end: number): string {
  if (units instanceof Uint16Array) return bytesOf(units.subarray(start, end)).toString('utf16le')
  return units.toString('latin1', start, end)
}

/** Whether two lists have the same keys in the same order. */
export function sameKeys(a: Keys, b: Keys): boolean {
  if (a === b) return true
  if (a.length !== b.length) return false
  if (a instanceof PackedKeys && b instanceof PackedKeys) return a.equals(b)
  for (let row = 0; row < a.length; row++) if (a.at(row) !== b.at(row)) return false
  return true
}
