import { PythonError } from '../../python/error.ts'
import type { Oracles, Verdict } from '../../types.ts'
import { type MolToolkit, ToolkitFailure } from '../toolkit/molecule.ts'
import type { ChemistryData } from './data.ts'
import { REWARD_REASON, type RewardReason } from './reason.ts'
import { type Judgement, type RewardContext, statusOf } from './reward.ts'
import { REWARDS } from './rewards/index.ts'

/** What judging needs beside answer and target. */
export interface Chemistry {
  readonly mols: MolToolkit & { readonly ready: boolean; recover(): Promise<void> }
  readonly data: ChemistryData
}
export interface EvaluateOptions {
  readonly soft?: boolean
  readonly test?: boolean
  readonly oracles: Oracles
}

/** What one of ether0's EVAL_FUNCTIONS came to: a judgement, or what was raised, and the facts noted until then. */
export interface Evaluation {
  readonly judgement: Judgement
  readonly notes: Record<string, unknown>
  readonly error: Error | null
}

/** Runs one of ether0's EVAL_FUNCTIONS; synchronous where the reward asks no oracle. */
export function judge(
  name: string,
  answer: string,
  target: string,
  options: EvaluateOptions,
  chemistry: Chemistry,
): Evaluation | Promise<Evaluation> {
  const notes: Record<string, unknown> = {}
  const context: RewardContext = {
    mols: chemistry.mols,
    data: chemistry.data,
    oracles: options.oracles,
    soft: options.soft ?? false,
    test: options.test ?? false,
    note(key, value) {
      notes[key] = value
    },
  }
  const raised = (error: unknown): Evaluation => ({
    judgement: { value: null, reason: null },
    notes,
    error: asError(error),
  })
  try {
    const reward = REWARDS.get(name)
    if (reward === undefined) throw new PythonError('KeyError', `'${name}'`)
    const judgement = reward.judge(answer, target, context)
    if (!(judgement instanceof Promise)) return { judgement, notes, error: null }
    return judgement.then((late): Evaluation => ({ judgement: late, notes, error: null }), raised)
  } catch (error) {
    return raised(error)
  }
}

/** A bug of ours is no verdict: only what Python would raise and RDKit's failures are. */
function asError(error: unknown): Error {
  if (error instanceof PythonError || error instanceof ToolkitFailure) return error
  throw error
}

/** The verdict of an evaluation. What is raised makes it unverifiable, with the error's class in the metadata; so does a bad ground truth. */
export function toVerdict(
  { judgement, notes, error }: Evaluation,
  value = judgement.value,
  reason = judgement.reason,
): Verdict {
  const why: RewardReason | null = error instanceof ToolkitFailure ? REWARD_REASON.REWARD_FUNCTION_EXCEPTION : reason
  const metadata = { ...notes }
  if (why !== null) metadata.reward_reason = why
  if (error !== null) Object.assign(metadata, { error: error.name, error_message: error.message })
  return {
    value,
    status: judgement.unverifiable === true ? 'unverifiable' : statusOf(value),
    reason: why,
    metadata,
  }
}

/**
 * One of ether0's 11 reward functions on an answer (`yhat`) and what its solution says (`y`); equal to Python's value and reason, except
 * that an exception or an oracle without an answer gives null and `unverifiable`.
 */
export async function evaluateWith(
  name: string,
  answer: string,
  target: string,
  options: EvaluateOptions,
  chemistry: Chemistry,
): Promise<Verdict> {
  if (!chemistry.mols.ready) await chemistry.mols.recover()
  return toVerdict(await judge(name, answer, target, options, chemistry))
}
