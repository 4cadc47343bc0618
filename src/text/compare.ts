import type { Comparison, Completion, Message, Row, Text, Unscored } from '../types.ts'
import { isUnscored } from '../unscored.ts'
import { letterFormat } from './compare-letters.ts'
import { markedFormat } from './compare-marks.ts'
import { stripReasoning, toMessages } from './conversation.ts'
import { type HeadEncoded, type Truncation, textRepairs, tokenRepairs } from './encode.ts'
import { injections, textSha256 } from './render.ts'
import type { Renderer } from './renderer.ts'
import type { OpenTokenizer } from './tokenizer.ts'
import { encodedOr } from './unencodable.ts'

/**
 * Texts of models that compare two answers: each completion of a pair is encoded with the other behind it, so that what is measured is it
 * against the other. Where a row has no pair of answers there is nothing to compare.
 */

export interface CompareOptions {
  /** Most tokens of a prompt with both answers. */
  readonly maxLength: number
  /** Only `marks` are cut, and only on the right. */
  readonly truncation: Truncation
  /** `--reasoning strip`. */
  readonly stripReasoning: boolean
}

/** How a model is shown a prompt and two answers. */
export interface CompareFormat {
  /** Its texts, one after the other; or why this row does not fit. */
  texts(prompt: readonly Message[], first: readonly Message[], second: readonly Message[]): ComparedTexts | Unscored
  /** @throws DataError under truncation `error`, where a text is too long */
  tokens(shown: ComparedTexts, where: string): ComparedTokens | Unscored
}
export interface ComparedTexts {
  readonly parts: readonly string[]
  /** Where in the last part the answer that is shown first begins and ends, in UTF-16 units; null where it is a part of its own. */
  readonly first: readonly [from: number, to: number] | null
  readonly showsDate: boolean
}
/** As in HeadEncoded; the completion is the answer that is shown first. */
export type ComparedTokens = Pick<
  HeadEncoded,
  'ids' | 'reads' | 'start' | 'promptTokens' | 'completionTokens' | 'truncated'
>

export interface ComparisonEncoder {
  /** One entry per completion, in order. */
  encode(row: Row): (HeadEncoded | Unscored)[]
  /** What the model reads of a completion of the row, as text; '' where it is not compared. */
  show(row: Row, completion: Completion): string
}

/** @throws ModelError where the tokenizer is not the model's */
export function comparisonEncoder(
  tokenizer: OpenTokenizer,
  renderer: Renderer,
  rule: Comparison,
  options: CompareOptions,
): ComparisonEncoder {
  const format =
    rule.kind === 'marks' ? markedFormat(tokenizer, rule, options) : letterFormat(tokenizer, renderer, options)
  const seen = (text: Text): readonly Message[] =>
    toMessages(options.stripReasoning ? stripReasoning(text) : text, 'assistant')
  const textsOf = (row: Row, completion: Completion): ComparedTexts | Unscored => {
    const other = otherOf(row, completion)
    if (isUnscored(other)) return other
    return format.texts(toMessages(row.prompt, 'user'), seen(completion.text), seen(other.text))
  }
  const encodeOne = (row: Row, completion: Completion): HeadEncoded | Unscored => {
    const texts = textsOf(row, completion)
    if (isUnscored(texts)) return texts
    const tokens = format.tokens(texts, row.where)
    if (isUnscored(tokens)) return tokens
    const { text: given } = completion
    const shown = options.stripReasoning ? stripReasoning(given) : given
    const rendered = { text: texts.parts.join('\0'), pair: null, promptText: '' }
    const control = injections(renderer, contents(toMessages(row.prompt, 'user')), contents(seen(given)))
    return {
      ...tokens,
      typeIds: null,
      positionStart: 0,
      textSha256: textSha256(rendered),
      poolingDiffers: false,
      repairs: [
        ...tokenRepairs(tokens.ids, tokenizer),
        ...(tokens.truncated === 'no' ? [] : (['cut_right'] as const)),
        ...textRepairs(given, shown, { ...rendered, repairs: control }, tokenizer),
        ...(texts.showsDate ? (['date_in_text'] as const) : []),
      ],
    }
  }
  return {
    encode: (row) =>
      row.completions.map((completion) =>
        encodedOr(() => encodeOne(row, completion), { ...options, where: row.where }),
      ),
    show(row, completion) {
      const texts = textsOf(row, completion)
      return isUnscored(texts) ? '' : texts.parts.join('\n')
    },
  }
}

const contents = (messages: readonly Message[]): string[] => messages.map(({ content }) => content)

/** The other answer of a pair. */
function otherOf({ kind, completions }: Row, completion: Completion): Completion | Unscored {
  const [one, two] = completions
  if (kind === 'pair' && one !== undefined && two !== undefined && completions.length === 2)
    return completion === one ? two : one
  const has = kind === 'pair' ? `${completions.length} answers` : `no pair (it is a ${kind} of ${completions.length})`
  return {
    reason: 'no_partner',
    message: `the model compares a chosen answer with a rejected one; this row has ${has}`,
  }
}
