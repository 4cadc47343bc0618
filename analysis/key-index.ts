import { type Keys, PackedKeys, sameKeys } from './key-list.ts'

/**
 * Rows by their key, as a table of row numbers: a quarter of the memory of a Map, which would hold a pointer, a hash chain and a
 * boxed number a row. The keys themselves stay where they are.
 */
export class KeyIndex {
  private readonly slots: Int32Array
  private readonly mask: number
  private readonly keyOf: (row: number) => string
  private readonly is: (row: number, key: string) => boolean
  private repeats = false

  /** @param rows how many there can be at most @param is whether the row has the key, where that is known without making its own */
  constructor(
    rows: number,
    keyOf: (row: number) => string,
    is: (row: number, key: string) => boolean = (row, key) => keyOf(row) === key,
  ) {
    const size = 2 ** Math.ceil(Math.log2(2 * rows + 2))
    this.slots = new Int32Array(size).fill(-1)
    this.mask = size - 1
    this.keyOf = keyOf
    this.is = is
  }

  /** All rows of a list, which does not change; of a key that stands twice, the first. Made once for a list. */
  static of(keys: Keys): Pick<KeyIndex, 'get' | 'distinct'> {
    const known = KeyIndex.made.get(keys)
    if (known !== undefined) return known
    const index = new KeyIndex(
      keys.length,
      (row) => keys.at(row)!,
      keys instanceof PackedKeys ? (row, key) => keys.is(row, key) : undefined,
    )
    let row = 0
    for (const key of keys) index.enter(row++, key)
    KeyIndex.made.set(keys, index)
    return index
  }
  private static readonly made = new WeakMap<Keys, KeyIndex>()

  /** Whether no key stood twice. */
  get distinct(): boolean {
    return !this.repeats
  }

  /** The row that has the key; −1 for none. */
  get(key: string): number {
    return this.slots[this.slotOf(key)]!
  }

  /** Enters a row under its key; where another has it, that row stays and is returned, else −1. */
  put(row: number): number {
    return this.enter(row, this.keyOf(row))
  }

  private enter(row: number, key: string): number {
    const slot = this.slotOf(key)
    const known = this.slots[slot]!
    if (known === -1) this.slots[slot] = row
    else this.repeats = true
    return known
  }

  /** Where the key stands, or would. */
  private slotOf(key: string): number {
    let slot = spread(key) & this.mask
    for (; ; slot = (slot + 1) & this.mask) {
      const row = this.slots[slot]!
      if (row === -1 || this.is(row, key)) return slot
    }
  }
}

/** FNV-1a with its bits mixed: keys that count upwards differ in their last characters only. */
function spread(key: string): number {
  let h = 0x811c9dc5
  for (let i = 0; i < key.length; i++) h = Math.imul(h ^ key.charCodeAt(i), 0x01000193)
  h = Math.imul(h ^ (h >>> 15), 0x85ebca6b)
  return (h ^ (h >>> 13)) >>> 0
}

/**
 * Where the rows of one list stand in another, by their keys; −1 for none. Lists that are alike, as of runs on the same data, need no
 * search.
 */
export function placesIn(keys: Keys, others: Keys): (row: number) => number {
  const index = KeyIndex.of(others)
  return index.distinct && sameKeys(keys, others) ? (row) => row : (row) => index.get(keys.at(row)!)
}
