import { ModelError } from '../errors.ts'
import type { Comparison, Message } from '../types.ts'
import type { CompareFormat, CompareOptions } from './compare.ts'
import { isInTurn, turnTrouble } from './compare-turns.ts'
import { tooMany } from './encode.ts'
import type { OpenTokenizer } from './tokenizer.ts'
import { frameOf, truncateFramed } from './truncate.ts'

const MARKS = { source: '<|source|>', first: '<|candidate1|>', second: '<|candidate2|>' } as const

/** Spelled as PairRM was trained. */
const INSTRUCTION = 'Finish the following coversation in each i-th turn by filling in <Response i> with your response.'

/**
 * PairRM's format (RewardBench's models/pairrm.py, tokenize_conv_pair and tokenize_pair): the user's turns with a gap for every answer, then
 * the assistant's turns of one answer, then of the other. Each part has special tokens of its own and a mark in front. The prompt has a
 * limit; the answers have half each of what it leaves of the whole.
 * @throws ModelError where the tokenizer does not give the marks that config.json names
 */
export function markedFormat(
  tokenizer: OpenTokenizer,
  { marks, sourceLimit, limit }: Extract<Comparison, { kind: 'marks' }>,
  { maxLength, truncation }: Pick<CompareOptions, 'maxLength' | 'truncation'>,
): CompareFormat {
  for (const name of ['source', 'first', 'second'] as const) {
    const { ids } = tokenizer.encode(MARKS[name], { addSpecialTokens: false })
    if (ids.length !== 1 || ids[0] !== marks[name])
      throw new ModelError(
        `gives ${MARKS[name]} the ids ${ids.join(', ')}; the mark of the model's config.json is ${marks[name]}`,
        'the tokenizer',
        "Use the model's own tokenizer.",
      )
  }
  const frame = frameOf(tokenizer.wrap)
  const around = frame.prefix.length + 1 + frame.suffix.length
  const known = Object.values(marks)
  const ofSource = Math.floor((maxLength * sourceLimit) / limit)
  return {
    texts(prompt, first, second) {
      const [one, two] = [
        [...prompt, ...first],
        [...prompt, ...second],
      ]
      for (const turns of [one, two])
        if (turns.length % 2 === 1 || !isInTurn(turns)) return turnTrouble('prompt and answer are', turns)
      const asked = contents(one, 'user')
      if (JSON.stringify(asked) !== JSON.stringify(contents(two, 'user')))
        return turnTrouble("the user's turns differ between the answers")
      const gaps = asked.map((text, i) => `USER: ${text}\nAssistant: <Response ${i + 1}>`)
      const parts = [
        `${MARKS.source}${INSTRUCTION}${gaps.join('\n')}`,
        `${MARKS.first}${answersOf(one)}`,
        `${MARKS.second}${answersOf(two)}`,
      ]
      return { parts, first: null, showsDate: false }
    },
    tokens({ parts }, where) {
      const whole = parts.map((text) => tokenizer.encode(text, { addSpecialTokens: true }).ids.slice())
      if (whole.some((ids) => ids.filter((id) => known.includes(id)).length > 1))
        return {
          reason: 'mark_in_text',
          message: `prompt or answer holds one of ${Object.values(MARKS).join(', ')}, by which the model finds its parts`,
        }
      const kept: Int32Array[] = []
      for (const [i, ids] of whole.entries()) {
        const room = i === 0 ? ofSource : Math.floor((maxLength - kept[0]!.length) / 2)
        if (ids.length <= room) kept.push(ids)
        else if (truncation !== 'right') {
          const { reason, message } = tooMany(ids.length, room, truncation, where)
          return { reason, message: `${i === 0 ? 'the prompt' : 'an answer'} has ${message} of this part` }
        } else if (room <= around)
          return { reason: 'too_long', message: 'cut to the limit, no token of a part is left' }
        else kept.push(truncateFramed(ids, frame, room, 'right'))
      }
      const ids = Int32Array.from(kept.flatMap((part) => [...part]))
      const promptTokens = kept[0]!.length
      return {
        ids,
        reads: Int32Array.from(known, (mark) => ids.indexOf(mark)),
        start: promptTokens,
        promptTokens,
        completionTokens: kept[1]!.length,
        truncated: kept.some((part, i) => part.length < whole[i]!.length) ? 'right' : 'no',
      }
    },
  }
}

const contents = (messages: readonly Message[], of: string): string[] =>
  messages.filter(({ role }) => role === of).map(({ content }) => content)
const answersOf = (messages: readonly Message[]): string =>
  contents(messages, 'assistant')
    .map((text, i) => `<Response ${i + 1}>: ${text}`)
    .join('\n')
