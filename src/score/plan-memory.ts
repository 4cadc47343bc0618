import type { ModelSize, PlanOptions } from './plan.ts'

/** Rows of a batch are taken to be this long at the most, in tokens, where nothing is known of the texts yet. */
const TYPICAL_ROW = 2048
/** Tokens that a batch takes over, and leaves, where nothing is known of the texts: a system message, or a prompt. */
const TYPICAL_CARRIED = 256
/** What is left of free memory for all else: texts, tokenizers, verifiers. */
const SHARE = 0.9
/** Smaller batches do not save what matters. */
const SMALLEST = 64

/** Estimated bytes of one full batch beside the weights, whatever the texts are. */
export function batchBytes({ batchTokens }: Pick<PlanOptions, 'batchTokens'>, size: ModelSize): number {
  const row = Math.min(batchTokens, TYPICAL_ROW)
  const perToken = 6 * size.hidden + 3 * size.inner + 2 * size.logits
  const handed = carriedBytes(2 * Math.min(row, TYPICAL_CARRIED), size)
  return batchTokens * perToken * (size.numberBytes ?? 4) + scoreBytes(batchTokens, row, size) + handed
}

/** Bytes of the keys and values of so many tokens, in all layers: in the session and in JavaScript, where those of the run before wait to be collected. */
export const carriedBytes = (tokens: number, { carried = 0 }: ModelSize): number => 2 * 4 * tokens * carried

/** Estimated bytes of what attention keeps of rows of that length, `tokens` in all. */
export function scoreBytes(
  tokens: number,
  row: number,
  { heads, scores = 'rows', numberBytes = 4 }: ModelSize,
): number {
  if (scores === 'none') return 0
  if (scores === 'block') return 2 * 4 * heads * BLOCK * row
  return scores === 'mask' ? numberBytes * tokens * row : 4 * heads * tokens * row
}
/** Queries of a block of the form `split` (model/session.ts). */
const BLOCK = 128

/**
 * A plan whose batches fit beside the weights in what is free: halved as often as it takes. One that does not fit because of the weights
 * themselves stays as it is.
 * @param sizes of the models, of which one is in memory at a time
 */
export function fitted(plan: PlanOptions, sizes: readonly ModelSize[], freeBytes: number): PlanOptions {
  const most = SHARE * freeBytes
  if (sizes.some(({ weightBytes }) => weightBytes > most)) return plan
  const fits = (batchTokens: number): boolean =>
    sizes.every((size) => size.weightBytes + batchBytes({ batchTokens }, size) <= most)
  let { batchTokens } = plan
  while (batchTokens > SMALLEST && !fits(batchTokens)) batchTokens = Math.max(SMALLEST, Math.floor(batchTokens / 2))
  return { ...plan, batchTokens }
}
