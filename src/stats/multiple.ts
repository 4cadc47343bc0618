/**
 * Adjusted p-values in input order. A null stands for a test that could not be made: it stays null and does not count in the
 * family.
 */
type Adjusted = (number | null)[]

/** Applies `step` to the ascending p-values and puts the results back. */
function adjust(p: readonly (number | null)[], step: (sorted: readonly number[]) => number[]): Adjusted {
  const made = p.flatMap((value, i) => (value === null || Number.isNaN(value) ? [] : [{ value, i }]))
  made.sort((a, b) => a.value - b.value)
  const out: Adjusted = p.map(() => null)
  step(made.map((m) => m.value)).forEach((value, k) => {
    out[made[k]!.i] = Math.min(1, value)
  })
  return out
}

/**
 * Holm's step-down: controls the chance of any false rejection in the family, whatever the dependence.
 * @example holm([0.01, 0.04, 0.03, 0.005]) // [0.03, 0.06, 0.06, 0.02]
 */
export const holm = (p: readonly (number | null)[]): Adjusted =>
  adjust(p, (sorted) => {
    let largest = 0
    return sorted.map((value, k) => {
      largest = Math.max(largest, value * (sorted.length - k))
      return largest
    })
  })

/**
 * Benjamini–Hochberg's step-up: controls the false discovery rate under independence or positive dependence.
 * @example benjaminiHochberg([0.01, 0.04, 0.03, 0.005]) // [0.02, 0.04, 0.04, 0.02]
 */
export const benjaminiHochberg = (p: readonly (number | null)[]): Adjusted =>
  adjust(p, (sorted) => {
    const out = new Array<number>(sorted.length)
    let smallest = Number.POSITIVE_INFINITY
    for (let k = sorted.length - 1; k >= 0; k--) {
      // statsmodels divides by the empirical distribution (k + 1)/n; same order of operations, same rounding.
      smallest = Math.min(smallest, sorted[k]! / ((k + 1) / sorted.length))
      out[k] = smallest
    }
    return out
  })

/** @example bonferroni([0.01, 0.5]) // [0.02, 1] */
export const bonferroni = (p: readonly (number | null)[]): Adjusted =>
  adjust(p, (sorted) => sorted.map((value) => value * sorted.length))
