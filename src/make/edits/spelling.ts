import type { MolGraph } from '../../chem/toolkit/graph.ts'
import { tokenizeSmiles } from '../../chem/toolkit/smiles-tokens.ts'
import { type SmilesItem, smilesTree } from '../../chem/toolkit/smiles-tree.ts'

/** An atom of a spelling: its text, the bond to its parent, and what follows it in the string. */
export interface SpelledAtom {
  text: string
  bond: string
  /** −1 where nothing stands before it. */
  parent: number
  items: SmilesItem[]
}

/**
 * A SMILES string as a tree that edits change: atoms in the order of the string, so that they are the atoms of the graph that RDKit read
 * from it, by the same number. An edit works on a copy and leaves every other atom where it stands: a chiral mark, which counts
 * neighbours in the order of the string, keeps its meaning.
 */
export class Spelling {
  private constructor(
    readonly atoms: SpelledAtom[],
    readonly closures: readonly (readonly [number, number])[],
  ) {}

  /** Null where the string has what the tokeniser does not know, or RDKit dropped atoms of it (hydrogens). */
  static of(smiles: string, graph: MolGraph): Spelling | null {
    const tokens = tokenizeSmiles(smiles)
    if (tokens === null) return null
    const { nodes, closures } = smilesTree(tokens)
    if (nodes.length !== graph.atoms.length) return null
    return new Spelling(
      nodes.map(({ text, bond, parent, items }) => ({ text, bond, parent, items: [...items] })),
      closures,
    )
  }

  copy(): Spelling {
    return new Spelling(
      this.atoms.map((atom) => ({ ...atom, items: [...atom.items] })),
      this.closures,
    )
  }

  /** Adds an atom that nothing refers to yet; its number. */
  add(text: string): number {
    return this.atoms.push({ text, bond: '', parent: -1, items: [] }) - 1
  }

  /** Puts `child` behind `parent`, in the place of `instead` or at the end. */
  attach(child: number, parent: number, bond: string, instead: number | null = null): void {
    const item: SmilesItem = { kind: 'child', bond, atom: child }
    const { items } = this.atoms[parent]!
    const at = instead === null ? -1 : items.findIndex((one) => one.kind === 'child' && one.atom === instead)
    if (at < 0) items.push(item)
    else items[at] = item
    this.atoms[child]!.parent = parent
    this.atoms[child]!.bond = bond
  }

  /** Takes `child` from its parent. */
  detach(child: number): void {
    const { parent } = this.atoms[child]!
    if (parent < 0) return
    const items = this.atoms[parent]!.items
    items.splice(
      items.findIndex((one) => one.kind === 'child' && one.atom === child),
      1,
    )
    this.atoms[child]!.parent = -1
  }

  children(atom: number): number[] {
    return this.atoms[atom]!.items.flatMap((item) => (item.kind === 'child' ? [item.atom] : []))
  }

  /** The string; atoms in `left` (already detached) are left out. */
  write(left: ReadonlySet<number> = NONE): string {
    const labels = new Labels()
    return this.atoms
      .flatMap(({ parent }, root) => (parent < 0 && !left.has(root) ? [this.branch(root, labels)] : []))
      .join('.')
  }

  private branch(start: number, labels: Labels): string {
    let text = ''
    for (let at: number | null = start; at !== null; ) {
      const { text: own, items }: SpelledAtom = this.atoms[at]!
      text += own
      at = null
      for (const [i, item] of items.entries()) {
        if (item.kind === 'closure') text += item.bond + labels.of(item.closure)
        else if (i < items.length - 1) text += `(${item.bond}${this.branch(item.atom, labels)})`
        else {
          text += item.bond
          at = item.atom
        }
      }
    }
    return text
  }
}

const NONE: ReadonlySet<number> = new Set()

/** Ring closure digits, given out anew and taken back when a ring closes. */
class Labels {
  private readonly open = new Map<number, number>()
  private readonly taken: boolean[] = []
  of(closure: number): string {
    let label = this.open.get(closure)
    if (label === undefined) {
      label = this.taken.indexOf(false)
      if (label < 0) label = this.taken.length
      this.open.set(closure, label)
      this.taken[label] = true
    } else {
      this.open.delete(closure)
      this.taken[label] = false
    }
    return label < 9 ? String(label + 1) : `%${label < 99 ? label + 1 : `(${label + 1})`}`
  }
}
