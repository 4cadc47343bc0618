import { attributeIs } from './attributes.ts'
import { presentIn, thereIs, weCount } from './counts.ts'
import { pluralStatement } from './plurals.ts'
import { singularStatement } from './predicates.ts'
import { isResult } from './results.ts'
import { type Draft, type Sentence, spokenOf } from './sentence.ts'
import { misspelled, smilesLine } from './spelling.ts'
import { withApposition } from './spoken.ts'
import { moleculeSubject } from './subject.ts'
import { classBefore } from './tails.ts'
import { attributeItem } from './values.ts'

const BEFORE_BRACKETS = new Set(
  'is are the : , . ; -> + gives give yields yield forms molecule compound called named smiles'.split(' '),
)

/** Every claim of the sentence that is understood from its first to its last word. */
export function statementsOf(s: Sentence): Draft[] {
  const drafts: Draft[] = []
  let i = 0
  while (i < s.tokens.length) {
    if (!startsClause(s, i)) {
      i++
      continue
    }
    s.r.i = i
    skipOpeners(s)
    const found = s.r.i < s.tokens.length ? readStatement(s) : null
    if (found !== null && found.length > 0 && s.r.i > i) {
      drafts.push(...found)
      i = s.r.i
    } else i++
  }
  return [...drafts, ...besides(s, drafts), ...misspelled(s, drafts)]
}

/** `The product is ethyl acetate (C4H8O2)`: brackets behind a molecule, where nothing else of the clause was understood. */
function besides(s: Sentence, known: readonly Draft[]): Draft[] {
  const found: Draft[] = []
  for (const [i, token] of s.tokens.entries()) {
    if (token.molecule === null) continue
    const isMade = isResult(s.tokens, i)
    if (!isMade && s.tokens[i + 1]?.text !== '(') continue
    if (known.some(({ from, to }) => from <= i + 2 && i + 2 < to)) continue
    const subject = moleculeSubject(token.raw, token.molecule)
    const before = s.tokens[i - 1]
    const leading = isMade ? classBefore(s, i, subject) : []
    if (before !== undefined && !BEFORE_BRACKETS.has(before.text) && !isMade) continue
    s.r.i = i + 1
    const { drafts } = withApposition(s, subject, i)
    found.push(...leading, ...drafts)
    // "gives CCO with the formula C2H6O"
    if (isMade && (s.r.eatAll(', with') || s.r.eat('with'))) {
      const item = attributeItem(s, subject, null)
      if (item !== null) found.push(item)
    }
  }
  return found
}

function startsClause(s: Sentence, i: number): boolean {
  if (i === 0) return true
  const before = s.tokens[i - 1]!
  if (before.kind === 'mark') return /^[,;:().!]$/.test(before.text)
  if (before.kind !== 'word') return false
  if (before.text === 'and') {
    // "the sum of benzene and ethanol has": only after a clause
    const earlier = s.tokens[i - 2]
    return earlier !== undefined && earlier.kind !== 'chemical'
  }
  return /^(?:but|so|because|since|that|therefore|thus|hence|while|whereas|although|though|where|means|meaning|i\.e|note|also|then|now|first|next|finally|clearly|indeed|as)$/.test(
    before.text,
  )
}

function skipOpeners(s: Sentence): void {
  // "For CCO: C2H6O"
  if (s.r.is('for') && s.r.peek(1)?.kind === 'chemical' && s.r.peek(2)?.text === ':') s.r.i++
  while (
    s.r.eat(
      'so',
      'thus',
      'therefore',
      'hence',
      'also',
      'now',
      'then',
      'clearly',
      'indeed',
      'finally',
      'first',
      'and',
      'okay',
      'ok',
      'yes',
      'right',
      'overall',
      'here',
      'well',
      'great',
      'good',
    ) &&
    s.r.eat(',')
  );
}

/** `With M = 88.11 g/mol, CCOC(C)=O is`: said of what comes behind the comma. */
function leadingWith(s: Sentence): Draft[] | null {
  const { r } = s
  if (!r.eat('with', 'having')) return null
  const from = r.i
  let comma = from
  while (comma < s.tokens.length && comma - from < 12 && s.tokens[comma]!.text !== ',') comma++
  if (s.tokens[comma]?.text !== ',') return null
  const token = s.tokens[comma + 1]
  if (token?.molecule == null) return null
  const spoken = spokenOf(moleculeSubject(token.raw, token.molecule), from)
  const item = attributeItem(s, null, spoken)
  if (item === null || r.i !== comma) return null
  r.i++
  return [item, ...(r.attempt(() => singularStatement(s)) ?? [])]
}

function readStatement(s: Sentence): Draft[] | null {
  const { r } = s
  return (
    r.attempt(() => thereIs(s)) ??
    r.attempt(() => smilesLine(s)) ??
    r.attempt(() => attributeIs(s)) ??
    r.attempt(() => weCount(s)) ??
    r.attempt(() => presentIn(s)) ??
    r.attempt(() => pluralStatement(s)) ??
    r.attempt(() => leadingWith(s)) ??
    r.attempt(() => singularStatement(s))
  )
}
