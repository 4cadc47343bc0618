import { below, type Prng } from '../../prng.ts'
import type { Contrast, Kind } from '../kind.ts'
import { anyProblem } from '../subject.ts'

/** A number, or one element of a formula, that is one too large or too small. */
export const offByOne: Kind = {
  name: 'off_by_one',
  title: 'a count, or an element of a formula, wrong by one (hydrogen by one or two)',
  hard: true,
  *contrasts(subject, random) {
    for (const problem of anyProblem(subject, random)) {
      const found = problem.form === 'count' ? number(problem.answer, random) : formula(problem, random)
      if (found !== null) yield { problem, right: problem.answer, ...found }
    }
  },
}

type Wrong = Pick<Contrast, 'wrong' | 'changed'>

export function number(answer: string, random: Prng): Wrong {
  const value = Number(answer)
  const wrong = String(random() < 0.5 && value > 0 ? value - 1 : value + 1)
  return { wrong, changed: `${answer} → ${wrong}` }
}

function formula({ form, answer }: { readonly form: string; readonly answer: string }, random: Prng): Wrong | null {
  return form === 'formula' ? formulaByOne(answer, random) : null
}

const ELEMENT = /([A-Z][a-z]?)(\d*)/g

/** @example formulaByOne('C7H8O', …) // { wrong: 'C7H10O', changed: 'H8 → H10' } */
export function formulaByOne(formula: string, random: Prng): Wrong | null {
  const [, body = '', charge = ''] = /^((?:[A-Z][a-z]?\d*)+)([+-]\d*)?$/.exec(formula) ?? []
  const counts = [...body.matchAll(ELEMENT)].map(([, element = '', n = '']) => ({
    element,
    n: n === '' ? 1 : Number(n),
  }))
  if (counts.length === 0) return null
  const at = below(random, counts.length)
  const { element, n } = counts[at]!
  const step = element === 'H' ? 1 + below(random, 2) : 1
  const changedTo = random() < 0.5 && n > step ? n - step : n + step
  const written = (one: { element: string; n: number }): string => one.element + (one.n === 1 ? '' : String(one.n))
  const wrong = counts.map((one, i) => written(i === at ? { element, n: changedTo } : one)).join('') + charge
  return { wrong, changed: `${element}${n} → ${element}${changedTo}` }
}
