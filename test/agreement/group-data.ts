import type { CompletionGroup, ScoredCompletion, VerdictStatus } from '../../src/types.ts'

/** What is needed of a completion; the rest is filled in. */
export interface Part {
  /** Verifiable reward; null = unverifiable. */
  readonly reward: number | null
  readonly format?: number | null
  readonly score: number | null
}

const statusOf = (reward: number | null): VerdictStatus =>
  reward === null ? 'unverifiable' : reward >= 1 ? 'pass' : reward > 0 ? 'partial' : 'fail'

export const groupOfParts = (
  id: string,
  parts: readonly Part[],
  more: Partial<Pick<CompletionGroup, 'subset' | 'cluster'>> = {},
): CompletionGroup => {
  const { subset = 's', cluster = id } = more
  const completions = parts.map(
    ({ reward, format = 1, score }, index): ScoredCompletion => ({
      id,
      subset,
      problemType: null,
      cluster,
      role: 'completion',
      index,
      text: `answer ${index}`,
      score,
      scoreReason: score === null ? 'too_long' : null,
      verifiableReward: reward,
      verifiableStatus: statusOf(reward),
      verifiableReason: null,
      formatReward: format,
      promptTokens: null,
      completionTokens: null,
    }),
  )
  return { id, subset, problemType: null, cluster, prompt: `prompt ${cluster}`, completions }
}
