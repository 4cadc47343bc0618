import { PythonError } from '../../python/error.ts'
import type { Oracles, SolutionInput, Text, Verdict } from '../../types.ts'
import { extractAnswerLoose, extractThoughtAnswerStrict } from './answer.ts'
import { type Chemistry, type Evaluation, judge, toVerdict } from './evaluate.ts'
import { completionText } from './format.ts'
import { defaultReason, REWARD_REASON, type RewardReason } from './reason.ts'
import { hasBadSubstructure } from './reasonable.ts'
import { parseSolution, type RewardFunctionInfo } from './solution.ts'

/** ether0's keywords: what differs between two verifications of one completion. Plain data, it crosses threads. */
export interface VerifyOptions {
  /** Strict extraction: thought tags are required. Default true. */
  readonly reasoning?: boolean
  /** Partial credit; not with `test`. Default false. */
  readonly soft?: boolean
  /** Loose extraction: the last `<answer>…</answer>`, as in ether0's benchmark. Default false. */
  readonly test?: boolean
  /** Added where an open-ended problem is solved by a molecule without disliked substructures. Default 0. */
  readonly goodMoleculeBonus?: number
}
export interface AccuracyOptions extends VerifyOptions {
  readonly oracles: Oracles
}

/** Open-ended problems, for which many molecules are right. */
const GOOD_MOLECULE_CHECK = new Set(['valid_mol_eval', 'formula_eval', 'functional_group_eval', 'sol_eval'])

/** ether0's `accuracy_reward` for one completion. Never throws for bad input: what Python raises is unverifiable. */
export async function accuracyRewardWith(
  completion: Text,
  solution: SolutionInput,
  options: AccuracyOptions,
  chemistry: Chemistry,
): Promise<Verdict> {
  const { soft = false, test = false } = options
  if (soft && test)
    return unverifiable(new PythonError('ValueError', 'soft mode is not supported for test time accuracy reward'))
  const text = completionText(completion)
  if (text === null) return unverifiable(new PythonError('IndexError', 'the completion has no message'))
  let info: RewardFunctionInfo
  try {
    info = parseSolution(solution)
  } catch (error) {
    if (error instanceof PythonError) return unverifiable(error)
    throw error
  }
  const answer = test ? extractAnswerLoose(text) : extractThoughtAnswerStrict(text, options.reasoning ?? true)[1]
  if (answer === null) return simple(0, REWARD_REASON.FORMAT_FAILED)
  if (!chemistry.mols.ready) await chemistry.mols.recover()
  const evaluation = judge(info.fxn_name, answer, info.answer_info, { soft, test, oracles: options.oracles }, chemistry)
  return withBonus(
    evaluation instanceof Promise ? await evaluation : evaluation,
    info,
    options.goodMoleculeBonus ?? 0,
    chemistry,
  )
}

function withBonus(evaluation: Evaluation, info: RewardFunctionInfo, bonus: number, { mols }: Chemistry): Verdict {
  const { judgement, notes, error } = evaluation
  if (error !== null) return toVerdict(evaluation, null, REWARD_REASON.REWARD_FUNCTION_EXCEPTION)
  const { value } = judgement
  if (value === null) return toVerdict(evaluation)
  const reason = judgement.reason ?? defaultReason(value)
  if (value !== 1 || !GOOD_MOLECULE_CHECK.has(info.fxn_name)) return toVerdict(evaluation, value, reason)
  const molecule = mols.read(String(notes.full_smiles))
  if (molecule === null) throw new Error(`a rewarded molecule cannot be read: ${String(notes.full_smiles)}`)
  const good = !hasBadSubstructure(molecule, mols)
  return toVerdict(
    { judgement, notes: { ...notes, is_good_molecule: good }, error },
    good ? value + bonus : value,
    reason,
  )
}

const simple = (value: number, reason: RewardReason): Verdict => ({
  value,
  status: 'fail',
  reason,
  metadata: { reward_reason: reason },
})
const unverifiable = (error: PythonError): Verdict => ({
  value: null,
  status: 'unverifiable',
  reason: null,
  metadata: { error: error.name, error_message: error.message },
})
