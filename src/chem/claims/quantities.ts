import type { MolGraph } from '../toolkit/graph.ts'
import { AROMATIC } from '../toolkit/graph.ts'
import type { MolToolkit } from '../toolkit/molecule.ts'
import type { ClaimKind } from './claim.ts'
import { SYMBOLS, unsaturation } from './formula.ts'
import type { Subject } from './subject.ts'

/** A number that chemists may read in two ways: from the least to the most. */
export interface Range {
  readonly low: number
  readonly high: number
}
const exact = (n: number): Range => ({ low: n, high: n })

/** Something of a molecule that is counted. */
export interface Quantity {
  readonly kind: ClaimKind
  /** Plural: how a reason calls it. */
  readonly title: string
  /** The reading that most would give: a count that is it passes, even where another reading gives another number. */
  readonly prefers?: 'high'
  /** Null where it cannot be told of this subject. */
  of(subject: Subject, mols: MolToolkit): Range | null
}

/** Lower-case names of elements that a text may say a molecule contains. */
export const ELEMENT_NAMES: Readonly<Record<string, string>> = {
  carbon: 'C',
  hydrogen: 'H',
  nitrogen: 'N',
  oxygen: 'O',
  sulfur: 'S',
  sulphur: 'S',
  phosphorus: 'P',
  fluorine: 'F',
  chlorine: 'Cl',
  bromine: 'Br',
  iodine: 'I',
  boron: 'B',
  silicon: 'Si',
  selenium: 'Se',
  sodium: 'Na',
  potassium: 'K',
  lithium: 'Li',
  magnesium: 'Mg',
}

const atomsOf = (symbol: string): Quantity => ({
  kind: 'atom_count',
  title: `${symbol} atoms`,
  of: ({ composition }) => (composition === null ? null : exact(composition.atoms.get(symbol) ?? 0)),
})

const fromComposition = (title: string, count: (symbol: string) => boolean): Quantity => ({
  kind: 'atom_count',
  title,
  of: ({ composition }) =>
    composition === null ? null : exact([...composition.atoms].reduce((n, [s, k]) => n + (count(s) ? k : 0), 0)),
})

/** Of molecules: one of RDKit's descriptors. */
const described = (kind: ClaimKind, title: string, ...names: readonly string[]): Quantity => ({
  kind,
  title,
  of: ({ molecule }) => {
    if (molecule === null) return null
    const values = names.map((name) => molecule.descriptors[name]!)
    return { low: Math.min(...values), high: Math.max(...values) }
  },
})

/** Of molecules: matches of a narrow and a broad pattern. */
export const matched = (kind: ClaimKind, title: string, narrow: string, broad: string): Quantity => ({
  kind,
  title,
  of: ({ molecule }, mols) => {
    if (molecule === null) return null
    const a = mols.count(molecule, narrow)
    const b = narrow === broad ? a : mols.count(molecule, broad)
    return { low: Math.min(a, b), high: Math.max(a, b) }
  },
})

const fromGraph = (kind: ClaimKind, title: string, count: (graph: MolGraph) => Range): Quantity => ({
  kind,
  title,
  of: ({ molecule }) => (molecule === null ? null : count(molecule.graph)),
})

/** "Atoms" may leave the hydrogens out: a count that only the heavy atoms give is not decided. */
const ATOMS: Quantity = {
  kind: 'atom_count',
  title: 'atoms',
  prefers: 'high',
  of: ({ composition }) => {
    if (composition === null) return null
    const all = [...composition.atoms.values()].reduce((a, b) => a + b, 0)
    return { low: all - (composition.atoms.get('H') ?? 0), high: all }
  },
}

/** Bonds of an order; aromatic ones may be drawn as double bonds, so that they widen the range. */
function bonds(order: 2 | 3, title: string, between: (a: number, b: number) => boolean): Quantity {
  return fromGraph('bond_count', title, ({ atoms, bonds: all }) => {
    const here = all.filter(({ atoms: [a, b] }) => between(atoms[a]!.z, atoms[b]!.z))
    const sure = here.filter(({ type }) => type === order).length
    const maybe = order === 2 ? here.filter(({ type }) => type === AROMATIC).length : 0
    return { low: sure, high: sure + maybe }
  })
}
const any = (): boolean => true
const carbons = (a: number, b: number): boolean => a === 6 && b === 6

/** Rings of `size` atoms: those of RDKit's smallest set, and all closed walks of that length. */
function ringsOfSize(size: number): Quantity {
  const ring = (atom: string): string => `${atom}1${`~${atom}`.repeat(size - 2)}~${atom}1`
  return {
    kind: 'ring_count',
    title: `${size}-membered rings`,
    of: ({ molecule }, mols) => {
      if (molecule === null) return null
      const some = mols.count(molecule, ring(`[r${size}]`))
      const all = mols.count(molecule, ring('*'))
      return { low: Math.min(some, all), high: all }
    },
  }
}

export const UNSATURATION: Quantity = {
  kind: 'unsaturation',
  title: 'degrees of unsaturation',
  of: ({ composition, molecule }) => {
    if (composition === null || (molecule !== null && molecule.graph.components !== 1)) return null
    const degrees = unsaturation(composition)
    return degrees === null ? null : exact(degrees)
  },
}
const DONORS = described('hydrogen_bonding', 'hydrogen-bond donors', 'NumHBD', 'lipinskiHBD')
const ACCEPTORS = described('hydrogen_bonding', 'hydrogen-bond acceptors', 'NumHBA', 'lipinskiHBA')
/** Those that the SMILES gives and those that it could give. */
const STEREOCENTRES: Quantity = {
  kind: 'stereocentres',
  title: 'stereocentres',
  of: ({ molecule }) => {
    if (molecule === null) return null
    const { NumAtomStereoCenters: all = 0, NumUnspecifiedAtomStereoCenters: open = 0 } = molecule.descriptors
    // where the SMILES gives none, all that are possible are meant
    return all === open ? exact(all) : { low: all - open, high: all }
  },
}
/** RDKit's strict definition and the plain one (any single bond outside rings between atoms that are not at an end). */
const ROTATABLE: Quantity = {
  kind: 'rotatable_bonds',
  title: 'rotatable bonds',
  of: (subject, mols) => {
    const { molecule } = subject
    if (molecule === null) return null
    const strict = molecule.descriptors.NumRotatableBonds!
    const plain = mols.count(molecule, '[!$(*#*);!D1]-&!@[!$(*#*);!D1]')
    return { low: Math.min(strict, plain), high: Math.max(strict, plain) }
  },
}
export const RINGS = described('ring_count', 'rings', 'NumRings')
export const AROMATIC_RINGS = described('ring_count', 'aromatic rings', 'NumAromaticRings')

/** Where every ring shares one bond with the rest, as in naphthalene; else which of them are meant is not told. */
const FUSED: Quantity = {
  kind: 'ring_count',
  title: 'fused rings',
  of: ({ molecule }, mols) => {
    if (molecule === null) return null
    const rings = molecule.descriptors.NumRings!
    return rings > 1 && mols.count(molecule, '[R2]@[R2]') === rings - 1 && mols.count(molecule, '[R3]') === 0
      ? exact(rings)
      : null
  },
}

const SIZES: readonly (readonly [words: string, size: number])[] = [
  ['three 3', 3],
  ['four 4', 4],
  ['five 5', 5],
  ['six 6', 6],
  ['seven 7', 7],
  ['eight 8', 8],
]

/** Singular phrase, lower case → quantity. */
function phrases(): Map<string, Quantity> {
  const table = new Map<string, Quantity>()
  const add = (names: string, quantity: Quantity): void => {
    for (const name of names.split(', ')) table.set(name, quantity)
  }
  for (const [name, symbol] of Object.entries(ELEMENT_NAMES)) add(`${name}, ${name} atom`, atomsOf(symbol))
  for (const symbol of SYMBOLS) add(`${symbol.toLowerCase()} atom`, atomsOf(symbol))
  add('atom', ATOMS)
  add(
    'heavy atom, non-hydrogen atom, nonhydrogen atom',
    fromComposition('heavy atoms', (s) => s !== 'H'),
  )
  add(
    'heteroatom, hetero atom',
    fromComposition('heteroatoms', (s) => s !== 'H' && s !== 'C'),
  )
  for (const name of ['fluorine', 'chlorine', 'bromine', 'iodine'])
    add(`${name} substituent`, atomsOf(ELEMENT_NAMES[name]!))
  add(
    'halogen, halogen atom',
    fromComposition('halogens', (s) => ['F', 'Cl', 'Br', 'I'].includes(s)),
  )
  add('aromatic carbon, aromatic carbon atom', matched('atom_count', 'aromatic carbons', 'c', 'c'))
  add('aromatic atom', matched('atom_count', 'aromatic atoms', 'a', 'a'))
  add('ring', RINGS)
  add('aromatic ring', AROMATIC_RINGS)
  add('fused ring', FUSED)
  add('aliphatic ring', described('ring_count', 'aliphatic rings', 'NumAliphaticRings'))
  add('saturated ring', described('ring_count', 'saturated rings', 'NumSaturatedRings'))
  add('heterocycle, heterocyclic ring', described('ring_count', 'heterocycles', 'NumHeterocycles'))
  add(
    'aromatic heterocycle, heteroaromatic ring, aromatic heterocyclic ring',
    described('ring_count', 'aromatic heterocycles', 'NumAromaticHeterocycles'),
  )
  for (const [words, size] of SIZES)
    for (const word of words.split(' ')) {
      add(`${word}-membered ring`, ringsOfSize(size))
      if (size === 6)
        add(
          `${word}-membered aromatic ring, aromatic ${word}-membered ring`,
          matched('ring_count', 'six-membered aromatic rings', 'a1aaaaa1', 'a1aaaaa1'),
        )
      if (size === 5)
        add(
          `${word}-membered aromatic ring, aromatic ${word}-membered ring`,
          matched('ring_count', 'five-membered aromatic rings', 'a1aaaa1', 'a1aaaa1'),
        )
    }
  add('double bond', bonds(2, 'double bonds', any))
  add('triple bond', bonds(3, 'triple bonds', any))
  add('carbon-carbon double bond, c=c double bond, c=c bond, c=c', bonds(2, 'C=C bonds', carbons))
  add('carbon-carbon triple bond, c≡c bond, c#c bond', bonds(3, 'C≡C bonds', carbons))
  add(
    'degree of unsaturation, unsaturation degree, double bond equivalent, double-bond equivalent, dbe, ring or double bond',
    UNSATURATION,
  )
  add(
    'stereocenter, stereocentre, stereogenic center, stereogenic centre, chiral center, chiral centre, chiral carbon, chirality center, asymmetric carbon, stereogenic carbon, chiral carbon atom, asymmetric carbon atom',
    STEREOCENTRES,
  )
  add('hydrogen bond donor, hydrogen-bond donor, h-bond donor, hbd, h bond donor', DONORS)
  add('hydrogen bond acceptor, hydrogen-bond acceptor, h-bond acceptor, hba, h bond acceptor', ACCEPTORS)
  add('rotatable bond', ROTATABLE)
  return table
}

export const QUANTITIES: ReadonlyMap<string, Quantity> = phrases()
/** `6 C and 6 H`: symbols that stand for atoms, as written. */
export const SYMBOL_QUANTITIES: ReadonlyMap<string, Quantity> = new Map(SYMBOLS.map((s) => [s, atomsOf(s)]))
