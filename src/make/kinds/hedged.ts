import { pick } from '../edits/edit.ts'
import type { Kind } from '../kind.ts'
import { anyProblem } from '../subject.ts'
import { wrongAnswers } from './wrong-answers.ts'

const JOINTS = [' or ', ', ', '; ', ' / ']

/** Two answers, one of them right. RDKit takes what follows a space for a name: what passes for that reason is dropped, and counted. */
export const hedged: Kind = {
  name: 'hedged',
  title: 'two answers in one, one of them right',
  hard: false,
  *contrasts(subject, random) {
    for (const problem of anyProblem(subject, random))
      for (const { wrong: other, changed } of wrongAnswers(problem, random, subject.chemistry)) {
        const first = random() < 0.5
        const joint = pick(JOINTS, random)
        const wrong = first ? problem.answer + joint + other : other + joint + problem.answer
        yield {
          problem,
          right: problem.answer,
          wrong,
          changed: `a second answer ${first ? 'behind' : 'before'} the right one (${changed})`,
        }
      }
  },
}
