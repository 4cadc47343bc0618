import { mcnemar } from '../stats/binomial.ts'
import type { Interval } from '../stats/bootstrap.ts'
import { clusterStandardError, equivalenceTest } from '../stats/clustered.ts'
import { pearson, spearman } from '../stats/correlation.ts'
import { standardDeviation } from '../stats/descriptive.ts'
import { blandAltman } from '../stats/distribution.ts'
import { signFlipTest } from '../stats/sign-flip.ts'
import { wilson } from '../stats/wilson.ts'

/** One completion in both runs. */
export interface DriftScores {
  readonly a: Float64Array
  readonly b: Float64Array
  /** Margins of the pairs in both runs. */
  readonly marginA: Float64Array
  readonly marginB: Float64Array
  /** Prompts of the completions and of the pairs; default: each alone. */
  readonly cluster?: Int32Array
  readonly pairCluster?: Int32Array
}
/** What moved between two runs of the same model (dtype, device, batch). Differences are a − b, in the score's own units. */
export interface Drift {
  readonly completions: number
  readonly largest: number | null
  readonly rms: number | null
  readonly bias: number | null
  readonly limits: Interval | null
  readonly pearson: number | null
  readonly spearman: number | null
  readonly pairs: number
  /** Prompts of these pairs. */
  readonly clusters: number
  /** Pairs whose outcome (win, tie, loss) differs. */
  readonly flips: number
  readonly flipRate: number | null
  /** Wilson's, with the number of pairs that prompts of several leave (design effect); the number of prompts where none or all flip. */
  readonly flipInterval: Interval | null
  /** McNemar of win against not-win, pairs taken as independent: exact below 25 discordant pairs, else mid-p. */
  readonly mcnemarP: number | null
  /** Sign flips of prompts on the same. */
  readonly p: number | null
  /** p that the mean score differs by less than 2 % of the score's standard deviation (two one-sided tests, prompt-robust). */
  readonly equivalenceP: number | null
  /** Why one of them is absent. */
  readonly reason: string | null
}
/** Equivalence margin as a share of the standard deviation of run a. */
const MARGIN = 0.02
const EXACT_BELOW = 25
const finite = (value: number | undefined): number | null =>
  value !== undefined && Number.isFinite(value) ? value : null

export function drift({ a, b, marginA, marginB, cluster, pairCluster }: DriftScores): Drift {
  const ba = blandAltman(a, b)
  const spread = standardDeviation(a)
  const flipped = marginA.map((m, i) => (Math.sign(m) === Math.sign(marginB[i]!) ? 0 : 1))
  const wins = marginA.map((m, i) => (m > 0 ? 1 : 0) - (marginB[i]! > 0 ? 1 : 0))
  const flips = flipped.reduce((n, f) => n + f, 0)
  const onlyA = wins.reduce((n, w) => n + (w > 0 ? 1 : 0), 0)
  const onlyB = wins.reduce((n, w) => n + (w < 0 ? 1 : 0), 0)
  const pairs = marginA.length
  const prompts = Array.from(pairCluster ?? marginA.keys())
  const clusters = new Set(prompts).size
  const [r, rho] = [pearson(a, b), spearman(a, b)]
  const constant = spread === null || spread === 0
  const overflow = spread !== null && !Number.isFinite(spread)
  const reasons = [
    ...(a.length < 2 ? ['scores: fewer than two completions in both'] : r === null ? ['correlation: constant'] : []),
    ...(a.length >= 2 && constant ? ['equivalence: constant'] : []),
    ...(ba !== null && [ba.bias, ba.rms, ba.low, ba.high].some((v) => !Number.isFinite(v))
      ? ['differences: overflow']
      : []),
    ...(overflow ? ['equivalence: overflow'] : []),
    ...(pairs === 0 ? ['flips: no pair in both'] : []),
  ]
  return {
    completions: a.length,
    largest: finite(ba?.largest),
    rms: finite(ba?.rms),
    bias: finite(ba?.bias),
    limits: ba === null || !Number.isFinite(ba.high - ba.low) ? null : { low: ba.low, high: ba.high },
    pearson: r,
    spearman: rho,
    pairs,
    clusters,
    flips,
    flipRate: pairs === 0 ? null : flips / pairs,
    flipInterval: shareInterval(flipped, prompts, clusters),
    mcnemarP:
      pairs === 0
        ? null
        : (mcnemar(onlyA, onlyB, { method: onlyA + onlyB < EXACT_BELOW ? 'exact' : 'mid' })?.p ?? null),
    p: signFlipTest(wins, { clusters: prompts, weight: 'rows' })?.p ?? null,
    equivalenceP:
      constant || overflow
        ? null
        : (equivalenceTest(a, b, MARGIN * spread, cluster === undefined ? null : Array.from(cluster))?.p ?? null),
    reason: reasons.length === 0 ? null : reasons.join('; '),
  }
}

/** Wilson's interval of a share of rows; where prompts have several rows, with as many as the cluster-robust standard error leaves. */
function shareInterval(values: Float64Array, prompts: readonly number[], clusters: number): Interval | null {
  const n = values.length
  if (n === 0) return null
  const share = values.reduce((s, v) => s + v, 0) / n
  if (clusters === n) return wilson(share * n, n)
  const error = clusterStandardError(values, prompts)
  const left = error === null || error === 0 ? clusters : Math.min(n, (share * (1 - share)) / error ** 2)
  return wilson(share * left, left)
}
