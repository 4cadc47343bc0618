import {
  checkCharge,
  checkCount,
  checkFormula,
  checkGroup,
  checkIdentity,
  checkMass,
  checkSmiles,
  readOrNull,
} from './checks.ts'
import { undecided } from './claim.ts'
import { readCharge, readMass } from './measures.ts'
import { readNamed } from './named.ts'
import type { Bound } from './numbers.ts'
import { type Attribute, type Noun, readAttribute, readCount, readFormula, readNoun } from './phrases.ts'
import {
  atEnd,
  type Draft,
  draftOf,
  type Sentence,
  type Spoken,
  speaksOfSpelling,
  spokenOf,
  wordsOf,
} from './sentence.ts'
import { hasSmilesShape } from './smiles-shape.ts'
import { moleculeSubject, type Subject } from './subject.ts'

export function countClaim(
  s: Sentence,
  spoken: Spoken,
  from: number,
  noun: Noun,
  value: number | null,
  bound: Bound,
): Draft {
  const { mols } = s.scene
  if ('group' in noun)
    return draftOf(s, 'functional_group', spoken, from, wordsOf(s, from), (subject) =>
      checkGroup(subject, noun.group, value, bound, mols),
    )
  return draftOf(s, noun.quantity.kind, spoken, from, wordsOf(s, from), (subject) =>
    value === null
      ? checkCount(subject, noun.quantity, 1, 'at_least', mols)
      : checkCount(subject, noun.quantity, value, bound, mols),
  )
}

/** `the formula C6H6`, `a molar mass of 78.11 g/mol`, `a net charge of +1`, `a degree of unsaturation of 4`. */
export function attributeItem(s: Sentence, subject: Subject | null, given: Spoken | null): Draft | null {
  const { r } = s
  return r.attempt(() => {
    const from = r.i
    const spoken = given ?? spokenOf(subject!, from)
    r.eat('a', 'an', 'the', 'its')
    const attribute = readAttribute(r)
    if (attribute === null) return null
    if (attribute.kind === 'count' && s.tokens[r.i - 1]!.kind === 'word' && from === r.i - 1 && !r.is('=', ':', 'of'))
      return null
    r.eat('of', '=', ':', 'is')
    r.eatAll('equal to')
    return readValue(s, attribute, spoken, from)
  })
}

/** `a positive charge`, `a +1 charge`, `a single negative charge`: the molecule's, where it has charges of that sign alone. */
export function chargeItem(s: Sentence, spoken: Spoken): Draft | null {
  const { r } = s
  return r.attempt(() => {
    const from = r.i
    r.eat('a', 'an', 'one')
    while (r.eat('single', 'formal', 'net', 'overall', 'full', 'permanent'));
    const sign = r.eat('positive') ? 1 : r.eat('negative') ? -1 : null
    const value = sign ?? readCharge(r)
    if (value === null || !r.eat('charge') || !atEnd(s)) return null
    return draftOf(s, 'charge', spoken, from, wordsOf(s, from), (it) => {
      const charges = it.molecule?.graph.atoms.map(({ charge }) => charge) ?? []
      // a zwitterion has charges of both signs, and none in all
      const mixed = charges.some((charge) => charge > 0) && charges.some((charge) => charge < 0)
      return mixed ? undecided('it has charges of both signs') : checkCharge(it, value)
    })
  })
}

export function readValue(s: Sentence, attribute: Attribute, spoken: Spoken, from: number): Draft | null {
  const { r, scene } = s
  const stated = r.i
  switch (attribute.kind) {
    case 'formula': {
      r.eat('formula')
      const formula = readFormula(r)
      if (formula === null || !atEnd(s)) return null
      return draftOf(s, 'formula', spoken, from, formula.token.raw, (it) =>
        checkFormula(it, formula.composition, attribute.empirical),
      )
    }
    case 'mass': {
      const mass = readMass(r)
      if (mass === null || !atEnd(s)) return null
      return draftOf(s, 'molar_mass', spoken, from, wordsOf(s, stated), (it) =>
        checkMass(it, mass, attribute.mass, scene.mols),
      )
    }
    case 'charge': {
      const charge = readCharge(r)
      if (charge === null || !atEnd(s)) return null
      return draftOf(s, 'charge', spoken, from, wordsOf(s, stated), (it) => checkCharge(it, charge))
    }
    case 'count': {
      const count = readCount(r)
      if (count === null) return null
      readNoun(r)
      if (!atEnd(s, true)) return null
      return countClaim(s, spoken, from, attribute.noun, count.value, count.bound)
    }
    case 'smiles': {
      const token = r.peek()
      if (token === undefined || token.kind === 'mark' || token.kind === 'number' || token.isName) return null
      if (
        !hasSmilesShape(token.raw) &&
        !(token.kind === 'word' && /[()[\]=#\d]/.test(token.raw) && /[CcNnOo]/.test(token.raw))
      )
        return null
      if (token.kind === 'word' && !token.quoted && /^[a-z-]+$|^[A-Z][a-z]{2,}$/.test(token.raw)) return null
      r.i++
      if (!atEnd(s)) return null
      const molecule = readOrNull(token.raw, scene.mols)
      // "SMILES: C1CC (incomplete)"
      if (molecule === null && speaksOfSpelling(s)) return null
      if (molecule === null || !spoken.explicit)
        return {
          kind: 'smiles',
          from,
          to: r.i,
          subject: token.raw,
          stated: token.raw,
          finding: checkSmiles(token.raw, true, scene.mols),
        }
      return draftOf(s, 'identity', spoken, from, token.raw, (it) =>
        checkIdentity(it, moleculeSubject(token.raw, molecule)),
      )
    }
    case 'name': {
      const token = r.peek()
      if (token === undefined || !token.isName) return null
      const named = readNamed(s, r.i, false, false)
      if (named?.subject == null || !atEnd(s)) return null
      const { subject } = named
      return draftOf(s, 'identity', spoken, from, wordsOf(s, stated), (it) => checkIdentity(it, subject))
    }
    case 'groups':
      return null
  }
}
