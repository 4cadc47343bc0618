import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { Decompress } from 'fzstd'
import type { Compressors } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'

/**
 * How a page is unpacked: to exactly the bytes that its header says, or not at all. The page is untrusted: what unpacks to more ends there, before
 * it takes memory, and what unpacks to less is refused, where the package's own codecs fill up with zeros.
 */

const said = (count: number): string => count.toLocaleString('en')

/** @throws Error where there is more, or less */
function exactly(length: number, unpack: () => Uint8Array): Uint8Array {
  let bytes: Uint8Array
  try {
    bytes = unpack()
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_BUFFER_TOO_LARGE') throw cause
    throw tooMuch(length)
  }
  checkLength(bytes.length, length)
  return bytes
}
function checkLength(found: number, length: number): void {
  if (found !== length) throw new Error(`a page unpacks to ${said(Math.max(0, found))} bytes, it says ${said(length)}`)
}
const tooMuch = (length: number): Error =>
  new Error(`a page unpacks to more than the ${said(length)} bytes that it says`)

/** Zlib takes no limit of 0. */
const limit = (length: number): { readonly maxOutputLength: number } => ({ maxOutputLength: Math.max(1, length) })

function unzstd(input: Uint8Array, length: number): Uint8Array {
  const parts: Uint8Array[] = []
  let size = 0
  // block by block, each of 128 KiB at most
  const stream = new Decompress((part) => {
    size += part.length
    if (size > length) throw tooMuch(length)
    parts.push(part.slice())
  })
  for (let at = 0; at < input.length; at += ZSTD_STEP) {
    const end = Math.min(input.length, at + ZSTD_STEP)
    stream.push(input.subarray(at, end), end === input.length)
  }
  return Buffer.concat(parts, size)
}
/** So much of the packed bytes at once: the package hands over what one call unpacks together. */
const ZSTD_STEP = 1 << 12

/** Bytes that an LZ4 block decodes to; -1 where it is none. (lz4_Block_format.md) */
function lz4Length(block: Uint8Array): number {
  let length = 0
  let at = 0
  const more = (nibble: number): number => {
    let count = nibble
    if (nibble === 15)
      for (let byte = 255; byte === 255; ) {
        byte = block[at++] ?? 0
        count += byte
      }
    return count
  }
  while (at < block.length) {
    const token = block[at++]!
    const literals = more(token >> 4)
    length += literals
    at += literals
    if (at === block.length) return length
    at += 2
    length += 4 + more(token & 15)
  }
  return -1
}

/** Of the older LZ4: Hadoop's frames (decoded and packed length, big-endian, before each block), else one block. */
function hadoopLength(input: Uint8Array): number {
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength)
  let length = 0
  for (let at = 0; at < input.length; ) {
    if (at + 8 > input.length) return lz4Length(input)
    const [plain, packed] = [view.getUint32(at), view.getUint32(at + 4)]
    at += 8
    if (packed > input.length - at || lz4Length(input.subarray(at, at + packed)) !== plain) return lz4Length(input)
    length += plain
    at += packed
  }
  return length
}

const lz4 = (codec: 'LZ4' | 'LZ4_RAW', lengthOf: (input: Uint8Array) => number): Compressors => ({
  [codec]: (input: Uint8Array, length: number) => {
    // hyparquet-compressors 1.1.2 reads past the end of LZ4's empty block, the page of a column that is all null
    if (length === 0) return new Uint8Array()
    const found = lengthOf(input)
    if (found !== length)
      throw new Error(`a page unpacks to ${said(Math.max(0, found))} bytes, it says ${said(length)}`)
    return compressors[codec]!(input, length)
  },
})

/** A page begins with its length, and the package believes what it was asked for. (snappy/format_description.txt) */
function snappyLength(input: Uint8Array): number {
  let length = 0
  for (let at = 0; at < Math.min(input.length, 5); at++) {
    length += (input[at]! & 127) * 2 ** (7 * at)
    if (input[at]! < 128) return length
  }
  return -1
}

export const codecs: Compressors = {
  ...compressors,
  SNAPPY: (input, length) => {
    checkLength(snappyLength(input), length)
    return compressors.SNAPPY!(input, length)
  },
  GZIP: (input, length) => exactly(length, () => gunzipSync(input, limit(length))),
  BROTLI: (input, length) => exactly(length, () => brotliDecompressSync(input, limit(length))),
  ZSTD: (input, length) => exactly(length, () => unzstd(input, length)),
  ...lz4('LZ4', hadoopLength),
  ...lz4('LZ4_RAW', lz4Length),
}
