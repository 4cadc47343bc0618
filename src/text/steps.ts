import type { StepRule, Text, Unscored } from '../types.ts'
import type { Rendered } from './render.ts'
import type { OpenTokenizer } from './tokenizer.ts'

/** A completion's steps, for models that score each of them. Blank steps are none. */
export const stepsOf = (text: string, separator: string): string[] =>
  text.split(separator).filter((step) => step.trim() !== '')

/**
 * Puts the mark behind each step of the assistant's turns; without a separator the data have the marks, and stay.
 * @example markSteps('a\n\nb', { mark: '<extra_0>', separator: '\n\n' }) // 'a<extra_0>b<extra_0>'
 */
export function markSteps(completion: Text, rule: StepRule | null): Text {
  if (rule === null || rule.mark === null || rule.separator === null || rule.turns) return completion
  const { mark, separator } = rule
  const marked = (text: string): string =>
    stepsOf(text, separator)
      .map((step) => `${step}${mark}`)
      .join('')
  if (typeof completion === 'string') return marked(completion)
  return completion.map((message) =>
    message.role === 'assistant' ? { ...message, content: marked(message.content) } : message,
  )
}

/** Ids of a text whose steps were tokenised one by one. */
export interface SteppedIds {
  readonly ids: Int32Array
  readonly typeIds: null
  /** Of each step, the place in `ids` of the last id of the separator behind it. */
  readonly places: Int32Array
}

/**
 * As TRL's PRMTrainer does (tokenize_row): a BOS where the tokenizer has one, the prompt, then the ids of each step and those of the
 * separator, nothing of it tokenised together. What a template puts behind the completion follows.
 */
export function encodeSteps(
  tokenizer: OpenTokenizer,
  { text, suffix }: Rendered,
  completion: Text,
  separator: string,
): SteppedIds | Unscored {
  const said = typeof completion === 'string' ? completion : completion.length === 1 ? completion[0]!.content : null
  const end = suffix ?? null
  const shown = said === null || end === null ? undefined : [said, said.trim()].find((one) => text.endsWith(one + end))
  if (shown === undefined)
    return {
      reason: 'no_steps',
      message: 'the completion does not stand in the text as one turn, as it is: its steps cannot be told',
    }
  const encode = (part: string): Int32Array => tokenizer.encode(part, { addSpecialTokens: false }).ids
  const ids = tokenizer.bosId === null ? [] : [tokenizer.bosId]
  ids.push(...encode(text.slice(0, text.length - shown.length - end!.length)))
  const behind = encode(separator)
  const places = stepsOf(shown, separator).map((step) => ids.push(...encode(step), ...behind) - 1)
  ids.push(...encode(end!))
  return { ids: Int32Array.from(ids), typeIds: null, places: Int32Array.from(places) }
}
