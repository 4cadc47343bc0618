/** Chance-corrected agreement of two yes/no raters from the counts: both yes, only the first, only the second, both no. */
export interface TwoByTwoAgreement {
  readonly agreement: number
  readonly kappa: number
  readonly mcc: number
  readonly ac1: number
  readonly pabak: number
}

/**
 * All at once, for bootstraps; NaN where undefined. The same values as cohenKappa, mcc (0 where a side has one class),
 * gwetAc1 and prevalenceAdjustedKappa with two categories.
 * @example twoByTwo(45, 9, 12, 34).kappa // 0.5752…
 */
export function twoByTwo(both: number, first: number, second: number, neither: number): TwoByTwoAgreement {
  const n = both + first + second + neither
  const agreement = (both + neither) / n
  const [a, b] = [(both + first) / n, (both + second) / n]
  const chance = a * b + (1 - a) * (1 - b)
  const product = (both + first) * (second + neither) * (both + second) * (first + neither)
  const share = (a + b) / 2
  const ac1Chance = 2 * share * (1 - share)
  const oneClass = both === n || neither === n
  return {
    agreement,
    kappa: oneClass ? Number.NaN : (agreement - chance) / (1 - chance),
    mcc: n === 0 ? Number.NaN : product === 0 ? 0 : (both * neither - first * second) / Math.sqrt(product),
    ac1: (agreement - ac1Chance) / (1 - ac1Chance),
    pabak: 2 * agreement - 1,
  }
}
