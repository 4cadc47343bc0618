/**
 * A map from 128-bit digests to integers below 2^53, in typed arrays: open addressing with linear probing over a power of two.
 * A `Map` of hex strings takes about 150 bytes per entry and ends at 2^24 entries; this takes 24 bytes a slot, that is
 * 34–69 bytes per entry at loads of 0.7–0.35, and three quarters of that twice while it grows.
 */
export class DigestMap {
  /** [slots, 4] the digest as four little-endian words. */
  #keys: Uint32Array
  /** [slots] the value + 1; 0 = free. */
  #values: Float64Array
  #mask: number
  #size = 0

  constructor(expected = 0) {
    let slots = 1024
    while (slots * MAX_LOAD < expected) slots *= 2
    this.#keys = new Uint32Array(slots * 4)
    this.#values = new Float64Array(slots)
    this.#mask = slots - 1
  }

  get size(): number {
    return this.#size
  }
  get bytes(): number {
    return this.#keys.byteLength + this.#values.byteLength
  }

  /** The value of a digest, or null. */
  get(digest: Digest): number | null {
    const value = this.#values[this.#slot(digest[0], digest[1], digest[2], digest[3])]!
    return value === 0 ? null : value - 1
  }

  /** Adds a digest or replaces its value. */
  set(digest: Digest, value: number): void {
    const slot = this.#slot(digest[0], digest[1], digest[2], digest[3])
    const found = this.#values[slot]
    this.#values[slot] = value + 1
    if (found !== 0) return
    this.#keys.set(digest, slot * 4)
    if (++this.#size > (this.#mask + 1) * MAX_LOAD) this.#grow()
  }

  /** The slot that holds the digest, or the free one where it belongs. Digests are uniform, so the first word is the hash. */
  #slot(a: number, b: number, c: number, d: number): number {
    const keys = this.#keys
    for (let slot = a & this.#mask; ; slot = (slot + 1) & this.#mask) {
      if (this.#values[slot] === 0) return slot
      const at = slot * 4
      if (keys[at] === a && keys[at + 1] === b && keys[at + 2] === c && keys[at + 3] === d) return slot
    }
  }

  #grow(): void {
    const keys = this.#keys
    const values = this.#values
    this.#keys = new Uint32Array(keys.length * 2)
    this.#values = new Float64Array(values.length * 2)
    this.#mask = values.length * 2 - 1
    for (let old = 0; old < values.length; old++) {
      if (values[old] === 0) continue
      const at = old * 4
      const slot = this.#slot(keys[at]!, keys[at + 1]!, keys[at + 2]!, keys[at + 3]!)
      this.#keys.set(keys.subarray(at, at + 4), slot * 4)
      this.#values[slot] = values[old]!
    }
  }
}

const MAX_LOAD = 0.7

/** 128 bits as four words, each 0 … 2^32 − 1. */
export type Digest = readonly [number, number, number, number]

/** The first 128 bits of a hash. */
export const digestOf = (hash: Buffer): Digest => [
  hash.readUInt32LE(0),
  hash.readUInt32LE(4),
  hash.readUInt32LE(8),
  hash.readUInt32LE(12),
]
