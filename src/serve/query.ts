import { formatReward } from '../chem/ether0/format.ts'
import type { Frame } from './models.ts'
import type { RenderedText } from './request.ts'

/** What a rendered query is made of, for the verifier. */
export interface SplitQuery extends RenderedText {
  /** The completion as it was written, without the end of turn; null where it cannot be told from the prompt. */
  readonly answer: string | null
}

/**
 * Splits a rendered prompt and completion. A verdict is of the completion alone: a prompt may show an answer's format, and a judged prompt
 * would be a wrong number. It is told by the prompt that came with the query, where the query begins with it; else by the header that the
 * model's own template puts before the assistant's words, where it stands there once; else, where the whole query is in ether0's format, it
 * is a completion without a prompt. The three parts of what the model reads are the query in every case.
 * @param prompt as the client sent it, rendered; null where it did not
 * @param bos what a decoded query may begin with
 */
export function splitQuery(
  query: string,
  prompt: string | null,
  { header, ends, bos }: Frame,
  { reasoning }: { readonly reasoning: boolean },
): SplitQuery {
  const whole = (length: number): SplitQuery => ({
    prompt: query.slice(0, length),
    completion: query.slice(length),
    answer: withoutEnds(query.slice(length), ends),
  })
  if (prompt !== null && prompt !== '')
    for (const before of ['', bos ?? ''])
      if (query.startsWith(before + prompt)) return whole(before.length + prompt.length)
  if (header !== null) {
    const at = query.indexOf(header)
    if (at >= 0 && query.lastIndexOf(header) === at) return whole(at + header.length)
  }
  const bare = withoutEnds(query, ends)
  if (formatReward(bare, { reasoning }) === 1) return { prompt: '', completion: query, answer: bare }
  return { prompt: '', completion: query, answer: null }
}

/** @example withoutEnds('CCO<|im_end|><pad><pad>', ['<|im_end|>', '<pad>']) // 'CCO' */
function withoutEnds(text: string, ends: readonly string[]): string {
  let rest = text
  for (let found = true; found; ) {
    const end = ends.find((one) => rest.endsWith(one))
    found = end !== undefined
    if (end !== undefined) rest = rest.slice(0, -end.length)
  }
  return rest
}
