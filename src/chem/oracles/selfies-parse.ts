import { AROMATIC_SUBSET, type SelfiesAtom, type SelfiesBond, SelfiesGraph } from './selfies-graph.ts'

/** A SMILES string that `selfies` cannot read; its message says what and at which character. */
class SmilesParseError extends Error {
  constructor(what: string, at: number) {
    super(`${what} at character ${at + 1}`)
    this.name = 'SmilesParseError'
  }
}

const ELEMENTS: ReadonlySet<string> = new Set(
  (
    'H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb Sr Y Zr Nb Mo Tc Ru Rh Pd ' +
    'Ag Cd In Sn Sb Te I Xe Cs Ba Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Po At Rn Fr Ra Rf Db Sg Bh Hs Mt Ds Rg Cn Fl Lv La Ce Pr Nd Pm Sm ' +
    'Eu Gd Tb Dy Ho Er Tm Yb Lu Ac Th Pa U Np Pu Am Cm Bk Cf Es Fm Md No Lr'
  ).split(' '),
)
export const ORGANIC_SUBSET: ReadonlySet<string> = new Set(['B', 'C', 'N', 'O', 'S', 'P', 'F', 'Cl', 'Br', 'I'])

/** Isotope, element, chirality (@ and @@ only), hydrogens, charge, atom class. */
const BRACKET_ATOM = /^\[(\d*)([A-Za-z][a-z]?)(@{0,2})((?:H\d?)?)((?:\++|-+|[+-]\d+)?)((?::\d+)?)\]$/
const BOND_ORDERS: Readonly<Record<string, number>> = { '-': 1, '/': 1, '\\': 1, ':': 1.5, '=': 2, '#': 3 }

interface Token {
  readonly kind: 'atom' | 'branch' | 'ring' | 'dot'
  readonly text: string
  /** The bond character before an atom or a ring number, or null. */
  readonly bond: string | null
  readonly start: number
}

/** Splits a SMILES string into tokens. Digits and letters are ASCII (RDKit reads no others). */
function tokenize(smiles: string): Token[] {
  const tokens: Token[] = []
  let i = 0
  while (i < smiles.length) {
    if (smiles[i] === '.') {
      tokens.push({ kind: 'dot', text: '.', bond: null, start: i++ })
      continue
    }
    const bond = Object.hasOwn(BOND_ORDERS, smiles[i]!) ? smiles[i++]! : null
    if (i === smiles.length) throw new SmilesParseError('hanging bond', i - 1)
    const char = smiles[i]!
    const start = i
    if (/[A-Za-z]/.test(char)) {
      const two = smiles.slice(i, i + 2)
      const text = two === 'Br' || two === 'Cl' ? two : char
      tokens.push({ kind: 'atom', text, bond, start })
      i += text.length
    } else if (char === '[') {
      const end = smiles.indexOf(']', i + 1)
      if (end === -1) throw new SmilesParseError('hanging bracket [', i)
      tokens.push({ kind: 'atom', text: smiles.slice(i, end + 1), bond, start })
      i = end + 1
    } else if (char === '(' || char === ')') {
      if (bond !== null) throw new SmilesParseError('hanging bond', i - 1)
      tokens.push({ kind: 'branch', text: char, bond: null, start: i++ })
    } else if (/\d/.test(char)) {
      tokens.push({ kind: 'ring', text: char, bond, start: i++ })
    } else if (char === '%') {
      const text = smiles.slice(i, i + 3)
      if (!/^%\d\d$/.test(text)) throw new SmilesParseError(`invalid ring number '${text}'`, i)
      tokens.push({ kind: 'ring', text, bond, start })
      i += 3
    } else throw new SmilesParseError(`unrecognized symbol '${char}'`, i)
  }
  return tokens
}

function parseAtom(symbol: string): SelfiesAtom | null {
  const bare = { isotope: null, chirality: null, hCount: null, charge: 0 }
  if (ORGANIC_SUBSET.has(symbol)) return { element: symbol, aromatic: false, ...bare }
  if (AROMATIC_SUBSET.has(symbol)) return { element: capitalize(symbol), aromatic: true, ...bare }
  const match = BRACKET_ATOM.exec(symbol)
  if (match === null) return null
  const [, isotope = '', letters = '', chirality = '', hydrogens = '', sign = ''] = match
  const element = capitalize(letters)
  if (!ELEMENTS.has(element)) return null
  const size = /\d$/.test(sign) ? Number(sign.slice(1)) : sign.length
  return {
    element,
    aromatic: AROMATIC_SUBSET.has(letters),
    isotope: isotope === '' ? null : isotope.replace(/^0+(?=\d)/, ''),
    chirality: chirality === '' ? null : (chirality as '@' | '@@'),
    hCount: hydrogens === '' ? 0 : hydrogens === 'H' ? 1 : Number(hydrogens.slice(1)),
    charge: sign.startsWith('-') && size > 0 ? -size : size,
  }
}
const capitalize = (symbol: string): string => symbol[0]!.toUpperCase() + symbol.slice(1)
const stereoOf = (bond: string | null): SelfiesBond['stereo'] => (bond === '/' || bond === '\\' ? bond : null)
const orderOf = (bond: string | null): number => (bond === null ? 1 : BOND_ORDERS[bond]!)

/**
 * Reads a SMILES string into the graph that SELFIES are derived from. A port of selfies 2.2.0, `utils/smiles_utils.py` (Apache-2.0).
 * Like the original it refuses `*`, `$`, other chirality classes than @ and @@, and ring bonds across a dot.
 */
export function parseForSelfies(smiles: string): SelfiesGraph {
  if (smiles === '') throw new SmilesParseError('empty SMILES', 0)
  const graph = new SelfiesGraph()
  const tokens = tokenize(smiles)
  let next = 0
  while (next < tokens.length) next = readFragment(graph, tokens, next)
  return graph
}

/** Reads up to and including the next dot; returns the index of the token after it. */
function readFragment(graph: SelfiesGraph, tokens: readonly Token[], from: number): number {
  /** The last atom of the current chain and of every chain that a branch interrupts; null before the first atom. */
  const previous: (number | null)[] = [null]
  const branches: Token[] = []
  const rings = new Map<string, { readonly token: Token; readonly atom: number; readonly place: number }>()
  let chainStart = true
  let at = from
  let last: Token | null = null
  while (at < tokens.length) {
    const token = tokens[at++]!
    last = token
    if (token.kind === 'dot') break
    const prev = previous.at(-1) ?? null
    if (token.kind === 'atom') {
      const atom = parseAtom(token.text)
      if (atom === null) throw new SmilesParseError(`invalid atom symbol '${token.text}'`, token.start)
      previous[previous.length - 1] = attach(graph, atom, prev, token.bond)
      chainStart = false
    } else if (chainStart) throw new SmilesParseError('SMILES chain begins with non-atom', token.start)
    else if (token.text === '(') {
      branches.push(token)
      previous.push(prev)
      chainStart = true
    } else if (token.text === ')') {
      if (branches.pop() === undefined) throw new SmilesParseError("hanging ')' bracket", token.start)
      previous.pop()
    } else {
      const open = rings.get(token.text)
      if (open === undefined) rings.set(token.text, { token, atom: prev!, place: graph.reserveRingBond(prev!) })
      else {
        rings.delete(token.text)
        closeRing(graph, open, token, prev!)
      }
    }
  }
  if (graph.atoms.length === 0) throw new SmilesParseError('empty SMILES fragment', last?.start ?? 0)
  if (branches.length > 0) throw new SmilesParseError("hanging '(' bracket", branches.at(-1)!.start)
  for (const [number, { token }] of rings) throw new SmilesParseError(`hanging ring number '${number}'`, token.start)
  return at
}

function attach(graph: SelfiesGraph, atom: SelfiesAtom, prev: number | null, bond: string | null): number {
  const index = graph.addAtom(atom, prev === null)
  if (prev === null) return index
  const implicitAromatic = bond === null && graph.atoms[prev]!.aromatic && atom.aromatic
  graph.addBond(prev, index, implicitAromatic ? 1.5 : orderOf(bond), stereoOf(bond))
  return index
}

function closeRing(
  graph: SelfiesGraph,
  open: { readonly token: Token; readonly atom: number; readonly place: number },
  close: Token,
  atom: number,
): void {
  if (graph.hasBond(open.atom, atom)) {
    throw new SmilesParseError('ring bond specified between already-bonded atoms', open.token.start)
  }
  const left = open.token.bond
  const right = close.bond
  const agree =
    left === right || left === null || right === null || (stereoOf(left) !== null && stereoOf(right) !== null)
  if (!agree) throw new SmilesParseError('mismatched ring bonds', open.token.start)
  const implicitAromatic =
    left === null && right === null && graph.atoms[open.atom]!.aromatic && graph.atoms[atom]!.aromatic
  graph.addRingBond(
    { index: open.atom, stereo: stereoOf(left), place: open.place },
    { index: atom, stereo: stereoOf(right) },
    implicitAromatic ? 1.5 : Math.max(orderOf(left), orderOf(right)),
  )
}
