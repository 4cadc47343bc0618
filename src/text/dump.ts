import type { Encoded, Unscored } from '../types.ts'
import { isUnscored } from '../unscored.ts'
import type { OpenTokenizer } from './tokenizer.ts'

/**
 * One completion as a model sees it, for `--dump-rendered`: every id with its token, the completion's first token marked `>`,
 * the token that a head reads marked `*`.
 */
export function dumpEncoded(
  label: string,
  encoded: (Encoded & { readonly reads?: Int32Array }) | Unscored,
  tokenizer: OpenTokenizer,
): string {
  if (isUnscored(encoded)) return `${label}: not scored, ${encoded.reason}: ${encoded.message}\n`
  const { ids, start, positionStart, reads } = encoded
  const facts = [
    `${encoded.promptTokens} + ${encoded.completionTokens} tokens`,
    ...(encoded.truncated === 'no' ? [] : [`cut on the ${encoded.truncated}`]),
    ...encoded.repairs,
  ]
  const tokens = tokenizer.tokens(ids)
  const lines = tokens.map((token, i) => {
    const mark = `${i === start ? '>' : ' '}${reads?.includes(i) ? '*' : ' '}`
    return `${mark} ${String(i + positionStart).padStart(5)} ${String(ids[i]).padStart(7)}  ${JSON.stringify(token)}`
  })
  return `${label}: ${facts.join(', ')}\n${JSON.stringify(tokenizer.decode(ids))}\n${lines.join('\n')}\n`
}
