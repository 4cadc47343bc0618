import type { Editable } from './edits/edit.ts'

/** What an answer is, which says how it can be wrong. */
export type AnswerForm = 'molecule' | 'formula' | 'count' | 'text'

/** A question that ether0's rewards judge, with its right answer. */
export interface Problem {
  /** Name of the builder, or `row` where the data gave it. */
  readonly name: string
  /** ether0's problem_type. */
  readonly type: string
  readonly prompt: string | readonly { readonly role: string; readonly content: string }[]
  /** `fxn_name!:!answer_info!:!problem_type`. */
  readonly solution: string
  readonly answer: string
  readonly form: AnswerForm
  /** Of a molecule: the answer itself, to be edited. */
  readonly molecule: Editable | null
  /** Texts that stand in the prompt, and that an answer could be copied from. */
  readonly shown: readonly string[]
  /** A standard InChI that the prompt asks for: a wrong answer must have another. */
  readonly inchi?: string
}

export const solutionOf = (fxn: string, info: string, type: string): string => `${fxn}!:!${info}!:!${type}`
