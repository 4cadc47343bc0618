import type { ScoredCompletion, ScoredPair } from '../../src/types.ts'

/** A pair of two texts, scored 1 and 0; nothing is known of their verdicts. */
export function pairOf({
  chosen,
  rejected,
  extra = {},
}: {
  readonly chosen: string
  readonly rejected: string
  readonly extra?: Readonly<Record<string, unknown>>
}): ScoredPair {
  const side = (role: 'chosen' | 'rejected', text: string, score: number): ScoredCompletion => ({
    id: 'p',
    subset: 's',
    problemType: null,
    role,
    index: 0,
    text,
    score,
    scoreReason: null,
    verifiableReward: null,
    verifiableStatus: 'unverifiable',
    verifiableReason: null,
    formatReward: null,
    promptTokens: null,
    completionTokens: null,
  })
  return {
    id: 'p',
    subset: 's',
    problemType: null,
    cluster: 'c',
    rejectedIndex: 0,
    prompt: 'prompt',
    chosen: side('chosen', chosen, 1),
    rejected: side('rejected', rejected, 0),
    margin: 1,
    outcome: 'win',
    verifiableOutcome: null,
    agree: null,
    extra,
  }
}
