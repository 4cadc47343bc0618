import { UsageError } from '../errors.ts'
import type { CompareOptions } from '../text/compare.ts'
import type { Comparison } from '../types.ts'
import type { RunConfig } from './config.ts'

/** Name of the texts of a model whose format is no chat template, as run.json has it. */
export const MARKED_TEXTS = 'pairrm'

/**
 * How a model that compares two answers is shown them: with --herm-compat as RewardBench does, where PairRM's parts are cut and letters
 * are not.
 * @throws UsageError for options that such a model cannot have
 */
export function compareOptions(rule: Comparison, config: RunConfig, maxPositions: number): CompareOptions {
  const { certify, truncation, hermCompat, maxLength, reasoning } = config
  if (certify)
    throw new UsageError(
      'has probes of single completions; this model compares two',
      '--certify',
      'Leave --certify out.',
    )
  if (truncation === 'left' || (truncation === 'right' && rule.kind === 'letters'))
    throw new UsageError(
      rule.kind === 'marks'
        ? 'would cut the marks by which the model finds its parts'
        : 'would cut a comparison so that it is none',
      `--truncation ${truncation}`,
      `Give ${rule.kind === 'marks' ? 'right, skip' : 'skip'} or error.`,
    )
  return {
    maxLength: maxLength ?? (rule.kind === 'marks' ? rule.limit : maxPositions),
    truncation: truncation ?? (hermCompat && rule.kind === 'marks' ? 'right' : 'skip'),
    stripReasoning: reasoning === 'strip',
  }
}
