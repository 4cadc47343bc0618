import { ANSWER_END, ANSWER_START, extractAnswerLoose, THINK_END, THINK_START } from '../../chem/ether0/answer.ts'

/** How a completion marks its answer: ether0's tags, `<answer>` tags, or not at all (the whole text is the answer). */
export type EnvelopeForm = 'strict' | 'loose' | 'bare'

/** A completion taken apart, so that one part can be exchanged and all others stay as they are, character by character. */
export interface Envelope {
  readonly form: EnvelopeForm
  /** What stands around thought and answer: before the thought, between the two, behind the answer. */
  readonly before: string
  readonly between: string
  readonly after: string
  /** Text between the thought's tags, as given; null where there are none. */
  readonly thought: string | null
  /** The answer, trimmed. */
  readonly answer: string
}

/** The thought's tags beside `<answer>`, as most reasoning models write them. */
const LOOSE_THINK = /^(\s*<think>)([\s\S]*?)(<\/think>[\s\S]*)$/

/**
 * A completion as an envelope; null where it has no answer to read: nested or missing tags around it, or nothing in them.
 * A text without any tags is an answer where it has no white space inside, as SMILES and formulas are.
 * @example envelopeOf('<answer>CCO</answer>') // { form: 'loose', answer: 'CCO', thought: null, … }
 */
export function envelopeOf(text: string): Envelope | null {
  const opened = text.indexOf(ANSWER_START)
  if (opened >= 0) return strict(text, opened)
  const answer = extractAnswerLoose(text)
  if (answer !== '') return loose(text, answer)
  const [lead = '', word = '', tail = ''] = /^(\s*)(\S+)(\s*)$/.exec(text)?.slice(1) ?? []
  if (word === '' || word.includes('<|') || word.includes('</')) return fencedAlone(text)
  return { form: 'bare', before: lead, between: '', after: tail, thought: null, answer: word }
}

function strict(text: string, opened: number): Envelope | null {
  const start = opened + ANSWER_START.length
  const end = text.indexOf(ANSWER_END, start)
  if (end < 0 || text.indexOf(ANSWER_START, start) >= 0) return null
  const found = inner(text, start, end)
  if (found === null) return null
  const head = text.slice(0, found.start)
  const after = text.slice(found.end)
  const thinking = head.indexOf(THINK_START)
  const thought = thinking < 0 ? -1 : head.indexOf(THINK_END, thinking)
  const { answer } = found
  if (thought < 0) return { form: 'strict', before: '', between: head, after, thought: null, answer }
  const begun = thinking + THINK_START.length
  return {
    form: 'strict',
    before: head.slice(0, begun),
    thought: head.slice(begun, thought),
    between: head.slice(thought),
    after,
    answer,
  }
}

function loose(text: string, answer: string): Envelope {
  const end = text.lastIndexOf('</answer>')
  const at = text.lastIndexOf(answer, end - 1)
  const [head, after] = [text.slice(0, at), text.slice(at + answer.length)]
  const [, before = '', thought, between = ''] = LOOSE_THINK.exec(head) ?? []
  return thought === undefined
    ? { form: 'loose', before: '', between: head, after, thought: null, answer }
    : { form: 'loose', before, thought, between, after, answer }
}

/** A code fence that is the whole text. */
function fencedAlone(text: string): Envelope | null {
  const trimmed = text.trim()
  const bare = unfenced(trimmed)
  if (bare === trimmed || /\s/.test(bare) || bare === '') return null
  const at = text.indexOf(bare, text.indexOf('\n'))
  return {
    form: 'bare',
    before: text.slice(0, at),
    between: '',
    after: text.slice(at + bare.length),
    thought: null,
    answer: bare,
  }
}

/** The answer between two places, without the white space around it. */
function inner(text: string, start: number, end: number): { start: number; end: number; answer: string } | null {
  const answer = text.slice(start, end).trim()
  if (answer === '') return null
  const at = text.indexOf(answer, start)
  return { start: at, end: at + answer.length, answer }
}

/** The envelope as text. `thought` null keeps it as it is. */
export function compose(
  envelope: Envelope,
  { answer = envelope.answer, thought = null }: { readonly answer?: string; readonly thought?: string | null },
): string {
  return envelope.before + (thought ?? envelope.thought ?? '') + envelope.between + answer + envelope.after
}

/**
 * An answer without a code fence around it.
 * @example unfenced('```smiles\nCCO\n```') // 'CCO'
 */
export const unfenced = (answer: string): string =>
  /^```[^\n`]*\n([\s\S]*?)\n?```$/.exec(answer.trim())?.[1]?.trim() ?? answer

/** What a completion answers with, whatever tags and fences are around it; null where it has no answer. */
export function answerIn(text: string): string | null {
  const envelope = envelopeOf(text)
  return envelope === null ? null : unfenced(envelope.answer)
}
