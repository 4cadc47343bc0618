import type { Message, StepRule, Text, Unscored } from '../types.ts'
import { isUnscored } from '../unscored.ts'
import { toMessages } from './conversation.ts'
import { renderAlone } from './render.ts'
import type { Renderer } from './renderer.ts'
import { type SteppedIds, stepsOf } from './steps.ts'
import type { OpenTokenizer } from './tokenizer.ts'

/** A row whose steps are turns. */
export interface Turned {
  readonly prompt: readonly Message[]
  readonly completion: readonly Message[]
  readonly steps: number
}

/**
 * The prompt's last turn with the first step behind it, the assistant's "right", and so on for every step (RLHFlow, math-rm/prm_evaluate.py).
 * @example stepTurns('2+2?', 'a\n\nb', rule) // user "2+2? a", assistant "+", user "b", assistant "+"
 */
export function stepTurns(prompt: Text, completion: Text, { separator, turns }: StepRule): Turned | Unscored {
  const asked = toMessages(prompt, 'user')
  const last = asked.at(-1)
  const said = typeof completion === 'string' ? completion : completion.length === 1 ? completion[0]!.content : null
  if (said === null || last?.role !== 'user')
    return { reason: 'no_steps', message: 'steps as turns take a completion of one turn behind a turn of the user' }
  const [first, ...more] = stepsOf(said, separator ?? '\n\n').map((step) => step.trim())
  if (first === undefined)
    return { reason: 'no_steps', message: 'the completion has no text, so there is no step to score' }
  const answer: Message = { role: 'assistant', content: turns!.right }
  return {
    prompt: [...asked.slice(0, -1), { ...last, content: `${last.content} ${first}` }],
    completion: [answer, ...more.flatMap((content): Message[] => [{ role: 'user', content }, answer])],
    steps: 1 + more.length,
  }
}

/** Finds the tokens in front of the answers. */
export type AnswerFinder = (ids: Int32Array, steps: number) => SteppedIds | Unscored

/**
 * The answer's token and those in front of it are learned from small conversations; in a text they must stand once per step, else it is
 * not scored: a template that changes turns, or a turn with control tokens of its own.
 */
export function answerFinder(tokenizer: OpenTokenizer, renderer: Renderer, { turns }: StepRule): AnswerFinder {
  const { right, wrong } = turns!
  const idsOf = (user: string, answer: string): Int32Array | null => {
    const turn: readonly Message[] = [
      { role: 'user', content: user },
      { role: 'assistant', content: answer },
    ]
    const rendered = renderer.kind === 'template' ? renderAlone(renderer, turn) : null
    return rendered === null || isUnscored(rendered)
      ? null
      : tokenizer.encode(rendered.text, { addSpecialTokens: false }).ids.slice()
  }
  const [one, other, again] = [idsOf('a', right), idsOf('a', wrong), idsOf('1.', right)]
  const place = one && other ? differsOnceAt(one, other) : null
  if (one === null || again === null || place === null)
    return () => ({
      reason: 'no_steps',
      message: `the chat template does not show the answers ${JSON.stringify(right)} and ${JSON.stringify(wrong)} as one token each: where a step is read is not known`,
    })
  const behind = one.length - place
  const front = commonEnd(one.subarray(0, place), again.subarray(0, again.length - behind))
  const sought = one.slice(place - front, place + 1)
  return (ids, steps) => {
    const places: number[] = []
    for (let at = sought.length - 1; at < ids.length; at++)
      if (ids[at] === sought.at(-1) && sought.every((id, i) => ids[at - front + i] === id)) places.push(at - 1)
    if (places.length === steps) return { ids, typeIds: null, places: Int32Array.from(places) }
    return {
      reason: 'no_steps',
      message: `of ${steps} steps, ${places.length} answers are found in the text: the chat template changes the turns, or one has its control tokens`,
    }
  }
}

function differsOnceAt(a: Int32Array, b: Int32Array): number | null {
  const places = Array.from(a.keys()).filter((i) => a[i] !== b[i])
  return a.length === b.length && places.length === 1 && places[0]! > 0 ? places[0]! : null
}

function commonEnd(a: Int32Array, b: Int32Array): number {
  const most = Math.min(a.length, b.length)
  let n = 0
  while (n < most && a[a.length - 1 - n] === b[b.length - 1 - n]) n++
  return n
}
