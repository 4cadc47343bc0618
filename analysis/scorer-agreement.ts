import { allRows } from '../src/agreement/columns.ts'
import type { Cell } from '../src/report/csv.ts'
import { intraclassCorrelation, pearson, spearman } from '../src/stats/index.ts'
import { twoByTwo } from '../src/stats/two-by-two.ts'
import type { Scorer } from './scorers.ts'

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
  'missing',
  'error_consistency',
  'reason',
  'icc',
] as const

/**
 * How alike two scorers decide (pairs where neither ties) and how alike their margins are (all pairs that both scored), for every two
 * scorers. Which completion stands first is not in it: each pair counts in both orders, so κ and AC1 are both 2 · agreement_rate − 1.
 * error_consistency is κ of right and wrong (Geirhos et al. 2020): agreement beyond what the two accuracies make likely. Scales differ
 * between models: read Spearman's ρ before Pearson's r. icc is the intraclass correlation of the margins as they are, absolute agreement:
 * whether one scorer's margins could stand for the other's, scale included. Undefined values are empty, with the reason.
 */
export function scorerAgreement(scorers: readonly Scorer[]): Cell[][] {
  return scorers.flatMap((a, i) => scorers.slice(i + 1).map((b): Cell[] => [a.name, b.name, ...agreementOf(a, b)]))
}

const finite = (v: number): number | null => (Number.isFinite(v) ? v : null)

function agreementOf(a: Scorer, b: Scorer): Cell[] {
  const common = allRows(a.margin.length).filter((k) => !Number.isNaN(a.margin[k]) && !Number.isNaN(b.margin[k]))
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
  const [both, onlyA, onlyB, neither] = cells as [number, number, number, number]
  const orders = twoByTwo(both + neither, onlyA + onlyB, onlyA + onlyB, both + neither)
  const right = twoByTwo(both, onlyA, onlyB, neither)
  const [two, others] = [bothOrders(x), bothOrders(y)]
  const [rho, r] = [spearman(two, others), pearson(two, others)]
  const icc = intraclassCorrelation([two, others])?.icc2.value ?? null
  const decided = common.length - ties
  const consistency = finite(right.kappa)
  const reasons = [
    ...(decided === 0
      ? ['agreement: no_pair_decided_by_both']
      : consistency === null
        ? ['error_consistency: one_class']
        : []),
    ...(rho === null || r === null
      ? [`correlation: ${common.length === 0 ? 'no_pair_scored_by_both' : 'no_margin_differs_from_0'}`]
      : []),
  ]
  return [
    decided,
    ties,
    finite(right.agreement),
    decided === 0 ? null : finite(orders.kappa),
    decided === 0 ? null : finite(orders.ac1),
    rho,
    r,
    a.margin.length - common.length,
    consistency,
    reasons.length === 0 ? null : reasons.join('; '),
    icc,
  ]
}

/** The margins, then those of the pairs with chosen and rejected exchanged. */
const bothOrders = (margins: Float64Array): Float64Array =>
  Float64Array.from({ length: 2 * margins.length }, (_, k) =>
    k < margins.length ? margins[k]! : -margins[k - margins.length]!,
  )
