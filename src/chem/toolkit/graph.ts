/** A molecule's graph as plain data, from RDKit's JSON (rdkitjson, https://github.com/CommonChem/CommonChem plus RDKit's extension). */

export interface Atom {
  /** Atomic number; 0 is a dummy (`*`). */
  readonly z: number
  /** Hydrogens that are not atoms of the graph. */
  readonly hydrogens: number
  readonly charge: number
  readonly radicals: number
  readonly isotope: number
  /** A tetrahedral (or other) stereo mark survived RDKit's perception. */
  readonly stereo: boolean
  readonly inRing: boolean
  readonly neighbours: readonly Neighbour[]
}
export interface Neighbour {
  readonly atom: number
  readonly bond: number
}
export interface Bond {
  readonly atoms: readonly [number, number]
  /** RDKit's Bond::BondType: 1–3 single to triple, 12 aromatic, 17 dative, 0 unspecified. */
  readonly type: number
  readonly inRing: boolean
  /** E or Z is given. */
  readonly stereo: boolean
}
export interface MolGraph {
  readonly atoms: readonly Atom[]
  readonly bonds: readonly Bond[]
  /** Connected component of each atom, numbered by first atom. */
  readonly component: Int32Array
  readonly components: number
}

export const AROMATIC = 12

interface JsonAtom {
  readonly z?: number
  readonly impHs?: number
  readonly chg?: number
  readonly nRad?: number
  readonly isotope?: number
  readonly stereo?: string
}
interface JsonBond {
  readonly atoms: readonly [number, number]
  readonly bo?: number
  readonly stereo?: string
}
interface JsonExtension {
  readonly name: string
  readonly aromaticBonds?: readonly number[]
  readonly atomRings?: readonly (readonly number[])[]
  readonly bondQueries?: readonly ({ readonly descr?: string } | null)[]
}
interface RdkitJson {
  readonly defaults: {
    readonly atom: Required<JsonAtom>
    readonly bond: { readonly bo: number; readonly stereo: string }
  }
  readonly molecules: readonly {
    readonly atoms?: readonly JsonAtom[]
    readonly bonds?: readonly JsonBond[]
    readonly extensions?: readonly JsonExtension[]
  }[]
}

export const EMPTY_GRAPH: MolGraph = { atoms: [], bonds: [], component: new Int32Array(0), components: 0 }

export function parseGraph(json: string): MolGraph {
  const { defaults, molecules } = JSON.parse(json) as RdkitJson
  const { atoms: jsonAtoms = [], bonds: jsonBonds = [], extensions = [] } = molecules[0]!
  const perception = extensions.find(({ name }) => name === 'rdkitRepresentation')
  const queries = extensions.find(({ name }) => name === 'rdkitQueries')?.bondQueries ?? []
  const aromatic = new Set(perception?.aromaticBonds)
  const ringAtoms = new Uint8Array(jsonAtoms.length)
  const ringBonds = new Set<number>()
  const n = jsonAtoms.length
  for (const ring of perception?.atomRings ?? []) {
    for (const [i, atom] of ring.entries()) {
      const other = ring[(i + 1) % ring.length]!
      ringAtoms[atom] = 1
      ringBonds.add(atom < other ? atom * n + other : other * n + atom)
    }
  }
  const neighbours: Neighbour[][] = jsonAtoms.map(() => [])
  const bonds = jsonBonds.map((bond, i): Bond => {
    const [a, b] = bond.atoms
    neighbours[a]!.push({ atom: b, bond: i })
    neighbours[b]!.push({ atom: a, bond: i })
    return {
      atoms: bond.atoms,
      type: bondType(bond.bo ?? defaults.bond.bo, aromatic.has(i), queries[i]?.descr !== undefined),
      inRing: ringBonds.has(a < b ? a * n + b : b * n + a),
      stereo: isGiven(bond.stereo ?? defaults.bond.stereo),
    }
  })
  const atoms = jsonAtoms.map(
    (atom, i): Atom => ({
      z: atom.z ?? defaults.atom.z,
      hydrogens: atom.impHs ?? defaults.atom.impHs,
      charge: atom.chg ?? defaults.atom.chg,
      radicals: atom.nRad ?? defaults.atom.nRad,
      isotope: atom.isotope ?? defaults.atom.isotope,
      stereo: isGiven(atom.stereo ?? defaults.atom.stereo),
      inRing: ringAtoms[i] === 1,
      neighbours: neighbours[i]!,
    }),
  )
  return { atoms, bonds, ...connect(neighbours) }
}

/**
 * rdkitjson gives Kekulé orders and a list of aromatic bonds; only single and double ones take the aromatic type. Its order 0 means both
 * a bond of no type (a `~` query, which Kekulé form may give an order) and an aromatic one outside a perceived system (`C:C`).
 */
function bondType(order: number, aromatic: boolean, query: boolean): number {
  if (query) return 0
  return order === 0 || (aromatic && order < 3) ? AROMATIC : order
}
const isGiven = (stereo: string): boolean => stereo !== 'unspecified' && stereo !== 'either'

function connect(neighbours: readonly (readonly Neighbour[])[]): { component: Int32Array; components: number } {
  const component = new Int32Array(neighbours.length).fill(-1)
  let components = 0
  for (let start = 0; start < neighbours.length; start++) {
    if (component[start] !== -1) continue
    const stack = [start]
    component[start] = components
    while (stack.length > 0) {
      for (const { atom } of neighbours[stack.pop()!]!) {
        if (component[atom] !== -1) continue
        component[atom] = components
        stack.push(atom)
      }
    }
    components++
  }
  return { component, components }
}

/** Has the atom an aromatic bond? */
export const isAromatic = ({ atoms, bonds }: MolGraph, atom: number): boolean =>
  atoms[atom]!.neighbours.some(({ bond }) => bonds[bond]!.type === AROMATIC)

/** `GetNumHeavyAtoms`: neither hydrogens nor dummies. */
export const heavyAtoms = (graph: MolGraph): number => graph.atoms.reduce((n, { z }) => n + (z > 1 ? 1 : 0), 0)

/** One connected component as a graph of its own, atoms and bonds in their order. */
export function componentGraph(graph: MolGraph, component: number): MolGraph {
  if (graph.components === 1) return graph
  const newAtom = new Int32Array(graph.atoms.length).fill(-1)
  let atomCount = 0
  for (const [i, c] of graph.component.entries()) if (c === component) newAtom[i] = atomCount++
  const newBond = new Int32Array(graph.bonds.length).fill(-1)
  const bonds: Bond[] = []
  for (const [i, bond] of graph.bonds.entries()) {
    const [a, b] = bond.atoms
    if (graph.component[a] !== component) continue
    newBond[i] = bonds.push({ ...bond, atoms: [newAtom[a]!, newAtom[b]!] }) - 1
  }
  const atoms = graph.atoms
    .filter((_, i) => graph.component[i] === component)
    .map((atom) => ({
      ...atom,
      neighbours: atom.neighbours.map(({ atom: other, bond }) => ({ atom: newAtom[other]!, bond: newBond[bond]! })),
    }))
  return { atoms, bonds, component: new Int32Array(atoms.length), components: 1 }
}
