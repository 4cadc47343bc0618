import type { Atom, MolGraph } from './graph.ts'
import { deltaMass } from './isotope.ts'

/** boost::hash_combine on 32 bits, as RDKit has it in gboost. */
const combine = (seed: number, value: number): number =>
  (seed ^ ((value + 0x9e3779b9 + (seed << 6) + (seed >>> 2)) >>> 0)) >>> 0

/** RDKit's connectivity invariant: element, degree and hydrogens, charge, isotope, ring membership. */
function atomInvariant(atom: Atom, atoms: readonly Atom[]): number {
  let explicitHydrogens = 0
  for (const { atom: other } of atom.neighbours) if (atoms[other]!.z === 1) explicitHydrogens++
  let seed = combine(0, atom.z)
  // hydrogens that are atoms count in the degree and again among the hydrogens
  seed = combine(seed, atom.neighbours.length + atom.hydrogens)
  seed = combine(seed, atom.hydrogens + explicitHydrogens)
  seed = combine(seed, atom.charge >>> 0)
  seed = combine(seed, deltaMass(atom.z, atom.isotope) >>> 0)
  return atom.inRing ? combine(seed, 1) : seed
}

interface Environment {
  readonly atom: number
  readonly id: number
}

/**
 * Identifiers of the circular environments up to `radius` bonds, unhashed: the keys of RDKit's `GetMorganFingerprint(mol, 2)`.
 * Rogers & Hahn 2010, doi:10.1021/ci100050t, with RDKit's hashing: environments that cover the same bonds count once, the one with the
 * lowest identifier (then atom) stays, the others' atoms are dead from then on.
 */
export function morganIds(graph: MolGraph, radius = 2): number[] {
  const { atoms, bonds } = graph
  let invariants = atoms.map((atom) => atomInvariant(atom, atoms))
  const ids = new Set(invariants)
  const seen = new Set<string>()
  const dead = new Uint8Array(atoms.length)
  let reach: readonly (readonly number[])[] = atoms.map(() => [])
  for (let layer = 0; layer < radius; layer++) {
    // a dead atom's identifier is 0 in the next layer
    const next = new Array<number>(atoms.length).fill(0)
    const nextReach = reach.slice()
    const byBonds = new Map<string, Environment[]>()
    for (const [i, atom] of atoms.entries()) {
      if (dead[i] === 1) continue
      if (atom.neighbours.length === 0) {
        dead[i] = 1
        continue
      }
      const covered = new Set(reach[i])
      const around: [type: number, id: number][] = []
      for (const { atom: other, bond } of atom.neighbours) {
        covered.add(bond)
        for (const further of reach[other]!) covered.add(further)
        around.push([bonds[bond]!.type, invariants[other]!])
      }
      around.sort((a, b) => a[0] - b[0] || a[1] - b[1])
      let id = combine(layer, invariants[i]!)
      for (const [type, other] of around) id = combine(id, combine(combine(0, type), other))
      next[i] = id
      const list = [...covered].sort((a, b) => a - b)
      nextReach[i] = list
      const key = list.join()
      const same = byBonds.get(key)
      if (same === undefined) byBonds.set(key, [{ atom: i, id }])
      else same.push({ atom: i, id })
    }
    for (const [key, environments] of byBonds) {
      const first = seen.has(key) ? undefined : environments.reduce((a, b) => (b.id < a.id ? b : a))
      seen.add(key)
      for (const environment of environments) {
        if (environment === first) ids.add(environment.id)
        else dead[environment.atom] = 1
      }
    }
    invariants = next
    reach = nextReach
  }
  return [...ids].sort((a, b) => a - b)
}

/** Tanimoto similarity of two fingerprints, bit by bit; 0 where neither has one (molecules without atoms), as in RDKit. */
export function bitTanimoto(a: Uint8Array, b: Uint8Array): number {
  let shared = 0
  let union = 0
  for (const [i, bits] of a.entries()) {
    shared += SET_BITS[bits & b[i]!]!
    union += SET_BITS[bits | b[i]!]!
  }
  return union === 0 ? 0 : shared / union
}

/** How many bits of each byte are set. */
const SET_BITS = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll('0', '').length)
