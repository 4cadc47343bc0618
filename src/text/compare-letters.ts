import { UsageError } from '../errors.ts'
import type { Message } from '../types.ts'
import { isUnscored } from '../unscored.ts'
import type { CompareFormat, CompareOptions } from './compare.ts'
import { isInTurn, turnTrouble } from './compare-turns.ts'
import { commonPrefix, tooMany } from './encode.ts'
import { renderAlone } from './render.ts'
import type { Renderer } from './renderer.ts'
import type { OpenTokenizer } from './tokenizer.ts'

/**
 * The format of RLHFlow's pair-preference-model (RewardBench's models/slicpairpm.py): one user turn with the prompt and the two answers,
 * called A and B, in the model's own chat template, from which the BOS is taken; the next token would be the better one's letter. RewardBench
 * cuts nothing.
 */
export function letterFormat(
  tokenizer: OpenTokenizer,
  renderer: Renderer,
  { maxLength, truncation }: Pick<CompareOptions, 'maxLength' | 'truncation'>,
): CompareFormat {
  if (renderer.kind === 'pair')
    throw new UsageError('is for encoders; --head letters needs a chat template', '--chat-template pair')
  const { bosToken } = tokenizer
  const withoutBos = (text: string): string => (bosToken ? text.replaceAll(bosToken, '') : text)
  const encode = (text: string): Int32Array => tokenizer.encode(text, { addSpecialTokens: false }).ids.slice()
  return {
    texts(prompt, first, second) {
      if (prompt.length % 2 === 0 || !isInTurn(prompt)) return turnTrouble('the prompt is', prompt)
      for (const answer of [first, second])
        if (answer.length !== 1 || answer[0]!.role !== 'assistant') return turnTrouble('an answer is', answer)
      const before = `[CONTEXT] ${contextOf(prompt)} [RESPONSE A] `
      const said = `${before}${first[0]!.content} [RESPONSE B] ${second[0]!.content} \n`
      const rendered = renderAlone(renderer, [{ role: 'user', content: said }])
      if (isUnscored(rendered)) return rendered
      const text = withoutBos(rendered.text)
      // templates trim what a turn ends in
      const at = text.indexOf(withoutBos(said).trimEnd())
      if (at === -1)
        return { reason: 'template_error', message: 'the chat template leaves out or changes part of the comparison' }
      const from = at + withoutBos(before).length
      const to = from + withoutBos(first[0]!.content).length
      return { parts: [text], first: [from, to], showsDate: rendered.showsDate }
    },
    tokens({ parts: [text], first }, where) {
      const ids = encode(text!)
      if (ids.length > maxLength) return tooMany(ids.length, maxLength, truncation, where)
      const [start, end] = first!.map((at) => commonPrefix(ids, encode(text!.slice(0, at)))) as [number, number]
      return {
        ids,
        reads: Int32Array.of(ids.length - 1),
        start,
        promptTokens: start,
        completionTokens: end - start,
        truncated: 'no',
      }
    },
  }
}

/** The turns of a prompt. @example contextOf([{ role: 'user', content: 'Hi' }]) // '\n\n<turn> user\n Hi\n' */
const contextOf = (prompt: readonly Message[]): string =>
  `\n${prompt.map(({ role, content }) => `\n<turn> ${role}\n ${content}`).join('')}\n`
