import type { Verification } from '../types.ts'

export const NO_SOLUTION = 'There is no solution to judge it by'
export const NOT_FOUND =
  'Where the completion begins in the query cannot be told: send prompts, with which each query begins'

/** What an error's class means, where its name does not say it. */
const MEANING: Readonly<Record<string, string>> = {
  Timeout: 'the verification computed for longer than --time-limit',
  Stalled: 'the machine did not get to the verification in 100 times --time-limit',
  WorkerCrash: 'the verification took its worker down',
  'pydantic_core._pydantic_core.ValidationError': 'the solution is not fxn_name!:!answer_info!:!problem_type',
  invalid_ground_truth: 'the answer_info of the solution cannot be read',
}

export interface WhyUnverifiable {
  /** The class of the error, or ether0's reason; nothing that a client wrote. */
  readonly cause: string
  readonly message: string
}

/** Why a verification gave no verdict; null where it gave one. */
export function whyUnverifiable({ status, reason, metadata }: Verification): WhyUnverifiable | null {
  if (status !== 'unverifiable') return null
  const { error, error_message: told = metadata.message } = metadata
  const cause = typeof error === 'string' ? error : (reason ?? 'unknown')
  const meaning = meaningOf(cause)
  const message =
    typeof told === 'string' && told !== '' && MEANING[cause] === undefined ? `${meaning}: ${told}` : meaning
  return { cause, message }
}

/** @example meaningOf('Timeout') // 'the verification computed for longer than --time-limit' */
export const meaningOf = (cause: string): string => MEANING[cause] ?? cause
