import type { LogProbMeasurement } from '../types.ts'

/**
 * Implicit DPO reward of one completion, in nats: r = β · (log π_policy(y|x) − log π_reference(y|x)).
 * Rafailov et al. 2023, arXiv:2305.18290, eq. 5; the β·log Z(x) term is left out, it cancels within a pair.
 * @param policy    Σ log-prob over the completion's tokens, the template's end-of-turn included
 * @param reference the same tokens under the frozen model
 * @example implicitReward(-12, -15, 0.1) // ≈ 0.3
 */
export const implicitReward = (policy: number, reference: number, beta: number): number => beta * (policy - reference)

export type RefFreeType = 'avg' | 'sum' | 'norm'

/**
 * Reward of a policy alone, as in RewardBench's run_dpo.py: `sum` = Σ log π, `avg` = Σ log π / T (nats per token),
 * `norm` = −‖(log π(y₁), …, log π(y_T))‖₂. β does not apply.
 */
export function referenceFreeReward({ sum, tokens, sumSquares }: LogProbMeasurement, type: RefFreeType): number {
  if (type === 'sum') return sum
  return type === 'avg' ? sum / tokens : -Math.sqrt(sumSquares)
}
