import { MAX_RECORD_BYTES } from './raw.ts'

/** The bytes of one record, collected over chunks; beyond `MAX_RECORD_BYTES` they are counted but not kept. */
export class Pieces {
  #pieces: Uint8Array[] = []
  #length = 0

  get isEmpty(): boolean {
    return this.#length === 0
  }

  /** Copies the bytes: chunks are reused by some streams. */
  add(bytes: Uint8Array): void {
    this.#length += bytes.length
    if (bytes.length === 0) return
    if (this.#length > MAX_RECORD_BYTES) this.#pieces = []
    else this.#pieces.push(bytes.slice())
  }

  /** The record so far, or null where it was too long; starts the next one. */
  take(): Uint8Array | null {
    const all =
      this.#length > MAX_RECORD_BYTES
        ? null
        : this.#pieces.length === 1
          ? this.#pieces[0]!
          : Buffer.concat(this.#pieces)
    this.#pieces = []
    this.#length = 0
    return all
  }
}
