import type { Reads } from './head.ts'

/** The last token, whatever it is: what a class reads that goes by the attention mask. */
export const lastToken: Reads = (ids) => Int32Array.of(ids.length - 1)

/**
 * The token before the first `id`, the last one where there is none, or where `id` stands first (index −1 in Python).
 * @param id null: there is no such id
 */
export function beforeFirst(ids: Int32Array, id: number | null): number {
  const at = id === null ? -1 : ids.indexOf(id)
  return at <= 0 ? ids.length - 1 : at - 1
}

/** The token before the first pad id: transformers' rule before January 2025, which custom classes have kept. */
export const beforeFirstPad: Reads = (ids, { padTokenId }) => Int32Array.of(beforeFirst(ids, padTokenId))
