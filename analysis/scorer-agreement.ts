import { allRows, filterRows, pick } from '../src/agreement/columns.ts'
import type { Cell } from '../src/report/csv.ts'
import { spearmanOfRanks } from '../src/stats/correlation.ts'
import { intraclassCorrelation, pearson } from '../src/stats/index.ts'
import { averageRanks, hasNaN } from '../src/stats/rank.ts'
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
  const whole = scorers.map(({ margin }) => (hasNaN(margin) ? null : sideOf(margin)))
  return scorers.flatMap((a, i) =>
    scorers.slice(i + 1).map((b, k): Cell[] => [a.name, b.name, ...agreementOf(a, b, whole[i]!, whole[i + 1 + k]!)]),
  )
}

/** Margins in both orders, and their ranks: of a scorer that has all they are the same beside every other that has all. */
interface Side {
  readonly margins: Float64Array
  readonly both: Float64Array
  readonly ranks: Float64Array
}
function sideOf(margins: Float64Array): Side {
  const both = bothOrders(margins)
  return { margins, both, ranks: averageRanks(both) }
}

const finite = (v: number): number | null => (Number.isFinite(v) ? v : null)

function agreementOf(a: Scorer, b: Scorer, wholeA: Side | null, wholeB: Side | null): Cell[] {
  const [one, other] = wholeA !== null && wholeB !== null ? [wholeA, wholeB] : commonSides(a.margin, b.margin)
  const [x, y] = [one.margins, other.margins]
  const cells = [0, 0, 0, 0]
  let ties = 0
  for (let k = 0; k < x.length; k++) {
    if (x[k] === 0 || y[k] === 0) ties++
    else {
      const cell = (x[k]! > 0 ? 0 : 2) + (y[k]! > 0 ? 0 : 1)
      cells[cell] = cells[cell]! + 1
    }
  }
  const [both, onlyA, onlyB, neither] = cells as [number, number, number, number]
  const orders = twoByTwo(both + neither, onlyA + onlyB, onlyA + onlyB, both + neither)
  const right = twoByTwo(both, onlyA, onlyB, neither)
  const [rho, r] = [spearmanOfRanks(one.ranks, other.ranks), pearson(one.both, other.both)]
  const icc = intraclassCorrelation([one.both, other.both])?.icc2.value ?? null
  const decided = x.length - ties
  const consistency = finite(right.kappa)
  const reasons = [
    ...(decided === 0
      ? ['agreement: no_pair_decided_by_both']
      : consistency === null
        ? ['error_consistency: one_class']
        : []),
    ...(rho === null || r === null
      ? [`correlation: ${x.length === 0 ? 'no_pair_scored_by_both' : 'no_margin_differs_from_0'}`]
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
    a.margin.length - x.length,
    consistency,
    reasons.length === 0 ? null : reasons.join('; '),
    icc,
  ]
}

/** The pairs that both have scored. */
function commonSides(a: Float64Array, b: Float64Array): [Side, Side] {
  const common = filterRows(allRows(a.length), (k) => !Number.isNaN(a[k]) && !Number.isNaN(b[k]))
  return [sideOf(pick(a, common)), sideOf(pick(b, common))]
}

/** The margins, then those of the pairs with chosen and rejected exchanged. */
function bothOrders(margins: Float64Array): Float64Array {
  const both = new Float64Array(2 * margins.length)
  for (let k = 0; k < margins.length; k++) {
    both[k] = margins[k]!
    both[margins.length + k] = -margins[k]!
  }
  return both
}
