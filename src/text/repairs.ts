import { hash } from 'node:crypto'
import type { Message, Repair, RepairCounts, Text } from '../types.ts'
import { toMessages } from './conversation.ts'

/** What a sentence may name. */
export interface RepairFacts {
  /** ISO time that strftime_now shows in this run. */
  readonly clock: string | null
  /** `--max-length`, or the model's own, in tokens. */
  readonly max_length: number | null
  /** The tokenizer's, in tokens. */
  readonly model_max_length: number | null
  readonly pooling: 'hf' | 'mask' | null
}

const tokens = (n: number | null): string => (n === null ? '' : ` of ${n.toLocaleString('en')} tokens`)

/** One sentence on each repair, as it goes on behind "N completions in M rows: "; a repair without one is a type error. */
export const REPAIRS: Readonly<Record<Repair, (facts: RepairFacts) => string>> = {
  double_bos: () =>
    'the text starts with a BOS and the tokenizer adds one; the first of the two is not read, as RewardBench masks it',
  double_start: () =>
    'the text starts with the token that the tokenizer puts before every text (BOS, [CLS]); the first of the two is left out, because an encoder reads its answer there',
  pooling_differs: ({ pooling }) =>
    `--pooling hf and mask read different tokens; ${pooling === 'mask' ? 'mask, the last token,' : 'hf, the last token that is not the pad,'} is used`,
  boundary_shifted: () =>
    'prompt and completion share a token; as in RewardBench it counts for the completion, and the prompt ends one token earlier',
  boundary_moved: () =>
    'a token spans the end of the context and the beginning of the text behind it: it is scored with the text',
  prompt_recurs: () => 'the completion repeats the whole prompt; RewardBench deletes it there too',
  prompt_not_found: () =>
    'the rendered prompt does not stand in the rendered whole; as in RewardBench the completion then holds the whole text',
  roles_by_position: () =>
    'roles are by position, user and assistant in turn, as RewardBench gives them; the data say otherwise',
  beyond_model_max_length: ({ model_max_length }) =>
    `the model reads more tokens than the tokenizer's model_max_length${tokens(model_max_length)}: that cuts nothing here`,
  cut_left: ({ max_length }) => `cut on the left to the limit${tokens(max_length)}`,
  cut_right: ({ max_length }) => `cut on the right to the limit${tokens(max_length)}`,
  thought_stripped: () => 'the thought is cut before the model sees the completion (--reasoning strip)',
  completion_part_left_out: () =>
    'the chat template leaves out or changes part of the completion (a thought, mostly); the model does not read that part',
  completion_white_space: () => 'the chat template strips or changes white space of the completion',
  prompt_part_left_out: () =>
    'the chat template leaves out or changes part of the prompt (a system turn, a turn of another role, an earlier thought); the model does not read that part',
  same_tokens: () =>
    'completions of one row differ, but the model reads the same tokens of them: their tie says nothing',
  date_in_text: ({ clock }) =>
    `the chat template shows the date: texts and scores are those of ${clock?.slice(0, 10) ?? 'the day of the run'}`,
  control_token_in_prompt: () =>
    "the prompt's text holds control tokens (BOS, end of turn …); the model reads them as such, not as text",
  control_token_in_completion: () =>
    "the completion's text holds control tokens (BOS, end of turn …); the model reads them as such, not as text",
  unknown_token: () => 'characters that the tokenizer does not know are read as its unknown token',
  completion_normalized: () =>
    "the tokenizer changes the completion's characters (lower case, accents or Unicode forms) before it makes tokens",
  no_end_of_turn: () =>
    'nothing marks the end: neither template nor tokenizer puts a special token behind the completion',
}

/** One line per repair for the screen, in the order of the table. @example '4 completions in 2 rows: the chat template … (cut_left)' */
export const repairLines = (counts: RepairCounts, facts: RepairFacts): string[] =>
  (Object.keys(REPAIRS) as Repair[]).flatMap((repair) => {
    const count = counts[repair]
    if (count === undefined) return []
    return [
      `${counted(count.completions, 'completion')} in ${counted(count.rows, 'row')}: ${REPAIRS[repair](facts)} (${repair})`,
    ]
  })
const counted = (n: number, noun: string): string => `${n.toLocaleString('en')} ${noun}${n === 1 ? '' : 's'}`

// ── what a template did to the texts ────────────────────────────────────────────────────────────────────────────────

export interface Shown {
  /** The turns that the template was given. */
  readonly prompt: readonly Message[]
  readonly completion: readonly Message[]
  /** What it made of all, and of the prompt alone. */
  readonly text: string
  readonly promptText: string
}

/** What a template left out or changed, found by looking for each turn in the text; and the text behind the completion. */
export function templateLosses({ prompt, completion, text, promptText }: Shown): {
  readonly repairs: readonly Repair[]
  /** Null where the completion is empty or was not found. */
  readonly suffix: string | null
} {
  const repairs: Repair[] = []
  if (prompt.some(({ content }) => !stands(content, text))) repairs.push('prompt_part_left_out')
  // A turn's end may look like the beginning of the completion: the completion ends behind the common prefix, wherever it starts.
  const prefix = commonPrefixLength(text, promptText)
  let end = prefix
  let found = true
  let [first, lost, spaces] = [true, false, false]
  for (const { content } of completion) {
    const trimmed = content.trim()
    const from = (part: string): number => (first ? Math.max(0, end - part.length + 1) : end)
    const at = placeOf(content, text, end, from(content))
    const near = at === null ? placeOf(trimmed, text, end, from(trimmed)) : at
    first = false
    if (near === null) {
      found = false
      if (squeezed(text.slice(Math.max(0, end - content.length))).includes(squeezed(content))) spaces = true
      else lost = true
    } else {
      if (at === null) spaces = true
      end = near
    }
  }
  if (lost) repairs.push('completion_part_left_out')
  if (spaces) repairs.push('completion_white_space')
  // Of an empty completion nobody can say where it stands.
  const seen = found && completion.some(({ content }) => content.trim() !== '')
  return { repairs, suffix: seen ? text.slice(end) : null }
}

/** A turn is there if its text is, white space at its ends aside. */
const stands = (content: string, text: string): boolean => text.includes(content) || text.includes(content.trim())

/** Where a part ends that begins at `from` or later; null where there is none. An empty one is at `end`. */
function placeOf(part: string, text: string, end: number, from: number): number | null {
  if (part === '') return end
  const at = text.indexOf(part, from)
  return at === -1 ? null : at + part.length
}

const squeezed = (text: string): string => text.replace(/\s+/gu, '')

function commonPrefixLength(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  let i = 0
  while (i < length && a.charCodeAt(i) === b.charCodeAt(i)) i++
  return i
}

// ── what becomes of a row's completions ─────────────────────────────────────────────────────────────────────────────

/** For each completion of a row: whether the model reads the same ids of another one whose text differs. */
export function sameTokens(texts: readonly Text[], ids: readonly (Int32Array | null)[]): boolean[] {
  const same = ids.map(() => false)
  /** How many are of a length: one alone equals no other. */
  const ofLength = new Map<number, number>()
  for (const own of ids) if (own !== null) ofLength.set(own.length, (ofLength.get(own.length) ?? 0) + 1)
  /** Completions by what the model reads; a row may have 100,000. */
  const byIds = new Map<string, { readonly members: number[]; differ: boolean }>()
  for (const [i, own] of ids.entries()) {
    if (own === null || ofLength.get(own.length) === 1) continue
    const key = hash('sha256', own, 'base64')
    const found = byIds.get(key)
    if (found === undefined) {
      byIds.set(key, { members: [i], differ: false })
      continue
    }
    found.differ ||= !sameText(texts[i]!, texts[found.members[0]!]!)
    found.members.push(i)
    if (found.differ) for (const member of found.members.splice(0, found.members.length, i)) same[member] = true
  }
  return same
}

function sameText(a: Text, b: Text): boolean {
  const [left, right] = [toMessages(a, 'assistant'), toMessages(b, 'assistant')]
  return (
    left.length === right.length &&
    left.every(({ role, content }, i) => role === right[i]!.role && content === right[i]!.content)
  )
}
