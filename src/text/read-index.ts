import type { Unscored } from '../types.ts'

/**
 * Which token a decoder's head reads:
 * `hf` transformers' rule, the rightmost id that is not the pad id (index 0 where all are; the last one without a pad id);
 * `mask` the last real token; `before_first_pad` the one before the leftmost pad id, of transformers before January 2025 and
 * of several custom heads (the last where there is none; where the pad stands first, the last too: index −1 in Python).
 */
export type ReadRule = 'hf' | 'mask' | 'before_first_pad'

/** Index into `ids`, which must not be empty. @example readIndex(Int32Array.of(5, 6, 0, 0), 'hf', 0) // 1 */
export function readIndex(ids: Int32Array, rule: ReadRule, padTokenId: number | null): number {
  const last = ids.length - 1
  if (rule === 'mask' || padTokenId === null) return last
  if (rule === 'hf') {
    const at = ids.findLastIndex((id) => id !== padTokenId)
    return at === -1 ? 0 : at
  }
  const pad = ids.indexOf(padTokenId)
  return pad <= 0 ? last : pad - 1
}

/** Places that a head reads of the ids that transformers sees, a second BOS included; or why it cannot. */
export type Reads = (ids: Int32Array) => Int32Array | Unscored

/** `--pooling` as the rule of a head that reads one token, and the other rule, to say where the two differ. */
export function poolingRules(
  pooling: ReadRule,
  padTokenId: number | null,
): { readonly reads: Reads; readonly other: Reads } {
  const by =
    (rule: ReadRule): Reads =>
    (ids) =>
      Int32Array.of(readIndex(ids, rule, padTokenId))
  return { reads: by(pooling), other: by(pooling === 'mask' ? 'hf' : 'mask') }
}
