import { createHash } from 'node:crypto'
import type { RunnerInfo, Sequence } from '../types.ts'

/** Raised by every change of ours that moves a number: nothing that was measured before is then reused. */
export const SCORE_VERSION = 1

/**
 * What, beside the ids themselves, changes the number that a model gives. Batch size, order, threads, shard and packing are not in
 * it: they move a number within the tolerance only. Which of several labels is the reward is not in it either: all are stored.
 */
export interface MeasurementIdentity {
  readonly kind: RunnerInfo['kind']
  /** SHA-256 over the weights and config of the model (policy and reference have one each). */
  readonly weightsSha256: string
  readonly dtype: RunnerInfo['dtype']
  /** Devices agree within the tolerance only. */
  readonly device: RunnerInfo['device']
  /** How a GPU was seen to multiply float32 numbers, of which half-precision models have some, too; left out on the CPU. */
  readonly floatProducts?: 'fp32' | 'tf32'
  readonly tokenizerSha256: string
  /** Of the template's source; null = raw text. */
  readonly templateSha256: string | null
  /** How long texts are cut: `skip`, `left:2048` … */
  readonly truncation: string
  /** How the head reads the sequence (`hf`, `mask`, a custom head's name); null for log-probs. */
  readonly head: string | null
  /** Whatever else moves the number (`herm-compat`, reasoning stripped …), by name. */
  readonly options?: Readonly<Record<string, string | number | boolean | null>>
}

/** The identity as 32 bytes; the same for all sequences of a model, so that it is hashed once. */
export function identityDigest(identity: MeasurementIdentity): Uint8Array {
  const { options = {}, ...fields } = identity
  const sorted = Object.entries({ ...fields, ...prefixed(options) }).sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256')
    .update(JSON.stringify([SCORE_VERSION, sorted]))
    .digest()
}
const prefixed = (options: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(options).map(([name, value]) => [`options.${name}`, value]))

/**
 * Key of one measurement: 32 hex digits, the first half of SHA-256(identity, positionStart, first read, lengths, ids, type ids, further reads), 32-bit
 * little-endian. The group is left out: what a sequence is packed with does not change its number.
 */
export function measurementKey(
  identity: Uint8Array,
  { ids, typeIds, positionStart, reads }: Omit<Sequence, 'group'>,
): string {
  const head = Int32Array.of(positionStart, reads[0]!, ids.length, typeIds === null ? -1 : typeIds.length)
  const hash = createHash('sha256').update(identity).update(bytesOf(head)).update(bytesOf(ids))
  if (typeIds !== null) hash.update(bytesOf(typeIds))
  if (reads.length > 1) hash.update(bytesOf(Int32Array.from(reads.subarray(1))))
  return hash.digest('hex').slice(0, 32)
}

/**
 * Name of the plan of a run: 32 hex digits over the keys of all its sequences in order, measured or not. A resumed run has the same keys,
 * finds the plan under the name, and measures the batches that lack a measurement whole, in the same company as before.
 */
export function planName(keys: Iterable<string>): string {
  const hash = createHash('sha256')
  for (const key of keys) hash.update(key)
  return hash.digest('hex').slice(0, 32)
}

const bytesOf = (words: Int32Array): Uint8Array => new Uint8Array(words.buffer, words.byteOffset, words.byteLength)
