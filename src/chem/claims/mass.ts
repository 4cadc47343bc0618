import type { MolToolkit } from '../toolkit/molecule.ts'
import type { Subject } from './subject.ts'

/** Which mass is meant: weighted by natural abundance, of the lightest common isotopes, or either (`molecular mass`). */
export type MassKind = 'average' | 'monoisotopic' | 'either'

export interface Masses {
  readonly average: number
  readonly monoisotopic: number
}

const ELEMENTS = new Map<string, Masses>()

/** g/mol, by RDKit; of a formula, from RDKit's masses of its elements. Null where they cannot be told. */
export function massesOf({ molecule, composition }: Subject, mols: MolToolkit): Masses | null {
  if (molecule !== null) {
    if (molecule.graph.atoms.some(({ z }) => z === 0)) return null
    return { average: molecule.descriptors.amw!, monoisotopic: molecule.descriptors.exactmw! }
  }
  if (composition === null) return null
  let average = 0
  let monoisotopic = 0
  for (const [symbol, n] of composition.atoms) {
    const one = elementMasses(symbol, mols)
    if (one === null) return null
    average += n * one.average
    monoisotopic += n * one.monoisotopic
  }
  return { average, monoisotopic }
}

function elementMasses(symbol: string, mols: MolToolkit): Masses | null {
  const known = ELEMENTS.get(symbol)
  if (known !== undefined) return known
  const atom = mols.read(`[${symbol}]`)
  if (atom === null) return null
  const masses = { average: atom.descriptors.amw!, monoisotopic: atom.descriptors.exactmw! }
  ELEMENTS.set(symbol, masses)
  return masses
}

/** A mass as stated: decimals tell how exactly; `approximate` stands before it (`about`, `≈`, `~`). */
export interface StatedMass {
  readonly value: number
  readonly decimals: number
  readonly approximate: boolean
}

/**
 * Is the stated mass the computed one? It passes within half a unit of its last digit and 0.01 % (tables of atomic weights differ by that
 * much; 0.002 for a monoisotopic mass), and fails beyond half a unit and 0.1 % (0.01 for a monoisotopic one); null in between. An
 * approximate one passes within 0.5 %, fails beyond 3 %.
 */
export function massAgrees(stated: StatedMass, computed: number, kind: 'average' | 'monoisotopic'): boolean | null {
  const off = Math.abs(stated.value - computed)
  const half = 0.5 * 10 ** -stated.decimals
  const isAverage = kind === 'average'
  let near = half + (isAverage ? 1e-4 * computed : 0.002)
  let far = half + (isAverage ? 1e-3 * computed : 0.01)
  if (stated.approximate) {
    near = Math.max(near, 5e-3 * computed)
    far = Math.max(far, 3e-2 * computed)
  }
  if (off <= near + 1e-9) return true
  return off > far ? false : null
}
