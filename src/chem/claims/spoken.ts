import { checkFormula, checkIdentity } from './checks.ts'
import { GROUPS } from './groups.ts'
import { readNamed, relativeAt } from './named.ts'
import { readFreeFormula } from './phrases.ts'
import { type Draft, impliedAt, type Sentence, type Spoken, spokenOf } from './sentence.ts'
import { moleculeSubject, type Subject } from './subject.ts'
import { bareTail, classBefore, classTail } from './tails.ts'
import { toldBefore } from './told.ts'
import { eatUnknownName, LINKS, skipUnknownName } from './unknown-names.ts'
import { attributeItem } from './values.ts'

const HEADS = new Set(
  `molecule compound structure smiles string notation species substance product reactant reagent hydrocarbon solvent drug ion anion cation
  formula representation candidate answer input metabolite natural`.split(/\s+/),
)
const DETERMINERS = new Set('the this that our a an its my'.split(' '))
const QUALIFIERS = new Set(
  'new modified edited source given final initial original parent starting whole entire input target resulting simple organic aromatic query canonical molecular chemical corresponding following proposed correct'.split(
    ' ',
  ),
)
const isApposable = (text: string): boolean =>
  /^[a-z-]+$/.test(text) && !LINKS.has(text) && !/(?:ed|form|version|conjugate|analogu?e?|derivative|dimer)$/.test(text)
const IMPLICIT_HEADS = new Set('molecule compound structure smiles string species substance'.split(' '))

/** A molecule or formula, or words for the one that was named before. */
export function readSpoken(s: Sentence): Spoken | null {
  const { r } = s
  return r.attempt(() => {
    const from = r.i
    if (r.eat('it')) return impliedAt(s, from)
    if (r.peek()?.text === 'this' && r.peek(1) !== undefined && ['is', 'has', 'contains'].includes(r.peek(1)!.text)) {
      r.i++
      return impliedAt(s, from)
    }
    if (r.eat('which')) return relativeAt(s, from)
    const told = r.attempt(() => toldBefore(s))
    if (told !== null) return told
    let head: string | null = null
    let determined = false
    for (;;) {
      const token = r.peek()
      if (token?.kind !== 'word') break
      if (DETERMINERS.has(token.text) && head === null) determined = true
      else if (HEADS.has(token.text)) head = token.text
      else if (!(QUALIFIERS.has(token.text) || (GROUPS.has(token.text) && r.peek(1)?.kind === 'chemical'))) break
      r.i++
    }
    // "the acetate ion CC(=O)[O-]": words that are not known, before a SMILES that is written out
    if (determined) {
      let k = 0
      while (k < 3 && r.peek(k)?.kind === 'word' && isApposable(r.peek(k)!.text)) k++
      const written = r.peek(k)
      if (k > 0 && written?.molecule != null && !written.isName) r.i += k
    } else if (head === null && r.i === from) skipUnknownName(s)
    // "the molecule, CCO, has", "this molecule (CCO) has"
    const wrap =
      s.r.i > from && r.is('(', ',') && r.peek(1)?.molecule != null && !r.peek(1)!.isName ? r.peek()!.text : null
    if (wrap !== null) {
      const written = r.peek(1)!
      if (r.peek(2)?.text !== (wrap === '(' ? ')' : ',')) return null
      r.i += 3
      return { ...spokenOf(moleculeSubject(written.raw, written.molecule!), from), smiles: written.raw }
    }
    const isSmiles = head === 'smiles' || head === 'string' || head === 'notation' || head === 'representation'
    if (head !== null) {
      // "the molecular ion of benzene", "the product of CCO" are other molecules
      if (r.is('of', 'for') && !/^(?:smiles|string|notation|representation|structure|molecule|formula)$/.test(head))
        return null
      r.eat('of', 'called', 'named', ':', 'for') ||
        r.eatAll('represented by the smiles string') ||
        r.eatAll('represented by the smiles') ||
        r.eatAll('represented by') ||
        r.eatAll('with the smiles') ||
        r.eatAll('with smiles') ||
        r.eatAll('given by') ||
        r.eatAll('denoted by')
      while (r.eat('the', 'smiles', 'string', ':', 'molecule', 'compound'));
    }
    const named = readNamed(s, from, isSmiles, head === 'formula')
    // a molecule, and what stands beside it
    if (named?.subject?.molecule != null) {
      const before = classBefore(s, r.i - 1, named.subject)
      const spoken = withApposition(s, named.subject, from)
      return { ...spoken, drafts: [...before, ...spoken.drafts], smiles: named.smiles }
    }
    // "glucose (C6H12O6)": a name that stands for a formula
    if (named?.subject != null && s.tokens[r.i - 1]?.isName && r.is('('))
      return { ...withApposition(s, named.subject, from), smiles: null }
    if (named !== null) return named
    r.i = from
    // "the molecule has"
    let k = 0
    while (r.peek(k)?.kind === 'word' && (DETERMINERS.has(r.peek(k)!.text) || QUALIFIERS.has(r.peek(k)!.text))) k++
    const noun = r.peek(k)
    if (determined && noun?.kind === 'word' && IMPLICIT_HEADS.has(noun.text)) {
      const words = s.tokens.slice(from, from + k).map(({ text }) => text)
      if (
        words.some((text) =>
          /^(?:new|modified|edited|source|final|resulting|target|starting|initial|parent|original|proposed|correct|corresponding|following|a|an|that)$/.test(
            text,
          ),
        )
      )
        return null
      r.i += k + 1
      while (r.eat('string'));
      return impliedAt(s, from)
    }
    return null
  })
}

/** `benzene (c1ccccc1)`, `ethanol, CCO,`, `benzene (C6H6)`: what stands beside a molecule is said of it. */
export function withApposition(s: Sentence, subject: Subject, from: number): Spoken {
  const { r } = s
  const drafts: Draft[] = []
  // "succinic acid OC(=O)CCC(O)=O"
  const written = r.peek()
  if (s.tokens[r.i - 1]?.isName && written?.molecule != null && !written.isName && r.peek(1)?.kind === 'word') {
    const finding = checkIdentity(subject, moleculeSubject(written.raw, written.molecule))
    const at = r.i
    r.i++
    if (finding.outcome === 'fail')
      drafts.push({ kind: 'identity', from: at, to: r.i, subject: subject.label, stated: written.raw, finding })
  }
  for (let turn = 0; turn < 4; turn++) {
    const start = r.i
    if (r.eat('(')) {
      const inside = readApposition(s, subject, drafts)
      if (!inside && !skipBrackets(s)) {
        r.i = start
        break
      }
      r.eat(')')
      continue
    }
    const [comma, other, close] = [r.peek(), r.peek(1), r.peek(2)]
    const known = drafts.length
    const tail = comma?.text === ',' && !isAfterPreposition(s, from) ? r.attempt(() => readClassTail(s, subject)) : null
    if (tail !== null) {
      drafts.push(...tail)
      continue
    }
    if (comma?.text === ',' && r.attempt(() => (r.eat(',') && eatUnknownName(s) && r.is(',', '.', '(') ? true : null)))
      continue
    // "ethanol, CCO, has": not "ethanol, CCN, and water"
    if (
      comma?.text === ',' &&
      other !== undefined &&
      !(close?.text === ',' && /^(?:and|or)$/.test(r.peek(3)?.text ?? ''))
    ) {
      r.i++
      const drafted = readApposition(s, subject, drafts)
      if (drafted && !r.is(',')) continue
      const verb = r.peek(1)
      if (
        drafted &&
        r.is(',') &&
        (verb === undefined || verb.kind === 'word' ? !/^(?:and|or)$/.test(verb?.text ?? '') : !verb.isName)
      ) {
        // the comma stays where the next piece begins with it
        if (verb?.kind === 'word' && !/^(?:smiles|mw|formula|molar|molecular|with)$/.test(verb.text)) r.i++
        continue
      }
    }
    drafts.length = known
    r.i = start
    break
  }
  return spokenOf(subject, from, drafts)
}

/** `from CCO, an acid`: what follows may be what becomes of it. */
const isAfterPreposition = (s: Sentence, from: number): boolean =>
  /^(?:of|from|with|for|on|upon|in|unlike|by|like|and|or|\+)$/.test(s.tokens[from - 1]?.text ?? '')

/** `, an ether with four carbons,` and what it is followed by */
function readClassTail(s: Sentence, subject: Subject): Draft[] | null {
  const { r } = s
  if (!r.eat(',')) return null
  const tail = classTail(s, spokenOf(subject, r.i))
  if (tail === null) return null
  const verb = r.peek(1)
  if (r.is(',') && verb?.kind === 'word' && !/^(?:which|whose|with|so|because|since|where)$/.test(verb.text)) r.i++
  return tail
}

/** Is what stands before the bracket or comma a name (not a SMILES)? */
function isNamedBefore(s: Sentence): boolean {
  for (let k = s.r.i - 1; k >= 0; k--) if (s.tokens[k]!.molecule !== null) return s.tokens[k]!.isName
  return false
}

function skipBrackets(s: Sentence): boolean {
  const { r } = s
  for (let k = 0; k < 30; k++) {
    const token = r.peek(k)
    if (token === undefined || token.text === '(') return false
    if (token.text === ')') {
      r.i += k
      return true
    }
  }
  return false
}

function readApposition(s: Sentence, subject: Subject, drafts: Draft[], isNamed = isNamedBefore(s)): boolean {
  const { r } = s
  const from = r.i
  let any = false
  for (;;) {
    const at = r.i
    r.eatAny(['also known as', 'also called', 'known as', 'i.e .', 'i.e.', 'i.e', 'aka', 'namely'])
    r.eat(',')
    const labelled = r.eatAll('smiles :') || r.eatAll('smiles string') || r.eat('smiles') || r.eatAll('smiles =')
    const token = r.peek()
    if (token === undefined) break
    if (token.molecule !== null && /^[,;)]$/.test(r.peek(1)?.text ?? ',')) {
      r.i++
      const other = moleculeSubject(token.raw, token.molecule)
      // two names or two SMILES side by side are a list
      if (token.isName === isNamed) return false
      const finding = checkIdentity(subject, other)
      // that a name and a SMILES agree is no statement; that they do not is a wrong one
      if (finding.outcome === 'fail')
        drafts.push({ kind: 'identity', from: at, to: r.i, subject: subject.label, stated: token.raw, finding })
      any = true
    } else if (!labelled) {
      const item = attributeItem(s, subject, null)
      const bare = item === null && token.kind === 'number' ? bareTail(s, spokenOf(subject, r.i)) : null
      if (item !== null || bare !== null) {
        drafts.push(...(bare ?? [item!]))
        any = true
      } else {
        const formula = /^[,;)]$/.test(r.peek(1)?.text ?? ',') ? readFreeFormula(r) : null
        if (formula === null) break
        drafts.push({
          kind: 'formula',
          from: at,
          to: r.i,
          subject: subject.label,
          stated: formula.token.raw,
          finding: checkFormula(subject, formula.composition),
        })
        any = true
      }
    } else break
    if (!(r.is(',', ';') && s.tokens[from - 1]?.text === '(')) break
    r.i++
  }
  if (!any) r.i = from
  return any && (r.is(')', ',', '.') || r.peek() === undefined)
}
