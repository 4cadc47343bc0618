import type { MolGraph } from './graph.ts'

const SYMBOLS =
  '* H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb Sr Y Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm Bk Cf Es Fm Md No Lr Rf Db Sg Bh Hs Mt Ds Rg Cn Nh Fl Mc Lv Ts Og'.split(
    ' ',
  )

/**
 * Hill formula with charge, as RDKit's `CalcMolFormula` writes it: carbon, hydrogen (first also where there is no carbon: `HCl`), then by
 * symbol; isotopes are not told apart.
 * @example molFormulaOf(graph of '[NH4+]') // 'H4N+'
 */
export function molFormulaOf(graph: MolGraph): string {
  const counts = new Map<string, number>()
  const add = (symbol: string, n: number): void => {
    if (n > 0) counts.set(symbol, (counts.get(symbol) ?? 0) + n)
  }
  let charge = 0
  for (const atom of graph.atoms) {
    add(SYMBOLS[atom.z]!, 1)
    add('H', atom.hydrogens)
    charge += atom.charge
  }
  const others = [...counts.keys()].filter((symbol) => symbol !== 'C' && symbol !== 'H').sort()
  const ordered = ['C', 'H', ...others].filter((symbol) => counts.has(symbol))
  const sign = charge === 0 ? '' : (charge > 0 ? '+' : '-') + count(Math.abs(charge))
  return ordered.map((symbol) => symbol + count(counts.get(symbol)!)).join('') + sign
}
const count = (n: number): string => (n > 1 ? String(n) : '')
