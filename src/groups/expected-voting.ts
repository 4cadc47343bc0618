/** Completions up to which the vote's expectation is worked out: it takes their number to the third power or so. */
export const LARGEST_VOTE = 128

/**
 * Expected value of the completion that a vote picks among n drawn without replacement, n = 1 … K, index n − 1: the mean over all C(K, n)
 * subsets, each in the order of the completions, without drawing any. The pick is `voting`'s: the first drawn completion of the key with most
 * votes, ties to the key that came first; where nobody votes it is worth 0. Null beyond LARGEST_VOTE completions.
 *
 * Completion i is the pick with v votes where no earlier completion of its key is drawn and v − 1 later ones are, and every other key has
 * fewer than v votes, or v of them that all come after i. With x counting the draws, the ways are the coefficients of
 * x^v · C(later, v − 1) · Π over other keys (Σ_{j<v} C(all, j) x^j + C(after i, v) x^v) · (1 + x)^(completions that do not vote).
 * @param keys one per completion, null = does not vote
 * @param values one per completion
 * @example expectedVoting(['a', 'b', 'b'], [1, 0, 0]) // [1/3, 2/3, 0]: b wins two votes of three
 */
export function expectedVoting(keys: readonly (string | number | null)[], values: readonly number[]): number[] | null {
  const size = keys.length
  if (size > LARGEST_VOTE) return null
  const binomial = pascal()
  const places = new Map<string | number, number[]>()
  for (const [i, key] of keys.entries()) if (key !== null) places.set(key, [...(places.get(key) ?? []), i])
  const ways = new Float64Array(size + 1)
  for (const [key, own] of places) {
    for (const [before, i] of own.entries()) {
      if (values[i] === 0) continue
      const later = own.length - before - 1
      for (let v = 1; v <= later + 1; v++) {
        // what can never reach v votes is drawn freely, and so is what does not vote
        let free = size - own.length
        let product: Float64Array = Float64Array.of(1)
        for (const [other, theirs] of places) {
          if (other === key || theirs.length < v) continue
          free -= theirs.length
          const after = theirs.filter((j) => j > i).length
          const factor = Float64Array.from({ length: v + 1 }, (_, j) =>
            j < v ? binomial[theirs.length]![j]! : (binomial[after]![v] ?? 0),
          )
          product = times(product, factor)
        }
        product = times(product, binomial[free]!)
        const chances = binomial[later]![v - 1]! * values[i]!
        for (const [d, count] of product.entries()) ways[d + v] = ways[d + v]! + chances * count
      }
    }
  }
  return Array.from({ length: size }, (_, i) => ways[i + 1]! / binomial[size]![i + 1]!)
}

let triangle: Float64Array[] | null = null
/** [n][k] C(n, k), up to LARGEST_VOTE: 70 kB, made once. */
function pascal(): readonly Float64Array[] {
  if (triangle !== null) return triangle
  const rows: Float64Array[] = [Float64Array.of(1)]
  for (let n = 1; n <= LARGEST_VOTE; n++) {
    const above = rows[n - 1]!
    rows.push(Float64Array.from({ length: n + 1 }, (_, k) => (above[k - 1] ?? 0) + (above[k] ?? 0)))
  }
  triangle = rows
  return rows
}

/** Product of two polynomials given by their coefficients. */
function times(a: Float64Array, b: ArrayLike<number>): Float64Array {
  const out = new Float64Array(a.length + b.length - 1)
  for (let i = 0; i < a.length; i++) {
    const x = a[i]!
    if (x !== 0) for (let j = 0; j < b.length; j++) out[i + j] = out[i + j]! + x * b[j]!
  }
  return out
}
