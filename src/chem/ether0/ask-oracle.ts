import { PythonError } from '../../python/error.ts'
import type { RewardReason } from './reason.ts'
import type { Judgement } from './reward.ts'

/** Names of errors by which an oracle says that it has no answer; any other error is one that Python's client would raise. */
const DECLINED = new Set(['Error', 'OracleError'])

/**
 * Judges by an oracle's answer. Where it declined, Python goes on with a reason of its own (`otherwise`), and the value of that is no
 * finding about the answer: null, reason kept. Where asking itself went wrong, the error goes through; so does an answer of a wrong kind,
 * which no comparison may take for a finding (NaN is within any tolerance in Python).
 */
export async function ask<T>(
  question: () => Promise<T>,
  isAnswer: (answer: unknown) => answer is T,
  otherwise: RewardReason | (() => Promise<Judgement>),
  note: (key: string, value: unknown) => void,
  judge: (answer: T) => Judgement | Promise<Judgement>,
): Promise<Judgement> {
  let answer: T
  try {
    answer = await question()
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error))
    if (!DECLINED.has(name)) throw new PythonError(name, message)
    if (typeof otherwise === 'function') return otherwise()
    note('error', name)
    note('error_message', message)
    return { value: null, reason: otherwise }
  }
  if (!isAnswer(answer)) throw new PythonError('TypeError', `an oracle answered ${String(answer)}`)
  return judge(answer)
}

export const isFiniteNumber = (answer: unknown): answer is number => Number.isFinite(answer)
export const isText = (answer: unknown): answer is string => typeof answer === 'string'
export const isRecord = (answer: unknown): answer is Record<string, boolean> =>
  typeof answer === 'object' && answer !== null && !Array.isArray(answer)
