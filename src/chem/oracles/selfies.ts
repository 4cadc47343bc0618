import type { SelfiesAtom, SelfiesBond, SelfiesGraph } from './selfies-graph.ts'
import { ORGANIC_SUBSET, parseForSelfies } from './selfies-parse.ts'

/** A molecule that has no SELFIES: unreadable, without a Kekulé structure, or beyond the bonding capacity of an atom. */
export class SelfiesError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'SelfiesError'
  }
}

/** Most bonds of an atom, by element and charge; 8 for the rest (the package's default constraints). */
const BOND_CAPACITY: Readonly<Record<string, number>> = {
  H: 1,
  F: 1,
  Cl: 1,
  Br: 1,
  I: 1,
  B: 3,
  'B+1': 2,
  'B-1': 4,
  O: 2,
  'O+1': 3,
  'O-1': 1,
  N: 3,
  'N+1': 4,
  'N-1': 2,
  C: 4,
  'C+1': 3,
  'C-1': 3,
  P: 5,
  'P+1': 4,
  'P-1': 6,
  S: 6,
  'S+1': 5,
  'S-1': 5,
}

/** The symbols that stand for the digits 0–15 after a ring or branch symbol. */
const INDEX_ALPHABET = [
  '[C]',
  '[Ring1]',
  '[Ring2]',
  '[Branch1]',
  '[=Branch1]',
  '[#Branch1]',
  '[Branch2]',
  '[=Branch2]',
  '[#Branch2]',
  '[O]',
  '[N]',
  '[=N]',
  '[=C]',
  '[#C]',
  '[S]',
  '[P]',
] as const

/**
 * The SELFIES symbols of a SMILES string, `.` between fragments, exactly as `selfies.encoder(smiles, strict=True)` gives them.
 * A port of selfies 2.2.0, `encoder.py` (Apache-2.0; Krenn, Häse, Nigam, Friederich, Aspuru-Guzik 2020, doi:10.1088/2632-2153/aba947;
 * Lo et al. 2023, doi:10.1039/D3DD00044C; https://github.com/aspuru-guzik-group/selfies).
 * @throws SelfiesError where the Python package raises
 * @example selfiesSymbols('C=CF') // ['[C]', '[=C]', '[F]']
 */
export function selfiesSymbols(smiles: string): string[] {
  let graph: SelfiesGraph
  let kekulized: boolean
  try {
    graph = parseForSelfies(smiles)
    kekulized = graph.kekulize()
  } catch (error) {
    throw new SelfiesError(`no SELFIES for ${smiles}: ${(error as Error).message}`, { cause: error })
  }
  if (!kekulized) throw new SelfiesError(`no SELFIES for ${smiles}: no Kekulé structure`)
  checkCapacities(graph, smiles)
  graph.atoms.forEach((atom, i) => {
    if (atom.chirality !== null && graph.hasRingBond[i] && ringOrderIsOdd(graph, i)) {
      atom.chirality = atom.chirality === '@' ? '@@' : '@'
    }
  })
  return graph.roots.flatMap((root, i) =>
    i === 0 ? fragment(graph, null, root) : ['.', ...fragment(graph, null, root)],
  )
}

function checkCapacities(graph: SelfiesGraph, smiles: string): void {
  graph.atoms.forEach((atom, i) => {
    const capacity = (BOND_CAPACITY[atom.element + signed(atom.charge)] ?? 8) - (atom.hCount ?? 0)
    const bonds = graph.bondCount[i]!
    if (bonds > capacity) {
      throw new SelfiesError(
        `no SELFIES for ${smiles}: atom ${i + 1} (${atomText(atom)}) has ${bonds} bonds, at most ${capacity} allowed`,
      )
    }
  })
}

/** Whether decoding meets an atom's ring bonds in an order of the other handedness than the string's. */
function ringOrderIsOdd(graph: SelfiesGraph, atom: number): boolean {
  const bonds = graph.outBonds(atom)
  const closing: number[] = []
  const opening: number[] = []
  const rest: number[] = []
  bonds.forEach((bond, i) => {
    if (!bond.ring) rest.push(i)
    else if (bond.src < bond.dst) opening.push(i)
    else closing.push(i)
  })
  opening.sort((x, y) => bonds[x]!.dst - bonds[y]!.dst)
  const order = [...closing, ...opening, ...rest]
  let inversions = 0
  for (let i = 0; i < order.length; i++) {
    for (let j = i + 1; j < order.length; j++) if (order[i]! > order[j]!) inversions++
  }
  return inversions % 2 !== 0
}

/** The symbols of the chain that starts at `root`, its branches included. */
function fragment(graph: SelfiesGraph, bondIntoRoot: SelfiesBond | null, root: number): string[] {
  const symbols: string[] = []
  let into = bondIntoRoot
  let current = root
  for (;;) {
    symbols.push(`[${into === null ? '' : bondText(into)}${atomText(graph.atoms[current]!)}]`)
    const bonds = graph.outBonds(current)
    for (const [i, bond] of bonds.entries()) {
      if (bond.ring) {
        if (bond.src < bond.dst) continue
        const digits = indexSymbols(bond.src - bond.dst - 1)
        symbols.push(`[${ringText(graph.bond(bond.dst, bond.src), bond)}Ring${digits.length}]`, ...digits)
      } else if (i === bonds.length - 1) {
        into = bond
        current = bond.dst
      } else {
        const branch = fragment(graph, bond, bond.dst)
        const digits = indexSymbols(branch.length - 1)
        symbols.push(`[${bond.order === 1 ? '' : bondText(bond)}Branch${digits.length}]`, ...digits)
        for (const symbol of branch) symbols.push(symbol)
      }
    }
    if (bonds.length === 0 || bonds.at(-1)!.ring) return symbols
  }
}

/** A number in base 16, most significant digit first. */
function indexSymbols(index: number): string[] {
  if (index < 0) throw new SelfiesError('an atom closes a ring with itself')
  const symbols: string[] = []
  for (let rest = index; symbols.length === 0 || rest > 0; rest = Math.floor(rest / 16)) {
    symbols.unshift(INDEX_ALPHABET[rest % 16]!)
  }
  return symbols
}

const signed = (charge: number): string => (charge === 0 ? '' : charge > 0 ? `+${charge}` : `${charge}`)
const bondText = (bond: SelfiesBond): string => (bond.order === 1 ? (bond.stereo ?? '') : bond.order === 2 ? '=' : '#')
const ringText = (left: SelfiesBond, right: SelfiesBond): string =>
  left.order !== 1 || (left.stereo === null && right.stereo === null)
    ? left.order === 1
      ? ''
      : bondText(left)
    : (left.stereo ?? '-') + (right.stereo ?? '-')

/** An atom as a SELFIES symbol without its brackets. */
function atomText({ element, isotope, chirality, hCount, charge }: SelfiesAtom): string {
  if (isotope === null && chirality === null && hCount === null && charge === 0) return element
  const bareBracket = isotope === null && chirality === null && hCount === 0 && charge === 0
  const hydrogens =
    hCount !== null && hCount !== 0 ? `H${hCount}` : bareBracket && ORGANIC_SUBSET.has(element) ? 'H0' : ''
  return (isotope ?? '') + element + (chirality ?? '') + hydrogens + signed(charge)
}
