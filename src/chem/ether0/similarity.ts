import { pyLength } from '../../python/strings.ts'
import { heavyAtoms } from '../toolkit/graph.ts'
import type { Molecule, MolToolkit } from '../toolkit/molecule.ts'
import { bitTanimoto } from '../toolkit/morgan.ts'

/** From here on two molecules count as the same for formula and solubility problems. */
export const CLOSE_ENOUGH = 0.7
/** Difference in heavy atoms that has no practical effect: 1,000 %. */
const ANY_SIZE = 10

/**
 * ether0's `tanimoto_similarity`: Morgan radius 2, 2,048 bits; 0 where a molecule is missing, or where the heavy atoms differ by more
 * than `sizeThreshold` of the larger count.
 */
export function tanimotoSimilarity(a: Molecule | null, b: Molecule | null, sizeThreshold = ANY_SIZE): number {
  if (a === null || b === null) return 0
  // from 1 on no two sizes are too far apart, and no graph is needed
  if (sizeThreshold < 1) {
    const x = heavyAtoms(a.graph)
    const y = heavyAtoms(b.graph)
    const larger = Math.max(x, y)
    if (larger > 0 && Math.abs(x - y) / larger > sizeThreshold) return 0
  }
  return bitTanimoto(a.fingerprint, b.fingerprint)
}

/** ether0's `exact_mol_match`: equal canonical isomeric SMILES. */
export const sameMolecule = (a: Molecule, b: Molecule): boolean => a === b || a.canonical === b.canonical

/** Parts of a SMILES string that are no longer than this are taken for counter-ions. */
const COUNTERION_CHARACTERS = 3

/** Whether `largestPart` looks at any part at all: ethanol's `CCO`, whole, is taken for a counter-ion, as in ether0. */
export const hasPart = (smiles: string): boolean =>
  smiles.split('.').some((part) => pyLength(part) > COUNTERION_CHARACTERS)

/** ether0's `get_largest_mol`: the part between dots with the most atoms, first of equals; null where none can be read. */
export function largestPart(smiles: string, mols: MolToolkit): Molecule | null {
  let largest: Molecule | null = null
  for (const part of smiles.split('.')) {
    if (pyLength(part) <= COUNTERION_CHARACTERS) continue
    const molecule = mols.read(part)
    if (molecule !== null && (largest === null || molecule.atomCount > largest.atomCount)) largest = molecule
  }
  return largest
}
