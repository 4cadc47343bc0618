import { UsageError } from '../errors.ts'
import type { Repair, Text, Unscored } from '../types.ts'
import { isUnscored } from '../unscored.ts'
import { promptText } from './context.ts'
import { tokenRepairs } from './encode.ts'
import { renderRow } from './render.ts'
import type { Renderer } from './renderer.ts'
import type { OpenTokenizer } from './tokenizer.ts'
import { encodedOr } from './unencodable.ts'

/** A prompt as a model continues it. */
export interface EncodedPrompt {
  readonly ids: Int32Array
  /** With the header of the assistant's turn. */
  readonly text: string
  readonly repairs: readonly Repair[]
}

/** Prompts with the template's generation prompt, tokenised without special tokens added: what the template writes is all there is. */
export function promptEncoder(
  tokenizer: OpenTokenizer,
  renderer: Renderer,
): (prompt: Text) => EncodedPrompt | Unscored {
  if (renderer.kind === 'pair')
    throw new UsageError('"pair" is for encoders; a text is continued behind a chat template', '--chat-template')
  return (prompt) => {
    const rendered = promptText(prompt, renderer)
    if (isUnscored(rendered)) return rendered
    return encodedOr((): EncodedPrompt | Unscored => {
      const { ids } = tokenizer.encode(rendered.text, { addSpecialTokens: false })
      if (ids.length === 0) return { reason: 'empty_prompt', message: 'the prompt has no token to continue' }
      return { ids, text: rendered.text, repairs: [...rendered.repairs, ...tokenRepairs(ids, tokenizer)] }
    })
  }
}

/**
 * Whether a generated text is cut into the tokens that were generated when prompt and completion are tokenised together. A model may choose
 * tokens that its tokenizer would not (`C`, `C` for `CC`): another model that reads the text, or this one, then reads others.
 * @param spoken the completion's tokens without the one that ended it
 */
export function readsBack(
  tokenizer: OpenTokenizer,
  { ids, text }: Pick<EncodedPrompt, 'ids' | 'text'>,
  completion: string,
  spoken: readonly number[],
): boolean {
  const again = encodedOr(() => tokenizer.encode(text + completion, { addSpecialTokens: false }))
  if (isUnscored(again) || again.ids.length !== ids.length + spoken.length) return false
  return again.ids.every((id, t) => id === (t < ids.length ? ids[t] : spoken[t - ids.length]))
}

/** What a template puts behind the assistant's turn, and its tokens; null where it cannot be told. */
export function endOfTurn(
  tokenizer: OpenTokenizer,
  renderer: Renderer,
): { readonly text: string; readonly ids: Int32Array } | null {
  const rendered = renderRow('x', 'x', renderer)
  const text = isUnscored(rendered) ? null : (rendered.suffix ?? null)
  if (text === null || text.trim() === '') return null
  const encoded = encodedOr(() => tokenizer.encode(text, { addSpecialTokens: false }))
  return isUnscored(encoded) ? null : { text, ids: encoded.ids }
}
