import { checkOneOf } from './options.ts'

/**
 * Fleiss' κ of n subjects × k categories; table[i][j] = raters who put subject i in category j, every row with the same total
 * (statsmodels fleiss_kappa). null for no rows, fewer than two raters, unequal totals, or one category only.
 */
export function fleissKappa(table: readonly (readonly number[])[]): number | null {
  const raters = table[0]?.reduce((s, v) => s + v, 0) ?? 0
  if (raters < 2 || table.some((row) => row.reduce((s, v) => s + v, 0) !== raters)) return null
  const agreement = table.map((row) => (row.reduce((s, v) => s + v * v, 0) - raters) / (raters * (raters - 1)))
  const observed = agreement.reduce((s, v) => s + v, 0) / table.length
  const expected = table[0]!
    .map((_, j) => table.reduce((s, row) => s + row[j]!, 0) / (table.length * raters))
    .reduce((s, share) => s + share * share, 0)
  return expected === 1 ? null : (observed - expected) / (1 - expected)
}

/**
 * Krippendorff's α = 1 − D_o / D_e over units with at least two values; `ratings[rater][unit]`, null = missing.
 * Difference: nominal 0/1, interval (a − b)². null without two pairable values or where they are all equal.
 */
export function krippendorffAlpha(
  ratings: readonly (readonly (number | null)[])[],
  level: 'nominal' | 'interval' = 'nominal',
): number | null {
  checkOneOf('level', level, ['nominal', 'interval'])
  const units = (ratings[0] ?? [])
    .map((_, u) => ratings.map((r) => r[u] ?? null).filter((v): v is number => v !== null))
    .filter((values) => values.length > 1)
  const all = units.flat()
  if (all.length < 2) return null
  // Σ over ordered pairs of values of the difference, from the sums of squares and the counts (no double loop).
  const disagreement = (values: readonly number[]): number => {
    if (level === 'interval') {
      // Σ_{i≠j} (a_i − a_j)² = 2 m Σ (a − ā)²
      const centre = values.reduce((s, v) => s + v, 0) / values.length
      return 2 * values.length * values.reduce((s, v) => s + (v - centre) ** 2, 0)
    }
    const counts = new Map<number, number>()
    for (const v of values) counts.set(v, (counts.get(v) ?? 0) + 1)
    return values.length ** 2 - [...counts.values()].reduce((s, c) => s + c * c, 0)
  }
  const observed = units.reduce((s, values) => s + disagreement(values) / (values.length - 1), 0) / all.length
  const expected = disagreement(all) / (all.length * (all.length - 1))
  return expected === 0 ? null : 1 - observed / expected
}
