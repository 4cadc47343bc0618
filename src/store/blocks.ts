import { readSync } from 'node:fs'

/** Bytes of a block, and blocks that are kept: 32 MB. */
const BLOCK = 1 << 14
const KEPT = 2048
const NEWLINE = 0x0a

/**
 * The blocks of append-only files that were read last. Measurements are asked for in the order of the data; in the file they stand by batches
 * of a window, longest first, and in a merged store shard behind shard, so that several stretches are read at the same time.
 */
export class BlockCache {
  /** By file descriptor and block; the first was used longest ago. */
  readonly #blocks = new Map<number, Buffer>()

  /**
   * The line that begins at an offset, without its `\n`; null where it does not end. The bytes are good until the file is cut.
   * @param end length of the file; what a file that is written meanwhile gained behind it is read anew
   */
  lineAt(fd: number, offset: number, end: number): Buffer | null {
    const parts: Buffer[] = []
    for (let at = offset; at < end; ) {
      const block = this.#block(fd, Math.floor(at / BLOCK), at)
      const from = at % BLOCK
      const to = block.indexOf(NEWLINE, from)
      if (to >= 0)
        return parts.length === 0 ? block.subarray(from, to) : Buffer.concat([...parts, block.subarray(from, to)])
      if (block.length < BLOCK) return null
      parts.push(block.subarray(from))
      at += BLOCK - from
    }
    return null
  }

  clear(): void {
    this.#blocks.clear()
  }

  #block(fd: number, number: number, at: number): Buffer {
    const name = fd * 2 ** 32 + number
    const found = this.#blocks.get(name)
    this.#blocks.delete(name)
    // a block that was not full may have grown
    const block =
      found !== undefined &&
      (found.length === BLOCK || (at % BLOCK < found.length && found.includes(NEWLINE, at % BLOCK)))
        ? found
        : read(fd, number)
    this.#blocks.set(name, block)
    if (this.#blocks.size > KEPT) this.#blocks.delete(this.#blocks.keys().next().value!)
    return block
  }
}

function read(fd: number, number: number): Buffer {
  const block = Buffer.allocUnsafe(BLOCK)
  let length = 0
  while (length < BLOCK) {
    const more = readSync(fd, block, length, BLOCK - length, number * BLOCK + length)
    if (more === 0) break
    length += more
  }
  return block.subarray(0, length)
}
