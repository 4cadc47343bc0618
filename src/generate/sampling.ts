/** How a token is chosen from the logits of what comes next. */
export interface Sampling {
  /** Divides the logits; 0: the most probable token, always (greedy). */
  readonly temperature: number
  /** In (0, 1]: of the tokens, most probable first, those are kept whose predecessors' probabilities add up to less. 1: all. */
  readonly topP: number
}

/** The token with the largest logit, the lowest id of several, as torch.argmax has it. */
export function mostProbable(logits: Float32Array): number {
  let best = 0
  for (let id = 1; id < logits.length; id++) if (logits[id]! > logits[best]!) best = id
  return best
}

/** Ids in ascending order and what they weigh; a token's probability is its weight over the total. */
export interface Kept {
  readonly ids: Int32Array
  readonly weights: Float64Array
  readonly total: number
}

/**
 * What is left of a distribution: temperature first, then top-p, as transformers' TemperatureLogitsWarper and TopPLogitsWarper (with
 * min_tokens_to_keep 1) and vLLM do. transformers removes a token where it and all less probable ones have at most 1 − p together, which
 * is where those before it have at least p. Of equally probable tokens at the edge the lower ids are kept; transformers' sort leaves that
 * open. Computed in float64.
 * @param temperature above 0
 */
export function keptTokens(logits: Float32Array, { temperature, topP }: Sampling): Kept {
  const top = logits[mostProbable(logits)]!
  const weights = Float64Array.from(logits, (z) => Math.exp((z - top) / temperature))
  let total = 0
  for (const weight of weights) total += weight
  if (topP >= 1) return { ids: Int32Array.from(weights, (_, id) => id), weights, total }
  // tokens that together have less than 1 − p at the most need not be sorted
  const negligible = ((1 - topP) * total) / weights.length
  const candidates: number[] = []
  for (let id = 0; id < weights.length; id++) if (weights[id]! > negligible) candidates.push(id)
  candidates.sort((a, b) => weights[b]! - weights[a]! || a - b)
  const kept: number[] = []
  let before = 0
  for (const id of candidates) {
    if (kept.length > 0 && before >= topP * total) break
    kept.push(id)
    before += weights[id]!
  }
  const ids = Int32Array.from(kept).sort()
  const own = Float64Array.from(ids, (id) => weights[id]!)
  return { ids, weights: own, total: own.reduce((sum, weight) => sum + weight, 0) }
}

/**
 * The token of a uniform number: the first whose weight and those of the lower ids together exceed it.
 * @param uniform in [0, 1)
 */
export function drawToken({ ids, weights, total }: Kept, uniform: number): number {
  const aim = uniform * total
  let sum = 0
  for (let i = 0; i < ids.length; i++) {
    sum += weights[i]!
    if (sum > aim) return ids[i]!
  }
  // the sum was rounded: the last one that has a weight
  let last = ids.length - 1
  while (last > 0 && weights[last] === 0) last--
  return ids[last]!
}
