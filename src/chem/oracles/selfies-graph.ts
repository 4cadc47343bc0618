import { findPerfectMatching } from './selfies-matching.ts'

/**
 * The directed molecular graph of a SMILES string as the `selfies` package sees it: atoms in the string's order, bonds with the
 * direction in which they were written. A port of selfies 2.2.0, `mol_graph.py` (Apache-2.0, Krenn, Lo, Pollice et al.,
 * https://github.com/aspuru-guzik-group/selfies); attribution maps are left out.
 */
export interface SelfiesAtom {
  readonly element: string
  aromatic: boolean
  /** Isotope number without leading zeros, or null. */
  readonly isotope: string | null
  chirality: '@' | '@@' | null
  /** Explicit hydrogens of a bracket atom; null for an atom of the organic subset. */
  readonly hCount: number | null
  readonly charge: number
}

export interface SelfiesBond {
  readonly src: number
  readonly dst: number
  /** 1, 1.5 (aromatic, until kekulised), 2 or 3. */
  order: number
  readonly stereo: '/' | '\\' | null
  readonly ring: boolean
}

/** Valences that an aromatic atom of the SMILES language may have (OpenSMILES §3.5). */
const AROMATIC_VALENCES: Readonly<Record<string, readonly number[]>> = {
  B: [3],
  Al: [3],
  C: [4],
  Si: [4],
  N: [3, 5],
  P: [3, 5],
  As: [3, 5],
  O: [2, 4],
  S: [2, 4],
  Se: [2, 4],
  Te: [2, 4],
}
const VALENCE_ELECTRONS: Readonly<Record<string, number>> = {
  B: 3,
  Al: 3,
  C: 4,
  Si: 4,
  N: 5,
  P: 5,
  As: 5,
  O: 6,
  S: 6,
  Se: 6,
  Te: 6,
}
export const AROMATIC_SUBSET: ReadonlySet<string> = new Set(Object.keys(AROMATIC_VALENCES).map((e) => e.toLowerCase()))

/** Bonds are looked up by their ordered pair of atoms. */
const key = (src: number, dst: number): string => `${src},${dst}`

export class SelfiesGraph {
  readonly atoms: SelfiesAtom[] = []
  /** First atom of every fragment. */
  readonly roots: number[] = []
  /** Outgoing bonds of every atom, in the string's order; null holds the place of a ring bond that is still open. */
  readonly out: (SelfiesBond | null)[][] = []
  /** Sum of bond orders of every atom. */
  readonly bondCount: number[] = []
  readonly hasRingBond: boolean[] = []
  private readonly bonds = new Map<string, SelfiesBond>()
  /** The atoms that take part in delocalised bonds, and their delocalised neighbours in the order of discovery. */
  private readonly delocalised = new Map<number, number[]>()

  addAtom(atom: SelfiesAtom, isRoot: boolean): number {
    const index = this.atoms.length
    if (isRoot) this.roots.push(index)
    this.atoms.push(atom)
    this.out.push([])
    this.bondCount.push(0)
    this.hasRingBond.push(false)
    if (atom.aromatic) this.delocalised.set(index, [])
    return index
  }

  hasBond(a: number, b: number): boolean {
    return this.bonds.has(key(Math.min(a, b), Math.max(a, b)))
  }

  bond(src: number, dst: number): SelfiesBond {
    return this.bonds.get(key(src, dst))!
  }

  /** The complete outgoing bonds of an atom (no ring is open any more once a fragment has been read). */
  outBonds(src: number): SelfiesBond[] {
    return this.out[src] as SelfiesBond[]
  }

  addBond(src: number, dst: number, order: number, stereo: SelfiesBond['stereo']): void {
    this.place({ src, dst, order, stereo, ring: false }, -1)
    this.countBond(src, dst, order)
  }

  /** Keeps a place among the outgoing bonds for a ring bond that closes later. */
  reserveRingBond(src: number): number {
    return this.out[src]!.push(null) - 1
  }

  addRingBond(
    a: { readonly index: number; readonly stereo: SelfiesBond['stereo']; readonly place: number },
    b: { readonly index: number; readonly stereo: SelfiesBond['stereo'] },
    order: number,
  ): void {
    this.place({ src: a.index, dst: b.index, order, stereo: a.stereo, ring: true }, a.place)
    this.place({ src: b.index, dst: a.index, order, stereo: b.stereo, ring: true }, -1)
    this.countBond(a.index, b.index, order)
    this.hasRingBond[a.index] = true
    this.hasRingBond[b.index] = true
  }

  /**
   * Turns every delocalised bond into single and double ones. False where no Kekulé structure exists; throws where an atom
   * cannot be aromatic at all (as the Python package raises KeyError).
   */
  kekulize(): boolean {
    if (this.delocalised.size === 0) return true
    const kept = [...this.delocalised.keys()].filter((node) => !this.needsNoDoubleBond(node)).sort((x, y) => x - y)
    const label = new Map(kept.map((node, i) => [node, i]))
    const graph = kept.map((node) =>
      this.delocalised.get(node)!.flatMap((adj) => (label.has(adj) ? [label.get(adj)!] : [])),
    )
    const matching = findPerfectMatching(graph)
    if (matching === null) return false
    for (const [node, neighbours] of this.delocalised) {
      for (const adj of neighbours) this.setOrder(node, adj, 1)
      this.atoms[node]!.aromatic = false
    }
    matching.forEach((mate, i) => {
      this.setOrder(kept[i]!, kept[mate]!, 2)
    })
    this.delocalised.clear()
    return true
  }

  /** Whether a delocalised atom's valence is already full with single bonds (pyrrole's N, furan's O). */
  private needsNoDoubleBond(node: number): boolean {
    const neighbours = this.delocalised.get(node)!
    if (neighbours.length === 0) return true
    const atom = this.atoms[node]!
    const valences = AROMATIC_VALENCES[atom.element]
    if (valences === undefined) throw new Error(`${atom.element} cannot be aromatic`)
    const count = this.bondCount[node]!
    // delocalised bonds count 1.5 each; here they are taken as single
    const single = Math.trunc(count - 0.5 * neighbours.length)
    if (atom.hCount === null) return valences.includes(single)
    const used = single + atom.hCount
    const bound = Math.max(0, atom.charge) + atom.hCount + Math.trunc(count) + Math.trunc(2 * (count % 1))
    const radical = Math.max(0, VALENCE_ELECTRONS[atom.element]! - bound) % 2
    if (valences.some((v) => used === v - atom.charge)) return true
    const free = valences.at(-1)! - atom.charge - used - radical
    return !(free >= 0 && free % 2 !== 0)
  }

  private setOrder(a: number, b: number, order: number): void {
    const [src, dst] = a < b ? [a, b] : [b, a]
    const bond = this.bond(src, dst)
    const change = order - bond.order
    if (change === 0) return
    bond.order = order
    if (bond.ring) this.bond(dst, src).order = order
    this.bondCount[src]! += change
    this.bondCount[dst]! += change
  }

  private countBond(a: number, b: number, order: number): void {
    this.bondCount[a]! += order
    this.bondCount[b]! += order
    if (order !== 1.5) return
    this.delocalise(a, b)
    this.delocalise(b, a)
  }

  private delocalise(from: number, to: number): void {
    const neighbours = this.delocalised.get(from)
    if (neighbours) neighbours.push(to)
    else this.delocalised.set(from, [to])
  }

  private place(bond: SelfiesBond, at: number): void {
    this.bonds.set(key(bond.src, bond.dst), bond)
    const out = this.out[bond.src]!
    if (at === -1) out.push(bond)
    else out[at] = bond
  }
}
