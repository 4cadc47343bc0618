/**
 * RewardBench 2's best of n as a group of any size and with any number of right completions has it: the mean result of all rows of one right
 * and n − 1 wrong completions that can be drawn from the group, exactly and without drawing. A row's result is `bestOfResult`: 1/k where the
 * right completion is one of the k that score highest, else 0; a scorer that draws lots has 1/n whatever the share of right ones.
 * Null without a right completion, or with fewer than n − 1 wrong ones.
 * @param size completions of a row; RewardBench 2 has 4
 * @example drawnBestOf([3], [4, 2, 1, 0], 4) // 1/4: one of the four draws of three lacks the 4
 */
export function drawnBestOf(right: readonly number[], wrong: readonly number[], size: number): number | null {
  const others = size - 1
  if (right.length === 0 || wrong.length < others || others < 1) return null
  const sorted = Float64Array.from(wrong).sort()
  let sum = 0
  for (const score of right) {
    const below = countBelow(sorted, score)
    const equal = countBelow(sorted, score, true) - below
    // j of the equal ones and the rest from below share the first place
    for (let j = 0; j <= Math.min(equal, others); j++)
      sum += drawChance(wrong.length, below, equal, others, j) / (j + 1)
  }
  return sum / right.length
}

/** How many of the ascending values are below the bound; with `orEqual` not above it. */
function countBelow(sorted: Float64Array, bound: number, orEqual = false): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle]! < bound || (orEqual && sorted[middle] === bound)) low = middle + 1
    else high = middle
  }
  return low
}

/** C(equal, j) · C(below, draws − j) / C(all, draws). */
function drawChance(all: number, below: number, equal: number, draws: number, j: number): number {
  let chance = 1
  let drawn = 0
  for (let i = 0; i < j; i++) chance *= ((equal - i) * (drawn + 1)) / ((i + 1) * (all - drawn++))
  for (let i = 0; i < draws - j; i++) chance *= (Math.max(0, below - i) * (drawn + 1)) / ((i + 1) * (all - drawn++))
  return chance
}
