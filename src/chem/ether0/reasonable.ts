import { PythonError } from '../../python/error.ts'
import { componentGraph, heavyAtoms, isAromatic, type MolGraph } from '../toolkit/graph.ts'
import { type Molecule, type MolToolkit, type RingSystem, ToolkitFailure } from '../toolkit/molecule.ts'
import { morganIds } from '../toolkit/morgan.ts'
import type { ChemistryData } from './data.ts'
import { REWARD_REASON, type RewardReason } from './reason.ts'

/** Heavy atoms of the smaller of two fragments, beyond which it is no counter-ion. */
const MAX_COUNTERION_ATOMS = 5

/**
 * ether0's `is_reasonable_molecule`: null where the molecule passes, else why not. One molecule, at most with a small counter-ion; the
 * larger of both has only known ring systems and only known Morgan environments (radius 2). What `reference` has counts as known.
 * RDKit's sanitisation, which ether0 runs first, has happened when the molecule was read; a second one changes only rings like `c1cccc~c1`.
 */
export function unreasonable(
  molecule: Molecule,
  data: ChemistryData,
  reference: Molecule | null = null,
): RewardReason | null {
  const { graph } = molecule
  if (!sanitisesAgain(molecule)) return REWARD_REASON.INVALID_MOL
  // Python indexes the empty list of fragments
  if (graph.components === 0) throw new PythonError('IndexError', 'list index out of range')
  if (graph.bonds.some((bond) => bond.type === 0 && bond.atoms.every((atom) => isAromatic(graph, atom)))) {
    throw new ToolkitFailure('an aromatic ring with a bond of no type, which a second sanitisation takes apart')
  }
  const bySize = componentsBySize(graph)
  if (bySize.length > 2) return REWARD_REASON.FAILED_COUNTERION_CHECK
  const [largest = 0, smaller] = bySize
  if (smaller !== undefined && heavyAtoms(componentGraph(graph, smaller)) > MAX_COUNTERION_ATOMS) {
    return REWARD_REASON.FAILED_COUNTERION_CHECK
  }
  const rings = molecule.ringSystems.filter(({ component }) => component === largest)
  if (!knownRings(rings, data, reference)) return REWARD_REASON.FAILED_RING_CHECK
  const environments = bySize.length === 1 ? molecule.environments : morganIds(componentGraph(graph, largest))
  return knownEnvironments(environments, data, reference) ? null : REWARD_REASON.FAILED_REOS_CHECK
}

/** Elements that are aromatic in one valence only: what RDKit made aromatic of them has a Kekulé structure. */
const ONE_AROMATIC_VALENCE = new Set([0, 6, 7, 8])

/**
 * Whether RDKit's sanitisation, which ether0 runs on the molecule as it was read, succeeds a second time: it does not where the first found
 * a ring aromatic that has no Kekulé structure by its own rules, as that of a sulphur with four bonds (`C1=CC2=CC=CC2=s1`).
 */
function sanitisesAgain(molecule: Molecule): boolean {
  const { graph } = molecule
  if (!graph.atoms.some(({ z }, atom) => !ONE_AROMATIC_VALENCE.has(z) && isAromatic(graph, atom))) return true
  try {
    return molecule.kekule !== ''
  } catch (error) {
    if (error instanceof ToolkitFailure) return false
    throw error
  }
}

/** Largest first by atoms, equals in their order. */
function componentsBySize(graph: MolGraph): number[] {
  const sizes = new Array<number>(graph.components).fill(0)
  for (const c of graph.component) sizes[c]!++
  return sizes.map((_, i) => i).sort((a, b) => sizes[b]! - sizes[a]!)
}

/** ether0's `is_reasonable_ring_system`. */
export function knownRings(rings: readonly RingSystem[], data: ChemistryData, reference: Molecule | null): boolean {
  const exempt = new Set(reference?.ringSystems.map(({ key }) => key))
  return rings.every(({ key }) => exempt.has(key) || data.rings.has(key))
}

/** ether0's `is_reasonable_fp`, on environments. */
export function knownEnvironments(ids: readonly number[], data: ChemistryData, reference: Molecule | null): boolean {
  const exempt = new Set(reference?.environments)
  return ids.every((id) => exempt.has(id) || data.fingerprints.has(String(id)))
}

/** Substructures that cost ether0's good-molecule bonus (its BAD_SMARTS_PATTERNS). */
export const BAD_SMARTS_PATTERNS: readonly string[] = [
  '[#16]-[#16]-[#16]', // more than a disulfide
  '[#8]~[#8]', // peroxides
  '[#7]-[NH2]', // hydrazines
  '[#7]-[NH3]', // their salts
  '[#7]~[#7]~[#7]', // three nitrogens in a row
  '[NX2](=[OX1])[O;$([X2]),$([X1-])]', // nitrite
  '[SX2][NX2]=[OX1]', // thionitrite
  '[$([NX3](=[OX1])(=[OX1])[O;$([X2]),$([X1-])]),$([NX3+]([OX1-])(=[OX1])[O;$([X2]),$([X1-])])]', // nitrate
  '[$([NX3](=O)=O),$([NX3+](=O)[O-])][!#8]', // nitro
  '[NX2](=[OX1])[!#7;!#8]', // nitroso
  `[CX4]${'-[CX4]'.repeat(6)}`, // seven saturated carbons in a row
]

/** ether0's `contains_bad_substruct`. */
export const hasBadSubstructure = (molecule: Molecule, mols: MolToolkit): boolean =>
  BAD_SMARTS_PATTERNS.some((smarts) => mols.matches(molecule, smarts))
