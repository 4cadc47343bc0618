import { type Bond, isAromatic, type MolGraph } from './graph.ts'
import { ringsOf } from './ring-count.ts'
import type { SmilesItem, SmilesTree } from './smiles-tree.ts'

/** Parts of a molecule between the bonds that ether0's `get_ring_system` cuts: single bonds outside rings. */
interface Parts {
  /** Number of each atom's part, in the order of their first atoms. */
  readonly of: Int32Array
  /** First atom of each part that has a ring. */
  readonly rings: readonly number[]
}

/**
 * ether0 protects `[#6R,#16R]=[OR0,SR0,CR0,NR0]` from being cut; as only single bonds are cut at all, that changes nothing
 * (an exocyclic C=O stays because it is double).
 */
const isCut = (graph: MolGraph, bond: number): boolean => graph.bonds[bond]!.type === 1 && !graph.bonds[bond]!.inRing

function ringParts(graph: MolGraph): Parts {
  const of = new Int32Array(graph.atoms.length).fill(-1)
  const rings: number[] = []
  let parts = 0
  for (let first = 0; first < graph.atoms.length; first++) {
    if (of[first] !== -1) continue
    const stack = [first]
    of[first] = parts
    let ring = false
    while (stack.length > 0) {
      const { neighbours, inRing } = graph.atoms[stack.pop()!]!
      ring ||= inRing
      for (const { atom, bond } of neighbours) {
        if (of[atom] !== -1 || isCut(graph, bond)) continue
        of[atom] = parts
        stack.push(atom)
      }
    }
    if (ring) rings.push(first)
    parts++
  }
  return { of, rings }
}

/** False where RDKit made a single bond of a multiple one: it reads `n(=O)` as [n+][O-], so the string is not of the graph's molecule. */
export const spellsBonds = (tree: SmilesTree, graph: MolGraph): boolean =>
  tree.nodes.every(({ items }, here) =>
    items.every((item) => !MULTIPLE.test(item.bond) || bondTo(graph, here, otherEnd(tree, item, here)).type !== 1),
  )
const MULTIPLE = /[=#$]/

/** True where a ring that loses a dummy is spelled as aromatic but is not by RDKit: what is left of it has no Kekulé structure then. */
export const overstatesRings = (tree: SmilesTree, graph: MolGraph): boolean =>
  graph.atoms.some(({ z, inRing }) => z === 0 && inRing) &&
  tree.nodes.some(
    ({ text, items, bond }, atom) =>
      !isAromatic(graph, atom) && (LOWER.test(text) || bond === ':' || items.some((item) => item.bond === ':')),
  )
const LOWER = /^(?:[bcnops]|\[\d*[bcnopst])/

/**
 * Whether an aromatic ring loses a dummy, and atoms are left that are aromatic by name but in no ring any more: Python's `RemoveAllHs`
 * raises an AtomKekulizeException at them.
 */
export function breaksAromaticRings(graph: MolGraph): boolean {
  const isDummy = (atom: number): boolean => graph.atoms[atom]!.z === 0
  if (!graph.atoms.some(({ inRing }, atom) => isDummy(atom) && inRing)) return false
  const kept = graph.bonds.flatMap(({ atoms: [a, b] }) => (isDummy(a) || isDummy(b) ? [] : [[a, b] as const]))
  const { inRing } = ringsOf(graph.atoms.length, kept)
  return graph.atoms.some((_, atom) => !isDummy(atom) && isAromatic(graph, atom) && !inRing[atom])
}

/** The atom at the other end of an item. */
function otherEnd({ closures }: SmilesTree, item: SmilesItem, here: number): number {
  if (item.kind === 'child') return item.atom
  const [a, b] = closures[item.closure]!
  return a === here ? b : a
}
const bondTo = ({ atoms, bonds }: MolGraph, a: number, b: number): Bond =>
  bonds[atoms[a]!.neighbours.find(({ atom }) => atom === b)!.bond]!

/** A hydrogen stands where a neighbour was cut off. */
const STUB = '[H]'
const MARK = /^[/\\]+$/
const CHIRALITY = /@+(?:(?:TH|AL|SP|TB|OH)\d*)?/

const OTHER_GEOMETRY = /@(?:AL|SP|TB|OH)/

/** SMILES of one ring system, with its first atom in the molecule. */
export interface RingFragment {
  readonly smiles: string
  /** The same with a hydrogen for every cut-off neighbour, where RDKit cannot read the short form (`COc1=ccc…`). */
  explicit(): string
  readonly atom: number
  /** A hydrogen may stand for a dummy with more than one bond: RDKit must not check valences before it is gone. */
  readonly hasDummy: boolean
}

/**
 * The ring systems of a molecule, cut out of its own SMILES: a cut bond is a bridge, hence an edge of the tree that the string spells, so
 * a ring system is the string less the branches that leave it. A hydrogen stands in for a cut-off neighbour where it matters (chirality,
 * brackets, hetero atoms), so that parity and valence stay; stereo marks that RDKit dropped from the molecule are dropped. The graph's
 * atoms are the tree's nodes, one to one.
 */
export function ringFragments(tree: SmilesTree, graph: MolGraph): RingFragment[] {
  const { of: part, rings } = ringParts(graph)
  return rings.map((atom) => ({
    smiles: new FragmentWriter(tree, graph, part, false).write(atom),
    explicit: () => new FragmentWriter(tree, graph, part, true).write(atom),
    atom,
    hasDummy: graph.atoms.some(({ z }, i) => z === 0 && part[i] === part[atom]),
  }))
}

class FragmentWriter {
  private readonly labels = new Map<number, number>()
  private readonly taken: boolean[] = []
  constructor(
    private readonly tree: SmilesTree,
    private readonly graph: MolGraph,
    private readonly part: Int32Array,
    private readonly everyStub: boolean,
  ) {}

  /**
   * Usually one tree. Pieces that hang together by ring closures alone (`C1.C1`; a metal's ring, whose single bonds are cut as RDKit
   * counts no ring over a dative bond) are joined by dots.
   */
  write(first: number): string {
    const pieces: string[] = []
    for (const [root, { parent, bond }] of this.tree.nodes.entries()) {
      if (this.part[root] !== this.part[first] || this.inside(parent, root)) continue
      const stub = parent >= 0 && this.needsStub(root, bond) ? STUB + this.symbol(bond, root, parent) : ''
      pieces.push(stub + this.chain(root))
    }
    return pieces.join('.')
  }

  /** Are two bonded atoms in one part, by a bond that stays? */
  private inside(atom: number, other: number): boolean {
    if (atom < 0 || this.part[atom] !== this.part[other]) return false
    const neighbour = this.graph.atoms[other]!.neighbours.find((each) => each.atom === atom)!
    return !isCut(this.graph, neighbour.bond)
  }

  /** An atom and all below it; the last item goes on without brackets. */
  private chain(start: number): string {
    let text = ''
    for (let atom: number | null = start; atom !== null; ) {
      const here: number = atom
      const items: readonly SmilesItem[] = this.tree.nodes[here]!.items.filter(
        (item) => this.inside(otherEnd(this.tree, item, here), here) || this.needsStub(here, item.bond),
      )
      text += this.spell(here)
      atom = null
      for (const [i, item] of items.entries()) {
        const other = otherEnd(this.tree, item, here)
        const symbol = this.symbol(item.bond, here, other)
        const last = i === items.length - 1
        if (!this.inside(other, here)) text += last ? symbol + STUB : `(${symbol}${STUB})`
        else if (item.kind === 'closure') text += symbol + this.label(item.closure)
        else if (last) {
          text += symbol
          atom = item.atom
        } else text += `(${symbol}${this.chain(item.atom)})`
      }
    }
    return text
  }

  /**
   * ether0 turns every dummy into a hydrogen, those that stood in the molecule too. With two hydrogens an atom is no stereocentre, and
   * RDKit would lose them together with the mark.
   */
  private spell(atom: number): string {
    const { text } = this.tree.nodes[atom]!
    const { z, stereo, hydrogens, neighbours } = this.graph.atoms[atom]!
    if (z === 0) return STUB
    // of other geometries than the tetrahedron RDKit keeps the mark, whatever hangs on it
    const chiral = OTHER_GEOMETRY.test(text) || (stereo && hydrogens + neighbours.length - this.branches(atom) < 2)
    return chiral ? text : text.replace(CHIRALITY, '')
  }

  /**
   * Carbon without brackets fills up with hydrogen by itself, unless a stereo mark hangs on the bond, or it is written as aromatic but
   * has four neighbours (RDKit reads `c1(C)(C)…` as sp3).
   */
  private needsStub(atom: number, bond: string): boolean {
    const { text } = this.tree.nodes[atom]!
    if (this.everyStub) return true
    if (text !== 'C' && (text !== 'c' || this.graph.atoms[atom]!.neighbours.length > 3)) return true
    return MARK.test(bond) && this.hasStereoBond(atom)
  }

  private symbol(bond: string, a: number, b: number): string {
    return MARK.test(bond) && !this.hasStereoBond(a) && !this.hasStereoBond(b) ? '' : bond
  }

  /** Is the atom in a double bond whose E or Z survives the cuts? RDKit's is dropped where an end has no other neighbour left. */
  private hasStereoBond(atom: number): boolean {
    return this.graph.atoms[atom]!.neighbours.some(
      ({ atom: other, bond }) => this.graph.bonds[bond]!.stereo && this.branches(atom) > 1 && this.branches(other) > 1,
    )
  }

  private branches(atom: number): number {
    return this.graph.atoms[atom]!.neighbours.filter(({ atom: other }) => this.inside(other, atom)).length
  }

  /** Closure digits are given out anew, so that equal ring systems tend to read the same. */
  private label(closure: number): string {
    let label = this.labels.get(closure)
    if (label === undefined) {
      label = this.taken.indexOf(false)
      if (label < 0) label = this.taken.length
      this.taken[label] = true
      this.labels.set(closure, label)
    } else this.taken[label] = false
    return label < 9 ? String(label + 1) : `%(${label + 1})`
  }
}
