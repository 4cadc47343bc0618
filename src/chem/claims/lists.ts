import { checkAtLeast, checkElements, checkFormula } from './checks.ts'
import { readAttribute, readCount, readFreeFormula, readNoun } from './phrases.ts'
import { ELEMENT_NAMES, SYMBOL_QUANTITIES } from './quantities.ts'
import { Reader } from './reader.ts'
import { atEnd, type Draft, draftOf, type Sentence, type Spoken, wordsOf } from './sentence.ts'
import { attributeItem, chargeItem, countClaim } from './values.ts'

/** `six carbons, six hydrogens and a molar mass of 78.11 g/mol`: all of it, or nothing. */
export function readList(s: Sentence, spoken: Spoken): Draft[] | null {
  const { r } = s
  const drafts: Draft[] = []
  r.eat('both')
  for (;;) {
    const before = r.i
    if (drafts.length > 0) {
      if (!(r.eatAll(', and') || r.eat('and', ',', '&', 'plus', ';') || r.eatAll('as well as'))) break
      if (r.is('which', 'so', 'but', 'has', 'is', 'contains', 'its', 'the') && !isAttributeAhead(s)) {
        r.i = before
        break
      }
    }
    const items = readItems(s, spoken)
    if (items === null) {
      if (drafts.length === 0) return null
      r.i = before
      break
    }
    drafts.push(...items)
    // "has the formula C6H5NO2 (MW 123.11 g/mol)"
    const beside = r.attempt(() => {
      if (!r.eat('(')) return null
      const item = attributeItem(s, null, spoken)
      return item !== null && r.eat(')') ? item : null
    })
    if (beside !== null) drafts.push(beside)
  }
  return drafts
}

function isAttributeAhead(s: Sentence): boolean {
  const probe = new Reader(s.tokens, s.r.i)
  return probe.eat('the', 'a', 'an') && readAttribute(probe) !== null
}

function readItems(s: Sentence, spoken: Spoken): Draft[] | null {
  const { r } = s
  return r.attempt(() => {
    const attribute = attributeItem(s, null, spoken)
    if (attribute !== null) return [attribute]
    const charge = chargeItem(s, spoken)
    if (charge !== null) return [charge]
    const from = r.i
    const count = readCount(r)
    if (count !== null) {
      // "two carbon and three hydrogen atoms"
      const noun = readNoun(r)
      if (noun === null) return null
      const draft = countClaim(s, spoken, from, noun, count.value, count.bound)
      return endOfItem(
        s,
        draft,
        'quantity' in noun,
        count.bound === 'exactly' || count.bound === 'at_least' ? count.value : null,
      )
    }
    if (r.eatAll('at least one') || r.eat('a', 'an')) {
      const noun = readNoun(r)
      if (noun === null) return null
      const draft = countClaim(s, spoken, from, noun, null, 'at_least')
      return endOfItem(s, draft, 'quantity' in noun, 1)
    }
    // "C8H8 as its formula"
    const formula = r.attempt(() => {
      const at = r.i
      const found = readFreeFormula(r)
      if (found === null || !r.eat('as')) return null
      r.eat('its', 'a', 'the')
      if (readAttribute(r)?.kind !== 'formula' || !atEnd(s)) return null
      return draftOf(s, 'formula', spoken, at, found.token.raw, (it) => checkFormula(it, found.composition))
    })
    if (formula !== null) return [formula]
    const elements = readElements(s, spoken)
    if (elements !== null) return elements
    // "the carboxylic acid and ester functional groups", "hydroxyl groups"
    r.eat('the')
    const start = r.i
    const noun = readNoun(r)
    if (noun === null || !('group' in noun) || !endsItem(s, false)) return null
    return [countClaim(s, spoken, start, noun, null, 'at_least')]
  })
}

/** `carbon, hydrogen and oxygen`; `only carbon and hydrogen`. */
function readElements(s: Sentence, spoken: Spoken): Draft[] | null {
  const { r } = s
  return r.attempt(() => {
    const from = r.i
    const only = r.eat('only')
    const found: { symbol: string; at: number }[] = []
    for (;;) {
      const symbol = r.peek()?.kind === 'word' ? ELEMENT_NAMES[r.peek()!.text] : undefined
      if (symbol === undefined) return null
      found.push({ symbol, at: r.i })
      r.i++
      const more = new Reader(r.tokens, r.i)
      if (!(more.eatAll(', and') || more.eat('and', ',')) || ELEMENT_NAMES[more.peek()?.text ?? ''] === undefined) break
      r.i = more.i
    }
    r.eat('atoms')
    if (!atEnd(s, true)) return null
    const end = r.i
    if (only)
      return [
        draftOf(s, 'atom_count', spoken, from, wordsOf(s, from), (it) =>
          checkElements(
            it,
            found.map(({ symbol }) => symbol),
          ),
        ),
      ]
    const drafts = found.map(({ symbol, at }) => {
      r.i = at + 1
      return countClaim(s, spoken, at, { quantity: SYMBOL_QUANTITIES.get(symbol)! }, null, 'at_least')
    })
    r.i = end
    return drafts
  })
}

/** At the end of an item; or before what narrows it, where the claim can still be found wrong. */
function endOfItem(s: Sentence, draft: Draft, isCount: boolean, least: number | null): Draft[] | null {
  if (endsItem(s, isCount)) return [draft]
  if (
    least === null ||
    !s.r.is('on', 'at', 'in', 'attached', 'bonded', 'connected', 'linked', 'that', 'with', 'fused', 'adjacent')
  )
    return null
  return [{ ...draft, finding: checkAtLeast(draft.finding, least) }]
}

function endsItem(s: Sentence, isCount: boolean): boolean {
  if (atEnd(s, isCount)) return true
  return s.r.is('&')
}
