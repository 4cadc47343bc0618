import { expect, it } from 'vitest'
import { agreement } from '../../src/agreement/agreement.ts'
import type { ScoredCompletion } from '../../src/types.ts'

/** Rows of groups with the same prompt are one cluster, as for pairs and as analyze reads them back from scores.csv. */
const ROWS: readonly (readonly [id: string, prompt: string, scores: readonly [pass: number, fail: number]])[] = [
  ['1', 'p', [0.1, 0.5]],
  ['2', 'p', [0.9, 0.3]],
  ['3', 'q', [0.2, 0.1]],
]
const completions = ROWS.flatMap(([id, cluster, scores]) =>
  scores.map(
    (score, index): ScoredCompletion => ({
      id,
      cluster,
      subset: 's',
      problemType: null,
      role: 'completion',
      index,
      text: 'x'.repeat(index + 1),
      score,
      scoreReason: null,
      verifiableReward: 1 - index,
      verifiableStatus: index === 0 ? 'pass' : 'fail',
      verifiableReason: null,
      formatReward: 1,
      promptTokens: 1,
      completionTokens: index + 1,
    }),
  ),
)

it('takes rows of groups with one prompt as one cluster', () => {
  const { statistics } = agreement([], completions, { resamples: 100 })
  const of = (name: string) => statistics.find((s) => s.scope === 'completions' && s.statistic === name)!
  expect(of('auroc')).toMatchObject({ n: 6, clusters: 2 })
  expect(of('pass_rate')).toMatchObject({ n: 6, clusters: 2 })
  // sklearn roc_auc_score: ½ in p, 1 in q (by row it would be 0, 1, 1); scipy kendalltau: 0 and 1
  expect(of('auroc_within_prompt')).toMatchObject({ value: 0.75, n: 6, clusters: 2 })
  expect(of('kendall_tau_b_within_prompt')).toMatchObject({ value: 0.5, n: 6, clusters: 2 })
})
