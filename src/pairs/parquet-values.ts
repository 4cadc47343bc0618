import type { Compressors, PageHeader } from 'hyparquet'
import { deltaBinaryUnpack } from 'hyparquet/src/delta.js'
import { readVarInt } from 'hyparquet/src/thrift.js'

/**
 * What the values of a page say of themselves, walked before they are decoded: the decoder believes the length of a run, so that three bytes
 * are two thousand million values, and the length of a prefix, so that a kilobyte is gigabytes.
 */

/** How deep a column may repeat and be absent: the largest repetition and definition level. */
export interface Levels {
  readonly repetition: number
  readonly definition: number
}
interface Reader {
  readonly view: DataView
  offset: number
}

/** Writers fill the last run of bit-packed values up to eight; some to a block. */
const PADDING = 1024
/** Parts of a block of differences; the format's writers have 4. */
const MAX_MINIBLOCKS = 4096
const MAX_WIDTH = 32

/**
 * @param bytes the page as it lies in the file
 * @param decoded bytes of text that its values become, in sum; may be called more than once
 * @throws Error
 */
export function checkValues(
  header: PageHeader,
  bytes: Uint8Array,
  codec: string,
  levels: Levels,
  codecs: Compressors,
  decoded: (count: number) => void,
): void {
  const { data_page_header: v1, data_page_header_v2: v2, uncompressed_page_size: length } = header
  const unpacked = (packed: Uint8Array, size: number): Uint8Array => {
    const codecOf = codecs[codec as keyof Compressors]
    if (codec === 'UNCOMPRESSED' || codecOf === undefined) return packed
    return codecOf(packed, size)
  }
  if (v1 !== undefined) {
    const reader = readerOf(unpacked(bytes, length))
    if (levels.repetition > 0) walkRuns(reader, widthOf(levels.repetition), v1.num_values, lengthIn(reader))
    const nulls =
      levels.definition === 0
        ? 0
        : v1.num_values -
          walkRuns(reader, widthOf(levels.definition), v1.num_values, lengthIn(reader), levels.definition)
    checkEncoded(reader, v1.encoding, v1.num_values - nulls, decoded)
  } else if (v2 !== undefined) {
    const [repetition, definition] = [v2.repetition_levels_byte_length, v2.definition_levels_byte_length]
    if (
      !(
        repetition >= 0 &&
        definition >= 0 &&
        repetition + definition <= bytes.length &&
        length >= repetition + definition
      )
    )
      throw new Error('its levels do not fit into a page')
    const reader = readerOf(bytes)
    if (levels.repetition > 0) walkRuns(reader, widthOf(levels.repetition), v2.num_values, repetition)
    reader.offset = repetition
    if (levels.definition > 0) walkRuns(reader, widthOf(levels.definition), v2.num_values, definition)
    const values = v2.num_values - v2.num_nulls
    if (!(values >= 0 && values <= v2.num_values))
      throw new Error(`a page says ${v2.num_nulls} nulls of ${v2.num_values}`)
    const packed = bytes.subarray(repetition + definition)
    const page = v2.is_compressed === false ? packed : unpacked(packed, length - repetition - definition)
    checkEncoded(readerOf(page), v2.encoding, values, decoded)
  }
}

function checkEncoded(reader: Reader, encoding: string, values: number, decoded: (count: number) => void): void {
  if (values === 0) return
  if (encoding === 'RLE_DICTIONARY' || encoding === 'PLAIN_DICTIONARY') {
    const width = reader.view.getUint8(reader.offset++)
    if (width > 0) walkRuns(reader, width, values, reader.view.byteLength - reader.offset)
  } else if (encoding === 'RLE') walkRuns(reader, 1, values, lengthIn(reader))
  else if (encoding === 'DELTA_BINARY_PACKED' || encoding === 'DELTA_LENGTH_BYTE_ARRAY') checkBlocks(reader)
  else if (encoding === 'DELTA_BYTE_ARRAY') {
    checkBlocks(reader)
    const prefixes = new Int32Array(values)
    deltaBinaryUnpack(reader, values, prefixes)
    checkBlocks(reader)
    let sum = 0
    for (const prefix of prefixes) {
      if (prefix < 0) throw new Error('a text has a beginning of less than nothing')
      sum += prefix
    }
    decoded(sum)
  }
}

/** The header of a stream of differences: values of a block, parts of it. */
function checkBlocks({ view, offset }: Reader): void {
  const reader = { view, offset }
  const [block, parts] = [readVarInt(reader), readVarInt(reader)]
  if (!(block > 0 && parts > 0 && parts <= MAX_MINIBLOCKS && block % parts === 0))
    throw new Error(`a block of ${block} differences in ${parts} parts`)
}

/**
 * Walks runs of equal and of packed values.
 * @param bytes that they take
 * @returns how many are `wanted`
 * @throws Error where a run is longer than what is left
 */
function walkRuns(reader: Reader, width: number, count: number, bytes: number, wanted = -1): number {
  if (width > MAX_WIDTH) throw new Error(`indexes of ${width} bits`)
  const end = reader.offset + bytes
  if (!(end <= reader.view.byteLength)) throw new Error('runs that end outside of their page')
  let found = 0
  for (let seen = 0; seen < count; ) {
    const header = readVarInt(reader)
    const packed = (header & 1) === 1
    const run = packed ? (header >>> 1) * 8 : header >>> 1
    if (run > count - seen + PADDING)
      throw new Error(`a run of ${run.toLocaleString('en')} where ${count - seen} values are left`)
    if (packed) {
      if (wanted >= 0) found += countPacked(reader, width, Math.min(run, count - seen), wanted)
      reader.offset += (header >>> 1) * width
    } else {
      let value = 0
      for (let i = 0; i < (width + 7) >> 3; i++) value |= reader.view.getUint8(reader.offset++) << (8 * i)
      if (value === wanted) found += Math.min(run, count - seen)
    }
    seen += run
  }
  reader.offset = end
  return found
}

/** Levels have few bits. */
function countPacked({ view, offset }: Reader, width: number, count: number, wanted: number): number {
  let found = 0
  for (let i = 0; i < count; i++) {
    let value = 0
    for (let bit = 0; bit < width; bit++) {
      const at = i * width + bit
      value |= ((view.getUint8(offset + (at >> 3)) >> (at & 7)) & 1) << bit
    }
    if (value === wanted) found++
  }
  return found
}

const readerOf = (bytes: Uint8Array): Reader => ({
  view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
  offset: 0,
})
const widthOf = (level: number): number => 32 - Math.clz32(level)
/** Four bytes before the runs say how many they take. */
function lengthIn(reader: Reader): number {
  const length = reader.view.getUint32(reader.offset, true)
  reader.offset += 4
  return length
}
