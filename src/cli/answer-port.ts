import { taggedAnswer } from '../agreement/answer.ts'
import { parseSolution } from '../chem/ether0/solution.ts'
import { PythonError } from '../python/error.ts'
import type { AnswerPort, Expected } from '../report/html/input.ts'
import type { VerificationChoice } from '../setup/config.ts'
import type { SolutionInput } from '../types.ts'
import { answerOf } from './answers.ts'

/** What report.html shows of answers: those of the completions, and what their rows expect. @param solutions by row id */
export const answerPort = (
  solutions: ReadonlyMap<string, SolutionInput>,
  verification: Pick<VerificationChoice, 'extraction' | 'requireReasoning'>,
): AnswerPort => ({
  answer({ text }) {
    const answer = answerOf(text, verification)
    if (answer !== null) return { text: answer, read: true }
    const tagged = taggedAnswer(text)
    return tagged === null ? null : { text: tagged, read: false }
  },
  expected(id) {
    const solution = solutions.get(id)
    return solution === undefined ? null : expectedOf(solution)
  },
})

/** Rule and kind of each of ether0's reward functions. */
const RULES: Readonly<Record<string, readonly [rule: string, kind: Expected['kind']]>> = {
  str_eval: ['the same text', 'text'],
  should_not_answer_eval: ['this refusal, word for word', 'other'],
  should_answer_eval: ['any molecule', 'other'],
  caption_eval: ['the same molecule, stereo included', 'molecule'],
  product_eval: ['the same molecule, stereo included', 'molecule'],
  formula_eval: ['a plausible molecule of the same formula, close to this one', 'molecule'],
  functional_group_eval: ['a plausible molecule of this formula with these groups', 'other'],
  valid_mol_eval: ['the rest of a plausible molecule that begins so', 'start'],
  sol_eval: ['a plausible molecule that keeps to this constraint and has this log S', 'other'],
  rxn_eval: ['the same reaction name', 'other'],
  rxn_forward: ['a reaction from purchasable molecules to this product', 'molecule'],
}

/**
 * What a solution asks for, in words.
 * @example expectedOf('valid_mol_eval!:!CCO!:!molecule-completion') // { rule: 'the rest of a plausible molecule that begins so', text: 'CCO', kind: 'start' }
 */
export function expectedOf(solution: SolutionInput): Expected {
  try {
    const { fxn_name: name, answer_info: text } = parseSolution(solution)
    const [rule, kind] = RULES[name] ?? [`what ${name} asks for, which is no function of ether0`, 'other']
    return { rule, text, kind }
  } catch (error) {
    if (!(error instanceof PythonError)) throw error
    const text = typeof solution === 'string' ? solution : JSON.stringify(solution)
    return {
      rule: 'unknown: the solution is not of the form fxn_name!:!answer_info!:!problem_type',
      text,
      kind: 'other',
    }
  }
}
