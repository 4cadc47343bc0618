import { createHash } from 'node:crypto'
import { TemplateFault } from '../jinja/exceptions.ts'
import type { Encoded, Repair, Text, Unscored } from '../types.ts'
import { isUnscored } from '../unscored.ts'
import { toMessages } from './conversation.ts'
import { type EncodeOptions, tokenRepairs } from './encode.ts'
import { templateSpan } from './log-prob.ts'
import { contents, injections, templateTrouble } from './render.ts'
import type { Renderer } from './renderer.ts'
import { templateLosses } from './repairs.ts'
import type { OpenTokenizer } from './tokenizer.ts'
import { encodedOr } from './unencodable.ts'

/** A text whose tokens are scored behind lines that the assistant's turn has so far. */
export interface Span {
  /** Each is followed by `end`. */
  readonly lines: readonly string[]
  /** Default: one line break. */
  readonly end?: string
  /** Nothing follows it: no end of turn is scored. */
  readonly text: string
}

export interface SpanEncoded extends Encoded {
  /** Tokens of the context alone that are not its tokens together with the text: one token spans both, and is scored with the text. */
  readonly boundaryMoved: number
}

/**
 * Encodes spans behind a prompt for Σ log-probs, as RATIONALYST scores a next step: context = the prompt with generation prompt, then the
 * lines; context and context + text are tokenised without special tokens added, and what follows their common prefix is scored.
 * Contexts of one prompt share their prefix, which is computed once (score/plan.ts).
 */
export function spanEncoder(
  tokenizer: OpenTokenizer,
  renderer: Extract<Renderer, { kind: 'template' }>,
  options: Pick<EncodeOptions, 'maxLength' | 'truncation'>,
): (prompt: Text, spans: readonly Span[], where: string) => (SpanEncoded | Unscored)[] {
  const plain = (text: string): Int32Array => tokenizer.encode(text, { addSpecialTokens: false }).ids
  return (prompt, spans, where) => {
    const before = promptText(prompt, renderer)
    if (isUnscored(before)) return spans.map(() => before)
    let contextText: string | null = null
    let contextIds: Int32Array = new Int32Array()
    return spans.map(({ lines, text, end = LINE_END }) =>
      encodedOr(
        (): SpanEncoded | Unscored => {
          if (text === '') return EMPTY
          const context = before.text + lines.map((line) => line + end).join('')
          if (context !== contextText) {
            contextIds = plain(context).slice()
            contextText = context
          }
          const whole = context + text
          const hash = createHash('sha256').update(whole).digest('hex')
          const ids = plain(whole)
          const encoded = templateSpan(ids, contextIds, hash, options, where)
          if (isUnscored(encoded)) return encoded
          const cut = ids.length - encoded.ids.length
          const start = encoded.truncated === 'left' ? encoded.start + cut : encoded.start
          return {
            ...encoded,
            boundaryMoved: contextIds.length - start,
            repairs: [
              ...tokenRepairs(encoded.ids, tokenizer),
              ...cutRepair(encoded),
              ...before.repairs,
              ...injections(renderer, [], [...lines, text]),
              ...(contextIds.length === start ? [] : (['boundary_moved'] as const)),
            ],
          }
        },
        { ...options, where },
      ),
    )
  }
}

const LINE_END = '\n'
const EMPTY: Unscored = { reason: 'empty_span', message: 'there is no text to score' }

const cutRepair = ({ truncated }: Encoded): readonly Repair[] =>
  truncated === 'no' ? [] : [truncated === 'left' ? 'cut_left' : 'cut_right']

/** Encodes a prompt and the lines that the assistant's turn has so far, to be continued. */
export function contextEncoder(
  tokenizer: OpenTokenizer,
  renderer: Extract<Renderer, { kind: 'template' }>,
): (prompt: Text, lines: readonly string[], end?: string) => EncodedContext | Unscored {
  return (prompt, lines, end = LINE_END) => {
    const before = promptText(prompt, renderer)
    if (isUnscored(before)) return before
    return encodedOr((): EncodedContext | Unscored => {
      const text = before.text + lines.map((line) => line + end).join('')
      const { ids } = tokenizer.encode(text, { addSpecialTokens: false })
      if (ids.length === 0) return { reason: 'no_context', message: 'there is no token to continue' }
      return { ids: ids.slice(), text, repairs: before.repairs }
    })
  }
}
export interface EncodedContext {
  readonly ids: Int32Array
  readonly text: string
  readonly repairs: readonly Repair[]
}

/** The prompt as the template renders it, with the header of the assistant's turn. */
export function promptText(
  prompt: Text,
  renderer: Extract<Renderer, { kind: 'template' }>,
): { readonly text: string; readonly repairs: readonly Repair[] } | Unscored {
  const messages = toMessages(prompt, 'user')
  let showsDate = false
  try {
    const text = renderer.template.render(
      messages as readonly ((typeof messages)[number] & { [key: string]: unknown })[],
      {
        addGenerationPrompt: true,
        specialTokens: renderer.specialTokens,
        now: renderer.now,
        onClock: () => {
          showsDate = true
        },
      },
    )
    const { repairs } = templateLosses({ prompt: messages, completion: [], text, promptText: text })
    return {
      text,
      repairs: [
        ...repairs,
        ...injections(renderer, contents(messages), []),
        ...(showsDate ? (['date_in_text'] as const) : []),
      ],
    }
  } catch (error) {
    if (error instanceof TemplateFault) return templateTrouble(error, renderer.template.name)
    throw error
  }
}
