/** One bin [low, high); the last bin of a histogram is closed. */
export interface Bin {
  readonly low: number
  readonly high: number
}

const MAX_BINS = 60

/** The smallest of 1, 2, 5 · 10^k that is at least `step`. */
function niceStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step))
  const head = step / power
  return (head <= 1 ? 1 : head <= 2 ? 2 : head <= 5 ? 5 : 10) * power
}

const quantileOf = (sorted: Float64Array, q: number): number => {
  const at = (sorted.length - 1) * q
  const below = Math.floor(at)
  const low = sorted[below]!
  return low + (sorted[Math.min(below + 1, sorted.length - 1)]! - low) * (at - below)
}

/**
 * Equal bins whose edges are multiples of a nice step, 0 among them where the values lie on both sides. The width is Freedman
 * and Diaconis' 2·IQR/∛n, at least 20 and at most 60 bins before the edges are rounded, over all values: no outlier is left out.
 * @example binsOf([-1, 3]) // 20 bins of width 0.2, from −1 to 3
 */
export function binsOf(values: ArrayLike<number>): readonly Bin[] {
  if (values.length === 0) return []
  const sorted = Float64Array.from(values).sort()
  const low = sorted[0]!
  const high = sorted.at(-1)!
  const range = high - low
  // one value, or several that differ in their last digits only
  if (range <= 1e-9 * Math.max(Math.abs(low), Math.abs(high))) {
    const half = Math.abs(low) > 0 ? Math.abs(low) * 0.05 : 0.5
    return [{ low: low - half, high: low + half }]
  }
  const width = (2 * (quantileOf(sorted, 0.75) - quantileOf(sorted, 0.25))) / Math.cbrt(sorted.length)
  const step = niceStep(Math.max(range / MAX_BINS, Math.min(width > 0 ? width : range, range / 20)))
  const first = Math.floor(low / step)
  const last = Math.max(first + 1, Math.floor(high / step) + (Number.isInteger(high / step) ? 0 : 1))
  // edges are k·step, each from its own product: adding up would drift away from 0
  const edge = (k: number): number => Number((k * step).toPrecision(12))
  return Array.from({ length: last - first }, (_, i) => ({ low: edge(first + i), high: edge(first + i + 1) }))
}

/** How many of the values lie in each bin. A value on an inner edge belongs to the bin above it. */
export function countIn(bins: readonly Bin[], values: ArrayLike<number>): readonly number[] {
  const counts = bins.map(() => 0)
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    let from = 0
    let to = bins.length - 1
    while (from < to) {
      const middle = (from + to + 1) >> 1
      if (bins[middle]!.low <= value) from = middle
      else to = middle - 1
    }
    if (bins.length > 0) counts[from]!++
  }
  return counts
}

/**
 * Decile of every value by rank, 0 (lowest) to 9. Equal values share the decile of their mean rank, so that the order of the
 * rows never shows.
 * @example decilesOf([3, 1, 2]) // [8, 1, 5]: mean ranks 2.5, 0.5, 1.5 of 3
 */
export function decilesOf(values: readonly number[]): readonly number[] {
  const order = values.map((_, i) => i).sort((a, b) => values[a]! - values[b]!)
  const deciles = new Array<number>(values.length).fill(0)
  for (let i = 0; i < order.length; ) {
    let end = i + 1
    while (end < order.length && values[order[end]!] === values[order[i]!]) end++
    const decile = Math.min(9, Math.floor((10 * ((i + end) / 2)) / order.length))
    for (let k = i; k < end; k++) deciles[order[k]!] = decile
    i = end
  }
  return deciles
}
