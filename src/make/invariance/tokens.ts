import { type SmilesToken, tokenizeSmiles } from '../../chem/toolkit/smiles-tokens.ts'
import { type SmilesTree, smilesTree } from '../../chem/toolkit/smiles-tree.ts'
import type { Toolkit } from '../../chem/toolkit/toolkit.ts'

/** An atom of the graph that RDKit read, in the order of the string. */
export interface ReadAtom {
  readonly hydrogens: number
  readonly aromatic: boolean
}

/** A SMILES string as tokens beside RDKit's reading of it: both number atoms in the order of the string. */
export interface SmilesText {
  readonly tokens: readonly SmilesToken[]
  readonly tree: SmilesTree
  readonly atoms: readonly ReadAtom[]
  /** Order of the bond between two atoms in Kekulé form; 0 where there is none. */
  kekuleOrder(a: number, b: number): number
}

interface Json {
  readonly defaults: { readonly atom: { readonly impHs: number }; readonly bond: { readonly bo: number } }
  readonly molecules: readonly {
    readonly atoms: readonly { readonly impHs?: number }[]
    readonly bonds?: readonly { readonly bo?: number; readonly atoms: readonly [number, number] }[]
    readonly extensions?: readonly { readonly name: string; readonly aromaticAtoms?: readonly number[] }[]
  }[]
}

/** null where the string has what the tokeniser does not know. */
export function smilesText(smiles: string, toolkit: Toolkit): SmilesText | null {
  const tokens = tokenizeSmiles(smiles)
  if (tokens === null) return null
  const tree = smilesTree(tokens)
  const json = toolkit.withHandle(smiles, 'keep-hydrogens', (handle) => JSON.parse(handle.json()) as Json)
  const [molecule] = json?.molecules ?? []
  if (json === null || molecule === undefined || molecule.atoms.length !== tree.nodes.length) return null
  const aromatic = new Set(molecule.extensions?.find(({ name }) => name === 'rdkitRepresentation')?.aromaticAtoms)
  const n = molecule.atoms.length
  const orders = new Map<number, number>()
  for (const { atoms, bo = json.defaults.bond.bo } of molecule.bonds ?? [])
    orders.set(Math.min(...atoms) * n + Math.max(...atoms), bo)
  return {
    tokens,
    tree,
    atoms: molecule.atoms.map(({ impHs = json.defaults.atom.impHs }, i) => ({
      hydrogens: impHs,
      aromatic: aromatic.has(i),
    })),
    kekuleOrder: (a, b) => orders.get(Math.min(a, b) * n + Math.max(a, b)) ?? 0,
  }
}

/** The parts between dots, where each is a SMILES string by itself; null where a ring closure joins two of them. */
export function partsOf(smiles: string, toolkit: Toolkit): readonly string[] | null {
  const parts = smiles.split('.')
  return parts.every((part) => part !== '' && toolkit.read(part) !== null) ? parts : null
}

/** Index of each `atom` token in `tokens`, by atom. */
export const atomTokens = (tokens: readonly SmilesToken[]): number[] =>
  [...tokens.keys()].filter((i) => tokens[i]!.kind === 'atom')
