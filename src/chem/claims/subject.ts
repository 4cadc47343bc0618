import type { Molecule } from '../toolkit/molecule.ts'
import { type Composition, parseFormula } from './formula.ts'

/** What a claim is about: a molecule, or only a formula. */
export interface Subject {
  /** As the step writes it. */
  readonly label: string
  readonly molecule: Molecule | null
  /** Null where the molecule has atoms of no element (`*`) or one beyond those that are known here. */
  readonly composition: Composition | null
}

export const moleculeSubject = (label: string, molecule: Molecule): Subject => ({
  label,
  molecule,
  composition: parseHill(molecule.formula),
})

export const formulaSubject = (label: string, composition: Composition): Subject => ({
  label,
  molecule: null,
  composition,
})

/** RDKit writes a charge behind its sign: `C2H3O2-`, `Ca+2`. Too long for what a person writes, so without that limit. */
function parseHill(formula: string): Composition | null {
  const [, body = '', sign = '', size = ''] = /^(.*?)(?:([+-])(\d*))?$/.exec(formula)!
  const neutral = parseFormula(body)
  if (neutral === null) return null
  return { ...neutral, charge: sign === '' ? 0 : Number(`${sign}${size === '' ? 1 : size}`) }
}
