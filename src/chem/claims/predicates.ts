import { checkFormula, checkIdentity, checkIsomers, checkMass, type IsomerKind } from './checks.ts'
import { readClass } from './classes.ts'
import { massComparison, readComparison } from './comparisons.ts'
import { readList } from './lists.ts'
import { readMass } from './measures.ts'
import { readFreeFormula } from './phrases.ts'
import { ADVERBS, atEnd, type Draft, draftOf, type Sentence, type Spoken, wordsOf } from './sentence.ts'
import { unreadSmiles, withUnread } from './spelling.ts'
import { readSpoken, withApposition } from './spoken.ts'
import { moleculeSubject } from './subject.ts'
import { bareTail, classTail, givingTail } from './tails.ts'
import { AFTER_NAMES } from './tokens.ts'
import { NAME_END, NO_NAMES } from './unknown-names.ts'
import { attributeItem } from './values.ts'

const HAS = [
  'has',
  'contains',
  'bears',
  'possesses',
  'carries',
  'includes',
  'features',
  'comprises',
  'consists of',
  'is composed of',
  'is made of',
  'is made up of',
  'is comprised of',
  'exhibits',
  'does have',
  'does contain',
  'means',
  'indicates',
  'gives',
  'tells us',
]
const GIVES = new Set(['means', 'indicates', 'gives', 'tells us'])
const OF_FORMULAS: ReadonlySet<string> = new Set(['unsaturation', 'formula', 'molar_mass'])

/** One molecule and what is said of it, `and` what is said next. */
export function singularStatement(s: Sentence): Draft[] | null {
  const { r } = s
  const spoken = readSpoken(s)
  if (spoken === null) return null
  const drafts: Draft[] = []
  let turn = 0
  for (; turn < 6; turn++) {
    const before = r.i
    const isBehindComma = turn > 0 && r.is(',', ':', ';') && r.peek(1)?.text !== 'and'
    const isBehindColon = turn > 0 && r.eat(':', ';')
    if (turn > 0 && !isBehindColon && !(r.eatAll(', and') || r.eat('and', ','))) break
    // "it is C5H10O and it is a ketone"
    if (turn > 0 && !isBehindComma && r.is('it') && /^(?:is|has|contains)$/.test(r.peek(1)?.text ?? '')) r.i++
    r.eatAny(ADVERBS)
    // "CCO is C2H6O, MW 46.07"
    const beside = turn === 0 ? null : attributeItem(s, null, spoken)
    const said =
      beside !== null
        ? [beside]
        : ((isBehindComma ? (classTail(s, spoken) ?? bareTail(s, spoken) ?? givingTail(s, spoken)) : null) ??
          (isBehindColon ? null : r.attempt(() => readVerbPhrase(s, spoken, turn === 0))))
    if (said === null) {
      r.i = before
      break
    }
    drafts.push(...said)
  }
  if (drafts.length === 0) {
    // "benzene (C6H6) reacts with bromine": what stands in brackets is said all the same
    const beside = [...unreadSmiles(s, spoken), ...spoken.drafts]
    return beside.length > 0 ? beside : null
  }
  return withUnread(s, spoken, drafts)
}

function readVerbPhrase(s: Sentence, spoken: Spoken, isFirst: boolean): Draft[] | null {
  const { r } = s
  if (isFirst && r.eat(':')) {
    const formula = readFreeFormula(r)
    if (formula === null) return readList(s, spoken)
    if (!atEnd(s)) return null
    return [
      draftOf(s, 'formula', spoken, spoken.from, formula.token.raw, (it) => checkFormula(it, formula.composition)),
    ]
  }
  if (isFirst && (r.eatAll(', with') || r.eat('with'))) {
    const item = attributeItem(s, null, spoken)
    return item === null ? null : [item]
  }
  if (!isFirst && r.eat('with')) return readList(s, spoken)
  if (r.eat('weighs')) return readWeight(s, spoken)
  const verb = r.is('corresponds') ? null : r.eatAny(HAS)
  if (verb !== null) {
    r.eatAny(ADVERBS)
    const drafts = readComparison(s, spoken) ?? readList(s, spoken)
    // "CC(=O)O gives an ester": what becomes of it, or what a piece of the string stands for
    if (GIVES.has(verb) && spoken.subject?.molecule !== null && drafts?.some(({ kind }) => !OF_FORMULAS.has(kind)))
      return null
    return drafts
  }
  if (r.eat('remains', 'stays')) return readIsPhrase(s, spoken)
  if (
    r.eatAll('corresponds to') ||
    r.eat('represents', 'denotes', 'encodes', 'describes', '=') ||
    r.eatAll('is represented by') ||
    r.eatAll('is written as') ||
    r.eatAll('is the smiles for') ||
    r.eatAll('is the smiles of') ||
    r.eatAll('is the smiles string of') ||
    r.eatAll('is the smiles string for') ||
    r.eatAll('stands for')
  )
    return readEqual(s, spoken) ?? onlyUnsaturation(readList(s, spoken))
  if (r.eat('is')) {
    r.eatAny(ADVERBS)
    return readIsPhrase(s, spoken)
  }
  return null
}

/** `corresponds to a degree of unsaturation of 4` */
const onlyUnsaturation = (drafts: Draft[] | null): Draft[] | null =>
  drafts?.every(({ kind }) => kind === 'unsaturation') ? drafts : null

function readWeight(s: Sentence, spoken: Spoken): Draft[] | null {
  const { r, scene } = s
  const from = r.i
  const mass = readMass(r)
  if (mass === null || !mass.unit || !atEnd(s)) return null
  return [draftOf(s, 'molar_mass', spoken, from, wordsOf(s, from), (it) => checkMass(it, mass, 'average', scene.mols))]
}

/** A formula, a molecule: `represents benzene`, `is C6H6`. */
function readEqual(s: Sentence, spoken: Spoken): Draft[] | null {
  const { r } = s
  const from = r.i
  r.eatAll('the molecular formula of') ||
    r.eatAll('the molecular formula for') ||
    r.eatAll('the chemical formula of') ||
    r.eatAll('the formula of') ||
    r.eatAll('the formula for') ||
    r.eatAll('the molecular formula') ||
    r.eatAll('the formula') ||
    r.eatAll('the smiles string') ||
    r.eatAll('the smiles') ||
    r.eatAll('the molecule') ||
    r.eatAll('the compound') ||
    r.eat('the')
  const formula = r.attempt(() => {
    const found = readFreeFormula(r)
    return found !== null && (atEnd(s) || r.is('with')) ? found : null
  })
  if (formula !== null) {
    const stated = draftOf(s, 'formula', spoken, from, formula.token.raw, (it) => checkFormula(it, formula.composition))
    const rest = r.attempt(() => (r.eat('with') ? readList(s, spoken) : null))
    return rest === null && !atEnd(s) ? null : [stated, ...(rest ?? [])]
  }
  return r.attempt(() => {
    const token = r.peek()
    const next = r.peek(1)
    if (token === undefined || token.molecule === null) return null
    if (next?.kind === 'word' && AFTER_NAMES.has(next.text)) return null
    r.i++
    const other = withApposition(s, moleculeSubject(token.raw, token.molecule), from)
    const identity = draftOf(s, 'identity', spoken, from, token.raw, (it) => checkIdentity(it, other.subject!))
    // "is tert-butanol with formula C4H10O"
    const rest = r.attempt(() => (token.isName && spoken.smiles !== null && r.eat('with') ? readList(s, spoken) : null))
    if (rest === null && !atEnd(s)) return null
    return [...other.drafts, identity, ...(rest ?? [])]
  })
}

function readIsPhrase(s: Sentence, spoken: Spoken): Draft[] | null {
  const { r, scene } = s
  const from = r.i
  const relation = r.attempt(() => readRelation(s, spoken))
  if (relation !== null) return relation
  const sign = r.eatAll('heavier than') ? 1 : r.eatAll('lighter than') ? -1 : 0
  if (sign !== 0) return massComparison(s, spoken, from, sign)
  const weight = r.attempt(() => {
    const mass = readMass(r)
    if (mass === null || !mass.unit || !atEnd(s)) return null
    return [draftOf(s, 'molar_mass', spoken, from, wordsOf(s, from), (it) => checkMass(it, mass, 'either', scene.mols))]
  })
  if (weight !== null) return weight
  const equal = r.attempt(() => readEqual(s, spoken))
  if (equal !== null) return equal
  // "is octanoic acid, C8H16O2": a name that is not known, and what stands beside it
  const unknown = r.attempt(() => readUnknownName(s, spoken))
  if (unknown !== null) return unknown
  // "is an aromatic hydrocarbon with the formula C6H6"
  return r.attempt(() => {
    const found = readClass(r)
    if (found === null) return null
    const drafts = found.traits.map((trait) => ({
      ...draftOf(s, trait.kind, spoken, trait.from, trait.words, (it) => trait.check(it, scene.mols)),
      to: trait.to,
    }))
    if (
      r.eat('with', 'containing', 'bearing', 'having') ||
      r.eatAll('consisting of') ||
      r.eatAll('that contains') ||
      r.eatAll('that has')
    ) {
      const rest = readList(s, spoken)
      if (rest === null) return drafts.length > 0 ? drafts : null
      return [...drafts, ...rest]
    }
    if (r.eat('of')) {
      const item = attributeItem(s, null, spoken)
      return item === null ? null : [...drafts, item]
    }
    const formula = r.eat('(') ? readFreeFormula(r) : null
    if (formula !== null) {
      r.eat(')')
      return [
        ...drafts,
        draftOf(s, 'formula', spoken, from, formula.token.raw, (it) => checkFormula(it, formula.composition)),
      ]
    }
    if (s.tokens[r.i - 1]?.text === '(') r.i--
    return atEnd(s) && drafts.length > 0 ? drafts : null
  })
}

function readUnknownName(s: Sentence, spoken: Spoken): Draft[] | null {
  const { r } = s
  let k = 0
  while (k < 3 && r.peek(k)?.kind === 'word' && /^[a-z\d,'-]{3,}$/.test(r.peek(k)!.text)) {
    if (/^(?:the|this|that|not|and|with|from|for|than)$/.test(r.peek(k)!.text)) return null
    k++
  }
  for (; k > 0; k--) {
    const after = r.peek(k)
    if (!NAME_END.test(r.peek(k - 1)!.text) || NO_NAMES.has(r.peek(k - 1)!.text)) continue
    if (after?.text === ',') {
      r.i += k
      return []
    }
    if (after?.text === 'with' || after?.text === '(') {
      r.i += k + 1
      const list = after.text === 'with' ? readList(s, spoken) : bareTail(s, spoken)
      if (after.text === '(' && list !== null && !r.eat(')')) return null
      return list
    }
  }
  return null
}

/** `is the same molecule as OCC`, `is an isomer of ethanol`, `is unchanged: CCO`. */
function readRelation(s: Sentence, spoken: Spoken): Draft[] | null {
  const { r, scene } = s
  const from = r.i
  let isomers: IsomerKind | null = null
  if (r.eat('unchanged')) {
    r.eat('as', ':', '(')
    r.eatAll(', as') || r.eat(',')
  } else if (r.eat('the')) {
    if (r.eat('same')) {
      r.eat('molecule', 'compound', 'structure', 'species', 'substance')
      if (!r.eat('as')) return null
    } else if (r.eatAll('enantiomer of') || r.eatAll('mirror image of')) isomers = 'enantiomer'
    else return null
  } else if (
    r.eatAll('identical to') ||
    r.eatAll('equivalent to') ||
    r.eatAll('the same as') ||
    r.eatAll('identical with')
  ) {
    // a comparison with what follows
  } else if (r.eat('a', 'an')) {
    if (r.eatAll('constitutional isomer of') || r.eatAll('structural isomer of') || r.eatAll('positional isomer of'))
      isomers = 'constitutional'
    else if (r.eatAll('stereoisomer of')) isomers = 'stereo'
    else if (r.eatAll('enantiomer of')) isomers = 'enantiomer'
    else if (r.eatAll('isomer of')) isomers = 'any'
    else return null
  } else return null
  const other = readSpoken(s)
  if (other === null || !other.explicit || other.subject === null || !atEnd(s)) return null
  const second = other.subject
  return isomers === null
    ? [draftOf(s, 'identity', spoken, from, wordsOf(s, from), (it) => checkIdentity(it, second))]
    : [draftOf(s, 'isomers', spoken, from, wordsOf(s, from), (it) => checkIsomers(it, second, isomers!, scene.mols))]
}
