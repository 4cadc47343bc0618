import { checkFormula, checkMass } from './checks.ts'
import { readClass } from './classes.ts'
import { readList } from './lists.ts'
import { readMass } from './measures.ts'
import { readFreeFormula } from './phrases.ts'
import { Reader } from './reader.ts'
import { atEnd, type Draft, draftOf, type Sentence, type Spoken, wordsOf } from './sentence.ts'
import type { Subject } from './subject.ts'
import { AFTER_NAMES } from './tokens.ts'

/** `a tertiary amine with formula C6H15N`, behind the comma that follows a molecule; not the next item of a list. */
export function classTail(s: Sentence, spoken: Spoken): Draft[] | null {
  const { r } = s
  return r.attempt(() => {
    if (!r.is('a', 'an')) return null
    const drafts = r.attempt(() => classDrafts(s, spoken)) ?? (skipNoun(s) ? [] : null)
    if (drafts === null) return null
    if (r.eat('with', 'containing', 'bearing', 'having')) {
      const rest = readList(s, spoken)
      return rest === null ? null : [...drafts, ...rest]
    }
    return drafts.length > 0 && endsTail(s) ? drafts : null
  })
}

/** `a triol with`, `a colourless liquid containing`: what the noun says is not read, what comes behind it is. */
function skipNoun(s: Sentence): boolean {
  const { r } = s
  r.eat('a', 'an')
  for (let k = 0; k < 4; k++) {
    const token = r.peek()
    if (token?.kind !== 'word' || AFTER_NAMES.has(token.text)) return false
    if (k > 0 && /^(?:with|containing|bearing|having)$/.test(token.text)) return true
    if (!/^[a-z-]{3,}$/.test(token.text) || /^(?:and|for|from|that|than|not|mixture|mix)$/.test(token.text))
      return false
    r.i++
  }
  return false
}

/** `, an acid, and water`, `, a ketone and an amine`, `, a ketone lacks`: another thing than the molecule before. */
function endsTail(s: Sentence): boolean {
  const next = s.r.peek()
  if (next === undefined) return true
  if (next.kind === 'mark' && next.text === ',') {
    const after = s.r.peek(1)
    return after === undefined || (after.kind === 'word' && !/^(?:and|or|a|an|the|some|plus)$/.test(after.text))
  }
  return atEnd(s) && !s.r.is('and', 'plus', 'where', 'but')
}

function classDrafts(s: Sentence, spoken: Spoken): Draft[] | null {
  const found = readClass(s.r)
  if (found === null || found.traits.length === 0) return null
  return found.traits.map((trait) => ({
    ...draftOf(s, trait.kind, spoken, trait.from, trait.words, (it) => trait.check(it, s.scene.mols)),
    to: trait.to,
  }))
}

/** A string that begins as a piece of one does: `C(=O)N`. */
const isPiece = (raw: string): boolean =>
  raw.length < 14 && /^(?:C\(=O\)|S\(=O\)|\[N\+\]\(=O\)|N\(=O\)|P\(=O\))/.test(raw)

/** `the ketone CC(C)=O`: the class that stands before the molecule of token `at`. */
export function classBefore(s: Sentence, at: number, subject: Subject): Draft[] {
  const token = s.tokens[at]
  if (token?.molecule == null || token.isName || isPiece(token.raw)) return []
  for (let k = 2; k <= 5; k++) {
    const first = s.tokens[at - k]
    if (first === undefined || first.kind !== 'word') return []
    if (!/^(?:the|an?)$/.test(first.text)) continue
    const inner: Sentence = { ...s, r: new Reader(s.tokens, at - k) }
    const spoken: Spoken = { subject, reason: null, smiles: null, drafts: [], from: at, explicit: true }
    const drafts = classDrafts(inner, spoken)
    return drafts !== null && inner.r.i === at ? drafts : []
  }
  return []
}

/** `, C8H10O2`, `, 46.07 g/mol`: a bare value behind what was said before it. */
export function bareTail(s: Sentence, spoken: Spoken): Draft[] | null {
  const { r, scene } = s
  return r.attempt(() => {
    const from = r.i
    const formula = readFreeFormula(r)
    if (formula !== null)
      return atEnd(s)
        ? [draftOf(s, 'formula', spoken, from, formula.token.raw, (it) => checkFormula(it, formula.composition))]
        : null
    const mass = readMass(r)
    if (mass === null || !mass.unit || !(atEnd(s) || r.is(')'))) return null
    return [draftOf(s, 'molar_mass', spoken, from, wordsOf(s, from), (it) => checkMass(it, mass, 'either', scene.mols))]
  })
}

/** `C10H8, giving seven degrees of unsaturation` */
export function givingTail(s: Sentence, spoken: Spoken): Draft[] | null {
  const { r } = s
  return r.attempt(() => {
    if (!r.eat('giving') && !r.eatAll('which gives') && !r.eatAll('corresponding to')) return null
    const list = readList(s, spoken)
    return list?.every(({ kind }) => kind === 'unsaturation') ? list : null
  })
}
