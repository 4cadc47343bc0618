import { checkOptions } from '../../given.ts'
import type { Text } from '../../types.ts'
import { extractThoughtAnswerStrict } from './answer.ts'

/** What ether0 reads of a completion: its text, or the content of its first message. */
export const completionText = (completion: Text): string | null =>
  typeof completion === 'string' ? completion : (completion[0]?.content ?? null)

/**
 * ether0's `format_reward` for one completion: `reward` (default 1) where the whole text is in the strict tags, else 0.
 * @example formatReward('<|think_start|>t<|think_end|><|answer_start|>CCO<|answer_end|>', { reasoning: true }) // 1
 */
export function formatReward(
  completion: Text,
  options: { readonly reasoning?: boolean; readonly reward?: number } = {},
): number {
  checkOptions('formatReward', options, { reasoning: true, reward: true })
  const text = completionText(completion)
  if (text === null) return 0
  return extractThoughtAnswerStrict(text, options.reasoning ?? true)[1] === null ? 0 : (options.reward ?? 1)
}
