import type { Cell } from '../src/report/csv.ts'
import { krippendorffAlpha, pearson, spearman } from '../src/stats/index.ts'
import type { Aligned, Scorer } from './scorers.ts'

export const SCORER_AGREEMENT_COLUMNS = [
  'a',
  'b',
  'n',
  'ties',
  'agreement_rate',
  'kappa',
  'ac1',
  'spearman',
  'pearson',
] as const

/**
 * How alike two scorers decide (pairs where neither ties) and how alike their margins are (all common pairs), for every two
 * scorers. Scales differ between models: read Spearman's ρ before Pearson's r. Undefined values are empty. Which completion stands
 * first is not in it: each pair counts in both orders, so κ and AC1 are both 2 · agreement_rate − 1.
 */
export function scorerAgreement(scorers: readonly Scorer[]): Cell[][] {
  return scorers.flatMap((a, i) =>
    scorers.slice(i + 1).map((b): Cell[] => {
      const common = [...a.margin.keys()].filter((k) => !Number.isNaN(a.margin[k]) && !Number.isNaN(b.margin[k]))
      const [x, y] = [a, b].map((s) => Float64Array.from(common, (k) => s.margin[k]!)) as [Float64Array, Float64Array]
      const decided = [...x.keys()].filter((k) => x[k] !== 0 && y[k] !== 0)
      const alike = decided.filter((k) => x[k]! > 0 === y[k]! > 0).length
      const n = decided.length
      const rate = n === 0 ? null : alike / n
      const corrected = rate === null ? null : 2 * rate - 1
      const [both, others] = [bothOrders(x), bothOrders(y)]
      return [
        a.name,
        b.name,
        n,
        common.length - n,
        rate,
        corrected,
        corrected,
        spearman(both, others),
        pearson(both, others),
      ]
    }),
  )
}

/** The margins, then those of the pairs with chosen and rejected exchanged. */
const bothOrders = (margins: Float64Array): Float64Array =>
  Float64Array.from({ length: 2 * margins.length }, (_, k) =>
    k < margins.length ? margins[k]! : -margins[k - margins.length]!,
  )

/** Krippendorff's α of the decisions (win 1, loss 0; ties and unscored pairs missing) of all scorers at once. */
export const decisionAlpha = (scorers: readonly Scorer[], { pairs }: Aligned): number | null =>
  krippendorffAlpha(
    scorers.map((s) => Array.from({ length: pairs.n }, (_, i) => decision(s.margin[i]!))),
    'nominal',
  )
const decision = (m: number): number | null => (Number.isNaN(m) || m === 0 ? null : m > 0 ? 1 : 0)
