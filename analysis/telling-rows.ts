import { allRows, filterRows } from '../src/agreement/columns.ts'
import type { Scorer } from './scorers.ts'

/** Rows that a reader should see first, and how many there are that models decide differently. */
export interface TellingRows {
  /** Places among the aligned pairs, the most telling first. */
  readonly rows: Int32Array
  /** Rows that one model has right and another, which scored it, has not. */
  readonly disagreeing: number
}

/**
 * The pairs to read first: those that some models have right and others have not (evenly split ones first, then those whose margins lie
 * widest apart), those that none has right, those with a tie or without a score, then the others from the narrowest margins up.
 * Margins are held against each other as multiples of each model's own root mean square. Memory: 9 bytes per pair.
 * @param most so many at most
 */
export function tellingRows(models: readonly Pick<Scorer, 'margin'>[], n: number, most: number): TellingRows {
  const scales = models.map(({ margin }) => rootMeanSquare(margin))
  const kind = new Uint8Array(n)
  const key = new Float64Array(n)
  let disagreeing = 0
  for (let row = 0; row < n; row++) {
    let [right, wrong, tied] = [0, 0, 0]
    let [least, greatest, sum] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0]
    for (const [m, { margin }] of models.entries()) {
      const value = margin[row]!
      if (Number.isNaN(value)) continue
      if (value > 0) right++
      else if (value < 0) wrong++
      else tied++
      const size = value / scales[m]!
      least = Math.min(least, size)
      greatest = Math.max(greatest, size)
      sum += Math.abs(size)
    }
    const notRight = wrong + tied
    const width = sum / Math.max(1, right + notRight)
    if (right > 0 && notRight > 0) {
      disagreeing++
      kind[row] = 0
      const spread = greatest - least
      key[row] = -Math.min(right, notRight) - spread / (1 + spread)
    } else if (models.length > 0 && wrong === models.length) {
      kind[row] = 1
      key[row] = -width
    } else if (right === models.length) {
      kind[row] = 3
      key[row] = width
    } else kind[row] = 2
  }
  const rows: number[] = []
  for (let k = 0; k < 4 && rows.length < most; k++)
    rows.push(
      ...firstBy(
        filterRows(allRows(n), (row) => kind[row] === k),
        key,
        most - rows.length,
      ),
    )
  return { rows: Int32Array.from(rows), disagreeing }
}

/** The rows with the smallest keys, equal ones in their order. */
function firstBy(rows: Int32Array, key: Float64Array, most: number): Int32Array {
  const some =
    rows.length <= most
      ? rows
      : // a sort of numbers alone takes a tenth of the time of one of rows
        below(rows, key, Float64Array.from(rows, (row) => key[row]!).sort()[most - 1]!)
  return some.toSorted((a, b) => key[a]! - key[b]! || a - b).subarray(0, most)
}
const below = (rows: Int32Array, key: Float64Array, limit: number): Int32Array =>
  filterRows(rows, (row) => key[row]! <= limit)

function rootMeanSquare(margin: Float64Array): number {
  let [sum, n] = [0, 0]
  for (const value of margin) {
    if (Number.isNaN(value)) continue
    sum += value * value
    n++
  }
  const size = Math.sqrt(sum / n)
  return size > 0 && Number.isFinite(size) ? size : 1
}
