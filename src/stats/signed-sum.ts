import { normalCdf } from './special.ts'

/**
 * Tails of S = Σ ±vᵢ with independent fair signs: what a sign-flip test needs where there are too many patterns to list. Two-sided:
 * P(|S| ≥ limit), limit > 0.
 */

/** Multiples that are tried to make whole numbers of the values: halves of ties, means of prompts with a few rows. */
const UNITS = [1, 2, 4, 12, 60, 840]
/** Additions that an exact tail may cost; beyond it null, and the caller takes the saddlepoint. */
const WORK = 5e7
/** Outside this many standard deviations a binomial has less than 1e-300. */
const REACH = 38

/** The values as whole multiples of 1 / unit; null where they are not. */
function asWhole(values: ArrayLike<number>): { readonly sizes: ReadonlyMap<number, number>; unit: number } | null {
  for (const unit of UNITS) {
    const sizes = new Map<number, number>()
    let whole = true
    for (let i = 0; i < values.length && whole; i++) {
      const scaled = Math.abs(values[i]!) * unit
      const size = Math.round(scaled)
      whole = Math.abs(scaled - size) <= 1e-9 * Math.max(1, scaled)
      if (size > 0) sizes.set(size, (sizes.get(size) ?? 0) + 1)
    }
    if (whole) return { sizes, unit }
  }
  return null
}

/** Chances of Binomial(n, ½) at first, first + 1, …; by the recurrence from the mode, so that every digit holds. */
function fairBinomial(n: number): { readonly first: number; readonly chance: Float64Array } {
  const mode = n >> 1
  const reach = Math.ceil((REACH * Math.sqrt(n)) / 2)
  const [first, last] = [Math.max(0, mode - reach), Math.min(n, mode + reach)]
  const chance = new Float64Array(last - first + 1)
  chance[mode - first] = 1
  for (let k = mode; k < last; k++) chance[k + 1 - first] = (chance[k - first]! * (n - k)) / (k + 1)
  for (let k = mode; k > first; k--) chance[k - 1 - first] = (chance[k - first]! * k) / (n - k + 1)
  let total = 0
  for (const c of chance) total += c
  return { first, chance: chance.map((c) => c / total) }
}

/**
 * The exact tail for values that are whole multiples of a common unit: those of one size are a binomial, and the sizes are convolved.
 * null where there is no such unit, or the sum would take too long.
 * @example signedSumTail([1, 1, 1], 3) // 0.25
 */
export function signedSumTail(values: ArrayLike<number>, limit: number): number | null {
  const found = asWhole(values)
  if (found === null) return null
  // the sizes with most members last: their tail is summed once, the others are listed
  const groups = [...found.sizes].sort((a, b) => a[1] - b[1])
  if (groups.length === 0) return limit > 0 ? 0 : 1
  const binomials = groups.map(([size, n]) => ({ size, n, ...fairBinomial(n) }))
  // chance of each sum from −reach to reach
  let sums = Float64Array.of(1)
  let work = 0
  for (const { size, n, first, chance } of binomials.slice(0, -1)) {
    const reach = (sums.length - 1) / 2 + size * Math.max(n - 2 * first, 2 * (first + chance.length - 1) - n)
    work += sums.length * chance.length + reach
    if (work > WORK) return null
    const next = new Float64Array(2 * reach + 1)
    const shift = reach - (sums.length - 1) / 2
    for (let j = 0; j < chance.length; j++) {
      const to = shift + size * (2 * (first + j) - n)
      const p = chance[j]!
      for (let i = 0; i < sums.length; i++) next[to + i] = next[to + i]! + p * sums[i]!
    }
    sums = next
  }
  const { size, n, first, chance } = binomials.at(-1)!
  const tail = new Float64Array(chance.length + 1)
  for (let j = chance.length - 1; j >= 0; j--) tail[j] = tail[j + 1]! + chance[j]!
  const needed = Math.ceil(limit * found.unit - 1e-6)
  let above = 0
  for (let i = 0; i < sums.length; i++) {
    if (sums[i] === 0) continue
    // sum + size·(2k − n) ≥ needed
    const k = Math.ceil(((needed - i + (sums.length - 1) / 2) / size + n) / 2)
    above += sums[i]! * tail[Math.min(chance.length, Math.max(0, k - first))]!
  }
  return Math.min(1, 2 * above)
}

/**
 * The saddlepoint tail (Lugannani & Rice 1980): relative error of order 1 / n far out, where drawn patterns see nothing.
 * K(t) = Σ ln cosh(vᵢ t), K′(t) = limit. Never below the chance of the single most extreme pattern and its mirror.
 * @param limit 0 < limit
 */
export function saddlepointTail(values: ArrayLike<number>, limit: number): number {
  let [extreme, count] = [0, 0]
  for (let i = 0; i < values.length; i++) {
    extreme += Math.abs(values[i]!)
    if (values[i] !== 0) count++
  }
  const least = 2 ** (1 - count)
  if (limit >= extreme * (1 - 1e-12)) return least
  const slope = (t: number): number => {
    let sum = 0
    for (let i = 0; i < values.length; i++) sum += values[i]! * Math.tanh(values[i]! * t)
    return sum
  }
  let high = 1 / extreme
  while (slope(high) < limit) high *= 2
  let low = 0
  for (let step = 0; step < 200 && high - low > 1e-14 * high; step++) {
    const middle = (low + high) / 2
    if (slope(middle) < limit) low = middle
    else high = middle
  }
  const t = (low + high) / 2
  let [k, curvature] = [0, 0]
  for (let i = 0; i < values.length; i++) {
    const x = Math.abs(values[i]! * t)
    k += x + Math.log1p(Math.exp(-2 * x)) - Math.LN2
    curvature += values[i]! ** 2 * (1 - Math.tanh(x) ** 2)
  }
  const r = Math.sqrt(2 * Math.max(0, t * limit - k))
  // near the middle the formula's two poles cancel: the normal tail is as good there
  if (r < 0.01) return Math.min(1, 2 * normalCdf(-t * Math.sqrt(curvature)))
  const u = t * Math.sqrt(curvature)
  const density = Math.exp(-(r * r) / 2) / Math.sqrt(2 * Math.PI)
  return Math.min(1, Math.max(least, 2 * (normalCdf(-r) + density * (1 / u - 1 / r))))
}
