import type { MolToolkit } from '../toolkit/molecule.ts'
import { checkCharge, checkCount, checkGroup } from './checks.ts'
import { type ClaimKind, type Finding, fails, passes, undecided } from './claim.ts'
import { GROUPS } from './groups.ts'
import { AROMATIC_RINGS, QUANTITIES, type Quantity, RINGS } from './quantities.ts'
import type { Reader } from './reader.ts'
import type { Subject } from './subject.ts'

/** What an adjective or a class name says of a molecule. */
export interface Trait {
  readonly kind: ClaimKind
  readonly words: string
  readonly from: number
  readonly to: number
  check(subject: Subject, mols: MolToolkit): Finding
}
type Check = readonly [kind: ClaimKind, check: Trait['check']]

const counts = (quantity: Quantity, n: number, bound: 'exactly' | 'at_least' = 'exactly'): Check => [
  quantity.kind,
  (subject, mols) => checkCount(subject, quantity, n, bound, mols),
]

const onlyOf = (symbols: readonly string[], title: string): Check => [
  'property',
  ({ label, composition }) => {
    if (composition === null) return undecided('it has atoms of no known element')
    const others = [...composition.atoms.keys()].filter((symbol) => !symbols.includes(symbol))
    const has = composition.atoms.has('C') && composition.atoms.has('H')
    return others.length === 0 && has
      ? passes([...composition.atoms.keys()].join(' '))
      : fails(
          [...composition.atoms.keys()].join(' '),
          `${label} is no ${title}: it has ${others.join(', ') || 'no C or H'}`,
        )
  },
]

/** A hydrocarbon without rings and without double or triple bonds. */
const ALKANE: Check = [
  'property',
  (subject, mols) => {
    const { molecule, label } = subject
    if (molecule === null) return undecided('a formula does not tell the bonds')
    const hydrocarbon = HYDROCARBON[1](subject, mols)
    if (hydrocarbon.outcome !== 'pass') return hydrocarbon
    if (molecule.graph.bonds.some(({ type }) => type !== 1)) return fails('unsaturated', `${label} has multiple bonds`)
    return molecule.descriptors.NumRings === 0
      ? passes('saturated')
      : undecided('cycloalkanes are called alkanes by some')
  },
]
const HYDROCARBON = onlyOf(['C', 'H'], 'hydrocarbon')

const NEUTRAL: Check = ['charge', (subject) => checkCharge(subject, 0)]
const charged = (sign: 1 | -1): Check => [
  'charge',
  ({ label, molecule, composition }) => {
    if (molecule === null || composition === null) return undecided('a formula may be written without its charge')
    return Math.sign(composition.charge) === sign
      ? passes(String(composition.charge))
      : fails(String(composition.charge), `the charge of ${label} is ${composition.charge}`)
  },
]

/** Charges of both signs, and none in all. */
const ZWITTERION: Check = [
  'charge',
  ({ label, molecule, composition }) => {
    if (molecule === null || composition === null) return undecided('a formula does not tell where its charges are')
    const charges = molecule.graph.atoms.map(({ charge }) => charge)
    const computed = String(composition.charge)
    if (charges.some((charge) => charge > 0) && charges.some((charge) => charge < 0))
      return composition.charge === 0 ? passes(computed) : undecided('it has charges of both signs', computed)
    return fails(computed, `${label} has no charges of both signs`)
  },
]

const ADJECTIVES: Readonly<Record<string, Check>> = {
  aromatic: counts(AROMATIC_RINGS, 1, 'at_least'),
  heteroaromatic: counts(QUANTITIES.get('aromatic heterocycle')!, 1, 'at_least'),
  cyclic: counts(RINGS, 1, 'at_least'),
  acyclic: counts(RINGS, 0),
  monocyclic: counts(RINGS, 1),
  bicyclic: counts(RINGS, 2),
  tricyclic: counts(RINGS, 3),
  tetracyclic: counts(RINGS, 4),
  heterocyclic: counts(QUANTITIES.get('heterocycle')!, 1, 'at_least'),
  neutral: NEUTRAL,
  cationic: charged(1),
  anionic: charged(-1),
  uncharged: NEUTRAL,
}
const NOUNS: Readonly<Record<string, Check>> = {
  hydrocarbon: HYDROCARBON,
  alkane: ALKANE,
  heterocycle: counts(QUANTITIES.get('heterocycle')!, 1, 'at_least'),
  zwitterion: ZWITTERION,
  cation: charged(1),
  anion: charged(-1),
}
/** Words that say nothing to check. */
const PLAIN = new Set(
  `simple small common organic well-known important useful colourless colorless liquid volatile flammable stable polar nonpolar non-polar
  planar flat typical classic familiar widely-used industrial compound molecule solvent species substance structure chemical
  building block drug medicine analgesic stimulant natural electrically overall`.split(/\s+/),
)
const LONGEST_CLASS = 3

/** `an aromatic hydrocarbon`, `a simple secondary alcohol`, `neutral`: null where a word of it is not known. */
export function readClass(r: Reader): { readonly traits: Trait[]; readonly isPlain: boolean } | null {
  return r.attempt(() => {
    const start = r.i
    const traits: Trait[] = []
    const hasArticle = r.eat('a', 'an', 'the')
    let isPlain = false
    let closed = false
    for (;;) {
      const sign = r.eatAll('positively charged') ? 1 : r.eatAll('negatively charged') ? -1 : null
      if (sign !== null) {
        traits.push({ kind: 'charge', words: 'charged', from: start, to: r.i, check: charged(sign)[1] })
        continue
      }
      const token = r.peek()
      if (token === undefined || token.kind === 'mark' || token.kind === 'number') break
      const group = groupAt(r)
      if (group !== null && (hasArticle || group.words > 1)) {
        r.i += group.words
        const found = GROUPS.get(group.phrase)!
        if (!found.isClass) return null
        traits.push({
          kind: 'functional_group',
          words: group.phrase,
          from: start,
          to: r.i,
          check: (subject, mols) => checkGroup(subject, found, null, 'at_least', mols),
        })
        closed = true
        continue
      }
      // "a six-membered ring"
      const ring = hasArticle ? ringAt(r) : null
      if (ring !== null) {
        r.i += ring.words
        traits.push({
          kind: 'ring_count',
          words: ring.quantity.title,
          from: start,
          to: r.i,
          check: counts(ring.quantity, 1, 'at_least')[1],
        })
        closed = true
        continue
      }
      const check = ADJECTIVES[token.text] ?? (hasArticle ? NOUNS[token.text] : undefined)
      if (check !== undefined && token.kind === 'word') {
        r.i++
        traits.push({ kind: check[0], words: token.text, from: start, to: r.i, check: check[1] })
        if (NOUNS[token.text] !== undefined) closed = true
        continue
      }
      if (token.kind === 'word' && PLAIN.has(token.text)) {
        isPlain = true
        r.i++
        continue
      }
      if (token.text === ',' && !closed) {
        r.i++
        continue
      }
      break
    }
    if (r.i === start || (traits.length === 0 && !isPlain)) return null
    return { traits, isPlain }
  })
}

function groupAt(r: Reader): { phrase: string; words: number } | null {
  for (let n = LONGEST_CLASS; n > 0; n--) {
    const words: string[] = []
    for (let k = 0; k < n; k++) {
      const token = r.peek(k)
      if (token?.kind === 'word') words.push(token.text)
    }
    const phrase = words.join(' ')
    if (words.length === n && GROUPS.has(phrase)) return { phrase, words: n }
  }
  return null
}

function ringAt(r: Reader): { quantity: Quantity; words: number } | null {
  for (let n = LONGEST_CLASS; n > 1; n--) {
    const words = Array.from({ length: n }, (_, k) => r.peek(k)).filter((token) => token?.kind === 'word')
    const quantity = words.length === n ? QUANTITIES.get(words.map((token) => token!.text).join(' ')) : undefined
    if (quantity?.kind === 'ring_count') return { quantity, words: n }
  }
  return null
}
