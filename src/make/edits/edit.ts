import type { MolGraph } from '../../chem/toolkit/graph.ts'
import type { Molecule } from '../../chem/toolkit/molecule.ts'
import type { Toolkit } from '../../chem/toolkit/toolkit.ts'
import { below, type Prng } from '../../prng.ts'
import { Spelling } from './spelling.ts'

/** A molecule as edits see it: what RDKit read, and how it is spelled. Both count atoms alike. */
export interface Editable {
  readonly molecule: Molecule
  readonly graph: MolGraph
  readonly spelling: Spelling
  readonly mols: Toolkit
}

/** Another molecule that one step leads to. */
export interface Edit {
  readonly smiles: string
  /** In words, atoms by their place in the molecule's SMILES from 1: `C12: R → S`. */
  readonly changed: string
}

/** The edits of one kind, lazily and in random order. */
export type Edits = (molecule: Editable, random: Prng) => Iterable<Edit>

/** Null where the SMILES string cannot be edited (hydrogens that are atoms, characters beyond the tokeniser). */
export function editable(molecule: Molecule, mols: Toolkit): Editable | null {
  const { graph } = molecule
  const spelling = Spelling.of(molecule.smiles, graph)
  return spelling === null ? null : { molecule, graph, spelling, mols }
}

/** A shuffled copy. */
export function shuffled<T>(items: readonly T[], random: Prng): T[] {
  const copy = [...items]
  for (let i = copy.length - 1; i > 0; i--) {
    const j = below(random, i + 1)
    ;[copy[i], copy[j]] = [copy[j]!, copy[i]!]
  }
  return copy
}

export const pick = <T>(items: readonly T[], random: Prng): T => items[below(random, items.length)]!

/** `C12`: element and place in the SMILES string, from 1. */
export const atomName = ({ spelling }: Pick<Editable, 'spelling'>, atom: number): string =>
  `${elementOf(spelling.atoms[atom]!.text)}${atom + 1}`

/** @example elementOf('[C@@H]') // 'C' */
export function elementOf(text: string): string {
  const symbol = /^\[\d*([A-Z][a-z]?|[a-z][a-z]?|\*)/.exec(text)?.[1] ?? text
  return symbol.charAt(0).toUpperCase() + symbol.slice(1)
}

/** Whether the bond from an atom to its parent may be cut or moved: single, outside rings, without a mark. */
export function isFreeBond({ graph, spelling }: Editable, atom: number): boolean {
  const { parent, bond } = spelling.atoms[atom]!
  if (parent < 0 || (bond !== '' && bond !== '-')) return false
  const { type, inRing } = bondOf(graph, atom, parent)
  return type === 1 && !inRing
}

export const bondOf = ({ atoms, bonds }: MolGraph, a: number, b: number) =>
  bonds[atoms[a]!.neighbours.find(({ atom }) => atom === b)!.bond]!

/** No chiral mark on the atom, and no E or Z mark on its bonds: neighbours may come and go. */
export function isPlain({ graph, spelling }: Editable, atom: number): boolean {
  const { text, bond, items } = spelling.atoms[atom]!
  return (
    !text.startsWith('[') &&
    !MARK.test(bond) &&
    !items.some((item) => MARK.test(item.bond)) &&
    !graph.atoms[atom]!.neighbours.some(({ bond: at }) => graph.bonds[at]!.stereo)
  )
}
const MARK = /[/\\]/

/** Only single bonds. */
export const isSaturated = ({ graph }: Editable, atom: number): boolean =>
  graph.atoms[atom]!.neighbours.every(({ bond }) => graph.bonds[bond]!.type === 1)
