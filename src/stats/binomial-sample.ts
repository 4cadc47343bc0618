import type { Prng } from '../prng.ts'
import { logGamma } from './special.ts'

/**
 * One draw of Binomial(n, p), exact. Below n·p = 10 by inversion, above by Hörmann's transformed rejection (BTRS, "The
 * generation of binomial random variates", 1993), whose cost does not grow with n.
 */
export function sampleBinomial(n: number, p: number, random: Prng): number {
  if (n <= 0 || p <= 0) return 0
  if (p >= 1) return n
  if (p > 0.5) return n - sampleBinomial(n, 1 - p, random)
  return n * p < 10 ? byInversion(n, p, random) : byRejection(n, p, random)
}

function byInversion(n: number, p: number, random: Prng): number {
  const odds = p / (1 - p)
  let mass = (1 - p) ** n
  let u = random()
  for (let k = 0; k < n; k++) {
    if (u < mass) return k
    u -= mass
    mass *= ((n - k) / (k + 1)) * odds
  }
  return n
}

function byRejection(n: number, p: number, random: Prng): number {
  const q = 1 - p
  const spread = Math.sqrt(n * p * q)
  const b = 1.15 + 2.53 * spread
  const a = -0.0873 + 0.0248 * b + 0.01 * p
  const centre = n * p + 0.5
  const v0 = 0.92 - 4.2 / b
  const alpha = (2.83 + 5.1 / b) * spread
  const logOdds = Math.log(p / q)
  const mode = Math.floor((n + 1) * p)
  const h = logGamma(mode + 1) + logGamma(n - mode + 1)
  for (;;) {
    const u = random() - 0.5
    const v = random()
    const us = 0.5 - Math.abs(u)
    const k = Math.floor(((2 * a) / us + b) * u + centre)
    if (us >= 0.07 && v <= v0) return k
    if (k < 0 || k > n) continue
    const limit = h - logGamma(k + 1) - logGamma(n - k + 1) + (k - mode) * logOdds
    if (Math.log((v * alpha) / (a / (us * us) + b)) <= limit) return k
  }
}
