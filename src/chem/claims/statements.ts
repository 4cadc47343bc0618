import type { MolToolkit } from '../toolkit/molecule.ts'
import {
  checkAtLeast,
  checkCharge,
  checkCount,
  checkElements,
  checkFormula,
  checkGroup,
  checkIdentity,
  checkIsomers,
  checkMass,
  checkMore,
  checkSame,
  checkSameFormula,
  checkSmiles,
  type IsomerKind,
  readOrNull,
} from './checks.ts'
import { type ClaimKind, type Finding, undecided } from './claim.ts'
import { readClass } from './classes.ts'
import { GROUPS } from './groups.ts'
import type { Bound } from './numbers.ts'
import {
  type Attribute,
  type Noun,
  readAttribute,
  readCharge,
  readCount,
  readFormula,
  readFreeFormula,
  readKey,
  readMass,
  readNoun,
} from './phrases.ts'
import { ELEMENT_NAMES, SYMBOL_QUANTITIES } from './quantities.ts'
import { Reader } from './reader.ts'
import type { Referents } from './referents.ts'
import { hasSmilesShape } from './smiles-shape.ts'
import { formulaSubject, moleculeSubject, type Subject } from './subject.ts'
import { AFTER_NAMES, standsForFormula, type Token } from './tokens.ts'

/** A claim between tokens `from` and `to` of its sentence. */
export interface Draft {
  readonly kind: ClaimKind
  readonly from: number
  readonly to: number
  readonly subject: string | null
  readonly stated: string
  readonly finding: Finding
}

export interface Scene {
  readonly mols: MolToolkit
  readonly referents: Referents
}

/** What is spoken of; `subject` null where the text does not tell which molecule it is. */
interface Spoken {
  readonly subject: Subject | null
  readonly reason: string | null
  /** The SMILES as written, where the text calls it one. */
  readonly smiles: string | null
  /** Claims made by the way: `benzene (C6H6)`. */
  readonly drafts: readonly Draft[]
  readonly from: number
  readonly explicit: boolean
}

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
const HAVE = ['have', 'contain', 'bear', 'possess', 'carry', 'include', 'feature']
const ADVERBS = [
  'also',
  'clearly',
  'indeed',
  'therefore',
  'thus',
  'hence',
  'then',
  'actually',
  'still',
  'in fact',
  'of course',
  'obviously',
  'certainly',
  'definitely',
  'both',
  'itself',
  'now',
  'already',
  'overall',
  'in total',
  'simply',
  'just',
]
const HEADS = new Set(
  `molecule compound structure smiles string notation species substance product reactant reagent hydrocarbon solvent drug ion anion cation
  formula representation candidate answer input metabolite natural`.split(/\s+/),
)
const DETERMINERS = new Set('the this that our a an its my'.split(' '))
const QUALIFIERS = new Set(
  'given final initial original parent starting whole entire input target resulting simple organic aromatic query canonical molecular chemical corresponding following proposed correct'.split(
    ' ',
  ),
)
/** Words that a group of words before a SMILES does not have: what follows them is another matter. */
const LINKS = new Set(
  `of in on from with by for to and or than as at per is are has have not no into via using between fragment substructure group moiety
  motif pattern unit part linker side substituent residue core scaffold ring chain segment portion piece`.split(/\s+/),
)
/** Words before a molecule after which brackets are of that molecule alone. */
const BEFORE_BRACKETS = new Set(
  'is are the : , . ; -> + gives give yields yield forms molecule compound called named smiles'.split(' '),
)
const IMPLICIT_HEADS = new Set('molecule compound structure smiles string species substance'.split(' '))
const ENDS = new Set(
  `and but so because since which while whereas thus therefore hence making giving confirming matching meaning i.e as where although though
  plus then consistent indicating showing`.split(/\s+/),
)
const TRAILERS = [
  'in total',
  'in all',
  'overall',
  'total',
  'altogether',
  'per molecule',
  'too',
  'as well',
  'here',
  'in its structure',
  'in the molecule',
  'in this molecule',
  'in the structure',
  'in this structure',
  'in its backbone structure',
  'in it',
  'exactly',
  'present',
  'indeed',
]

export class Statements {
  private readonly r: Reader
  private readonly tokens: readonly Token[]
  constructor(
    tokens: readonly Token[],
    private readonly scene: Scene,
  ) {
    this.tokens = tokens
    this.r = new Reader(tokens)
  }

  /** Every claim of the sentence that is understood from its first to its last word. */
  all(): Draft[] {
    const drafts: Draft[] = []
    let i = 0
    while (i < this.tokens.length) {
      if (!this.startsClause(i)) {
        i++
        continue
      }
      this.r.i = i
      this.skipOpeners()
      const found = this.r.i < this.tokens.length ? this.statement() : null
      if (found !== null && found.length > 0 && this.r.i > i) {
        drafts.push(...found)
        i = this.r.i
      } else i++
    }
    return [...drafts, ...this.besides(drafts), ...this.misspelled(drafts)]
  }

  /** `we start from the SMILES c1ccc`: a string that the text calls a SMILES, and RDKit cannot read, is a wrong claim. */
  private misspelled(known: readonly Draft[]): Draft[] {
    const found: Draft[] = []
    if (this.speaksOfSpelling()) return found
    for (const [i, { text, kind }] of this.tokens.entries()) {
      if (kind !== 'word' || text !== 'smiles') continue
      const r = new Reader(this.tokens, i + 1)
      r.eat('string', 'notation', 'representation', 'code')
      r.eat(':', 'is')
      const token = r.peek()
      if (token === undefined || token.kind === 'mark' || token.kind === 'number' || token.molecule !== null) continue
      if (known.some(({ from, to }) => from <= r.i && r.i < to) || !hasSmilesShape(token.raw)) continue
      if (!/[()[\]=#\d]/.test(token.raw) || readOrNull(token.raw, this.scene.mols) !== null) continue
      const finding = checkSmiles(token.raw, true, this.scene.mols)
      found.push({ kind: 'smiles', from: i, to: r.i + 1, subject: token.raw, stated: token.raw, finding })
    }
    return found
  }

  /** `The product is ethyl acetate (C4H8O2)`: brackets behind a molecule, where nothing else of the clause was understood. */
  private besides(known: readonly Draft[]): Draft[] {
    const found: Draft[] = []
    for (const [i, token] of this.tokens.entries()) {
      if (token.molecule === null || this.tokens[i + 1]?.text !== '(') continue
      if (known.some(({ from, to }) => from <= i + 2 && i + 2 < to)) continue
      const before = this.tokens[i - 1]
      if (before !== undefined && !BEFORE_BRACKETS.has(before.text)) continue
      this.r.i = i + 1
      found.push(...this.apposed(moleculeSubject(token.raw, token.molecule), i).drafts)
    }
    return found
  }

  private startsClause(i: number): boolean {
    if (i === 0) return true
    const before = this.tokens[i - 1]!
    if (before.kind === 'mark') return /^[,;:().!]$/.test(before.text)
    if (before.kind !== 'word') return false
    if (before.text === 'and') {
      // "the sum of benzene and ethanol has": only after a clause
      const earlier = this.tokens[i - 2]
      return earlier !== undefined && earlier.kind !== 'chemical'
    }
    return /^(?:but|so|because|since|that|therefore|thus|hence|while|whereas|although|though|where|means|meaning|i\.e|note|also|then|now|first|next|finally|clearly|indeed|as)$/.test(
      before.text,
    )
  }

  private skipOpeners(): void {
    while (
      this.r.eat(
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
        'in',
        'here',
        'well',
        'great',
        'good',
      ) &&
      this.r.eat(',')
    );
  }

  private statement(): Draft[] | null {
    const { r } = this
    return (
      r.attempt(() => this.thereIs()) ??
      r.attempt(() => this.smilesLine()) ??
      r.attempt(() => this.attributeIs()) ??
      r.attempt(() => this.weCount()) ??
      r.attempt(() => this.plural()) ??
      r.attempt(() => this.singular())
    )
  }

  // ---- subjects

  /** A molecule or formula, or words for the one that was named before. */
  private readSpoken(): Spoken | null {
    const { r } = this
    return r.attempt(() => {
      const from = r.i
      if (r.eat('it')) return this.implicit(from)
      if (r.peek()?.text === 'this' && r.peek(1) !== undefined && ['is', 'has', 'contains'].includes(r.peek(1)!.text)) {
        r.i++
        return this.implicit(from)
      }
      if (r.eat('which')) return this.relative(from)
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
        while (k < 3 && r.peek(k)?.kind === 'word' && /^[a-z-]+$/.test(r.peek(k)!.text) && !LINKS.has(r.peek(k)!.text))
          k++
        const written = r.peek(k)
        if (k > 0 && written?.molecule != null && !written.isName) r.i += k
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
      const named = this.readNamed(from, isSmiles, head === 'formula')
      if (named !== null) return named
      r.i = from
      // "the molecule has"
      let k = 0
      while (r.peek(k)?.kind === 'word' && (DETERMINERS.has(r.peek(k)!.text) || QUALIFIERS.has(r.peek(k)!.text))) k++
      const noun = r.peek(k)
      if (determined && noun?.kind === 'word' && IMPLICIT_HEADS.has(noun.text)) {
        const words = this.tokens.slice(from, from + k).map(({ text }) => text)
        if (
          words.some((text) =>
            /^(?:final|resulting|target|starting|initial|parent|original|proposed|correct|corresponding|following|a|an|that)$/.test(
              text,
            ),
          )
        )
          return null
        r.i += k + 1
        while (r.eat('string'));
        return this.implicit(from)
      }
      return null
    })
  }

  private implicit(from: number): Spoken {
    const subject = this.scene.referents.at(this.tokens[from]!.start)
    return {
      subject,
      reason: subject === null ? 'it does not tell which molecule is meant' : null,
      smiles: null,
      drafts: [],
      from,
      explicit: false,
    }
  }

  /** `benzene, which has`: the molecule right before. */
  private relative(from: number): Spoken | null {
    let k = from - 1
    if (this.tokens[k]?.text === ',') k--
    const token = this.tokens[k]
    if (token?.molecule === undefined || token.molecule === null) return null
    const before = this.tokens[k - 1]
    if (before !== undefined && /^(?:of|from|with|and)$/.test(before.text)) return null
    return this.spokenOf(moleculeSubject(token.raw, token.molecule), from)
  }

  private spokenOf(subject: Subject, from: number, drafts: readonly Draft[] = []): Spoken {
    return { subject, reason: null, smiles: null, drafts, from, explicit: true }
  }

  private readNamed(from: number, isSmiles: boolean, isFormula: boolean): Spoken | null {
    const { r, scene } = this
    const token = r.peek()
    if (token === undefined || token.kind === 'mark' || token.kind === 'number') return null
    const next = r.peek(1)
    if (next?.kind === 'word' && AFTER_NAMES.has(next.text)) return null
    if (isSmiles && !token.isName) {
      if (!hasSmilesShape(token.raw) && !/[()[\]=#\d]/.test(token.raw)) return null
      if (token.kind === 'word' && !token.quoted && /^[a-z-]{2,}$/.test(token.raw)) return null
      r.i++
      const molecule = readOrNull(token.raw, scene.mols)
      if (molecule === null)
        return {
          subject: null,
          reason: `${token.raw} is no SMILES that RDKit can read`,
          smiles: token.raw,
          drafts: [],
          from,
          explicit: true,
        }
      return { ...this.apposed(moleculeSubject(token.raw, molecule), from), smiles: token.raw }
    }
    if (isFormula) {
      const formula = readFormula(r)
      return formula === null ? null : this.spokenOf(formulaSubject(formula.token.raw, formula.composition), from)
    }
    if (token.molecule !== null) {
      // "a phenol has" speaks of a class
      const isClass = token.isName && /^an?$/.test(this.tokens[r.i - 1]?.text ?? '')
      if (isClass && next?.text !== 'molecule') return null
      r.i++
      if (next?.kind === 'word' && next.text === 'molecule') r.i++
      return {
        ...this.apposed(moleculeSubject(token.raw, token.molecule), from),
        smiles: token.isName ? null : token.raw,
      }
    }
    if (standsForFormula(token)) {
      r.i++
      return this.spokenOf(formulaSubject(token.raw, token.formula!), from)
    }
    return null
  }

  /** `benzene (c1ccccc1)`, `ethanol, CCO,`, `benzene (C6H6)`: what stands beside a molecule is said of it. */
  private apposed(subject: Subject, from: number): Spoken {
    const { r } = this
    const drafts: Draft[] = []
    for (let turn = 0; turn < 4; turn++) {
      const start = r.i
      if (r.eat('(')) {
        const inside = this.apposition(subject, drafts)
        if (!inside && !this.skipBrackets()) {
          r.i = start
          break
        }
        r.eat(')')
        continue
      }
      const [comma, other, close] = [r.peek(), r.peek(1), r.peek(2)]
      const known = drafts.length
      // "ethanol, CCO, has": not "ethanol, CCN, and water"
      if (
        comma?.text === ',' &&
        other !== undefined &&
        !(close?.text === ',' && /^(?:and|or)$/.test(r.peek(3)?.text ?? ''))
      ) {
        r.i++
        const drafted = this.apposition(subject, drafts)
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
    return this.spokenOf(subject, from, drafts)
  }

  /** Is what stands before the bracket or comma a name (not a SMILES)? */
  private isNamedBefore(): boolean {
    for (let k = this.r.i - 1; k >= 0; k--) if (this.tokens[k]!.molecule !== null) return this.tokens[k]!.isName
    return false
  }

  private skipBrackets(): boolean {
    const { r } = this
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

  private apposition(subject: Subject, drafts: Draft[], isNamed = this.isNamedBefore()): boolean {
    const { r } = this
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
        const item = this.attributeItem(subject, null)
        if (item !== null) {
          drafts.push(item)
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
      if (!(r.is(',', ';') && this.tokens[from - 1]?.text === '(')) break
      r.i++
    }
    if (!any) r.i = from
    return any && (r.is(')', ',') || r.peek() === undefined)
  }

  // ---- the ends of claims

  /** Nothing follows that could narrow what was said. */
  private atEnd(afterCount = false): boolean {
    const { r } = this
    const from = r.i
    r.eatAny(TRAILERS)
    const token = r.peek()
    if (token === undefined) return true
    if (token.kind === 'mark') {
      if (token.text !== '(') {
        if (/^[.,;:!)"]$/.test(token.text)) return true
        r.i = from
        return false
      }
      if (!afterCount) return true
      const inside = r.peek(1)
      if (inside?.kind === 'chemical' || inside?.kind === 'number') return true
      r.i = from
      return false
    }
    if (token.kind === 'word' && ENDS.has(token.text)) {
      // "six carbons and hydrogens": the number may be of both
      if (token.text === 'and') {
        const probe = new Reader(r.tokens, r.i + 1)
        if (afterCount && readNoun(probe) !== null) {
          r.i = from
          return false
        }
      }
      return true
    }
    r.i = from
    return false
  }

  private decide(spoken: Spoken, check: (subject: Subject) => Finding): Finding {
    return spoken.subject === null ? undecided(spoken.reason!) : check(spoken.subject)
  }
  private draft(
    kind: ClaimKind,
    spoken: Spoken,
    from: number,
    stated: string,
    check: (subject: Subject) => Finding,
  ): Draft {
    return {
      kind,
      from,
      to: this.r.i,
      subject: spoken.subject?.label ?? null,
      stated,
      finding: this.decide(spoken, check),
    }
  }
  private words(from: number, to = this.r.i): string {
    return this.tokens
      .slice(from, to)
      .map(({ raw }) => raw)
      .join(' ')
  }

  private counted(spoken: Spoken, from: number, noun: Noun, value: number | null, bound: Bound): Draft {
    const { mols } = this.scene
    if ('group' in noun)
      return this.draft('functional_group', spoken, from, this.words(from), (subject) =>
        checkGroup(subject, noun.group, value, bound, mols),
      )
    return this.draft(noun.quantity.kind, spoken, from, this.words(from), (subject) =>
      value === null
        ? checkCount(subject, noun.quantity, 1, 'at_least', mols)
        : checkCount(subject, noun.quantity, value, bound, mols),
    )
  }

  // ---- what is said

  /** `six carbons, six hydrogens and a molar mass of 78.11 g/mol`: all of it, or nothing. */
  private list(spoken: Spoken): Draft[] | null {
    const { r } = this
    const drafts: Draft[] = []
    r.eat('both')
    for (;;) {
      const before = r.i
      if (drafts.length > 0) {
        if (!(r.eatAll(', and') || r.eat('and', ',', '&', 'plus', ';') || r.eatAll('as well as'))) break
        if (r.is('which', 'so', 'but', 'has', 'is', 'contains', 'its', 'the') && !this.isAttributeAhead()) {
          r.i = before
          break
        }
      }
      const items = this.items(spoken)
      if (items === null) {
        if (drafts.length === 0) return null
        r.i = before
        break
      }
      drafts.push(...items)
    }
    return drafts
  }
  private isAttributeAhead(): boolean {
    const probe = new Reader(this.tokens, this.r.i)
    return probe.eat('the', 'a', 'an') && readAttribute(probe) !== null
  }

  private items(spoken: Spoken): Draft[] | null {
    const { r } = this
    return r.attempt(() => {
      const attribute = this.attributeItem(null, spoken)
      if (attribute !== null) return [attribute]
      const from = r.i
      const count = readCount(r)
      if (count !== null) {
        // "two carbon and three hydrogen atoms"
        const noun = readNoun(r)
        if (noun === null) return null
        const draft = this.counted(spoken, from, noun, count.value, count.bound)
        return this.ended(
          draft,
          'quantity' in noun,
          count.bound === 'exactly' || count.bound === 'at_least' ? count.value : null,
        )
      }
      if (r.eatAll('at least one') || r.eat('a', 'an')) {
        const noun = readNoun(r)
        if (noun === null) return null
        const draft = this.counted(spoken, from, noun, null, 'at_least')
        return this.ended(draft, 'quantity' in noun, 1)
      }
      const elements = this.elements(spoken)
      if (elements !== null) return elements
      // "the carboxylic acid and ester functional groups", "hydroxyl groups"
      r.eat('the')
      const start = r.i
      const noun = readNoun(r)
      if (noun === null || !('group' in noun) || !this.endsItem(false)) return null
      return [this.counted(spoken, start, noun, null, 'at_least')]
    })
  }
  /** `carbon, hydrogen and oxygen`; `only carbon and hydrogen`. */
  private elements(spoken: Spoken): Draft[] | null {
    const { r } = this
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
        if (!(more.eatAll(', and') || more.eat('and', ',')) || ELEMENT_NAMES[more.peek()?.text ?? ''] === undefined)
          break
        r.i = more.i
      }
      r.eat('atoms')
      if (!this.atEnd(true)) return null
      const end = r.i
      if (only)
        return [
          this.draft('atom_count', spoken, from, this.words(from), (s) =>
            checkElements(
              s,
              found.map(({ symbol }) => symbol),
            ),
          ),
        ]
      const drafts = found.map(({ symbol, at }) => {
        r.i = at + 1
        return this.counted(spoken, at, { quantity: SYMBOL_QUANTITIES.get(symbol)! }, null, 'at_least')
      })
      r.i = end
      return drafts
    })
  }

  /** At the end of an item; or before what narrows it, where the claim can still be found wrong. */
  private ended(draft: Draft, isCount: boolean, least: number | null): Draft[] | null {
    if (this.endsItem(isCount)) return [draft]
    if (
      least === null ||
      !this.r.is('on', 'at', 'in', 'attached', 'bonded', 'connected', 'linked', 'that', 'with', 'fused', 'adjacent')
    )
      return null
    return [{ ...draft, finding: checkAtLeast(draft.finding, least) }]
  }
  private endsItem(isCount: boolean): boolean {
    if (this.atEnd(isCount)) return true
    return this.r.is('&')
  }

  /** `the formula C6H6`, `a molar mass of 78.11 g/mol`, `a net charge of +1`, `a degree of unsaturation of 4`. */
  private attributeItem(subject: Subject | null, given: Spoken | null): Draft | null {
    const { r } = this
    return r.attempt(() => {
      const from = r.i
      const spoken = given ?? this.spokenOf(subject!, from)
      r.eat('a', 'an', 'the', 'its')
      const attribute = readAttribute(r)
      if (attribute === null) return null
      if (
        attribute.kind === 'count' &&
        this.tokens[r.i - 1]!.kind === 'word' &&
        from === r.i - 1 &&
        !r.is('=', ':', 'of')
      )
        return null
      r.eat('of', '=', ':', 'is')
      r.eatAll('equal to')
      return this.valueOf(attribute, spoken, from)
    })
  }

  private valueOf(attribute: Attribute, spoken: Spoken, from: number): Draft | null {
    const { r, scene } = this
    const stated = r.i
    switch (attribute.kind) {
      case 'formula': {
        r.eat('formula')
        const formula = readFormula(r)
        if (formula === null || !this.atEnd()) return null
        return this.draft('formula', spoken, from, formula.token.raw, (s) =>
          checkFormula(s, formula.composition, attribute.empirical),
        )
      }
      case 'mass': {
        const mass = readMass(r)
        if (mass === null || !this.atEnd()) return null
        return this.draft('molar_mass', spoken, from, this.words(stated), (s) =>
          checkMass(s, mass, attribute.mass, scene.mols),
        )
      }
      case 'charge': {
        const charge = readCharge(r)
        if (charge === null || !this.atEnd()) return null
        return this.draft('charge', spoken, from, this.words(stated), (s) => checkCharge(s, charge))
      }
      case 'count': {
        const count = readCount(r)
        if (count === null) return null
        readNoun(r)
        if (!this.atEnd(true)) return null
        return this.counted(spoken, from, attribute.noun, count.value, count.bound)
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
        if (!this.atEnd()) return null
        const molecule = readOrNull(token.raw, scene.mols)
        if (molecule === null || !spoken.explicit)
          return {
            kind: 'smiles',
            from,
            to: r.i,
            subject: token.raw,
            stated: token.raw,
            finding: checkSmiles(token.raw, true, scene.mols),
          }
        return this.draft('identity', spoken, from, token.raw, (s) =>
          checkIdentity(s, moleculeSubject(token.raw, molecule)),
        )
      }
      case 'name': {
        const token = r.peek()
        if (token === undefined || !token.isName) return null
        const named = this.readNamed(r.i, false, false)
        if (named?.subject == null || !this.atEnd()) return null
        const { subject } = named
        return this.draft('identity', spoken, from, this.words(stated), (s) => checkIdentity(s, subject))
      }
      case 'groups':
        return null
    }
  }

  /** `there are six carbons in benzene`, `there is one ring in it` */
  private thereIs(): Draft[] | null {
    const { r } = this
    const from = r.i
    let leading: Spoken | null = null
    if (r.eat('in')) {
      leading = this.readSpoken()
      if (leading === null) return null
      r.eat(',')
    }
    if (!r.eatAll('there are') && !r.eatAll('there is')) return null
    r.eatAny(ADVERBS)
    if (leading !== null) return this.finish(leading, this.list(leading))
    // what is counted comes before what it is counted in
    const counted: { count: number | null; bound: Bound; noun: Noun; from: number; to: number }[] = []
    for (;;) {
      const at = r.i
      const count = readCount(r)
      if (count === null && !r.eat('a', 'an')) return null
      const noun = readNoun(r)
      if (noun === null) return null
      counted.push({ count: count?.value ?? null, bound: count?.bound ?? 'at_least', noun, from: at, to: r.i })
      if (!(r.eatAll(', and') || r.eat('and', ','))) break
    }
    r.eat('present')
    let spoken: Spoken
    if (r.eat('in', 'within') || r.eatAll('present in')) {
      const found = this.readSpoken()
      if (found === null) return null
      spoken = found
    } else spoken = this.implicit(from)
    if (!this.atEnd(true)) return null
    const end = r.i
    const drafts = counted.map((one) => {
      r.i = one.to
      return this.counted(spoken, one.from, one.noun, one.count, one.bound)
    })
    r.i = end
    return [...spoken.drafts, ...drafts]
  }

  /** `SMILES: CCO`, `CCO is a valid SMILES`, `the SMILES c1ccccc is invalid` */
  private smilesLine(): Draft[] | null {
    const { r, scene } = this
    const from = r.i
    r.eat('the', 'this')
    r.eatAll('smiles string') || r.eat('smiles', 'string')
    r.eat(':')
    const token = r.peek()
    if (token === undefined || token.kind === 'mark' || token.kind === 'number' || token.isName) return null
    if (!hasSmilesShape(token.raw) && !(/[()[\]=#\d]/.test(token.raw) && /[CcNnOo]/.test(token.raw))) return null
    r.i++
    const claimed = this.validity()
    if (claimed === null) return null
    const what = claimed.what
    if (what === 'molecule' && readOrNull(token.raw, scene.mols) === null && !hasSmilesShape(token.raw)) return null
    const finding = checkSmiles(token.raw, claimed.valid, scene.mols)
    return [{ kind: 'smiles', from, to: r.i, subject: token.raw, stated: claimed.valid ? 'valid' : 'invalid', finding }]
  }

  private validity(): { valid: boolean; what: 'smiles' | 'molecule' } | null {
    const { r } = this
    if (r.eatAll('parses') || r.eatAll('can be parsed')) {
      r.eat('correctly', 'successfully', 'fine', 'properly', 'cleanly')
      r.eatAll('without errors')
      r.eatAll('as a valid molecule')
      r.eatAll('in rdkit')
      return this.atEnd() ? { valid: true, what: 'smiles' } : null
    }
    if (!r.eat('is')) return null
    r.eatAny(ADVERBS)
    r.eat('a', 'an')
    r.eat('syntactically', 'chemically', 'perfectly')
    let valid: boolean
    if (r.eat('valid', 'parsable', 'parseable')) valid = true
    else if (r.eat('invalid', 'unparsable', 'unparseable', 'malformed')) valid = false
    else if (r.is('smiles')) valid = true
    else return null
    const isMolecule = r.eat('molecule', 'structure', 'compound')
    if (!isMolecule) {
      r.eat('canonical')
      r.eat('smiles')
      r.eat('string', 'notation', 'representation')
    }
    return this.atEnd() ? { valid, what: isMolecule ? 'molecule' : 'smiles' } : null
  }

  /** `the molar mass of ethanol is 46.07 g/mol`, `its formula is C6H6`, `Formula: C6H6`, `benzene's formula is C6H6` */
  private attributeIs(): Draft[] | null {
    const { r } = this
    const from = r.i
    const owner = r.attempt(() => {
      if (r.eat('its')) return this.implicit(from)
      if (r.eat('whose')) return this.relative(from)
      const spoken = this.readSpoken()
      return spoken !== null && r.eat("'s") ? spoken : null
    })
    if (owner === null) r.eat('the', 'a', 'an', 'this')
    r.eat('correct', 'overall', 'total', 'final', 'resulting', 'corresponding', 'full')
    const keyed = readKey(r)
    if (keyed === null) return null
    const isKeyOnly = from === 0 || this.tokens[from - 1]!.kind === 'mark'
    let spoken = owner
    if (spoken === null && r.eat('of', 'for', 'in')) {
      spoken = this.readSpoken()
      if (spoken === null) return null
    }
    r.eatAny(ADVERBS)
    const isLine = r.eat(':')
    if (!isLine && !r.eat('is', '=', '≈', 'equals', '~', 'are')) return null
    if (isLine && !isKeyOnly) return null
    if (this.tokens[r.i - 1]!.text === '≈' || this.tokens[r.i - 1]!.text === '~') r.i--
    r.eatAny(ADVERBS)
    r.eatAll('equal to') || r.eatAll('given by')
    this.skipSum()
    spoken ??= this.implicit(from)
    if (keyed.kind === 'groups') return this.groupLine(spoken)
    if (keyed.kind === 'count' && 'group' in keyed.noun && !isLine && owner === null) return null
    const draft = this.valueOf(keyed, spoken, from)
    return draft === null ? null : this.finish(spoken, [draft])
  }

  /** `6 × 12.011 + 6 × 1.008 = 78.11`: only what it comes to is read. */
  private skipSum(): void {
    const { r } = this
    let last = r.i
    for (let k = r.i; k < this.tokens.length; k++) {
      const { kind, text, raw } = this.tokens[k]!
      if (kind === 'mark' && /^[=≈]$/.test(text)) last = k + 1
      else if (!(kind === 'number' || /^[()+*×·/-]$/.test(text) || /^[\d().+*×·/x-]+$/.test(raw))) break
    }
    if (last > r.i) r.i = this.tokens[last - 1]!.text === '≈' ? last - 1 : last
  }

  /** `Functional groups: carboxylic acid, ester` */
  private groupLine(spoken: Spoken): Draft[] | null {
    const { r } = this
    const drafts: Draft[] = []
    do {
      r.eat('and', 'a', 'an', 'the')
      const from = r.i
      const count = readCount(r)
      const noun = readNoun(r)
      if (noun === null || !('group' in noun)) return null
      drafts.push(this.counted(spoken, from, noun, count?.value ?? null, count?.bound ?? 'at_least'))
    } while (r.eatAll(', and') || r.eat(',', 'and', ';'))
    return this.atEnd() ? this.finish(spoken, drafts) : null
  }

  /** `I count six carbons in benzene` */
  private weCount(): Draft[] | null {
    const { r } = this
    if (!r.eatAll('i count') && !r.eatAll('we count') && !r.eatAll('we have')) return null
    const from = r.i
    const count = readCount(r)
    const noun = count === null ? null : readNoun(r)
    if (count === null || noun === null || !r.eat('in', 'for')) return null
    const to = r.i - 1
    const spoken = this.readSpoken()
    if (spoken === null || !this.atEnd(true)) return null
    const end = r.i
    r.i = to
    const draft = this.counted(spoken, from, noun, count.value, count.bound)
    r.i = end
    return this.finish(spoken, [draft])
  }

  private finish(spoken: Spoken, drafts: readonly Draft[] | null): Draft[] | null {
    return drafts === null ? null : [...this.unread(spoken), ...spoken.drafts, ...drafts]
  }
  /** `has an unclosed ring`: the text itself says that something is wrong with the string. */
  private speaksOfSpelling(): boolean {
    return this.tokens.some(
      ({ kind, text }) =>
        kind === 'word' &&
        /^(?:unclosed|unmatched|unbalanced|incomplete|broken|error|errors|typo|malformed|missing|closed|closure|parse[ds]?|parsing|syntax|valence|valency|partial|truncated|fragment|incorrect|wrong|prefix|starts?|beginning|ends?|unfinished|completion|complete|characters?)$/.test(
          text,
        ),
    )
  }

  /** A string that the text calls a SMILES and RDKit cannot read is a wrong claim by itself. */
  private unread(spoken: Spoken): Draft[] {
    if (spoken.smiles === null || spoken.subject !== null || this.speaksOfSpelling()) return []
    return [
      {
        kind: 'smiles',
        from: spoken.from,
        to: this.placeOf(spoken) + 1,
        subject: spoken.smiles,
        stated: spoken.smiles,
        finding: checkSmiles(spoken.smiles, true, this.scene.mols),
      },
    ]
  }

  private placeOf({ from, smiles }: Spoken): number {
    const at = this.tokens.findIndex(({ raw }, i) => i >= from && raw === smiles)
    return at < 0 ? from : at
  }

  /** One molecule and what is said of it, `and` what is said next. */
  private singular(): Draft[] | null {
    const { r } = this
    const spoken = this.readSpoken()
    if (spoken === null) return null
    const drafts: Draft[] = []
    let turn = 0
    for (; turn < 6; turn++) {
      const before = r.i
      if (turn > 0 && !(r.eatAll(', and') || r.eat('and', ','))) break
      r.eatAny(ADVERBS)
      const said = r.attempt(() => this.verbPhrase(spoken, turn === 0))
      if (said === null) {
        r.i = before
        break
      }
      drafts.push(...said)
    }
    if (drafts.length === 0) {
      // "benzene (C6H6) reacts with bromine": what stands in brackets is said all the same
      const beside = [...this.unread(spoken), ...spoken.drafts]
      return beside.length > 0 ? beside : null
    }
    return this.finish(spoken, drafts)
  }

  private verbPhrase(spoken: Spoken, isFirst: boolean): Draft[] | null {
    const { r } = this
    if (isFirst && r.eat(':')) {
      const formula = readFreeFormula(r)
      if (formula === null) return this.list(spoken)
      if (!this.atEnd()) return null
      return [
        this.draft('formula', spoken, spoken.from, formula.token.raw, (s) => checkFormula(s, formula.composition)),
      ]
    }
    if (isFirst && (r.eatAll(', with') || r.eat('with'))) {
      const item = this.attributeItem(null, spoken)
      return item === null ? null : [item]
    }
    if (r.eat('weighs')) return this.weighing(spoken)
    if (r.eatAny(HAS) !== null) {
      r.eatAny(ADVERBS)
      return this.comparison(spoken) ?? this.list(spoken)
    }
    if (r.eat('remains', 'stays')) return this.isPhrase(spoken)
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
      return this.equalling(spoken)
    if (r.eat('is')) {
      r.eatAny(ADVERBS)
      return this.isPhrase(spoken)
    }
    return null
  }

  private weighing(spoken: Spoken): Draft[] | null {
    const { r, scene } = this
    const from = r.i
    const mass = readMass(r)
    if (mass === null || !mass.unit || !this.atEnd()) return null
    return [this.draft('molar_mass', spoken, from, this.words(from), (s) => checkMass(s, mass, 'average', scene.mols))]
  }

  /** A formula, a molecule: `represents benzene`, `is C6H6`. */
  private equalling(spoken: Spoken): Draft[] | null {
    const { r } = this
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
      return found !== null && this.atEnd() ? found : null
    })
    if (formula !== null)
      return [this.draft('formula', spoken, from, formula.token.raw, (s) => checkFormula(s, formula.composition))]
    return r.attempt(() => {
      const token = r.peek()
      const next = r.peek(1)
      if (token === undefined || token.molecule === null) return null
      if (next?.kind === 'word' && AFTER_NAMES.has(next.text)) return null
      r.i++
      const other = this.apposed(moleculeSubject(token.raw, token.molecule), from)
      if (!this.atEnd()) return null
      return [...other.drafts, this.draft('identity', spoken, from, token.raw, (s) => checkIdentity(s, other.subject!))]
    })
  }

  private isPhrase(spoken: Spoken): Draft[] | null {
    const { r, scene } = this
    const from = r.i
    const relation = r.attempt(() => this.relation(spoken))
    if (relation !== null) return relation
    const weight = r.attempt(() => {
      const mass = readMass(r)
      if (mass === null || !mass.unit || !this.atEnd()) return null
      return [this.draft('molar_mass', spoken, from, this.words(from), (s) => checkMass(s, mass, 'either', scene.mols))]
    })
    if (weight !== null) return weight
    const equal = r.attempt(() => this.equalling(spoken))
    if (equal !== null) return equal
    // "is an aromatic hydrocarbon with the formula C6H6"
    return r.attempt(() => {
      const found = readClass(r)
      if (found === null) return null
      const drafts = found.traits.map((trait) => ({
        ...this.draft(trait.kind, spoken, trait.from, trait.words, (s) => trait.check(s, scene.mols)),
        to: trait.to,
      }))
      if (
        r.eat('with', 'containing', 'bearing', 'having') ||
        r.eatAll('consisting of') ||
        r.eatAll('that contains') ||
        r.eatAll('that has')
      ) {
        const rest = this.list(spoken)
        if (rest === null) return drafts.length > 0 ? drafts : null
        return [...drafts, ...rest]
      }
      if (r.eat('of')) {
        const item = this.attributeItem(null, spoken)
        return item === null ? null : [...drafts, item]
      }
      const formula = r.eat('(') ? readFreeFormula(r) : null
      if (formula !== null) {
        r.eat(')')
        return [
          ...drafts,
          this.draft('formula', spoken, from, formula.token.raw, (s) => checkFormula(s, formula.composition)),
        ]
      }
      if (this.tokens[r.i - 1]?.text === '(') r.i--
      return this.atEnd() && drafts.length > 0 ? drafts : null
    })
  }

  /** `is the same molecule as OCC`, `is an isomer of ethanol`, `is unchanged: CCO`. */
  private relation(spoken: Spoken): Draft[] | null {
    const { r, scene } = this
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
    const other = this.readSpoken()
    if (other === null || !other.explicit || other.subject === null || !this.atEnd()) return null
    const second = other.subject
    return isomers === null
      ? [this.draft('identity', spoken, from, this.words(from), (s) => checkIdentity(s, second))]
      : [this.draft('isomers', spoken, from, this.words(from), (s) => checkIsomers(s, second, isomers!, scene.mols))]
  }

  /** `two more carbons than ethane`, `the same formula as`, `more rings than`. */
  private comparison(spoken: Spoken): Draft[] | null {
    const { r, scene } = this
    return r.attempt(() => {
      const from = r.i
      if (r.eatAll('the same')) {
        const attribute = readAttribute(r)
        if (attribute === null || !r.eat('as')) return null
        const other = this.readSpoken()
        if (other?.subject == null || !other.explicit || !this.atEnd()) return null
        const check = sameAttribute(attribute, other.subject, scene)
        return check === null ? null : [this.draft('comparison', spoken, from, this.words(from), check)]
      }
      const count = readCount(r)
      if (r.eat('additional', 'extra')) r.i--
      const sign = r.eat('more', 'additional', 'extra') ? 1 : r.eat('fewer', 'less') ? -1 : 0
      if (sign === 0) return null
      const noun = readNoun(r)
      if (noun === null || !('quantity' in noun)) return null
      if (!r.eat('than')) return null
      const other = this.readSpoken()
      if (other?.subject == null || !other.explicit || !this.atEnd(true)) return null
      const second = other.subject
      const by = count === null ? null : count.value
      if (count !== null && count.bound !== 'exactly') return null
      return [
        this.draft('comparison', spoken, from, this.words(from), (s) =>
          sign > 0
            ? checkMore(s, second, noun.quantity, by, scene.mols)
            : checkMore(second, s, noun.quantity, by, scene.mols),
        ),
      ]
    })
  }

  /** `ethanol and methanol are alcohols` */
  private pluralClass(both: readonly Spoken[], beside: readonly Draft[]): Draft[] | null {
    const { r, scene } = this
    const from = r.i
    const noun = readNoun(r)
    if (
      noun === null ||
      !('group' in noun) ||
      !noun.group.isClass ||
      !/s$/.test(this.tokens[r.i - 1]!.text) ||
      !this.atEnd()
    )
      return null
    return [
      ...beside,
      ...both.map((spoken) =>
        this.draft('functional_group', spoken, from, this.words(from), (s) =>
          checkGroup(s, noun.group, null, 'at_least', scene.mols),
        ),
      ),
    ]
  }

  /** `CCO and COC have the same formula`, `CCO and OCC are identical`, `both have the formula C2H6O`. */
  private plural(): Draft[] | null {
    const { r, scene } = this
    const from = r.i
    r.eat('both')
    const a = this.readSpoken()
    if (a === null || !a.explicit || !r.eat('and')) return null
    if (
      this.tokens
        .slice(from)
        .some(({ text }) => /^(?:total|combined|together|altogether|respectively|each|overall|sum)$/.test(text))
    )
      return null
    const b = this.readSpoken()
    if (b?.subject == null || !b.explicit || a.subject === null) return null
    const second = b.subject
    r.eatAny(ADVERBS)
    const beside = [...a.drafts, ...b.drafts]
    if (r.eat('are')) {
      r.eatAny(ADVERBS)
      const isomers =
        r.eatAll('constitutional isomers') || r.eatAll('structural isomers') || r.eatAll('positional isomers')
          ? ('constitutional' as const)
          : r.eat('stereoisomers')
            ? ('stereo' as const)
            : r.eat('enantiomers')
              ? ('enantiomer' as const)
              : r.eat('isomers')
                ? ('any' as const)
                : null
      if (isomers !== null) {
        r.eatAll('of each other') || r.eatAll('of one another')
        if (!this.atEnd()) return null
        return [
          ...beside,
          this.draft('isomers', a, from, this.words(from), (s) => checkIsomers(s, second, isomers, scene.mols)),
        ]
      }
      if (
        r.eat('identical', 'equivalent') ||
        r.eatAll('the same molecule') ||
        r.eatAll('the same compound') ||
        r.eatAll('the same structure') ||
        r.eatAll('the same')
      ) {
        r.eat('molecules', 'structures', 'compounds', 'smiles')
        if (!this.atEnd()) return null
        return [...beside, this.draft('identity', a, from, this.words(from), (s) => checkIdentity(s, second))]
      }
      return this.pluralClass([a, b], beside)
    }
    if (r.eat('represent', 'denote', 'describe', 'encode', 'correspond')) {
      r.eat('to')
      if (
        !(
          r.eatAll('the same molecule') ||
          r.eatAll('the same compound') ||
          r.eatAll('the same structure') ||
          r.eatAll('identical molecules')
        )
      )
        return null
      if (!this.atEnd()) return null
      return [...beside, this.draft('identity', a, from, this.words(from), (s) => checkIdentity(s, second))]
    }
    if (
      r.eatAll('share the same') ||
      r.eatAll('have the same') ||
      r.eatAll('both have the same') ||
      r.eatAll('share a')
    ) {
      const attribute = readAttribute(r)
      if (attribute === null || !this.atEnd()) return null
      const check = sameAttribute(attribute, second, scene)
      return check === null ? null : [...beside, this.draft('comparison', a, from, this.words(from), check)]
    }
    if (r.eatAny(HAVE) !== null) {
      r.eatAny(ADVERBS)
      const at = r.i
      const first = this.list(a)
      if (first === null) return null
      const end = r.i
      r.i = at
      const other = this.list(b)
      r.i = end
      return other === null ? null : [...beside, ...first, ...other]
    }
    return null
  }
}

function sameAttribute(attribute: Attribute, second: Subject, { mols }: Scene): ((subject: Subject) => Finding) | null {
  if (attribute.kind === 'formula' && !attribute.empirical) return (s) => checkSameFormula(s, second)
  if (attribute.kind === 'count' && 'quantity' in attribute.noun) {
    const { quantity } = attribute.noun
    return (s) => checkSame(s, second, quantity, mols)
  }
  return null
}
