import { allFinite } from './descriptive.ts'
import { sameLength } from './rank.ts'
import { sortOrder } from './sort-order.ts'

/**
 * Isotonic regression of y on x by pooling adjacent violators (sklearn.isotonic.IsotonicRegression): the non-decreasing
 * step values that are nearest to y in least squares. Equal x share one value.
 * @returns fitted values in input order; null for no rows or a value that is not finite
 */
export function isotonic(x: ArrayLike<number>, y: ArrayLike<number>): Float64Array | null {
  sameLength(x, y)
  if (x.length === 0 || !allFinite(x) || !allFinite(y)) return null
  const order = sortOrder(x)
  const blocks: { total: number; rows: number }[] = []
  for (let i = 0, j = 0; i < order.length; i = j) {
    let total = 0
    for (j = i; j < order.length && x[order[j]!] === x[order[i]!]; j++) total += y[order[j]!]!
    blocks.push({ total, rows: j - i })
    while (blocks.length > 1) {
      const last = blocks[blocks.length - 1]!
      const before = blocks[blocks.length - 2]!
      if (before.total / before.rows <= last.total / last.rows) break
      blocks.pop()
      before.total += last.total
      before.rows += last.rows
    }
  }
  const out = new Float64Array(x.length)
  let at = 0
  for (const { total, rows } of blocks) for (let k = 0; k < rows; k++) out[order[at++]!] = total / rows
  return out
}
