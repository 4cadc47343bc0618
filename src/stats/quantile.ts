/**
 * Quantile of ascending values by linear interpolation (Hyndman & Fan type 7, numpy's default).
 * Interpolates as numpy's `_lerp` does, from the nearer end.
 */
export function quantileSorted(sorted: ArrayLike<number>, q: number): number {
  const at = q * (sorted.length - 1)
  const i = Math.floor(at)
  const t = at - i
  const a = sorted[i]!
  if (t === 0) return a
  const b = sorted[i + 1]!
  return t < 0.5 ? a + (b - a) * t : b - (b - a) * (1 - t)
}

/**
 * @param q in [0, 1]; outside, and for no values, null
 * @example quantile([1, 2, 3, 4], 0.25) // 1.75
 */
export function quantile(values: ArrayLike<number>, q: number): number | null {
  if (values.length === 0 || !(q >= 0 && q <= 1)) return null
  const sorted = Float64Array.from(values).sort()
  return Number.isNaN(sorted[sorted.length - 1]) ? null : quantileSorted(sorted, q)
}

/** @example median([3, 1, 2]) // 2 */
export const median = (values: ArrayLike<number>): number | null => quantile(values, 0.5)
