import { createRequire } from 'node:module'

/**
 * Special functions and tails of distributions, from Moshier's Cephes (the library under scipy.special), compiled to
 * WebAssembly by the package `cephes`. Its CommonJS build is ready when it is loaded; its ES module is so only later and
 * has no types, so the CommonJS one is taken.
 */
interface Cephes {
  /** Regularised incomplete beta I_x(a, b). */
  incbet(a: number, b: number, x: number): number
  /** Regularised upper incomplete gamma Q(a, x). */
  igamc(a: number, x: number): number
  lgam(x: number): number
  erfc(x: number): number
  ndtri(p: number): number
}
const cephes = createRequire(import.meta.url)('cephes') as Cephes

/** Cephes reports a tail below 1e-308 as an error; it is 0 here, as in SciPy. */
function tail(compute: () => number): number {
  try {
    return compute()
  } catch (error) {
    if (error instanceof Error && error.message.includes('underflow')) return 0
    throw error
  }
}
const erfc = (x: number): number => (x < -6 ? 2 : tail(() => cephes.erfc(x)))

/** ln Γ(x), x > 0. */
export const logGamma = (x: number): number => cephes.lgam(x)

/** I_x(a, b): distribution function of Beta(a, b). */
export const betaCdf = (x: number, a: number, b: number): number =>
  x <= 0 ? 0 : x >= 1 ? 1 : tail(() => cephes.incbet(a, b, x))

/**
 * The x with I_x(a, b) = p, by Newton's method kept inside a shrinking bracket. (Cephes' own inverse is good to 1e-10 only
 * and reports a loss of precision as an error.)
 */
export function betaQuantile(p: number, a: number, b: number): number {
  if (p <= 0) return 0
  if (p >= 1) return 1
  const logBeta = logGamma(a) + logGamma(b) - logGamma(a + b)
  let [low, high] = [0, 1]
  let x = a / (a + b)
  for (let step = 0; step < 200; step++) {
    const excess = betaCdf(x, a, b) - p
    if (excess === 0) return x
    if (excess > 0) high = x
    else low = x
    const density = Math.exp((a - 1) * Math.log(x) + (b - 1) * Math.log1p(-x) - logBeta)
    const newton = x - excess / density
    // A lower bracket of 0 is approached geometrically: a quantile may be as small as 1e-300.
    const inside = newton > low && newton < high
    const next = inside ? newton : low > 0 ? (low + high) / 2 : high / 16
    if (Math.abs(next - x) <= 1e-15 * x) return next
    x = next
  }
  return x
}

/** P(Z ≤ x) of the standard normal. */
export const normalCdf = (x: number): number => erfc(-x / Math.SQRT2) / 2
/** The x with P(Z ≤ x) = p; ±∞ at 1 and 0. */
export const normalQuantile = (p: number): number =>
  p <= 0 ? Number.NEGATIVE_INFINITY : p >= 1 ? Number.POSITIVE_INFINITY : cephes.ndtri(p)
/** P(|Z| ≥ |z|). */
export const normalTwoSided = (z: number): number => erfc(Math.abs(z) / Math.SQRT2)
/** z of a two-sided 95 % interval, 1.959963984540054. */
export const Z95 = 1.959963984540054

/** P(|T| ≥ |t|) of Student's t with `df` degrees of freedom; I_{df/(df+t²)}(df/2, ½). */
export function studentTwoSided(t: number, df: number): number {
  if (!Number.isFinite(t)) return 0
  // Near 0 the complement keeps the digits that 1 − p would lose.
  if (t * t < 1) return 1 - betaCdf((t * t) / (df + t * t), 0.5, df / 2)
  return betaCdf(df / (df + t * t), df / 2, 0.5)
}

/** P(X ≥ x) of χ² with `df` degrees of freedom. */
export const chiSquareTail = (x: number, df: number): number => (x <= 0 ? 1 : tail(() => cephes.igamc(df / 2, x / 2)))

/** ln C(n, k). */
export const logChoose = (n: number, k: number): number => logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1)
