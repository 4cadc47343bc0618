import { ANSWER_END, ANSWER_START, THINK_END, THINK_START } from '../../chem/ether0/answer.ts'
import { shuffled } from '../edits/edit.ts'
import type { Kind } from '../kind.ts'
import { anyProblem } from '../subject.ts'

const [TS, TE, AS, AE] = [THINK_START, THINK_END, ANSWER_START, ANSWER_END]

/** The right answer in a format that ether0's strict rule does not take. */
const BREAKS: readonly (readonly [changed: string, text: (thought: string, answer: string) => string])[] = [
  ['the closing answer tag is missing', (t, a) => `${TS}${t}${TE}${AS}${a}`],
  ['the closing thought tag is missing', (t, a) => `${TS}${t}${AS}${a}${AE}`],
  ['the answer tags are missing', (t, a) => `${TS}${t}${TE}${a}`],
  ['the thought tags are missing', (t, a) => `${t} ${AS}${a}${AE}`],
  ['words after the closing answer tag', (t, a) => `${TS}${t}${TE}${AS}${a}${AE} Done.`],
  ['the thought tag opened twice', (t, a) => `${TS}${TS}${t}${TE}${AS}${a}${AE}`],
  ["tags of another model's format", (t, a) => `<think>${t}</think><answer>${a}</answer>`],
  ['words before the thought', (t, a) => `Sure. ${TS}${t}${TE}${AS}${a}${AE}`],
]

export const formatBreak: Kind = {
  name: 'format_break',
  title: 'the right answer in a broken format',
  hard: false,
  *contrasts(subject, random) {
    for (const problem of anyProblem(subject, random))
      for (const [changed, broken] of shuffled(BREAKS, random))
        yield { problem, right: problem.answer, wrong: problem.answer, changed, broken }
  },
}
