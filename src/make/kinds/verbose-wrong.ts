import type { Kind } from '../kind.ts'
import { anyProblem } from '../subject.ts'
import { wrongAnswers } from './wrong-answers.ts'

export const verboseWrong: Kind = {
  name: 'verbose_wrong',
  title: 'a wrong answer behind a long and confident thought',
  hard: false,
  *contrasts(subject, random) {
    for (const problem of anyProblem(subject, random))
      for (const { wrong, changed } of wrongAnswers(problem, random, subject.chemistry))
        yield { problem, right: problem.answer, wrong, changed: `${changed}; a verbose thought`, verbose: true }
  },
}
