import { ModelError } from '../../errors.ts'

/**
 * Protobuf's wire format, read only: a message is a list of fields, each a tag (number × 8 + wire type) and a payload. The bytes are
 * untrusted: every length is checked against the message that it stands in before anything is read.
 * https://protobuf.dev/programming-guides/encoding/
 */

/** Where one field lies in the file's bytes. */
export interface Field {
  readonly number: number
  /** 0 varint, 1 eight bytes, 2 a length and so many bytes, 5 four bytes. */
  readonly wire: 0 | 1 | 2 | 5
  /** Of the tag. */
  readonly start: number
  /** Payload: half-open, without its length. */
  readonly from: number
  readonly to: number
}

/** A message inside the bytes of a file. */
export interface Span {
  readonly bytes: Uint8Array
  readonly from: number
  readonly to: number
  /** The file, for errors. */
  readonly where: string
}

export const broken = (where: string, what: string): ModelError =>
  new ModelError(`is not a readable ONNX file: ${what}`, where, 'Fetch the file again, or export the model again.')

/** The fields of a message, in the file's order. */
export function* fieldsOf({ bytes, from, to, where }: Span): Generator<Field> {
  let at = from
  while (at < to) {
    const start = at
    const tag = varint(bytes, at, to, where)
    const number = Math.floor(tag.value / 8)
    const wire = tag.value % 8
    if (number < 1 || number > MAX_FIELD) throw broken(where, `field number ${number} at byte ${start}`)
    at = tag.end
    let first = at
    if (wire === 0) at = skipVarint(bytes, at, to, where)
    else if (wire === 1) at += 8
    else if (wire === 5) at += 4
    else if (wire === 2) {
      const length = varint(bytes, at, to, where)
      first = length.end
      at = first + length.value
    } else throw broken(where, `wire type ${wire} at byte ${start}`)
    if (at > to) throw broken(where, `the field at byte ${start} ends at byte ${at}, its message at byte ${to}`)
    yield { number, wire, start, from: first, to: at }
  }
}

/** Protobuf's own cap. */
const MAX_FIELD = 2 ** 29 - 1

/** Tags and lengths: at most 32 bits. */
function varint(bytes: Uint8Array, from: number, to: number, where: string): { value: number; end: number } {
  let value = 0
  for (let i = 0; i < 5 && from + i < to; i++) {
    const byte = bytes[from + i]!
    value += (byte & 127) * 2 ** (7 * i)
    if (byte < 128) return { value, end: from + i + 1 }
  }
  throw broken(where, `the number at byte ${from} does not end`)
}

function skipVarint(bytes: Uint8Array, from: number, to: number, where: string): number {
  for (let at = from; at < to && at < from + 10; at++) if (bytes[at]! < 128) return at + 1
  throw broken(where, `the number at byte ${from} does not end`)
}

/** A signed 64-bit integer. */
export function int({ bytes, where }: Span, field: Field): number {
  if (field.wire !== 0) throw broken(where, `field ${field.number} at byte ${field.start} is no integer`)
  return integer(bytes, field.from, field.to, where)
}

function integer(bytes: Uint8Array, from: number, to: number, where: string): number {
  let value = 0n
  for (let at = from; at < to; at++) value |= BigInt(bytes[at]! & 127) << BigInt(7 * (at - from))
  const signed = Number(BigInt.asIntN(64, value))
  if (!Number.isSafeInteger(signed)) throw broken(where, `the number at byte ${from} is ${signed}`)
  return signed
}

/** Repeated integers: a field for each, or all packed in one. */
export function* ints(span: Span, field: Field): Generator<number> {
  if (field.wire !== 2) {
    yield int(span, field)
    return
  }
  for (let at = field.from; at < field.to; ) {
    const end = skipVarint(span.bytes, at, field.to, span.where)
    yield integer(span.bytes, at, end, span.where)
    at = end
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true })

export function text(span: Span, field: Field): string {
  const { bytes, from, to } = inside(span, field)
  try {
    return UTF8.decode(bytes.subarray(from, to))
  } catch {
    throw broken(span.where, `the text at byte ${from} is not valid UTF-8`)
  }
}

/** The message that a field holds. */
export function inside({ bytes, where }: Span, { number, wire, start, from, to }: Field): Span {
  if (wire !== 2) throw broken(where, `field ${number} at byte ${start} is no message`)
  return { bytes, from, to, where }
}
