import { type MolToolkit, ToolkitFailure } from '../toolkit/molecule.ts'
import { type Claim, type StepVerdict, undecided, verdictOf } from './claim.ts'
import { Spellings } from './fragments.ts'
import { MOOD_REASONS, type Mood, moodsOf, opensHypothesis, takesBack } from './modality.ts'
import { type PlainText, plainText } from './plain.ts'
import { balanceClaims, reactionsOf, type Written } from './reactions.ts'
import { Reader } from './reader.ts'
import { formulasOf, mentionsOf, Referents, type Told } from './referents.ts'
import { isResult } from './results.ts'
import type { Draft } from './sentence.ts'
import { sentencesOf } from './sentences.ts'
import { statementsOf } from './statements.ts'
import { type Token, tokenize } from './tokens.ts'

/** Longest step that is read, in UTF-16 units: what is longer has no claims, and says so. */
export const MAX_STEP = 20_000
/** Longest sentence that is read. */
const MAX_SENTENCE = 4000
/** Steps before this many are forgotten when a step says "it". */
const MEMORY = 8

/** A trajectory: its steps, the candidates for the next one, and the question. */
export interface Trajectory {
  readonly steps: readonly string[]
  readonly candidates?: readonly string[]
  /** The question's text: names the molecule that "the molecule" may mean. */
  readonly prompt?: string | null
}

/**
 * Finds what the steps of a reasoning claim and RDKit can check, and checks it. What is asked, denied, supposed, reported or hedged is
 * undecided, and so is what is not understood to its last word: a decided claim should be right.
 * @returns a verdict a step, then one a candidate (each follows the last step)
 */
export function verifySteps({ steps, candidates = [], prompt = null }: Trajectory, mols: MolToolkit): StepVerdict[] {
  const spellings = new Spellings(mols)
  const asked = prompt === null || prompt.length > MAX_STEP ? null : toldBy(prompt, spellings, mols)
  const verdicts: StepVerdict[] = []
  const past: Told[] = []
  for (const [step, text] of steps.entries()) {
    const { claims, note, told } = verifyText(text, together(past), asked, spellings, mols)
    verdicts.push({ step, candidate: null, ...verdictOf(claims), claims, note })
    past.push(told)
    if (past.length > MEMORY) past.shift()
  }
  for (const [candidate, text] of candidates.entries()) {
    const { claims, note } = verifyText(text, together(past), asked, spellings.copy(), mols)
    verdicts.push({ step: steps.length, candidate, ...verdictOf(claims), claims, note })
  }
  return verdicts
}

const together = (past: readonly Told[]): Told => {
  let text = ''
  const mentions: Told['mentions'][number][] = []
  for (const told of past) {
    mentions.push(...told.mentions.map((m) => ({ ...m, start: m.start + text.length, end: m.end + text.length })))
    text += `${told.text}\n`
  }
  return { text, mentions }
}

function toldBy(text: string, spellings: Spellings, mols: MolToolkit): Told {
  const plain = plainText(text)
  try {
    const mentions = sentencesOf(plain.text)
      .filter((sentence) => sentence.text.length <= MAX_SENTENCE)
      .flatMap((sentence) => {
        const tokens = tokenize(sentence.text, sentence.start, mols)
        spellings.add(tokens, true)
        return mentionsOf(tokens)
      })
    return { text: plain.text, mentions }
  } catch (error) {
    if (error instanceof ToolkitFailure) return { text: plain.text, mentions: [] }
    throw error
  }
}

/** What an unread step leaves for the next ones: words of a change, so that no `it` reaches past it. */
const UNREAD: Told = { text: 'another', mentions: [] }

interface Read {
  readonly claims: Claim[]
  readonly note: string | null
  readonly told: Told
}

function verifyText(text: string, before: Told, prompt: Told | null, spellings: Spellings, mols: MolToolkit): Read {
  if (text.length > MAX_STEP)
    return { claims: [], note: `a step of ${text.length} characters; at most ${MAX_STEP} are read`, told: UNREAD }
  let note: string | null = null
  const plain = plainText(text)
  const referents = new Referents(plain.text, before, prompt)
  const claims: Claim[] = []
  const mentions: Told['mentions'][number][] = []
  let supposed: 'rest' | 'next' | null = null
  const reactions: Written[] = []
  let last: Claim[] = []
  for (const sentence of sentencesOf(plain.text)) {
    if (sentence.text.length > MAX_SENTENCE) {
      note ??= `a sentence of ${sentence.text.length} characters; at most ${MAX_SENTENCE} are read`
      last = []
      continue
    }
    let found: Claim[] = []
    try {
      const tokens = tokenize(sentence.text, sentence.start, mols)
      spellings.add(tokens)
      const named = mentionsOf(tokens).filter(({ subject }) => spellings.longer(subject.label) === null)
      referents.add(named, formulasOf(tokens))
      mentions.push(...named)
      const moods = moodsOf(tokens)
      const written = reactionsOf(tokens, mols)
      const earlier = reactions.length === 1 ? reactions[0]! : null
      const drafts = [
        ...statementsOf({ r: new Reader(tokens), tokens, scene: { mols, referents } }),
        ...balanceClaims(written, tokens, sentence.text, earlier),
      ].sort((a, b) => a.from - b.from || a.to - b.to)
      reactions.push(...written)
      if (takesBack(sentence.text) && last.length > 0) {
        const from = claims.length - last.length
        for (const [k, claim] of last.entries()) claims[from + k] = { ...claim, ...undone('withdrawn') }
      }
      found = drafts.map((draft) => {
        const mood =
          supposed !== null
            ? 'hypothesis'
            : (moods.find(
                ({ mood, from, to }) =>
                  from < draft.to && draft.from < to && !(mood === 'change' && isOfResult(tokens, draft)),
              )?.mood ?? null)
        return toClaim(withWhole(draft, spellings.wholeOf(draft, tokens)), tokens, plain, text, mood)
      })
      const opens = moods.some(({ mood }) => mood === 'hypothesis') ? opensHypothesis(sentence.text) : null
      if (supposed !== 'rest') supposed = opens
    } catch (error) {
      // RDKit gave up on something of this sentence: nothing of it is decided
      if (!(error instanceof ToolkitFailure)) throw error
      note ??= `RDKit gave up on a sentence: ${error.message}`
    }
    claims.push(...found)
    last = found
  }
  return { claims, note, told: { text: plain.text, mentions } }
}

/** `adding water gives CCO, an alcohol`: said of what the change gives. */
const isOfResult = (tokens: readonly Token[], draft: Draft): boolean =>
  tokens.some(
    ({ raw, molecule }, i) => molecule !== null && raw === draft.subject && i <= draft.from && isResult(tokens, i),
  )

const withWhole = (draft: Draft, whole: string | null): Draft =>
  whole === null
    ? draft
    : { ...draft, finding: undecided(`${draft.subject} may be a part of ${whole}`, draft.finding.computed) }

const undone = (mood: Mood): Pick<Claim, 'outcome' | 'reason'> => ({
  outcome: 'unverifiable',
  reason: MOOD_REASONS[mood],
})

function toClaim(
  draft: Draft,
  tokens: readonly { readonly start: number; readonly end: number }[],
  plain: PlainText,
  text: string,
  mood: Mood | null,
): Claim {
  const start = plain.at[tokens[draft.from]!.start]!
  const end = plain.at[tokens[Math.max(draft.from, draft.to - 1)]!.end - 1]! + 1
  const { outcome, computed, reason } = draft.finding
  return {
    kind: draft.kind,
    outcome,
    text: text.slice(start, end),
    start,
    end,
    subject: draft.subject,
    stated: draft.stated,
    computed,
    reason,
    ...(mood === null ? {} : undone(mood)),
  }
}
