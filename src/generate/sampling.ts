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

/** What each id weighs, [vocab], 0 where it is not kept; a token's probability is its weight over the total. */
export interface Kept {
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
  const weights = new Float64Array(logits.length)
  let total = 0
  for (let id = 0; id < weights.length; id++) {
    weights[id] = Math.exp((logits[id]! - top) / temperature)
    total += weights[id]!
  }
  return topP >= 1 ? { weights, total } : mostProbableShare(weights, total, topP)
}

/** The most probable tokens whose weights reach a share of the total. */
function mostProbableShare(all: Float64Array, sum: number, share: number): Kept {
  const aim = share * sum
  const { edge, above } = weightedEdge(all.slice(), aim)
  const weights = new Float64Array(all.length)
  let total = above
  for (let id = 0; id < all.length; id++) {
    if (all[id]! > edge) weights[id] = all[id]!
    else if (all[id] === edge && (total === 0 || total < aim)) {
      weights[id] = edge
      total += edge
    }
  }
  return { weights, total }
}

/**
 * The largest weight of which all larger ones together have less than `aim`, and with it at least that; and what the larger ones have.
 * By partition as quickselect does, which takes a few passes where sorting takes many. Reorders `weights`.
 */
function weightedEdge(weights: Float64Array, aim: number): { readonly edge: number; readonly above: number } {
  let [low, high, above] = [0, weights.length, 0]
  for (;;) {
    const pivot = weights[(low + high) >>> 1]!
    // [low, larger) > pivot, [larger, smaller) = pivot, [smaller, high) < pivot
    let [larger, smaller] = [low, high]
    let [sum, equal] = [0, 0]
    for (let i = low; i < smaller; ) {
      const weight = weights[i]!
      if (weight > pivot) {
        sum += weight
        weights[i++] = weights[larger]!
        weights[larger++] = weight
      } else if (weight < pivot) {
        weights[i] = weights[--smaller]!
        weights[smaller] = weight
      } else {
        equal += weight
        i++
      }
    }
    if (larger > low && above + sum >= aim) high = larger
    else if (above + sum + equal >= aim || smaller === high) return { edge: pivot, above: above + sum }
    else {
      above += sum + equal
      low = smaller
    }
  }
}

/**
 * The token of a uniform number: the first whose weight and those of the lower ids together exceed it.
 * @param uniform in [0, 1)
 */
export function drawToken({ weights, total }: Kept, uniform: number): number {
  const aim = uniform * total
  let sum = 0
  let last = 0
  for (let id = 0; id < weights.length; id++) {
    if (weights[id] === 0) continue
    sum += weights[id]!
    if (sum > aim) return id
    last = id
  }
  // the sum was rounded: the last one that has a weight
  return last
}
