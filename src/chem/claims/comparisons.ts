import { checkHeavier, checkMore, checkSame, checkSameFormula } from './checks.ts'
import type { Finding } from './claim.ts'
import { type Attribute, readAttribute, readCount, readNoun } from './phrases.ts'
import { atEnd, type Draft, draftOf, type Scene, type Sentence, type Spoken, wordsOf } from './sentence.ts'
import { readSpoken } from './spoken.ts'
import type { Subject } from './subject.ts'

/** `two more carbons than ethane`, `the same formula as`, `more rings than`. */
export function readComparison(s: Sentence, spoken: Spoken): Draft[] | null {
  const { r, scene } = s
  return r.attempt(() => {
    const from = r.i
    if (r.eatAll('the same')) {
      const attribute = readAttribute(r)
      if (attribute === null || !r.eat('as')) return null
      const other = readSpoken(s)
      if (other?.subject == null || !other.explicit || !atEnd(s)) return null
      const check = sameAttribute(attribute, other.subject, scene)
      return check === null ? null : [draftOf(s, 'comparison', spoken, from, wordsOf(s, from), check)]
    }
    const heavier = r.attempt(() => {
      r.eat('a', 'an')
      const sign = r.eat('higher', 'larger', 'greater', 'bigger') ? 1 : r.eat('lower', 'smaller') ? -1 : 0
      return sign !== 0 && readAttribute(r)?.kind === 'mass' && r.eat('than') ? sign : null
    })
    if (heavier !== null) return massComparison(s, spoken, from, heavier)
    const count = readCount(r)
    if (r.eat('additional', 'extra')) r.i--
    // "one more carbon than", "one carbon more than"
    let sign = r.eat('more', 'additional', 'extra') ? 1 : r.eat('fewer', 'less') ? -1 : 0
    const noun = readNoun(r)
    if (sign === 0 && count !== null) sign = r.eat('more') ? 1 : r.eat('fewer', 'less') ? -1 : 0
    if (sign === 0 || noun === null || !('quantity' in noun)) return null
    if (!r.eat('than')) return null
    const other = readSpoken(s)
    if (other?.subject == null || !other.explicit || !atEnd(s, true)) return null
    const second = other.subject
    const by = count === null ? null : count.value
    if (count !== null && count.bound !== 'exactly') return null
    return [
      draftOf(s, 'comparison', spoken, from, wordsOf(s, from), (it) =>
        sign > 0
          ? checkMore(it, second, noun.quantity, by, scene.mols)
          : checkMore(second, it, noun.quantity, by, scene.mols),
      ),
    ]
  })
}

export function massComparison(s: Sentence, spoken: Spoken, from: number, sign: number): Draft[] | null {
  const other = readSpoken(s)
  if (other?.subject == null || !other.explicit || !atEnd(s)) return null
  const second = other.subject
  return [
    ...other.drafts,
    draftOf(s, 'comparison', spoken, from, wordsOf(s, from), (it) => checkHeavier(it, second, sign, s.scene.mols)),
  ]
}

export function sameAttribute(
  attribute: Attribute,
  second: Subject,
  { mols }: Scene,
): ((subject: Subject) => Finding) | null {
  if (attribute.kind === 'formula' && !attribute.empirical) return (it) => checkSameFormula(it, second)
  if (attribute.kind === 'count' && 'quantity' in attribute.noun) {
    const { quantity } = attribute.noun
    return (it) => checkSame(it, second, quantity, mols)
  }
  return null
}
