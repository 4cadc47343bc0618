import { expect, it } from 'vitest'
import { LEADERBOARD_COLUMNS } from '../../analysis/leaderboard.ts'
import { PAIRED_COLUMNS } from '../../analysis/paired-tests.ts'
import { HETEROGENEITY_COLUMNS } from '../../analysis/subsets.ts'
import { AGREEMENT_COLUMNS } from '../../src/agreement/agreement.ts'
import { DISTRIBUTION_COLUMNS } from '../../src/agreement/distribution.ts'
import { PAIR_COLUMNS, SCORE_COLUMNS } from '../../src/report/scores.ts'

/** Others' scripts read these columns by place: they stand first and in this order, further ones behind them. */
const FIRST: readonly (readonly [file: string, columns: readonly string[], promised: string])[] = [
  [
    'scores.csv',
    SCORE_COLUMNS,
    'id subset role index score score_reason verifiable_reward verifiable_status verifiable_reason format_reward prompt_tokens completion_tokens truncated scored_token_index text_sha256',
  ],
  [
    'pairs.csv',
    PAIR_COLUMNS,
    'id subset rejected_index chosen_score rejected_score margin outcome chosen_reward rejected_reward verifiable_outcome agree chosen_reason rejected_reason chosen_tokens rejected_tokens chosen_chars rejected_chars chosen_index cluster',
  ],
  [
    'agreement.csv',
    AGREEMENT_COLUMNS,
    'scope subset statistic value ci_low ci_high ci_method n clusters ties missing reason',
  ],
  ['heterogeneity.csv', HETEROGENEITY_COLUMNS, 'scorer cochran_q df k left_out i_squared p p_bh'],
  ['distribution.csv', DISTRIBUTION_COLUMNS, 'subset group n mean'],
]
it.each(FIRST)('%s begins with the promised columns', (_, columns, promised) => {
  const names = promised.split(' ')
  expect(columns.slice(0, names.length)).toEqual(names)
})

const WITHIN: readonly (readonly [file: string, columns: readonly string[], promised: string])[] = [
  [
    'leaderboard.csv',
    LEADERBOARD_COLUMNS,
    'rank scorer kind strict half half_low half_high tie_rate n clusters missing ci_method reason',
  ],
  ['paired-tests.csv', PAIRED_COLUMNS, 'a b statistic value_a value_b test p p_holm p_bh family reason'],
]
it.each(WITHIN)('%s has the promised columns in their order', (_, columns, promised) => {
  const names = promised.split(' ')
  expect(columns.filter((name) => names.includes(name))).toEqual(names)
})
