import { shuffled } from '../edits/edit.ts'
import type { Kind } from '../kind.ts'
import { anyProblem } from '../subject.ts'

export const promptCopied: Kind = {
  name: 'prompt_copied',
  title: 'a piece of the question given back as the answer',
  hard: false,
  *contrasts(subject, random) {
    for (const problem of anyProblem(subject, random))
      for (const wrong of shuffled(problem.shown, random))
        yield { problem, right: problem.answer, wrong, changed: 'copied from the question' }
  },
}
