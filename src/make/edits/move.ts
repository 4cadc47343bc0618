import type { Prng } from '../../prng.ts'
import { atomName, bondOf, type Edit, type Editable, isFreeBond, isPlain, shuffled } from './edit.ts'

/** A substituent to another place of the ring that it stands on. */
export const moveOnRing = (molecule: Editable, random: Prng): Iterable<Edit> => moves(molecule, random, true)

/** A substituent to another atom, not of the same ring. */
export const moveElsewhere = (molecule: Editable, random: Prng): Iterable<Edit> => moves(molecule, random, false)

function* moves(molecule: Editable, random: Prng, onRing: boolean): Iterable<Edit> {
  const { spelling } = molecule
  const roots = spelling.atoms.flatMap(({ parent }, root) =>
    isFreeBond(molecule, root) && isPlain(molecule, parent) && isHome(molecule, parent, onRing) ? [root] : [],
  )
  for (const root of shuffled(roots, random)) {
    const { parent } = spelling.atoms[root]!
    const inside = below(molecule, root)
    const ring = sameRing(molecule, parent)
    const places = molecule.graph.atoms.flatMap((_, place) =>
      place !== parent && !inside.has(place) && ring.has(place) === onRing && takes(molecule, place, parent, onRing)
        ? [place]
        : [],
    )
    for (const place of shuffled(places, random)) {
      const copy = spelling.copy()
      const { bond } = copy.atoms[root]!
      copy.detach(root)
      copy.attach(root, place, bond)
      const [group, from, to] = [
        groupName(molecule, root, inside.size),
        atomName(molecule, parent),
        atomName(molecule, place),
      ]
      yield { smiles: copy.write(), changed: `${group} moved from ${from} to ${to}` }
    }
  }
}

const isHome = ({ graph }: Editable, atom: number, onRing: boolean): boolean =>
  onRing ? graph.atoms[atom]!.inRing && graph.atoms[atom]!.z === 6 : graph.atoms[atom]!.z === 6

/** Carbon with a hydrogen to give; on a ring of the same sort as the old place (aromatic or not). */
function takes(molecule: Editable, place: number, from: number, onRing: boolean): boolean {
  const { graph, spelling } = molecule
  const { z, hydrogens } = graph.atoms[place]!
  if (z !== 6 || hydrogens === 0 || !isPlain(molecule, place)) return false
  return onRing ? spelling.atoms[place]!.text === spelling.atoms[from]!.text : true
}

/** The atom and all behind it in the string. */
function below({ spelling }: Editable, root: number): ReadonlySet<number> {
  const found = new Set([root])
  for (const atom of found) for (const child of spelling.children(atom)) found.add(child)
  return found
}

/** Ring atoms within three ring bonds of an atom. */
function sameRing({ graph }: Editable, start: number): ReadonlySet<number> {
  const found = new Map([[start, 0]])
  if (!graph.atoms[start]!.inRing) return new Set()
  for (const [atom, steps] of found) {
    if (steps === 3) continue
    for (const { atom: next } of graph.atoms[atom]!.neighbours)
      if (!found.has(next) && bondOf(graph, atom, next).inRing) found.set(next, steps + 1)
  }
  return new Set(found.keys())
}

/** `Cl7`, or `the group at O4 (6 atoms)`. */
const groupName = (molecule: Editable, root: number, size: number): string =>
  size === 1 ? atomName(molecule, root) : `the group at ${atomName(molecule, root)} (${size} atoms)`
