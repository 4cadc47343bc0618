import { type ColumnMeaning, m, PROBABILITY, REWARD, SCORE } from './meaning.ts'

/** Columns of groups.csv, curves.csv, over-optimisation.csv and top-rewards.csv. */
export const GROUP_MEANINGS: Readonly<Record<string, ColumnMeaning>> = {
  // group-leaderboard.csv
  best_of_n: m(
    PROBABILITY,
    'share that passes of the completions with the highest score, of those with score and reward; group-leaderboard.csv: its mean, the statistic best_of_n',
  ),
  voting_string: m(PROBABILITY, 'statistic voting_string'),
  random: m(PROBABILITY, 'statistic random'),
  // groups.csv
  n_verified: m('count', 'completions with a verifiable reward'),
  top1: m(
    REWARD,
    'reward of the first completion (of one greedy sample, that one); in group-leaderboard.csv this and what follows are the statistics of the same name',
  ),
  voting: m(
    REWARD,
    'reward of the first completion with the most frequent answer, compared as text; ties go to the answer seen first, a completion without an answer does not vote, 0 where none answers',
  ),
  rerank: m(REWARD, "reward of the completion with the highest score (ReFT's reranking), lower index on ties"),
  pass_at_n: m('0 or 1', 'one of the verified completions passes (reward ≥ 1)'),
  best_reward: m(REWARD, 'largest verifiable reward of the group'),
  rm_pick: m('count from 0', 'completion with the highest score, lower index on ties'),
  rm_pick_reward: m(REWARD, 'its verifiable reward'),
  zero_advantage_verifier: m(
    '0 or 1',
    'all verifiable rewards of the group (accuracy, without the format) are equal: no training signal; empty where there is none',
  ),
  zero_advantage_rm: m('0 or 1', 'all scores of the group are equal; empty where there is none'),
  advantage_sign_agreement: m(
    PROBABILITY,
    'completions whose advantages by verifiable_reward and by score have the same sign, among those where neither is 0',
  ),
  advantage_kendall_tau_b: m('−1 … 1', 'τ-b of the two advantages over the completions of the group that have both'),
  advantage_reason: m('word', 'why one of the last two is empty'),
  voting_canonical: m(
    REWARD,
    'as voting, answers compared by their canonical SMILES (RDKit; the answer itself where RDKit cannot read it)',
  ),
  rerank_answered: m(
    REWARD,
    "as rerank among the completions that have an answer, as in ReFT; 0 where none has (ReFT's dropping of repeated chains is not done)",
  ),
  mean_reward: m(REWARD, 'mean over the verified completions: what a random pick is worth'),
  rm_expected_reward: m(
    REWARD,
    'mean reward of the completions that share the highest score, of those with score and reward: best of n at n = n_used',
  ),
  regret: m(REWARD, 'largest reward less rm_expected_reward, of the completions with score and reward'),
  n_scored: m('count', 'completions with a score'),
  n_correct: m('count', 'completions that pass (reward ≥ 1)'),
  n_used: m('count', 'completions with both score and reward'),
  rm_pick_tied: m('count', 'completions that share the highest score: 1 = no tie'),
  rm_pick_answered: m('count from 0', 'completion with the highest score of those that have an answer'),
  voters: m('count', 'completions that have an answer'),
  voting_pick: m('count from 0', 'completion that voting picks; empty where none answers'),
  voting_votes: m('count', 'votes of its answer'),
  voting_tied: m('count', 'answers with as many votes: 1 = no tie, 0 = no votes'),
  voting_canonical_pick: m('count from 0', 'the same of voting_canonical'),
  voting_canonical_votes: m('count', 'the same of voting_canonical'),
  voting_canonical_tied: m('count', 'the same of voting_canonical'),
  kendall_tau_b: m('−1 … 1', 'τ-b of score and reward among the completions with both; empty where one is constant'),
  mrr: m(
    PROBABILITY,
    'reciprocal rank by score of the first completion that passes, expected over the order of equal scores; empty where none passes',
  ),
  ndcg: m(
    PROBABILITY,
    'normalised discounted cumulative gain of the reward by score, equal scores share their places; empty where no reward is above 0, or one is below',
  ),
  best_of_4: m(
    PROBABILITY,
    "RewardBench 2's best of 4: mean result over all draws of one passing and three failing completions (chance: ¼); empty with fewer",
  ),
  gap: m(SCORE, 'lowest score of a passing less highest score of a failing completion'),
  spread: m(SCORE, 'highest less lowest score of the passing completions; empty with fewer than two'),
  empty: m('count', 'completions without text; they have no answer and count as any other'),
  duplicates: m('count', 'completions whose text an earlier one has; each counts'),
  same_answer: m('JSON list', 'per completion the first one with the same answer (index), null without an answer'),
  same_molecule: m('JSON list', 'the same by canonical SMILES'),
  // curves.csv, over-optimisation.csv, top-rewards.csv
  method: m(
    'word',
    'see "Methods" below; with `_reward`: the mean reward in place of the share that passes (only where a reward is neither 0 nor 1)',
  ),
  groups: m('count', 'groups that the value is a mean of: those with at least n completions that count'),
  kl: m('nats', 'KL divergence of the best of n from the policy, at most ln n − (n − 1)/n; empty for other methods'),
  peak_n: m('count', 'smallest n at which the curve is highest'),
  peak: m("the curve's", 'its value there'),
  last_n: m('count', 'end of the curve that is tested: the largest n that at least half of the groups have'),
  last: m("the curve's", 'its value there'),
  decline: m(
    "the curve's",
    'peak − last; its interval takes the peak as given and is optimistic. p is one-sided, the chance of a decline as large, at any n: the larger of p_resampled and p_exchanged',
  ),
  p_resampled: m(
    PROBABILITY,
    'that chance of a curve that never declines: prompts resampled, differences to the end recentred; too small where prompts are few',
  ),
  p_exchanged: m(
    PROBABILITY,
    'that chance of a score that says nothing: rewards exchanged within each group; exact for any number of prompts',
  ),
  measure: m('pass, reward', 'share with reward ≥ 1, or mean reward'),
  share: m(PROBABILITY, 'share of the completions that is taken, by score from the top, over all prompts'),
  places: m(
    'count',
    'completions that this is: those at or above the (1 − share) quantile of the score, n − ⌈(1 − share)(n − 1)⌉; equal scores at the border share the places there',
  ),
}

/** Statistics of the scope `groups`. */
export const GROUP_STATISTICS: Readonly<Record<string, string>> = {
  top1: 'share whose first completion passes (reward ≥ 1); an unverifiable pick is missing',
  voting_string:
    'share whose most frequent answer passes, answers compared as text; ties to the answer seen first, counted in ties; no answer is wrong. @n: over the first n completions',
  voting_canonical: 'the same, answers compared by canonical SMILES',
  rerank:
    "share whose completion with the highest score passes (ReFT's Rerank@K); ties to the lower index. @n: over the first n",
  rerank_answered: 'the same among the completions with an answer; none is wrong',
  best_of_n:
    'share that passes of the completions with the highest score of their group, of those with score and reward; ties shared. n is each group’s own: beside pass_at_n where sizes differ',
  pass_at_n:
    'share of groups in which any completion passes (upper bound). @n: exact chance that one of n drawn passes',
  random: 'mean over groups of the share that passes',
  best_reward: 'mean over groups of the largest reward',
  random_reward: 'mean over groups of the mean reward',
  cls_acc:
    'classifier accuracy: share of completions whose probability (--head softmax:K) is over 0.5 exactly where they pass',
  top1_regret: 'mean over groups of regret',
  mrr: 'mean over groups of mrr',
  ndcg: 'mean over groups of ndcg',
  best_of_4:
    "mean over groups of best_of_4: comparable with RewardBench 2's subsets, whatever the share of right completions",
  ties_accuracy:
    "share of groups (with passing and failing completions) whose lowest passing score beats the highest failing one, as RewardBench 2's Ties asks where many answers are right",
  ties_preferred: 'share of groups (with two passing and a failing completion) whose gap exceeds the spread',
  ties_margin: 'mean of tanh(gap / spread − 1) over the same, 0/0 as 0',
  ties_spread: 'mean spread',
  'best_of_n@n':
    'exact expected share that passes of the completion that scores highest among n drawn, over groups with n completions that count; ties shared',
  'oracle_reward@n': 'exact expected largest reward among n drawn',
  'regret@n': 'pass_at_n@n − best_of_n@n',
  'normalized_gain@n': '(best_of_n − random) / (pass_at_n − random) of the means at n',
  best_of_n_decline: 'over-optimisation: decline in over-optimisation.csv',
}

/** The methods of curves.csv. */
export const CURVE_METHODS: Readonly<Record<string, string>> = {
  best_of_n: 'the completion that scores highest among n drawn without replacement; equal scores share the first place',
  pass_at_n: 'any of n drawn passes: the ceiling (with rewards: oracle_reward, the expected largest)',
  random: 'any one of them: the floor',
  voting_string_expected:
    'the most frequent answer among n drawn, compared as text, ties to the answer seen first; up to 128 completions',
  voting_canonical_expected: 'the same by canonical SMILES',
  regret: 'pass_at_n − best_of_n',
  normalized_gain: '(best_of_n − random) / (pass_at_n − random), of the means',
  pass_prefix: 'any of the first n completions passes',
  voting_string: 'the most frequent answer among the first n completions',
  voting_canonical: 'the same by canonical SMILES',
  rerank: 'the completion that scores highest among the first n, lower index on ties',
  rerank_answered: 'the same among those with an answer',
}
