import { median } from './quantile.ts'

/** True when every value is a finite number. */
export function allFinite(values: ArrayLike<number>): boolean {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return false
  return true
}

/** Σ x, with Neumaier's compensation; ±∞ or NaN where the plain sum is. */
export function sum(values: ArrayLike<number>): number {
  let total = 0
  let lost = 0
  for (let i = 0; i < values.length; i++) {
    const x = values[i]!
    const next = total + x
    lost += Math.abs(total) >= Math.abs(x) ? total - next + x : x - next + total
    total = next
  }
  return Number.isFinite(total) ? total + lost : total
}

const defined = (value: number): number | null => (Number.isNaN(value) ? null : value)

/**
 * null for no values or NaN among them; infinite as numpy.mean's.
 * @example mean([1, 2, 4]) // 2.333…
 */
export const mean = (values: ArrayLike<number>): number | null => defined(sum(values) / values.length)

/** Σ (x − x̄)^power / n, multiplied out: `**` takes several times as long. @param m x̄ */
function centralMoment(values: ArrayLike<number>, power: 2 | 3 | 4, m = mean(values)): number | null {
  if (m === null || !Number.isFinite(m)) return null
  const terms = new Float64Array(values.length)
  for (let i = 0; i < values.length; i++) {
    const d = values[i]! - m
    terms[i] = power === 2 ? d * d : power === 3 ? d * d * d : d * d * (d * d)
  }
  return defined(sum(terms) / values.length)
}

/**
 * Standard deviation; `ddof` 1 (default) divides by n − 1, 0 by n. null where n ≤ ddof.
 * @example standardDeviation([1, 2, 3, 4]) // 1.2909…
 */
export function standardDeviation(values: ArrayLike<number>, { ddof = 1 }: { ddof?: number } = {}): number | null {
  const n = values.length
  const m2 = centralMoment(values, 2)
  return m2 === null || n <= ddof ? null : Math.sqrt((m2 * n) / (n - ddof))
}

/** m_k / m₂^{k/2}; null for values that do not vary (beyond rounding, as in scipy). */
function standardisedMoment(values: ArrayLike<number>, power: 3 | 4): number | null {
  const m = mean(values)
  const m2 = centralMoment(values, 2, m)
  if (m2 === null || m === null || m2 <= (Number.EPSILON * m) ** 2) return null
  return defined(centralMoment(values, power, m)! / m2 ** (power / 2))
}
/** Fisher's g₁ = m₃ / m₂^{3/2}, as scipy.stats.skew (biased). */
export const skewness = (values: ArrayLike<number>): number | null => standardisedMoment(values, 3)
/** Excess kurtosis m₄ / m₂² − 3, as scipy.stats.kurtosis (biased). */
export function kurtosis(values: ArrayLike<number>): number | null {
  const k = standardisedMoment(values, 4)
  return k === null ? null : k - 3
}

/** Median of |x − median|, unscaled. */
export function medianAbsoluteDeviation(values: ArrayLike<number>): number | null {
  const centre = median(values)
  return centre === null ? null : median(Float64Array.from(values, (x) => Math.abs(x - centre)))
}
