import { closeSync, fstatSync, readSync, realpathSync } from 'node:fs'
import { ModelError } from '../errors.ts'
import { isRecord } from '../is-record.ts'
import { openRegular } from '../read-regular.ts'
import { systemWords } from '../system-words.ts'
import { duplicateKey } from '../unique-keys.ts'
import { parseModelJson } from '../untrusted-json.ts'

/** The safetensors format's own cap (MAX_HEADER_SIZE in safetensors/src/tensor.rs). */
const MAX_HEADER_BYTES = 100_000_000

/** Bits of one element, for every dtype of safetensors 0.7 (tensor.rs, `Dtype::bitsize`). */
const DTYPE_BITS = {
  BOOL: 8,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E5M2FNUZ: 8,
  F8_E4M3FNUZ: 8,
  F8_E8M0: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  C64: 64,
  F64: 64,
  I64: 64,
  U64: 64,
} as const
export type Dtype = keyof typeof DTYPE_BITS

/** Where one tensor lies. The bytes are little-endian, row-major, contiguous. */
export interface TensorRef {
  readonly name: string
  /** Absolute real path: ONNX Runtime refuses symlinks that leave the model's folder, as the Hugging Face cache has them. */
  readonly file: string
  readonly dtype: Dtype
  readonly shape: readonly number[]
  /** Absolute byte offset in the file. */
  readonly offset: number
  /** Bytes. */
  readonly length: number
}

/**
 * The tensors of one .safetensors file. Only the header is read; every length, shape and offset in it is checked against
 * the format and the file's size first: the file is untrusted, and ONNX Runtime will map these byte ranges.
 * @see https://github.com/huggingface/safetensors#format
 */
export function readSafetensorsHeader(path: string): TensorRef[] {
  const file = orModelError(path, () => realpathSync(path))
  const fd = orModelError(path, () => openRegular(file))
  try {
    const stat = fstatSync(fd)
    const header = readHeaderText(fd, stat.size, path)
    const tensors = parseHeader(header.text, path).map(
      (entry): TensorRef => ({
        name: entry.name,
        file,
        dtype: entry.dtype,
        shape: entry.shape,
        offset: header.end + entry.begin,
        length: entry.end - entry.begin,
      }),
    )
    checkCoverage(tensors, header.end, stat.size, path)
    return tensors
  } finally {
    closeSync(fd)
  }
}

function readHeaderText(fd: number, sizeBytes: number, path: string): { text: string; end: number } {
  if (sizeBytes < 8)
    throw new ModelError(`has ${bytes(sizeBytes)}; a safetensors file starts with an 8-byte length`, path)
  const prefix = readExactly(fd, 0, 8, path)
  if (prefix.toString('latin1') === 'version ')
    throw new ModelError('is a Git LFS pointer, not the weights', path, 'Fetch the real file with: git lfs pull')
  const announced = prefix.readBigUInt64LE()
  if (announced > BigInt(MAX_HEADER_BYTES))
    throw new ModelError(
      `header length is ${announced} bytes; the format allows at most ${bytes(MAX_HEADER_BYTES)}`,
      path,
      'This is not a safetensors file, or it is damaged.',
    )
  const length = Number(announced)
  if (8 + length > sizeBytes)
    throw new ModelError(
      `truncated: the header ends at byte ${8 + length}, the file has ${bytes(sizeBytes)}`,
      path,
      AGAIN,
    )
  const raw = readExactly(fd, 8, length, path)
  if (raw[0] !== 0x7b) throw new ModelError('header does not start with "{"', path, 'This is not a safetensors file.')
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(raw), end: 8 + length }
  } catch (cause) {
    throw new ModelError('header is not valid UTF-8', path, AGAIN, { cause })
  }
}

interface HeaderEntry {
  readonly name: string
  readonly dtype: Dtype
  readonly shape: readonly number[]
  /** Byte range in the data that follows the header. */
  readonly begin: number
  readonly end: number
}

function parseHeader(text: string, path: string): HeaderEntry[] {
  const header = parseModelJson(text, `${path}, its header`, AGAIN)
  if (!isRecord(header)) throw new ModelError('header is not a JSON object', path)
  const twice = duplicateKey(text)
  if (twice !== null) throw new ModelError(`header names "${shown(twice)}" twice`, path, AGAIN)
  const entries: HeaderEntry[] = []
  for (const [name, value] of Object.entries(header)) {
    if (name === '__metadata__') checkMetadata(value, path)
    else entries.push(parseEntry(name, value, path))
  }
  return entries
}

function checkMetadata(value: unknown, path: string): void {
  if (!isRecord(value) || Object.values(value).some((text) => typeof text !== 'string'))
    throw new ModelError('__metadata__ is not an object of strings', path)
}

function parseEntry(name: string, value: unknown, path: string): HeaderEntry {
  const fail = (what: string): ModelError => new ModelError(`tensor "${shown(name)}": ${what}`, path, AGAIN)
  if (!isRecord(value)) throw fail('its entry is not an object')
  const { dtype, shape, data_offsets: range } = value
  if (typeof dtype !== 'string' || !Object.hasOwn(DTYPE_BITS, dtype))
    throw fail(`dtype ${shown(JSON.stringify(dtype))} is unknown; known: ${Object.keys(DTYPE_BITS).join(' ')}`)
  if (!isIntegerList(shape)) throw fail('shape is not a list of integers ≥ 0')
  if (!isIntegerList(range) || range.length !== 2 || range[0]! > range[1]!)
    throw fail('data_offsets is not [begin, end] with 0 ≤ begin ≤ end')
  // Every partial product must be exact, as in the reference (checked_mul), even if a later dimension is 0.
  let elements = 1
  for (const dim of shape) {
    elements *= dim
    if (elements > Number.MAX_SAFE_INTEGER) throw fail(`shape [${shown(shape.join(', '))}] has too many elements`)
  }
  const bits = BigInt(elements) * BigInt(DTYPE_BITS[dtype as Dtype])
  const [begin, end] = range as [number, number]
  if (bits !== 8n * BigInt(end - begin))
    throw fail(
      `shape [${shown(shape.join(', '))}] of ${dtype} takes ${Number(bits) / 8} bytes, data_offsets span ${end - begin}`,
    )
  return { name, dtype: dtype as Dtype, shape, begin, end }
}

/**
 * The format demands that the tensors fill the data exactly: no hole, no overlap, nothing after the last one
 * (so no second file can hide in the first, and a truncated download is noticed).
 */
function checkCoverage(tensors: readonly TensorRef[], start: number, sizeBytes: number, path: string): void {
  let end = start
  let before = 'the header'
  for (const tensor of [...tensors].sort((a, b) => a.offset - b.offset || a.length - b.length)) {
    if (tensor.offset !== end) {
      const fault = tensor.offset < end ? 'overlaps' : `leaves a hole of ${bytes(tensor.offset - end)} after`
      throw new ModelError(
        `tensor "${shown(tensor.name)}" ${fault} ${before}; the format allows neither holes nor overlaps`,
        path,
        AGAIN,
      )
    }
    end += tensor.length
    before = `"${shown(tensor.name)}"`
  }
  if (end > sizeBytes)
    throw new ModelError(`truncated: the tensors end at byte ${end}, the file has ${bytes(sizeBytes)}`, path, AGAIN)
  if (end < sizeBytes)
    throw new ModelError(
      `the tensors end at byte ${end}, the file has ${bytes(sizeBytes)}; the format allows nothing after them`,
      path,
      AGAIN,
    )
}

const AGAIN = 'Fetch the file again, or save the model again with safetensors.'

const isIntegerList = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0)

/** Names come from the file: short, one line, no control characters (a terminal would obey them). */
const shown = (text: string | undefined): string => {
  const clean = String(text).replace(/[\x00-\x1f\x7f-\x9f]/g, '�')
  return clean.length > 120 ? `${clean.slice(0, 117)}…` : clean
}

const bytes = (count: number): string => `${count.toLocaleString('en-US')} bytes`

/** Exactly `length` bytes at `offset`; a file that shrank since it was opened is an error, not zeros. */
export function readExactly(fd: number, offset: number, length: number, path: string): Buffer {
  const buffer = Buffer.allocUnsafe(length)
  let got = 0
  while (got < length) {
    const n = orModelError(path, () => readSync(fd, buffer, got, length - got, offset + got))
    if (n === 0)
      throw new ModelError(`truncated: byte ${offset + length} wanted, the file ends at ${offset + got}`, path, AGAIN)
    got += n
  }
  return buffer
}

/** Runs a file-system call; the system's errors become a ModelError at `path`. */
export function orModelError<T>(path: string, call: () => T): T {
  try {
    return call()
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === undefined) throw cause
    throw new ModelError(systemWords(cause), path, null, { cause })
  }
}
