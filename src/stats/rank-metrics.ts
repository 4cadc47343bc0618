/** How well a score ranks the completions of one group, by their rewards. Both lists have a value per completion and are equally long. */

/**
 * Normalised discounted cumulative gain of all completions, 0 … 1, gain = reward, discount log2(rank + 1); completions of equal score share
 * their places' discounts (McSherry & Najork 2008), as scikit-learn's `ndcg_score`. Null where no reward is above 0, or one is below 0.
 * @example ndcg([2, 1], [0, 1]) // 1 / log2(3)
 */
export function ndcg(scores: readonly number[], rewards: readonly number[]): number | null {
  if (rewards.some((reward) => reward < 0) || !rewards.some((reward) => reward > 0)) return null
  const ideal = discounted(rewards, rewards)
  return discounted(scores, rewards) / ideal
}

function discounted(scores: readonly number[], rewards: readonly number[]): number {
  const order = descending(scores)
  let total = 0
  for (let from = 0; from < order.length; ) {
    let [to, discounts, gains] = [from, 0, 0]
    for (; to < order.length && scores[order[to]!] === scores[order[from]!]; to++) {
      discounts += 1 / Math.log2(to + 2)
      gains += rewards[order[to]!]!
    }
    total += (discounts * gains) / (to - from)
    from = to
  }
  return total
}

/**
 * Expected reciprocal rank of the first right completion, 0 … 1, where completions of equal score stand in random order. Null where none is right.
 * @example reciprocalRank([3, 2, 1], [false, true, true]) // 1/2
 */
export function reciprocalRank(scores: readonly number[], right: readonly boolean[]): number | null {
  const order = descending(scores)
  for (let from = 0; from < order.length; ) {
    let [to, hits] = [from, 0]
    for (; to < order.length && scores[order[to]!] === scores[order[from]!]; to++) if (right[order[to]!]!) hits++
    if (hits > 0) return firstOf(to - from, hits, from)
    from = to
  }
  return null
}

/** E[1 / (from + place of the first of `hits` among `size` in random order)]. */
function firstOf(size: number, hits: number, from: number): number {
  let [none, expected] = [1, 0]
  for (let place = 1; place <= size - hits + 1; place++) {
    const here = hits / (size - place + 1)
    expected += (none * here) / (from + place)
    none *= 1 - here
  }
  return expected
}

const descending = (scores: readonly number[]): number[] =>
  [...scores.keys()].sort((a, b) => (scores[a]! > scores[b]! ? -1 : scores[a]! < scores[b]! ? 1 : a - b))
