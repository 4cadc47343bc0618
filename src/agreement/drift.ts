import { mcnemar } from '../stats/binomial.ts'
import type { Interval } from '../stats/bootstrap.ts'
import { equivalenceTest } from '../stats/clustered.ts'
import { pearson, spearman } from '../stats/correlation.ts'
import { standardDeviation } from '../stats/descriptive.ts'
import { blandAltman } from '../stats/distribution.ts'
import { wilson } from '../stats/wilson.ts'

/** One completion in both runs. */
export interface DriftScores {
  readonly a: Float64Array
  readonly b: Float64Array
  /** Margins of the pairs in both runs. */
  readonly marginA: Float64Array
  readonly marginB: Float64Array
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
  /** Pairs whose outcome (win, tie, loss) differs. */
  readonly flips: number
  readonly flipRate: number | null
  readonly flipInterval: Interval | null
  /** McNemar mid-p of win against not-win. */
  readonly p: number | null
  /** p that the mean score differs by less than 2 % of the score's standard deviation (two one-sided tests). */
  readonly equivalenceP: number | null
}
/** Equivalence margin as a share of the standard deviation of run a. */
const MARGIN = 0.02

export function drift({ a, b, marginA, marginB }: DriftScores): Drift {
  const ba = blandAltman(a, b)
  const spread = standardDeviation(a)
  let flips = 0
  let onlyA = 0
  let onlyB = 0
  marginA.forEach((m, i) => {
    const other = marginB[i]!
    if (Math.sign(m) !== Math.sign(other)) flips++
    if (m > 0 && !(other > 0)) onlyA++
    if (other > 0 && !(m > 0)) onlyB++
  })
  const pairs = marginA.length
  return {
    completions: a.length,
    largest: ba?.largest ?? null,
    rms: ba?.rms ?? null,
    bias: ba?.bias ?? null,
    limits: ba === null ? null : { low: ba.low, high: ba.high },
    pearson: pearson(a, b),
    spearman: spearman(a, b),
    pairs,
    flips,
    flipRate: pairs === 0 ? null : flips / pairs,
    flipInterval: wilson(flips, pairs),
    p: mcnemar(onlyA, onlyB, { method: 'mid' })?.p ?? null,
    equivalenceP: spread === null || spread === 0 ? null : (equivalenceTest(a, b, MARGIN * spread)?.p ?? null),
  }
}
