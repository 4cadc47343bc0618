import { type Composition, parseFormula } from './formula.ts'
import { GROUPS, type Group } from './groups.ts'
import type { MassKind } from './mass.ts'
import type { Bound } from './numbers.ts'
import { AROMATIC_RINGS, QUANTITIES, type Quantity, RINGS, SYMBOL_QUANTITIES, UNSATURATION } from './quantities.ts'
import type { Reader } from './reader.ts'
import { standsForFormula, type Token } from './tokens.ts'

/** The number of something: `two`, `exactly 6`, `at least one`, `a single`. */
export interface Count {
  readonly value: number
  readonly bound: Bound
}

const BOUNDS: readonly (readonly [phrase: string, bound: Bound])[] = [
  ['at least', 'at_least'],
  ['at most', 'at_most'],
  ['more than', 'more'],
  ['fewer than', 'fewer'],
  ['less than', 'fewer'],
  ['exactly', 'exactly'],
  ['precisely', 'exactly'],
  ['only', 'exactly'],
  ['just', 'exactly'],
  ['a total of', 'exactly'],
  ['in total', 'exactly'],
]

export function readCount(r: Reader): Count | null {
  return r.attempt(() => {
    let bound: Bound = 'exactly'
    for (const [phrase, found] of BOUNDS)
      if (r.eatAll(phrase)) {
        bound = found
        break
      }
    r.eat('the')
    if (r.eatAll('a single') || r.eat('single')) return { value: 1, bound }
    const token = r.peek()
    if (token?.kind !== 'number' || token.decimals > 0 || !Number.isInteger(token.value) || token.value < 0) return null
    if (/^[+-]/.test(token.raw)) return null
    r.i++
    return { value: token.value, bound }
  })
}

/** What is counted: a quantity of the table, or a functional group. */
export type Noun = { readonly quantity: Quantity } | { readonly group: Group }

const LONGEST_NOUN = 5
const singular = (word: string): string =>
  /^(?:moieties|functionalities)$/.test(word)
    ? word.replace(/ies$/, 'y')
    : /[^sui]s$/.test(word) && word !== 'bus'
      ? word.slice(0, -1)
      : word

const TAILS = new Set('group moiety functionality unit substituent function linkage functional'.split(' '))

/** Reads the longest noun that the tables have, with `functional group(s)` behind a group's name. */
export function readNoun(r: Reader): Noun | null {
  return r.attempt(() => {
    const symbol = r.peek()
    for (let n = LONGEST_NOUN; n > 0; n--) {
      const phrase = phraseAt(r, n)
      if (phrase === null) continue
      const quantity = QUANTITIES.get(phrase)
      if (quantity !== undefined) {
        r.i += n
        return { quantity }
      }
      const group = GROUPS.get(phrase)
      if (group !== undefined) {
        r.i += n
        const isRing = /ring|system$/.test(phrase)
        let tail = r.peek()
        while (
          tail?.kind === 'word' &&
          (TAILS.has(singular(tail.text)) || (!isRing && /^rings?$/.test(tail.text) && GROUPS.has(`${phrase} ring`)))
        ) {
          r.i++
          tail = r.peek()
        }
        return { group }
      }
    }
    // 6 C, 6 H's
    const bySymbol = symbol?.kind === 'word' ? SYMBOL_QUANTITIES.get(symbol.raw.replace(/(?<=[A-Z])s$/, '')) : undefined
    if (bySymbol !== undefined) {
      r.i++
      r.eat("'s")
      r.eat('atom', 'atoms')
      return { quantity: bySymbol }
    }
    return null
  })
}

function phraseAt(r: Reader, n: number): string | null {
  const words: string[] = []
  for (let k = 0; k < n; k++) {
    const token = r.peek(k)
    if (token === undefined || token.kind === 'mark' || token.kind === 'number') return null
    if (token.kind === 'chemical' && !token.isName && !GROUPS.has(token.raw.toLowerCase())) return null
    // -COOH
    words.push(singular(token.text.toLowerCase().replace(/^-(?=[a-z])/, '')))
  }
  return words.join(' ')
}

/** A property with a value: what follows `the` and comes before `is`. */
export type Attribute =
  | { readonly kind: 'formula'; readonly empirical: boolean }
  | { readonly kind: 'mass'; readonly mass: MassKind }
  | { readonly kind: 'charge' }
  | { readonly kind: 'count'; readonly noun: Noun }
  | { readonly kind: 'smiles' }
  | { readonly kind: 'name' }
  | { readonly kind: 'groups' }

const FORMULAS = ['molecular formula', 'chemical formula', 'sum formula', 'hill formula', 'formula', 'mf']
const AVERAGE = [
  'molar mass',
  'molecular weight',
  'average molecular weight',
  'average molecular mass',
  'average mass',
  'formula weight',
  'mol. wt',
  'mw',
  'm.w',
]
const MONOISOTOPIC = ['exact mass', 'monoisotopic mass', 'exact molecular mass', 'monoisotopic molecular mass']
const EITHER = ['molecular mass', 'mass', 'relative molecular mass', 'formula mass']
const CHARGES = [
  'net formal charge',
  'overall formal charge',
  'total formal charge',
  'net charge',
  'formal charge',
  'overall charge',
  'total charge',
  'charge',
]
const SMILES = [
  'canonical smiles string',
  'canonical smiles',
  'smiles string',
  'smiles notation',
  'smiles representation',
  'smiles',
]
const UNSATURATIONS = [
  'index of hydrogen deficiency',
  'hydrogen deficiency index',
  'double bond equivalents',
  'double bond equivalent',
  'double-bond equivalents',
  'degrees of unsaturation',
  'degree of unsaturation',
  'unsaturation number',
  'dbe',
  'ihd',
  'dou',
]

export function readAttribute(r: Reader): Attribute | null {
  return r.attempt(() => {
    if (r.eatAll('empirical formula')) return withAbbreviation(r, { kind: 'formula', empirical: true })
    if (r.eatAny(FORMULAS) !== null) return withAbbreviation(r, { kind: 'formula', empirical: false })
    if (r.eatAny(AVERAGE) !== null) return withAbbreviation(r, { kind: 'mass', mass: 'average' })
    if (r.peek()?.raw === 'M' && r.peek(1)?.text === '=' && r.eat('m')) return { kind: 'mass', mass: 'average' }
    if (r.eatAny(MONOISOTOPIC) !== null) return withAbbreviation(r, { kind: 'mass', mass: 'monoisotopic' })
    if (r.eatAny(EITHER) !== null) return withAbbreviation(r, { kind: 'mass', mass: 'either' })
    if (r.eatAny(CHARGES) !== null) return { kind: 'charge' }
    if (r.eatAny(SMILES) !== null) return { kind: 'smiles' }
    if (r.eatAny(['iupac name', 'common name', 'name']) !== null) return { kind: 'name' }
    if (r.eatAny(UNSATURATIONS) !== null)
      return withAbbreviation(r, { kind: 'count', noun: { quantity: UNSATURATION } })
    if (r.eatAll('functional groups') || r.eatAll('functional group')) return { kind: 'groups' }
    if (r.eatAll('total number of') || r.eatAll('number of') || r.eatAll('count of')) {
      const noun = readNoun(r)
      return noun === null ? null : { kind: 'count', noun }
    }
    if (r.eatAll('ring count')) return { kind: 'count', noun: { quantity: RINGS } }
    if (r.eatAll('aromatic ring count')) return { kind: 'count', noun: { quantity: AROMATIC_RINGS } }
    const noun = readNoun(r)
    if (noun !== null && r.eat('count')) return { kind: 'count', noun }
    return null
  })
}

/** `molecular weight (MW)` */
function withAbbreviation(r: Reader, attribute: Attribute): Attribute {
  if (r.peek()?.text === '(' && /^(?:mw|mf|dbe|dou|ihd|du|m)$/.test(r.peek(1)?.text ?? '') && r.peek(2)?.text === ')')
    r.i += 3
  return attribute
}

/** A key of `Key: value` lines that needs no noun beside it: `Rings: 1`. */
export function readKey(r: Reader): Attribute | null {
  return r.attempt(() => {
    const attribute = readAttribute(r)
    if (attribute !== null) return attribute
    const noun = readNoun(r)
    return noun === null ? null : { kind: 'count', noun }
  })
}

/** A formula where the text says that one stands here: `CO` and `HCl` are taken for one, too. */
export function readFormula(r: Reader): { token: Token; composition: Composition } | null {
  const token = r.peek()
  if (token === undefined || token.kind === 'mark' || token.kind === 'number' || token.isName) return null
  const composition = token.formula ?? (/^[A-Z]/.test(token.raw) ? parseFormula(token.raw) : null)
  if (composition === null) return null
  r.i++
  return { token, composition }
}

/** A formula in prose that does not announce it. */
export function readFreeFormula(r: Reader): { token: Token; composition: Composition } | null {
  const token = r.peek()
  if (token === undefined || token.molecule !== null || !standsForFormula(token)) return null
  r.i++
  return { token, composition: token.formula! }
}
