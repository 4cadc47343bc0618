import { ATTRIBUTION_FILE, SENSITIVITY_FILE } from './invariance.ts'
import { type ColumnMeaning, m, PROBABILITY } from './meaning.ts'

const CHOSEN_AMONG = m('count', 'completions of a prompt that are chosen among')
const COMPLETIONS = m('count', 'completions of the group')
const SCORER_KIND = m(
  'word',
  'what the scorer is: rm (reward model), dpo (policy against its reference), dpo-ref-free (policy alone), ensemble, null (a baseline, which has learned nothing), verifier (verifiable rewards alone)',
)
const LENGTH = 'tokens or characters, as unit says'
const HALF_ACCURACY = (of: string): ColumnMeaning =>
  m(PROBABILITY, `${of} of the scorers' half accuracies on the subset`)

/** Columns that mean something else in one file than in the others, by file. */
export const OF_FILE: Readonly<Record<string, Readonly<Record<string, ColumnMeaning>>>> = {
  'groups.csv': {
    n: COMPLETIONS,
    spearman: m(
      '−1 … 1',
      "Spearman's ρ of score and reward among the completions with both; empty where one is constant",
    ),
    reason: m('text', 'why columns are empty: `column: word`, separated by `; `'),
  },
  'agreement.csv': {
    subset: m(
      'text',
      'leaf group of rows; `all` is every row; of a scope `stratum:<name>` the level (see "Strata"), of others as scope says',
    ),
  },
  'leaderboard.csv': { kind: SCORER_KIND },
  'ensembles.csv': { kind: SCORER_KIND },
  'group-leaderboard.csv': { kind: SCORER_KIND },
  'lengths.csv': {
    n: m('count', 'completions of this side whose length is known'),
    missing: m('count', 'those whose length is not known'),
    mean: m(LENGTH, 'arithmetic mean'),
    min: m(LENGTH, 'least'),
    median: m(LENGTH, 'median'),
    max: m(LENGTH, 'greatest'),
  },
  'subset-spread.csv': {
    scorers: m('count', 'scorers that have scored a pair of the subset'),
    min: HALF_ACCURACY('least'),
    q25: HALF_ACCURACY('lower quartile'),
    median: HALF_ACCURACY('median'),
    q75: HALF_ACCURACY('upper quartile'),
    max: HALF_ACCURACY('greatest'),
  },
  'scorer-agreement.csv': {
    n: m(
      'count',
      'pairs that both have scored and neither ties: agreement_rate, kappa, ac1 and error_consistency rest on these; spearman, pearson and icc on n + ties',
    ),
    ties: m('count', 'pairs that both have scored and at least one ties'),
    missing: m('count', 'pairs that one of the two has not scored'),
  },
  'curves.csv': {
    n: CHOSEN_AMONG,
    clusters: m('count', 'prompts among these groups'),
    missing: m('count', 'groups with n completions or more of which the value is not known (not scored, not verified)'),
    reason: m('word', 'why value is empty: nothing_to_gain = pass_at_n is no higher than random'),
  },
  'over-optimisation.csv': {
    groups: m('count', 'groups that the curve is a mean of: those with at least last_n completions that count'),
    clusters: m('count', 'prompts among these groups'),
    left_out: m('count', 'groups with fewer completions that count'),
    p: m(PROBABILITY, 'one-sided p of the decline (see there)'),
    reason: m('word', 'why there is no test'),
  },
  'top-rewards.csv': {
    n: m('count', 'completions with score and reward'),
    ties: m(
      'count',
      'completions whose score is that at the border, where more have it than there are places left; else 0',
    ),
    clusters: m('count', 'prompts among these completions'),
  },
  'scores.csv': {
    step: m('count', "of a server: the trainer's step, where the client said it"),
    reward: m(
      'reward',
      'of a server: what was answered, by --mix; empty where that was no reward (/classify), or there was none',
    ),
  },
  'over-time.csv': {
    part: m(
      'count from 1',
      'of the rows of a server in the order in which they were asked for, in up to ten parts of equal size',
    ),
    first_id: m('text', 'id of the first row of the part'),
    last_id: m('text', 'id of its last row'),
  },
  'sensitivity.csv': SENSITIVITY_FILE,
  'attribution.csv': ATTRIBUTION_FILE,
  'curriculum.jsonl': { n: COMPLETIONS },
  'curriculum.csv': {
    step: m('count from 1', 'which batch of the simulated training'),
    groups: m('count', 'groups of the batch'),
    reason: m('word', 'why nontrivial_share_data or nontrivial_share_buffer is empty'),
  },
}
