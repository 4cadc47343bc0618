import type { Cell } from '../src/report/csv.ts'
import { krippendorffAlpha, pearson, spearman } from '../src/stats/index.ts'
import { twoByTwo } from '../src/stats/twobytwo.ts'
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
 * scorers. Scales differ between models: read Spearman's ρ before Pearson's r. Undefined values are empty.
 */
export function scorerAgreement(scorers: readonly Scorer[]): Cell[][] {
  const finite = (v: number): number | null => (Number.isFinite(v) ? v : null)
  return scorers.flatMap((a, i) =>
    scorers.slice(i + 1).map((b): Cell[] => {
      const common = [...a.margin.keys()].filter((k) => !Number.isNaN(a.margin[k]) && !Number.isNaN(b.margin[k]))
      const [x, y] = [a, b].map((s) => Float64Array.from(common, (k) => s.margin[k]!)) as [Float64Array, Float64Array]
      const cells = [0, 0, 0, 0]
      let ties = 0
      x.forEach((m, k) => {
        if (m === 0 || y[k] === 0) ties++
        else {
          const cell = (m > 0 ? 0 : 2) + (y[k]! > 0 ? 0 : 1)
          cells[cell] = cells[cell]! + 1
        }
      })
      const t = twoByTwo(cells[0]!, cells[1]!, cells[2]!, cells[3]!)
      const n = common.length - ties
      return [
        a.name,
        b.name,
        n,
        ties,
        finite(t.agreement),
        finite(t.kappa),
        finite(t.ac1),
        spearman(x, y),
        pearson(x, y),
      ]
    }),
  )
}

/** Krippendorff's α of the decisions (win 1, loss 0; ties and unscored pairs missing) of all scorers at once. */
export const decisionAlpha = (scorers: readonly Scorer[], { pairs }: Aligned): number | null =>
  krippendorffAlpha(
    scorers.map((s) => Array.from({ length: pairs.n }, (_, i) => decision(s.margin[i]!))),
    'nominal',
  )
const decision = (m: number): number | null => (Number.isNaN(m) || m === 0 ? null : m > 0 ? 1 : 0)
