import type { MolGraph } from './graph.ts'

/** RDKit gave up on a molecule (stack, memory, an exception of its C++), or it is over a limit of ours: no verdict can rest on it. */
export class ToolkitFailure extends Error {
  override readonly name: string = 'ToolkitFailure'
}

/** It is larger than what we have RDKit read, so that one molecule has an end in time and memory; RDKit was not asked. */
export class MoleculeTooLarge extends ToolkitFailure {
  override readonly name = 'MoleculeTooLarge'
}

/** A molecule that RDKit read. Everything it gives is plain data, computed when first asked and kept. */
export interface Molecule {
  /** As given. */
  readonly smiles: string
  readonly graph: MolGraph
  /** Number of atoms, hydrogens that are atoms included (`GetNumAtoms`). */
  readonly atomCount: number
  /** `MolToSmiles(mol)`: canonical, isomeric. */
  readonly canonical: string
  /** `MolToSmiles(mol, isomericSmiles=False)`. */
  readonly flat: string
  /** `molbloom.canon(smiles)`: canonical, isomeric, Kekulé form. */
  readonly kekule: string
  /** Morgan environments of radius 2, unhashed: unsigned 32-bit numbers, unique, ascending. */
  readonly environments: readonly number[]
  /** The same folded, `GetMorganFingerprintAsBitVect(mol, 2, 2048)`: environment e is bit e mod 2,048, bit i is in byte ⌊i/8⌋ at 2^(i mod 8). */
  readonly fingerprint: Uint8Array
  /** Hill formula with charge (`CalcMolFormula`). */
  readonly formula: string
  /** ether0's ring systems in the order of their first atoms, duplicates kept. */
  readonly ringSystems: readonly RingSystem[]
  /** RDKit's descriptors by its own names: `amw` and `exactmw` in g/mol, `NumRings`, `NumAromaticRings`, `NumHBD` … */
  readonly descriptors: Readonly<Record<string, number>>
}

export interface RingSystem {
  /** `molbloom.canon` of the system: its Bloom key. */
  readonly key: string
  /** Connected component of the molecule that it is in. */
  readonly component: number
}

/** What the rewards need of a chemistry toolkit. All calls are synchronous; none leaks. */
export interface MolToolkit {
  /** `MolFromSmiles`: null where RDKit cannot read the string. */
  read(smiles: string): Molecule | null
  /** Does the molecule have the SMARTS pattern? */
  matches(molecule: Molecule, smarts: string): boolean
  /** `molecule.HasSubstructMatch(part)`. */
  contains(molecule: Molecule, part: Molecule): boolean
  /** How many times the molecule has the SMARTS pattern, each set of atoms once: `len(GetSubstructMatches(pattern))`, at most 1,000. */
  count(molecule: Molecule, smarts: string): number
}
