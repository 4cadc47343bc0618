/** ether0's `RewardReason`: name → value. `INVALID_VALUE` is never set by its code. */
export const REWARD_REASON = {
  FORMAT_FAILED: 'format_failed',
  INVALID_MOL: 'invalid_mol',
  INVALID_VALUE: 'invalid_value',
  WRONG_NUMERICAL_ANSWER: 'wrong_numerical_answer',
  INVALID_RXN: 'invalid_rxn',
  WRONG_PRODUCT: 'wrong_product',
  PRODUCT_IS_REACTANT: 'product_is_reactant',
  NOT_PURCHASABLE: 'not_purchasable',
  WRONG_FORMULA: 'wrong_formula',
  FAILED_CONSTRAINT: 'failed_constraint',
  FAILED_REOS_CHECK: 'failed_reos_check',
  FAILED_RING_CHECK: 'failed_ring_check',
  FAILED_COUNTERION_CHECK: 'failed_counterion_check',
  INVALID_GROUND_TRUTH: 'invalid_ground_truth',
  REWARD_FUNCTION_EXCEPTION: 'reward_function_exception',
  WRONG_ANSWER: 'wrong_answer',
  RIGHT_ANSWER: 'right_answer',
} as const
export type RewardReason = (typeof REWARD_REASON)[keyof typeof REWARD_REASON]

/** ether0's `set_default_reason`: where a reward gave no reason, the answer was right or wrong. */
export const defaultReason = (reward: number): RewardReason =>
  reward >= 1 ? REWARD_REASON.RIGHT_ANSWER : REWARD_REASON.WRONG_ANSWER
