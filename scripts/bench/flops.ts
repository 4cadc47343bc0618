import type { Batch, Sequence } from '../../src/types.ts'
import type { Shape } from './seeded-model.ts'

/** Floating-point operations of matrix products, a multiplication and an addition each. */
export interface Products {
  /** Of the layers' matrices, padding counted as it is computed. */
  readonly layers: number
  /** Queries by keys and weights by values, each query with the keys up to its own place: padding and what is masked are not counted. */
  readonly attention: number
  /** Of the logits whose log-probability is asked for. */
  readonly logits: number
}

/**
 * What a run of these batches multiplies, as PaLM counts it (Chowdhery et al. 2022, appendix B). The last layer computes keys and values of all tokens, and
 * of the rest only what the head reads: a reward the last token, a log-probability the token before. (Forms of padded rows compute its queries for all tokens, which is not
 * counted: 0.3 % of SmolLM2-135M's shape.)
 */
export function productsOf(
  shape: Shape,
  head: 'score' | 'logProb',
  batches: readonly Batch[],
  sequences: readonly Sequence[],
): Products {
  const { hidden, inner, layers, heads, kvHeads, vocab } = shape
  const keysAndValues = (4 * hidden * hidden * kvHeads) / heads
  const rest = 4 * hidden * hidden + 6 * hidden * inner
  const perKey = 4 * hidden
  let [tokens, keys, read, keysOfRead] = [0, 0, 0, 0]
  for (const batch of batches) {
    tokens += batch.tokens
    batch.sequences.forEach((index, i) => {
      const { ids, reads } = sequences[index]!
      const from = batch.reused?.[i] || (i === 0 ? (batch.carried ?? 0) : 0)
      keys += keysFrom(from, ids.length)
      const [first, last] = head === 'score' ? [reads[0]!, reads[0]!] : [reads[0]! - 1, ids.length - 2]
      read += last - first + 1
      keysOfRead += keysFrom(first, last + 1)
    })
  }
  return {
    layers: layers * tokens * keysAndValues + ((layers - 1) * tokens + read) * rest,
    attention: perKey * ((layers - 1) * keys + keysOfRead),
    logits: head === 'score' ? 0 : 2 * hidden * vocab * read,
  }
}

/** Keys that the queries of a text from one place to before another have in sum: place p has p + 1. */
const keysFrom = (from: number, to: number): number => (to * (to + 1) - from * (from + 1)) / 2
