import { mean, standardDeviation } from './descriptive.ts'
import { hasNaN, sameLength } from './rank.ts'
import { ascending } from './sort-order.ts'

/** Two-sample Kolmogorov–Smirnov distance: the largest gap between the two empirical distribution functions (scipy ks_2samp). */
export function ksDistance(x: ArrayLike<number>, y: ArrayLike<number>): number | null {
  if (x.length === 0 || y.length === 0 || hasNaN(x) || hasNaN(y)) return null
  const a = ascending(x)
  const b = ascending(y)
  let largest = 0
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const at = Math.min(a[i]!, b[j]!)
    while (i < a.length && a[i] === at) i++
    while (j < b.length && b[j] === at) j++
    largest = Math.max(largest, Math.abs(i / a.length - j / b.length))
  }
  return largest
}

export interface Histogram {
  /** bins + 1 edges, equal width. */
  readonly edges: readonly number[]
  readonly counts: readonly (readonly number[])[]
}
/** Counts of several samples over common bins of equal width, the last closed; HERM's plots use 20. null without a value. */
export function histogram(samples: readonly ArrayLike<number>[], bins = 20): Histogram | null {
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  for (const sample of samples) {
    for (let i = 0; i < sample.length; i++) {
      low = Math.min(low, sample[i]!)
      high = Math.max(high, sample[i]!)
    }
  }
  if (!Number.isFinite(low) || !Number.isFinite(high)) return null
  if (low === high) [low, high] = [low - 0.5, high + 0.5]
  const width = (high - low) / bins
  const edges = Array.from({ length: bins + 1 }, (_, i) => (i === bins ? high : low + i * width))
  const counts = samples.map((sample) => {
    const out = new Array<number>(bins).fill(0)
    for (let i = 0; i < sample.length; i++) {
      // The quotient can be off by a last digit where the value is an edge: the edges decide, as in numpy.histogram.
      let b = Math.min(bins - 1, Math.floor((sample[i]! - low) / width))
      if (sample[i]! < edges[b]!) b--
      else if (b + 1 < bins && sample[i]! >= edges[b + 1]!) b++
      out[b] = out[b]! + 1
    }
    return out
  })
  return { edges, counts }
}

/** Overlap coefficient Σ_b min(share of x, share of y) over 20 common bins: 1 = the same histogram, 0 = apart. */
export function overlapCoefficient(x: ArrayLike<number>, y: ArrayLike<number>, bins = 20): number | null {
  if (x.length === 0 || y.length === 0 || hasNaN(x) || hasNaN(y)) return null
  const h = histogram([x, y], bins)
  if (h === null) return null
  return h.counts[0]!.reduce((s, c, b) => s + Math.min(c / x.length, h.counts[1]![b]! / y.length), 0)
}

/** Cohen's d of two independent samples, pooled standard deviation; null where that is 0 or beyond all doubles, or a sample has fewer than two. */
export function cohenD(x: ArrayLike<number>, y: ArrayLike<number>): number | null {
  const [sx, sy, mx, my] = [standardDeviation(x), standardDeviation(y), mean(x), mean(y)]
  if (sx === null || sy === null) return null
  const pooled = Math.sqrt(((x.length - 1) * sx * sx + (y.length - 1) * sy * sy) / (x.length + y.length - 2))
  return pooled === 0 || !Number.isFinite(pooled) ? null : (mx! - my!) / pooled
}

/** Cohen's d_z of paired values: mean difference over its standard deviation. */
export function cohenDz(a: ArrayLike<number>, b: ArrayLike<number>): number | null {
  sameLength(a, b)
  const d = Float64Array.from(a, (v, i) => v - b[i]!)
  const spread = standardDeviation(d)
  return spread === null || spread === 0 ? null : mean(d)! / spread
}

export interface BlandAltman {
  /** Mean of a − b. */
  readonly bias: number
  /** bias ∓ 1.96 standard deviations. */
  readonly low: number
  readonly high: number
  readonly largest: number
  readonly rms: number
}
/** Agreement of two measurements of one thing (Bland & Altman 1986). null for fewer than two rows. */
export function blandAltman(a: ArrayLike<number>, b: ArrayLike<number>): BlandAltman | null {
  sameLength(a, b)
  const d = Float64Array.from(a, (v, i) => v - b[i]!)
  const [bias, spread] = [mean(d), standardDeviation(d)]
  if (bias === null || spread === null) return null
  const half = 1.959963984540054 * spread
  return {
    bias,
    low: bias - half,
    high: bias + half,
    largest: d.reduce((m, v) => Math.max(m, Math.abs(v)), 0),
    rms: Math.sqrt(d.reduce((s, v) => s + v * v, 0) / d.length),
  }
}
