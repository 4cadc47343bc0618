import { UsageError } from '../errors.ts'
import type { Encoded, Repair, Text, Unscored } from '../types.ts'
import { isUnscored } from '../unscored.ts'
import { stripReasoning } from './conversation.ts'
import {
  commonPrefix,
  type EncodableRow,
  type EncodeOptions,
  missingEnd,
  textRepairs,
  tokenRepairs,
  tooMany,
} from './encode.ts'
import { type Rendered, renderRow, textSha256 } from './render.ts'
import type { Renderer } from './renderer.ts'
import type { OpenTokenizer } from './tokenizer.ts'
import { encodedOr } from './unencodable.ts'

/** HERM's limits (run_dpo.py): tokens in all, and of a prompt that has to be cut. */
export const HERM_MAX_LENGTH = 2048
export const HERM_MAX_PROMPT_LENGTH = 128

export interface LogProbOptions extends EncodeOptions {
  /** Of hermCompat, where a prompt has to be cut: its last tokens kept. Default 128. */
  readonly maxPromptLength?: number
}

/**
 * Encodes rows for Σ log-probs of the completion's tokens. `ids[start…]` are scored, each from the tokens before it.
 * Default: the template convention, as TRL trains: the prompt with its generation prompt, no further BOS or EOS. hermCompat: RewardBench's
 * DPOInference.tokenize_row.
 */
export function logProbEncoder(
  tokenizer: OpenTokenizer,
  renderer: Renderer,
  options: LogProbOptions,
): (row: EncodableRow) => (Encoded | Unscored)[] {
  if (renderer.kind === 'pair')
    throw new UsageError('"pair" is for encoders; log-probabilities need a chat template', '--chat-template')
  const { hermCompat } = options
  const rendered = (row: EncodableRow, text: Text): Rendered | Unscored => {
    const completion = options.stripReasoning ? stripReasoning(text) : text
    const texts = renderRow(row.prompt, completion, renderer, { hermCompat, kind: row.kind })
    if (isUnscored(texts)) return texts
    // HERM puts an EOS behind every completion
    const end = hermCompat ? [] : missingEnd(texts, renderer)
    return { ...texts, repairs: [...textRepairs(text, completion, texts, tokenizer), ...end] }
  }
  const plain = (text: string): Int32Array => tokenizer.encode(text, { addSpecialTokens: false }).ids
  if (hermCompat)
    return (row) =>
      encodeAsHerm(
        row.completions.map(({ text }) => rendered(row, text)),
        tokenizer,
        options,
      )
  return (row) => {
    let promptText: string | null = null
    let promptIds: Int32Array = new Int32Array()
    return row.completions.map(({ text }) => {
      const texts = rendered(row, text)
      if (isUnscored(texts)) return texts
      return encodedOr(
        () => {
          if (texts.promptText !== promptText) {
            promptIds = plain(texts.promptText)
            promptText = texts.promptText
          }
          const encoded = templateSpan(plain(texts.text), promptIds, textSha256(texts), options, row.where)
          return isUnscored(encoded) ? encoded : withRepairs(encoded, texts, tokenizer)
        },
        { ...options, where: row.where },
      )
    })
  }
}

/** The span after the longest common token prefix; it includes the template's end-of-turn. */
export function templateSpan(
  full: Int32Array,
  promptIds: Int32Array,
  textHash: string,
  { maxLength, truncation }: Pick<EncodeOptions, 'maxLength' | 'truncation'>,
  where: string,
): Encoded | Unscored {
  const limit = maxLength ?? Number.POSITIVE_INFINITY
  const tooLong = full.length > limit
  if (tooLong && (truncation === 'skip' || truncation === 'error'))
    return tooMany(full.length, limit, truncation, where)
  const boundary = commonPrefix(full, promptIds)
  if (boundary === full.length) return EMPTY_SPAN
  const side = truncation === 'left' ? 'left' : 'right'
  const ids = !tooLong ? full : side === 'left' ? full.slice(full.length - limit) : full.slice(0, limit)
  const start = tooLong && side === 'left' ? boundary - (full.length - limit) : boundary
  if (start < 1)
    return tooLong
      ? { reason: 'too_long', message: 'cut to the limit, no token is left before the completion' }
      : { reason: 'no_context', message: 'the first token belongs to the completion; nothing precedes it' }
  if (start >= ids.length)
    return { reason: 'too_long', message: 'cut to the limit, no token of the completion is left' }
  return spanOf(ids, start, tooLong ? side : 'no', [], textHash)
}
/** What is known of the text and of the tokens that are read of it. */
function withRepairs(encoded: Encoded, { repairs }: Pick<Rendered, 'repairs'>, tokenizer: OpenTokenizer): Encoded {
  const { truncated } = encoded
  const cut: readonly Repair[] = truncated === 'no' ? [] : [truncated === 'left' ? 'cut_left' : 'cut_right']
  return {
    ...encoded,
    repairs: [...encoded.repairs, ...tokenRepairs(encoded.ids, tokenizer), ...cut, ...(repairs ?? [])],
  }
}

const EMPTY_SPAN: Unscored = {
  reason: 'empty_span',
  message: 'the conversation has no token that the prompt with generation prompt lacks',
}

function spanOf(
  ids: Int32Array,
  start: number,
  truncated: Encoded['truncated'],
  repairs: readonly Repair[],
  textHash: string,
): Encoded {
  return {
    ids,
    typeIds: null,
    positionStart: 0,
    start,
    promptTokens: start,
    completionTokens: ids.length - start,
    truncated,
    repairs,
    textSha256: textHash,
  }
}

// ── as HERM ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A prompt and an answer as RewardBench's build_tokenized_answer splits them. */
interface Answer {
  readonly prompt: Int32Array
  readonly answer: Int32Array
  /** `boundary_shifted`: tokens merged across the boundary, which then stepped back by one; and how often the prompt stands in the whole. */
  readonly repairs: readonly Repair[]
  readonly rendered: Rendered
}

/**
 * All completions of a row as RewardBench prepares them: the prompt's text is deleted from the whole wherever it occurs, a BOS
 * is put before the prompt and an EOS after the answer whatever the template wrote, and truncation looks at the longest answer
 * of the row.
 */
export function encodeAsHerm(
  texts: readonly (Rendered | Unscored)[],
  tokenizer: OpenTokenizer,
  options: LogProbOptions,
): (Encoded | Unscored)[] {
  const maxLength = options.maxLength ?? HERM_MAX_LENGTH
  const maxPrompt = options.maxPromptLength ?? HERM_MAX_PROMPT_LENGTH
  const { eosId } = tokenizer
  // RewardBench sets a missing BOS to the EOS.
  const bosId = tokenizer.bosId ?? eosId
  if (bosId === null || eosId === null)
    return texts.map((text) =>
      isUnscored(text) ? text : { reason: 'no_eos', message: 'HERM appends an EOS, and this tokenizer has none' },
    )
  const answers = texts.map((text) =>
    isUnscored(text) ? text : encodedOr(() => splitAnswer(text, tokenizer, bosId, eosId)),
  )
  const longest = Math.max(0, ...answers.map((answer) => (isUnscored(answer) ? 0 : answer.answer.length)))
  return answers.map((answer) => {
    if (isUnscored(answer)) return answer
    const { prompt, answer: ids } = answer
    const cutPrompt = prompt.length + longest > maxLength ? prompt.slice(-maxPrompt) : prompt
    const cutAnswer = cutPrompt.length + longest > maxLength ? ids.slice(0, maxLength - maxPrompt) : ids
    const truncated = cutAnswer.length < ids.length ? 'right' : cutPrompt.length < prompt.length ? 'left' : 'no'
    if (cutAnswer.length === 0 || cutPrompt.length === 0) return EMPTY_SPAN
    const all = Int32Array.from([...cutPrompt, ...cutAnswer])
    const { repairs, rendered } = answer
    return withRepairs(spanOf(all, cutPrompt.length, truncated, repairs, textSha256(rendered)), rendered, tokenizer)
  })
}

function splitAnswer(rendered: Rendered, tokenizer: OpenTokenizer, bosId: number, eosId: number): Answer | Unscored {
  const { promptText, text } = rendered
  const answerText = promptText === '' ? text : text.replaceAll(promptText, () => '')
  const plain = (text: string): Int32Array => tokenizer.encode(text, { addSpecialTokens: false }).ids
  const full = plain(promptText + answerText)
  const promptIds = plain(promptText)
  if (full.length < promptIds.length)
    return {
      reason: 'boundary',
      message: 'the prompt has more tokens alone than together with the completion; HERM stops there',
    }
  const shifted = commonPrefix(full, promptIds) < promptIds.length
  // Python's full[:-1] where the prompt has no tokens cannot occur: an empty prompt is always a prefix.
  const start = promptIds.length - (shifted ? 1 : 0)
  return {
    prompt: Int32Array.from([bosId, ...full.subarray(0, start)]),
    answer: Int32Array.from([...full.subarray(start), eosId]),
    repairs: [...(shifted ? (['boundary_shifted'] as const) : []), ...promptRepairs(promptText, text)],
    rendered,
  }
}

/** RewardBench deletes the prompt's text wherever it stands: more than once, or nowhere, is worth a word. */
function promptRepairs(promptText: string, text: string): Repair[] {
  if (promptText === '') return []
  const first = text.indexOf(promptText)
  if (first === -1) return ['prompt_not_found']
  return text.includes(promptText, first + promptText.length) ? ['prompt_recurs'] : []
}
