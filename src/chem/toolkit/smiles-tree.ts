import type { SmilesToken } from './smiles-tokens.ts'

/** What follows an atom in the string, in order: a ring closure, or a child of the tree. `bond` is the bond symbol as written. */
export type SmilesItem =
  | { readonly kind: 'closure'; readonly bond: string; readonly closure: number }
  | { readonly kind: 'child'; readonly bond: string; readonly atom: number }

export interface SmilesNode {
  readonly text: string
  /** −1 for the first atom of a component. */
  readonly parent: number
  /** Bond symbol to the parent. */
  readonly bond: string
  readonly items: SmilesItem[]
}
export interface SmilesTree {
  readonly nodes: readonly SmilesNode[]
  /** The two atoms of each ring closure. */
  readonly closures: readonly (readonly [number, number])[]
}

/** The spanning tree that a SMILES string spells, atoms in the order of the string. */
export function smilesTree(tokens: readonly SmilesToken[]): SmilesTree {
  const nodes: SmilesNode[] = []
  const closures: [number, number][] = []
  const open = new Map<string, number>()
  const branches: number[] = []
  let previous = -1
  let bond = ''
  for (const { kind, text } of tokens) {
    if (kind === 'open') branches.push(previous)
    else if (kind === 'close') previous = branches.pop() ?? -1
    else if (kind === 'dot') previous = -1
    else if (kind === 'bond') {
      bond = text
      continue
    } else if (kind === 'closure') {
      const label = text.replace(/[%()]/g, '')
      const started = open.get(label)
      const closure = started ?? closures.push([previous, -1]) - 1
      if (started === undefined) open.set(label, closure)
      else {
        closures[started]![1] = previous
        open.delete(label)
      }
      nodes[previous]!.items.push({ kind: 'closure', bond, closure })
    } else {
      const atom = nodes.push({ text, parent: previous, bond, items: [] }) - 1
      if (previous >= 0) nodes[previous]!.items.push({ kind: 'child', bond, atom })
      previous = atom
    }
    bond = ''
  }
  return { nodes, closures }
}
