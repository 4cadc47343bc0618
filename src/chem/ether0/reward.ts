import type { Oracles, VerdictStatus } from '../../types.ts'
import type { MolToolkit } from '../toolkit/molecule.ts'
import type { ChemistryData } from './data.ts'
import { REWARD_REASON, type RewardReason } from './reason.ts'

/** What every reward works with. */
export interface RewardContext {
  readonly mols: MolToolkit
  readonly data: ChemistryData
  readonly oracles: Oracles
  readonly soft: boolean
  readonly test: boolean
  /** Keeps a fact for the verdict's metadata (Python's keys), also where the judgement then fails. */
  note(key: string, value: unknown): void
}

/** What a reward found; `unverifiable` where the value is Python's but says nothing about the answer (a bad ground truth). */
export interface Judgement {
  /** Null where an oracle had no answer. */
  readonly value: number | null
  /** ether0's reason, or null where its code sets none. */
  readonly reason: RewardReason | null
  readonly unverifiable?: boolean
}

/** One of ether0's verifiable rewards. Throws PythonError where Python raises, ToolkitFailure where RDKit gave up. */
export interface Reward {
  readonly name: string
  readonly title: string
  /** `answer` is what the model said (Python's yhat), `target` the solution's answer_info (y). */
  judge(answer: string, target: string, context: RewardContext): Judgement | Promise<Judgement>
}

export const PASS: Judgement = { value: 1, reason: null }
/** No reason: the answer was simply wrong. */
export const FAIL: Judgement = { value: 0, reason: null }
export const failed = (reason: RewardReason): Judgement => ({ value: 0, reason })
/** Partial credit, or a similarity. */
export const graded = (value: number): Judgement => ({ value, reason: null })
/** Python's value for a ground truth that RDKit cannot read. */
export const BAD_TARGET: Judgement = { value: 0, reason: REWARD_REASON.INVALID_GROUND_TRUTH, unverifiable: true }

/** The verdict's status by its value alone. */
export function statusOf(value: number | null): VerdictStatus {
  if (value === null) return 'unverifiable'
  return value >= 1 ? 'pass' : value > 0 ? 'partial' : 'fail'
}
