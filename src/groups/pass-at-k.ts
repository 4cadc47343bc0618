/**
 * Probability that at least one of k completions is correct, drawn without replacement from n of which `correct` are:
 * 1 − C(n − correct, k) / C(n, k). Chen et al. 2021, arXiv:2107.03374, eq. 1. Null where that is undefined: k outside 1 … n, or counts that
 * are none. Summed from probabilities without a difference of near numbers, so small values keep their digits.
 * @example passAtK(4, 2, 2) // 5/6
 */
export function passAtK(n: number, correct: number, k: number): number | null {
  if (![n, correct, k].every(Number.isSafeInteger) || correct < 0 || correct > n || k < 1 || k > n) return null
  // C(n − c, k) / C(n, k) = Π (1 − k / (n − i)) over c factors = Π (1 − c / (n − i)) over k factors
  const [fewer, more] = correct < k ? [correct, k] : [k, correct]
  let pass = 0
  for (let i = 0; i < fewer; i++) {
    if (more >= n - i) return 1
    pass += (1 - pass) * (more / (n - i))
  }
  return pass
}
