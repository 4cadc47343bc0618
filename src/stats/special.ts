import { createRequire } from 'node:module'

/**
 * Special functions and tails of distributions, from Moshier's Cephes (the library under scipy.special), compiled to
 * WebAssembly by the package `cephes`. Its CommonJS build is ready when it is loaded; its ES module is so only later and
 * has no types, so the CommonJS one is taken.
 */
interface Cephes {
  /** Regularised incomplete beta I_x(a, b). */
  incbet(a: number, b: number, x: number): number
  incbi(a: number, b: number, p: number): number
  /** Regularised upper incomplete gamma Q(a, x). */
  igamc(a: number, x: number): number
  lgam(x: number): number
  erfc(x: number): number
  ndtri(p: number): number
}
const cephes = createRequire(import.meta.url)('cephes') as Cephes

/** ln Γ(x), x > 0. */
export const logGamma = (x: number): number => cephes.lgam(x)

/** I_x(a, b): distribution function of Beta(a, b). */
export const betaCdf = (x: number, a: number, b: number): number => (x <= 0 ? 0 : x >= 1 ? 1 : cephes.incbet(a, b, x))

/** The x with I_x(a, b) = p. Cephes' inverse is good to about 1e-10; two Newton steps bring it to rounding. */
export function betaQuantile(p: number, a: number, b: number): number {
  let x = cephes.incbi(a, b, p)
  const logBeta = logGamma(a) + logGamma(b) - logGamma(a + b)
  for (let step = 0; step < 2 && x > 0 && x < 1; step++) {
    const density = Math.exp((a - 1) * Math.log(x) + (b - 1) * Math.log1p(-x) - logBeta)
    const next = x - (betaCdf(x, a, b) - p) / density
    if (!(next > 0 && next < 1)) break
    x = next
  }
  return x
}

/** P(Z ≤ x) of the standard normal. */
export const normalCdf = (x: number): number => cephes.erfc(-x / Math.SQRT2) / 2
/** The x with P(Z ≤ x) = p; ±∞ at 1 and 0. */
export const normalQuantile = (p: number): number =>
  p <= 0 ? Number.NEGATIVE_INFINITY : p >= 1 ? Number.POSITIVE_INFINITY : cephes.ndtri(p)
/** P(|Z| ≥ |z|). */
export const normalTwoSided = (z: number): number => cephes.erfc(Math.abs(z) / Math.SQRT2)
/** z of a two-sided 95 % interval, 1.959963984540054. */
export const Z95 = 1.959963984540054

/** P(|T| ≥ |t|) of Student's t with `df` degrees of freedom; I_{df/(df+t²)}(df/2, ½). */
export function studentTwoSided(t: number, df: number): number {
  if (!Number.isFinite(t)) return 0
  return t === 0 ? 1 : betaCdf(df / (df + t * t), df / 2, 0.5)
}

/** P(X ≥ x) of χ² with `df` degrees of freedom. */
export const chiSquareTail = (x: number, df: number): number => (x <= 0 ? 1 : cephes.igamc(df / 2, x / 2))

/** ln C(n, k). */
export const logChoose = (n: number, k: number): number => logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1)
