import { PythonError } from './python/error.ts'
import type { RewardReason } from './reason.ts'
import type { Judgement } from './reward.ts'

/** Names of errors by which an oracle says that it has no answer; any other error is one that Python's client would raise. */
const DECLINED = new Set(['Error', 'OracleError'])

/**
 * Judges by an oracle's answer. Where it declined, Python goes on with a reason of its own (`otherwise`), and the value of that is no
 * finding about the answer: null, reason kept. Where asking itself went wrong, the error goes through.
 */
export async function ask<T>(
  asked: Promise<T>,
  otherwise: RewardReason | (() => Promise<Judgement>),
  note: (key: string, value: unknown) => void,
  judge: (answer: T) => Judgement | Promise<Judgement>,
): Promise<Judgement> {
  let answer: T
  try {
    answer = await asked
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error))
    if (!DECLINED.has(name)) throw new PythonError(name, message)
    if (typeof otherwise === 'function') return otherwise()
    note('error', name)
    note('error_message', message)
    return { value: null, reason: otherwise }
  }
  return judge(answer)
}
