import type { Prng } from '../../prng.ts'
import { atomName, bondOf, type Edit, type Editable, elementOf, isPlain, isSaturated, shuffled } from './edit.ts'

/** What may stand in an atom's place, by how it is written: the same bonds, another element. */
function others(molecule: Editable, atom: number): readonly string[] {
  const { graph, spelling } = molecule
  const { text } = spelling.atoms[atom]!
  const { neighbours, hydrogens } = graph.atoms[atom]!
  if (HALOGENS.includes(text)) return HALOGENS.filter((other) => other !== text)
  if (text === 'c') return hydrogens === 1 && neighbours.length === 2 ? ['n'] : []
  if (text === 'n') return hydrogens === 0 && neighbours.length === 2 ? ['c'] : []
  if (text === 'o') return ['s']
  if (text === 's') return ['o']
  if (text === 'O' && isSaturated(molecule, atom)) return ['S', 'N', 'C']
  if (text === 'O') return ['S']
  if (text === 'S' && neighbours.length <= 2) return ['O']
  if (text === 'N' && isSaturated(molecule, atom)) return hydrogens >= 1 ? ['C', 'O'] : ['C']
  if (text === 'C' && isSaturated(molecule, atom) && isPlain(molecule, atom)) return SATURATED[neighbours.length] ?? []
  return []
}
const HALOGENS = ['F', 'Cl', 'Br', 'I']
/** By number of neighbours. */
const SATURATED: Readonly<Record<number, readonly string[]>> = {
  1: ['O', 'N', 'F', 'Cl'],
  2: ['O', 'N', 'S'],
  3: ['N'],
}

/** One heavy atom of another element. */
export function* swapElement(molecule: Editable, random: Prng): Iterable<Edit> {
  const { spelling } = molecule
  const swaps = spelling.atoms.flatMap((_, atom) => others(molecule, atom).map((text) => ({ atom, text })))
  for (const { atom, text } of shuffled(swaps, random)) {
    const copy = spelling.copy()
    copy.atoms[atom]!.text = text
    yield { smiles: copy.write(), changed: `${atomName(molecule, atom)} → ${elementOf(text)}` }
  }
}

/** Two neighbours of a chain change places: C–O–C–C becomes C–C–O–C. The formula stays. */
export function* exchangeNeighbours(molecule: Editable, random: Prng): Iterable<Edit> {
  const { graph, spelling } = molecule
  const single = (atom: number): boolean =>
    ['C', 'N', 'O', 'S'].includes(spelling.atoms[atom]!.text) &&
    isSaturated(molecule, atom) &&
    isPlain(molecule, atom) &&
    !graph.atoms[atom]!.inRing
  const couples = spelling.atoms.flatMap(({ parent }, child) =>
    parent >= 0 &&
    spelling.atoms[child]!.text !== spelling.atoms[parent]!.text &&
    single(child) &&
    single(parent) &&
    bondOf(graph, child, parent).type === 1
      ? [{ child, parent }]
      : [],
  )
  for (const { child, parent } of shuffled(couples, random)) {
    const copy = spelling.copy()
    const [a, b] = [copy.atoms[child]!, copy.atoms[parent]!]
    ;[a.text, b.text] = [b.text, a.text]
    yield {
      smiles: copy.write(),
      changed: `${atomName(molecule, parent)} and ${atomName(molecule, child)} exchanged`,
    }
  }
}
