import { isRecord } from '../src/is-record.ts'
import { PackedKeys } from './key-list.ts'
import type { Run } from './runs.ts'

/**
 * The run with the columns of an earlier one in place of its own wherever they are the same, bit by bit: runs on the same data differ in their
 * scores and margins alone, and thirty of them take little more memory than one.
 */
export function withSharedColumns(run: Run, earlier: readonly Run[]): Run {
  const other = earlier.find(({ pairs, completions }) => pairs.n === run.pairs.n && completions.n === run.completions.n)
  if (other === undefined) return run
  const { pairs, completions } = other
  return { ...run, pairs: sharing(run.pairs, pairs), completions: sharing(run.completions, completions) }
}

/** A value, its parts replaced by those of another where they are the same. */
function sharing<T>(own: T, other: unknown): T {
  return isSame(own, other) ? other : isPlain(own) && isRecord(other) ? partsOf(own, other) : own
}
const partsOf = <T extends object>(own: T, other: Readonly<Record<string, unknown>>): T =>
  Object.fromEntries(Object.entries(own).map(([name, part]) => [name, sharing(part, other[name])])) as T

/** A record, not a list, a column or keys. */
const isPlain = (value: unknown): value is object =>
  isRecord(value) && Object.getPrototypeOf(value) === Object.prototype

function isSame<T>(own: T, other: unknown): other is T {
  if (own instanceof PackedKeys) return other instanceof PackedKeys && own.equals(other)
  if (own instanceof Float64Array) return other instanceof Float64Array && bytesOf(own).equals(bytesOf(other))
  if (own instanceof Int32Array) return other instanceof Int32Array && bytesOf(own).equals(bytesOf(other))
  if (!Array.isArray(own) || !Array.isArray(other) || own.length !== other.length) return false
  return own.every((one, i) => typeof one === 'string' && one === other[i])
}
const bytesOf = ({ buffer, byteOffset, byteLength }: Float64Array | Int32Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength)
