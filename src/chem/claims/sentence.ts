import type { MolToolkit } from '../toolkit/molecule.ts'
import { type ClaimKind, type Finding, undecided } from './claim.ts'
import { readNoun } from './phrases.ts'
import { Reader } from './reader.ts'
import type { Referents } from './referents.ts'
import type { Subject } from './subject.ts'
import type { Token } from './tokens.ts'

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
export interface Spoken {
  readonly subject: Subject | null
  readonly reason: string | null
  /** The SMILES as written, where the text calls it one. */
  readonly smiles: string | null
  /** Claims made by the way: `benzene (C6H6)`. */
  readonly drafts: readonly Draft[]
  readonly from: number
  readonly explicit: boolean
}

/** A sentence being read: its tokens, the place in them, and what is known outside of it. */
export interface Sentence {
  readonly r: Reader
  readonly tokens: readonly Token[]
  readonly scene: Scene
}

export const ADVERBS = [
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
  'each',
  'present',
  'indeed',
]

/** Nothing follows that could narrow what was said. */
export function atEnd(s: Sentence, afterCount = false): boolean {
  const { r } = s
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

function decided(spoken: Spoken, check: (subject: Subject) => Finding): Finding {
  return spoken.subject === null ? undecided(spoken.reason!) : check(spoken.subject)
}

export function draftOf(
  s: Sentence,
  kind: ClaimKind,
  spoken: Spoken,
  from: number,
  stated: string,
  check: (subject: Subject) => Finding,
): Draft {
  return {
    // "C2H6O is ethanol": a formula is said to be a molecule's
    kind: kind === 'identity' && spoken.subject?.molecule === null ? 'formula' : kind,
    from,
    to: s.r.i,
    subject: spoken.subject?.label ?? null,
    stated,
    finding: decided(spoken, check),
  }
}

export function wordsOf(s: Sentence, from: number, to = s.r.i): string {
  return s.tokens
    .slice(from, to)
    .map(({ raw }) => raw)
    .join(' ')
}

export function spokenOf(subject: Subject, from: number, drafts: readonly Draft[] = []): Spoken {
  return { subject, reason: null, smiles: null, drafts, from, explicit: true }
}

export function impliedAt(s: Sentence, from: number): Spoken {
  const subject = s.scene.referents.at(s.tokens[from]!.start)
  return {
    subject,
    reason: subject === null ? 'it does not tell which molecule is meant' : null,
    smiles: null,
    drafts: [],
    from,
    explicit: false,
  }
}

/** `has an unclosed ring`: the text itself says that something is wrong with the string. */
export function speaksOfSpelling(s: Sentence): boolean {
  return s.tokens.some(
    ({ kind, text }) =>
      kind === 'word' &&
      /^(?:unclosed|unmatched|unbalanced|incomplete|broken|error|errors|typo|malformed|missing|closed|closure|parse[ds]?|parsing|syntax|valence|valency|partial|truncated|fragment|incorrect|wrong|prefix|starts?|beginning|ends?|unfinished|completion|complete|characters?)$/.test(
        text,
      ),
  )
}
