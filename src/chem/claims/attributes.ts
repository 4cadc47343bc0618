import { relativeAt } from './named.ts'
import { readCount, readKey, readNoun } from './phrases.ts'
import { ADVERBS, atEnd, type Draft, impliedAt, type Sentence, type Spoken, spokenOf } from './sentence.ts'
import { withUnread } from './spelling.ts'
import { readSpoken } from './spoken.ts'
import { formulaSubject, moleculeSubject } from './subject.ts'
import { givingTail } from './tails.ts'
import { countClaim, readValue } from './values.ts'

/** `the molar mass of ethanol is 46.07 g/mol`, `its formula is C6H6`, `Formula: C6H6`, `benzene's formula is C6H6` */
export function attributeIs(s: Sentence): Draft[] | null {
  const { r } = s
  const from = r.i
  const owner = r.attempt(() => {
    if (r.eat('its')) return impliedAt(s, from)
    if (r.eat('whose')) return relativeAt(s, from)
    const spoken = readSpoken(s)
    return spoken !== null && r.eat("'s") ? spoken : null
  })
  if (owner === null) r.eat('the', 'a', 'an', 'this')
  // "the resulting formula" is not that of the molecule named before
  const isOther = r.is('final', 'resulting', 'corresponding')
  r.eat('correct', 'overall', 'total', 'final', 'resulting', 'corresponding', 'full')
  const keyed = readKey(r)
  if (keyed === null) return null
  // "ethanol (SMILES: CCO)"
  const bracketed = s.tokens[from - 1]?.text === '(' ? s.tokens[from - 2] : undefined
  const isKeyOnly = from === 0 || s.tokens[from - 1]!.kind === 'mark'
  let spoken =
    owner ?? (bracketed?.molecule == null ? null : spokenOf(moleculeSubject(bracketed.raw, bracketed.molecule), from))
  if (spoken === null && r.eat('of', 'for', 'in')) {
    spoken = readSpoken(s)
    if (spoken === null) return null
  }
  // MW(benzene) = 78.11
  if (spoken === null && r.peek()?.text === '(' && r.peek(1)?.kind === 'chemical') {
    r.i++
    spoken = readSpoken(s)
    if (spoken === null || !r.eat(')')) return null
  }
  if (spoken === null && isOther) return null
  r.eatAny(ADVERBS)
  const isLine = r.eat(':')
  if (!isLine && !r.eat('is', '=', '≈', 'equals', '~', 'are')) return null
  if (isLine && !isKeyOnly) return null
  if (s.tokens[r.i - 1]!.text === '≈' || s.tokens[r.i - 1]!.text === '~') r.i--
  r.eatAny(ADVERBS)
  r.eatAll('equal to') || r.eatAll('given by')
  skipSum(s)
  spoken ??= impliedAt(s, from)
  if (keyed.kind === 'groups') return groupLine(s, spoken)
  if (keyed.kind === 'count' && 'group' in keyed.noun && !isLine && owner === null) return null
  const draft = readValue(s, keyed, spoken, from)
  if (draft === null) return null
  // "the formula is C10H8, giving seven degrees of unsaturation"
  const stated = keyed.kind === 'formula' ? s.tokens[r.i - 1] : undefined
  const giving =
    stated?.formula == null
      ? null
      : r.attempt(() => (r.eat(',') ? givingTail(s, spokenOf(formulaSubject(stated.raw, stated.formula!), r.i)) : null))
  return withUnread(s, spoken, [draft, ...(giving ?? [])])
}

/** `6 × 12.011 + 6 × 1.008 = 78.11`: only what it comes to is read. */
function skipSum(s: Sentence): void {
  const { r } = s
  let last = r.i
  for (let k = r.i; k < s.tokens.length; k++) {
    const { kind, text, raw } = s.tokens[k]!
    if (kind === 'mark' && /^[=≈]$/.test(text)) last = k + 1
    else if (!(kind === 'number' || /^[()+*×·/-]$/.test(text) || /^[\d().+*×·/x-]+$/.test(raw))) break
  }
  if (last > r.i) r.i = s.tokens[last - 1]!.text === '≈' ? last - 1 : last
}

/** `Functional groups: carboxylic acid, ester` */
function groupLine(s: Sentence, spoken: Spoken): Draft[] | null {
  const { r } = s
  const drafts: Draft[] = []
  do {
    r.eat('and', 'a', 'an', 'the')
    const from = r.i
    const count = readCount(r)
    const noun = readNoun(r)
    if (noun === null || !('group' in noun)) return null
    drafts.push(countClaim(s, spoken, from, noun, count?.value ?? null, count?.bound ?? 'at_least'))
  } while (r.eatAll(', and') || r.eat(',', 'and', ';'))
  return atEnd(s) ? withUnread(s, spoken, drafts) : null
}
