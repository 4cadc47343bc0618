import { below, type Prng } from '../../../prng.ts'
import { compose } from '../envelope.ts'
import type { Transformation } from '../transformation.ts'

/** The thought cut behind its first sentence. */
export const thoughtShorter: Transformation = {
  name: 'thought_shorter',
  family: 'format',
  same: true,
  make({ envelope }) {
    const { thought } = envelope
    if (thought === null || thought.trim() === '') return 'no_thought'
    const [first, rest] = cut(thought)
    return rest.trim() === '' ? 'one_sentence' : [compose(envelope, { thought: first })]
  },
}

/** The thought with three sentences behind it that say nothing of chemistry. */
export const thoughtLonger: Transformation = {
  name: 'thought_longer',
  family: 'format',
  same: true,
  make({ envelope }, random) {
    const { thought } = envelope
    if (thought === null || thought.trim() === '') return 'no_thought'
    const end = thought.trimEnd()
    const filler = drawn(FILLER, 3, random).join(' ')
    return [
      compose(envelope, { thought: `${end}${/[.!?]$/.test(end) ? '' : '.'} ${filler}${thought.slice(end.length)}` }),
    ]
  },
}

/** Neither true nor false of any molecule, and without a word of confidence. */
const FILLER = [
  'I read the question once more.',
  'I go through the steps in order.',
  'I write down what is asked.',
  'I look at what is given first.',
  'I keep the form of the answer in mind.',
  'I compare what I have with what is asked.',
  'I take one step after the other.',
  'I put the result at the end.',
] as const

function drawn(from: readonly string[], n: number, random: Prng): string[] {
  const left = [...from]
  return Array.from({ length: n }, () => left.splice(below(random, left.length), 1)[0]!)
}

/** The first sentence, and what follows: a full stop before white space ends it, no point inside a formula or number. */
function cut(text: string): readonly [string, string] {
  const end = /[.!?](?=\s)/.exec(text.trimEnd())
  return end === null ? [text, ''] : [text.slice(0, end.index + 1), text.slice(end.index + 1)]
}
