import type { Token } from './tokens.ts'

/** Why a sentence, or the part of it up to a place, states nothing. */
export type Mood =
  | 'question'
  | 'hypothesis'
  | 'hedge'
  | 'report'
  | 'negation'
  | 'task'
  | 'modal'
  | 'change'
  | 'withdrawn'

export const MOOD_REASONS: Readonly<Record<Mood, string>> = {
  question: 'a question',
  hypothesis: 'hypothetical',
  hedge: 'hedged',
  report: 'reported, or a belief of others',
  negation: 'negated',
  task: 'what is wanted or to be done, not what is',
  modal: 'says what can, should or will be, not what is',
  change: 'of what becomes of a molecule, not of the one named',
  withdrawn: 'taken back by the sentence after it',
}

const set = (words: string): ReadonlySet<string> => new Set(words.split(/\s+/))

const HYPOTHESIS = set(
  `if provided providing suppose supposing supposed assume assuming assumed assumes assumption imagine imagining hypothetically hypothetical hypothesis unless
  pretend otherwise would wouldn't i'd we'd it'd you'd they'd were weren't say`,
)
const HEDGES = set(
  `might may maybe perhaps probably probable likely unlikely possible possibly presumably seemingly seems seem appears appear apparently
  guess guessing suspect think thinking believe feel doubt doubtful unsure uncertain wonder wondering whether roughly-speaking arguably
  ideally argument theoretically principle universe roughly potentially plausible plausibly tentative tentatively could unclear questionable loosely sort-of kinda somewhat hopefully expect expected
  expects estimate estimated estimating looks look sounds hunch speculate speculatively or either supposedly allegedly`,
)
const REPORTS = set(
  `says said say stated states claims claimed claim reports reported reportedly according paper literature author authors article textbook
  wikipedia pubchem chembl database told thinks believes thought argues argued suggested suggests proposes proposed mentions
  mentioned mention quoted quotes quote cites cited student teacher professor colleague friend someone people others they he she commonly
  misconception myth rumor rumour assertion alleged allegation asserts asserted documentation reference references source sources
  hint prompt question user statement sentence announces writes wrote believed considered hypothesised hypothesized answers originally
  quoting predicted predicts guessed answered replied previously incorrectly wrongly mistakenly erroneously falsely naively tempting`,
)
const NEGATIONS = set(
  `not no non never none neither nor without lacks lack lacking absent absence cannot isn't aren't wasn't doesn't don't didn't hasn't haven't
  won't can't couldn't shouldn't mustn't ain't nothing nowhere hardly barely scarcely fails fail failing excluding except excludes
  excluded impossible impossibly instead rather false falsehood untrue wrong incorrect inaccurate mistaken mistake error erroneous devoid free missing
  contrary unlike differs-from nobody isnt doesnt dont hasnt`,
)
const TASKS = set(
  `need needs needed want wants wanted wish require requires required requirement target goal aim aims objective looking find propose suggest
  design generate construct make try trying attempt attempting ensure must-have please task asked asks ask asking given-that should must
  ought shall desired desire seek seeking searching search hope intend plan planning`,
)
const CHANGES = set(
  `after upon once when whenever following before until adding replacing removing substituting deleting becomes become becoming turns
  turned changes changed during through by`,
)
/** Participles of what was done to a molecule. */
const CHANGED =
  /^(?:(?:de|per|mono|di|tri|re)?(?:hydrogen|brom|chlor|iod|fluor|nitr|alkyl|acyl|acetyl|methyl|proton|sulfon|hydroxyl|amin)ated|oxidi[sz]ed|reduced|hydroly[sz]ed|dehydrated|esterified|added|removed|replaced|converted)$/
const MODALS = set("can will could should shall must may might would ought cannot can't won't i'll we'll it'll")
const ORDERS = set(
  'check verify confirm count calculate compute determine identify consider note let recall remember see show prove draw write list use take examine analyze analyse compare look start begin first evaluate assess double-check recount',
)
const QUESTION_STARTS = set(
  "is are does do did can could what which who whom how why should shall has have will would was were isn't doesn't aren't",
)
/** Factive openers: what follows is stated. */
const OPENERS: readonly (readonly string[])[] = [
  ['we', 'can', 'see', 'that'],
  ['one', 'can', 'see', 'that'],
  ['i', 'can', 'see', 'that'],
  ['it', 'can', 'be', 'seen', 'that'],
  ['no', 'doubt'],
  ['not', 'only'],
]

export interface Mooded {
  readonly mood: Mood
  /** Tokens from here … */
  readonly from: number
  /** … up to here are not stated. */
  readonly to: number
}

/** The stretches of a sentence that state nothing. `ended` is the mark at the end of the sentence. */
export function moodsOf(tokens: readonly Token[]): Mooded[] {
  const n = tokens.length
  const found: Mooded[] = []
  const whole = (mood: Mood): void => {
    found.push({ mood, from: 0, to: n })
  }
  if (tokens.some(({ text, kind }) => kind === 'mark' && text === '?')) whole('question')
  const skipped = skippedOpeners(tokens)
  const words = tokens.map((token, i) => (token.kind === 'word' && !skipped.has(i) ? token.text : ''))
  const first = words.findIndex((text, i) => text !== '' || tokens[i]!.kind !== 'mark')
  if (first >= 0 && QUESTION_STARTS.has(words[first]!)) whole('question')
  for (const [i, text] of words.entries()) {
    if (text === '') continue
    if (isHypothesis(words, i)) whole('hypothesis')
    else if (HEDGES.has(text) && !isHarmlessHedge(tokens, words, i)) whole('hedge')
    else if (text === 'that' && isReporting(words[i - 1] ?? '')) found.push({ mood: 'report', from: i, to: n })
    else if (REPORTS.has(text) && !isHarmlessReport(words, i)) whole('report')
    else if (NEGATIONS.has(text) || text.endsWith("n't")) {
      if (!isHarmlessNegation(tokens, words, i)) found.push(negated(tokens, words, i))
    } else if (TASKS.has(text) && !(text === 'target' && i > 0) && !(text === 'looking' && words[i + 1] === 'at'))
      whole('task')
    else if (CHANGED.test(text)) whole('change')
    else if (CHANGES.has(text) && !isHarmlessChange(tokens, words, i)) whole('change')
    else if (MODALS.has(text)) found.push({ mood: 'modal', ...clauseOf(tokens, words, i) })
  }
  // "Check that benzene is C6H6": an order, up to a colon
  const opener = openerOf(words)
  if (opener !== null && ORDERS.has(words[opener]!) && !isNoting(words, opener)) {
    const colon = tokens.findIndex(({ text, kind }) => kind === 'mark' && text === ':')
    found.push({ mood: 'task', from: 0, to: colon < 0 ? n : colon })
  }
  return found
}

/** `note that`, `recall that`, `remember that`, `see that`: what follows is stated. */
const isNoting = (words: readonly string[], i: number): boolean => /^(?:note|recall|remember|see)$/.test(words[i]!)

function openerOf(words: readonly string[]): number | null {
  let i = words.findIndex((text) => text !== '')
  while (
    i >= 0 &&
    i < words.length &&
    /^(?:so|now|then|first|next|also|ok|okay|and|finally|let|let's|us|me|to|i|we|'s)$/.test(words[i]!)
  )
    i++
  return i < 0 || i >= words.length ? null : i
}

function skippedOpeners(tokens: readonly Token[]): Set<number> {
  const skipped = new Set<number>()
  for (let i = 0; i < tokens.length; i++)
    for (const opener of OPENERS)
      if (opener.every((word, k) => tokens[i + k]?.text === word))
        for (let k = 0; k < opener.length; k++) skipped.add(i + k)
  return skipped
}

function isHypothesis(words: readonly string[], i: number): boolean {
  const text = words[i]!
  if (text === 'say') return words[i - 1] === "let's" || words[i - 1] === 'us' || i === 0
  if ((text === 'try' || text === 'trying') && words.includes("let's")) return true
  return HYPOTHESIS.has(text)
}

/** "Looks at", "whether or not"? Only these are no hedge. */
function isHarmlessHedge(tokens: readonly Token[], words: readonly string[], i: number): boolean {
  const text = words[i]!
  if (text === 'expected') return words[i - 1] === 'as'
  // "roughly 78 g/mol" states, "roughly, …" hedges
  if (text === 'roughly') return tokens[i + 1]?.kind === 'number'
  if (text === 'look' || text === 'looks' || text === 'looking') return words[i + 1] === 'at'
  return false
}

function isHarmlessReport(words: readonly string[], i: number): boolean {
  const text = words[i]!
  // "they" of molecules; "the reference molecule"; "source" of a reaction
  if (text === 'they') return true
  if (text === 'say') return false
  if (text === 'reference' || text === 'source') return /^(?:molecule|compound|structure)$/.test(words[i + 1] ?? '')
  return false
}

/** `predicted that`, `argues that`: a verb that reports; `shows that`, `means that` state. */
const isReporting = (verb: string): boolean =>
  /(?:ed|s)$/.test(verb) &&
  !/^(?:shows|showed|means|confirms|confirmed|implies|indicates|follows|notes|noted|knows|sees|concludes|concluded|verified|established|checked|calculated|observed|demonstrates|reveals|tells|is|has|was|this|thus|plus)$/.test(
    verb,
  )

function isHarmlessNegation(tokens: readonly Token[], words: readonly string[], i: number): boolean {
  const text = words[i]!
  if (text === 'free') return words[i + 1] === 'base' || words[i + 1] === 'acid'
  if (text === 'rather') return words[i + 1] !== 'than'
  // "no, benzene has six carbons" answers; "NO" of an equation is a molecule
  if (text === 'no') return words[i + 1] === 'doubt' || isAnswer(tokens, words, i) || isInEquation(tokens, i)
  return false
}

/** `No, …`, `Wait, no: …` at the start of a sentence. */
const isAnswer = (tokens: readonly Token[], words: readonly string[], i: number): boolean =>
  /^[,:;]$/.test(tokens[i + 1]?.text ?? '') &&
  words
    .slice(0, i)
    .every((word) => word === '' || /^(?:wait|oh|ah|hmm+|well|but|ok|okay|actually|oops|sorry)$/.test(word))
const isInEquation = (tokens: readonly Token[], i: number): boolean =>
  tokens[i]!.raw === 'NO' &&
  [tokens[i - 1], tokens[i + 1]].some((token) => /^(?:\+|->|-->|=>|>>)$/.test(token?.text ?? ''))

/** Words of change that name none: `when counting`, `by counting`, `by definition`, `followed by`. */
function isHarmlessChange(tokens: readonly Token[], words: readonly string[], i: number): boolean {
  const text = words[i]!
  if (text === 'by')
    return !/^(?:adding|replacing|removing|substituting|deleting|reducing|oxidi[sz]ing|heating|treating|reacting)$/.test(
      words[i + 1] ?? '',
    )
  if (text === 'adding') return /^(?:up|these|them|it|all|everything)$/.test(words[i + 1] ?? '')
  if (text === 'following') return words[i - 1] === 'the'
  if (text === 'through' || text === 'changes' || text === 'turns') return tokens[i + 1]?.kind !== 'chemical'
  return /^(?:counting|checking|recounting|counted|inspection|counted|written|drawn)$/.test(words[i + 1] ?? '')
}

/** The clause around a place: "since ethanol has a hydroxyl group, it can donate a hydrogen bond" is two. */
function clauseOf(tokens: readonly Token[], words: readonly string[], i: number): { from: number; to: number } {
  const isCut = (k: number): boolean =>
    (tokens[k]!.kind === 'mark' && /^[,;:]$/.test(tokens[k]!.text)) ||
    /^(?:so|because|since|but|while|whereas)$/.test(words[k]!)
  let from = i
  while (from > 0 && !isCut(from)) from--
  let to = i + 1
  while (to < tokens.length && !isCut(to)) to++
  return { from, to }
}

const DOUBTS = /^(?:sure|certain|right|correct|true|quite|accurate|possible|valid)$/

/** A negation holds for its part of the sentence (up to `;` or `, but`), or for all of it where it doubts what was said. */
function negated(tokens: readonly Token[], words: readonly string[], i: number): Mooded {
  const cuts = [0]
  for (let k = 1; k < tokens.length; k++) {
    const comma = tokens[k - 1]!.kind === 'mark' && tokens[k - 1]!.text === ','
    const isBreak =
      (tokens[k]!.kind === 'mark' && tokens[k]!.text === ';') ||
      words[k] === 'but' ||
      words[k] === 'because' ||
      (comma && /^(?:however|while|whereas|though|although|and|so|therefore|thus|hence)$/.test(words[k]!)) ||
      // "one ring and no double bonds"
      (k === i && words[k] === 'no' && (comma || words[k - 1] === 'and'))
    if (isBreak) cuts.push(k)
  }
  cuts.push(tokens.length)
  const at = cuts.findLastIndex((cut) => cut <= i)
  const from = cuts[at]!
  const to = cuts[at + 1] ?? tokens.length
  const text = words[i]!
  const doubts =
    /^(?:wrong|incorrect|inaccurate|false|untrue|mistake|mistaken|error|erroneous|falsehood|instead|contrary|rather)$/.test(
      text,
    ) ||
    (text === 'no' && (i === 0 || tokens[i + 1]?.text === ',')) ||
    words.slice(from, to).some((word) => DOUBTS.test(word))
  return doubts ? { mood: 'negation', from: 0, to: tokens.length } : { mood: 'negation', from, to }
}

const RETRACTIONS =
  /^(?:(?:hmm+|hm|oh|ah|well|but|ok|okay|hold on|um)[\s,.!…-]+)*(?:wait|no\b(?! doubt)|nope|oops|whoops|scratch that|correction|hold on|sorry|my mistake|i made|that(?:'s| is| was|) (?:not|wrong|incorrect|a mistake|an error|false)|this (?:is|was) (?:not right|wrong|incorrect|a mistake|an error|false)|that can't|that cannot|that doesn't|let me re|actually,? (?:no|that|wait|it)|not quite|i'm not sure|i am not sure|is that (?:right|correct)|right\?|correct\?|or (?:is|was) it|just kidding|never mind|strike that)/i

/** Does this sentence take back the one before it? */
export const takesBack = (sentence: string): boolean => RETRACTIONS.test(sentence.trim())

const LASTING =
  /\b(?:suppose|supposing|assume|assuming|imagine|pretend|hypothetically|what if|let's say|let us say|let's try|let us try|say we|consider a hypothetical|if)\b/i

/** After such a sentence, what follows in the step may belong to the same hypothesis. */
export const opensHypothesis = (sentence: string): 'rest' | 'next' | null => {
  const match = LASTING.exec(sentence)
  if (match === null) return null
  return match[0].toLowerCase() === 'if' ? 'next' : 'rest'
}
