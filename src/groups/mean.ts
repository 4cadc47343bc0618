/** Arithmetic mean, 0 of nothing. Summed as distances from the first value, so that equal values have exactly that mean. */
export function mean(values: readonly number[]): number {
  const first = values[0] ?? 0
  return first + values.reduce((sum, value) => sum + (value - first), 0) / Math.max(1, values.length)
}
