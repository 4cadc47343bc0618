/**
 * Rows by their key, as a table of row numbers: a quarter of the memory of a Map, which would hold a pointer, a hash chain and a
 * boxed number a row. The keys themselves stay where they are.
 */
export class KeyIndex {
  private readonly slots: Int32Array
  private readonly mask: number
  private readonly keyOf: (row: number) => string

  /** @param rows how many there can be at most */
  constructor(rows: number, keyOf: (row: number) => string) {
    const size = 2 ** Math.ceil(Math.log2(2 * rows + 2))
    this.slots = new Int32Array(size).fill(-1)
    this.mask = size - 1
    this.keyOf = keyOf
  }

  /** All rows of a list, which does not change; of a key that stands twice, the first. Made once for a list. */
  static of(keys: readonly string[]): Pick<KeyIndex, 'get'> {
    const known = KeyIndex.made.get(keys)
    if (known !== undefined) return known
    const index = new KeyIndex(keys.length, (row) => keys[row]!)
    for (let row = 0; row < keys.length; row++) index.put(row)
    KeyIndex.made.set(keys, index)
    return index
  }
  private static readonly made = new WeakMap<readonly string[], KeyIndex>()

  /** The row that has the key; −1 for none. */
  get(key: string): number {
    return this.slots[this.slotOf(key)]!
  }

  /** Enters a row under its key; where another has it, that row stays and is returned, else −1. */
  put(row: number): number {
    const slot = this.slotOf(this.keyOf(row))
    const known = this.slots[slot]!
    if (known === -1) this.slots[slot] = row
    return known
  }

  /** Where the key stands, or would. */
  private slotOf(key: string): number {
    let slot = spread(key) & this.mask
    for (; ; slot = (slot + 1) & this.mask) {
      const row = this.slots[slot]!
      if (row === -1 || this.keyOf(row) === key) return slot
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
