import { type ColumnMeaning, m, PROBABILITY, SCORE } from './meaning.ts'

/** Columns of advantages.csv, curriculum.jsonl and curriculum.csv that no other file has. */
export const ADVANTAGE_COLUMN_MEANINGS: Readonly<Record<string, ColumnMeaning>> = {
  // advantages.csv
  batch: m('count from 0', 'so many consecutive groups of the data (--group-batch-size); the last may have fewer'),
  reward_verifier: m(
    'weighted reward',
    'weighted sum of format_reward and verifiable_reward (--reward-weights); empty where one that has a weight is missing',
  ),
  reward_mix: m('weighted reward', 'the same with the score'),
  advantage_verifier: m(
    "as --scale-rewards: deviations, or the reward's own",
    "(reward − the group's mean) / (deviation + 0.0001), n − 1 below the line, as TRL's GRPOTrainer; 0 where the reward is missing, which is then in no mean and no deviation; empty where nobody in the group has it",
  ),
  advantage_learned: m('the same', 'the same of the score alone'),
  advantage_mix: m('the same', 'the same of format, accuracy and score together'),
  // curriculum.jsonl
  prompt: m('text or messages', 'as the data have it'),
  solution: m('text or object', 'as the data have it; null where there is none'),
  pass_rate: m(PROBABILITY, 'share of the verified completions that pass; null without one'),
  std_verifier: m(
    'weighted reward',
    'deviation of reward_verifier in the group, n − 1 below the line; null for fewer than two',
  ),
  std_learned: m(SCORE, 'the same of the score'),
  std_mix: m('weighted reward', 'the same of reward_mix'),
  keep_verifier: m(
    'true or false',
    "whether the prompt stays in the curriculum's buffer under the verifier's reward, all its completions taken as one group: an advantage differs from 0; null where nobody has the reward",
  ),
  keep_learned: m('true or false', "the same under the model's score"),
  keep_mix: m('true or false', 'the same under both by weight'),
  reason_verifier: m(
    'word',
    'why it does not: too_few (fewer than two completions have the reward), all_right (every verified completion passes: too easy), all_wrong (every one fails: too hard), constant (equal rewards otherwise), missing (nobody has the reward)',
  ),
  reason_learned: m('word', 'the same for keep_learned'),
  reason_mix: m('word', 'the same for keep_mix'),
  // curriculum.csv
  reward_source: m('verifier, learned, mix', 'the reward that the curriculum goes by'),
  from_buffer: m('count', 'those of them that came from the buffer'),
  nontrivial_share: m(PROBABILITY, 'groups of the batch with an advantage other than 0'),
  nontrivial_share_without: m(PROBABILITY, 'the same at this step without a curriculum'),
  nontrivial_share_data: m(PROBABILITY, 'nontrivial_share of the groups that came from the data'),
  nontrivial_share_buffer: m(PROBABILITY, 'nontrivial_share of the groups that came from the buffer'),
  buffer: m('count', 'problems in the buffer after the step'),
  kept_share: m(PROBABILITY, 'buffer over all problems'),
  seen_share: m(PROBABILITY, 'problems that have been drawn from the data so far, over all'),
  seen_share_without: m(PROBABILITY, 'the same without a curriculum'),
}

/** Scopes `advantages` and `curriculum`; the source stands behind the name: verifier, learned (the score) or mix (both by weight). */
const bySource = (name: string, meaning: string): Record<string, string> => ({
  [`${name}_verifier`]: `${meaning}; reward: format and accuracy by weight`,
  [`${name}_learned`]: `${meaning}; reward: the score`,
  [`${name}_mix`]: `${meaning}; reward: format, accuracy and score by weight`,
})
const byCompared = (name: string, meaning: string): Record<string, string> => ({
  [`${name}_learned`]: `${meaning}; of the score`,
  [`${name}_mix`]: `${meaning}; of format, accuracy and score by weight`,
})
export const ADVANTAGE_MEANINGS: Readonly<Record<string, string>> = {
  ...bySource('zero_advantage', 'share of groups (with at least one reward) in which no advantage differs from 0'),
  ...bySource(
    'zero_advantage_all_right',
    'share of groups that are so while every verified completion passes: too easy',
  ),
  ...bySource(
    'zero_advantage_all_wrong',
    'share of groups that are so while every verified completion fails: too hard',
  ),
  ...bySource('zero_advantage_constant', 'share of groups that are so otherwise, with two rewards or more'),
  ...bySource('zero_advantage_too_few', 'share of groups that are so because one completion alone has the reward'),
  ...bySource('mean_abs_advantage', 'mean |advantage| over the completions with the reward'),
  ...bySource(
    'frac_reward_zero_std',
    "TRL's figure of that name: completions whose deviation is at most 1e-8; a lone reward of a group, whose deviation is NaN, does not count there",
  ),
  ...byCompared(
    'advantage_sign_agreement',
    "share of completions whose advantage has the sign of the verifier's, among those where neither is 0 (ties: one is)",
  ),
  ...byCompared(
    'advantage_kendall_tau_b',
    "mean over groups of τ-b between the advantage and the verifier's (n: groups where it is defined; ties: a side is constant; missing: fewer than two completions have both)",
  ),
  ...byCompared('advantage_pearson', "Pearson's r of the advantage and the verifier's, completions pooled"),
  ...byCompared(
    'pushed_up_of_failing',
    'share of completions with an advantage above 0 among those that the verifier fails',
  ),
  ...byCompared(
    'pushed_up_of_rejected',
    'share of completions with an advantage above 0 among those whose advantage by the verifier is below 0',
  ),
  ...byCompared('pushed_down_of_passing', 'share of completions with an advantage below 0 among those that pass'),
  ...byCompared(
    'pushed_down_of_favoured',
    'share of completions with an advantage below 0 among those whose advantage by the verifier is above 0',
  ),
  ...byCompared(
    'push_on_failing',
    'of all advantage above 0 that verified completions get, the share on those that fail',
  ),
  ...bySource(
    'curriculum_nontrivial_share',
    'share of the drawn groups with an advantage other than 0, with the curriculum',
  ),
  ...bySource('curriculum_nontrivial_share_without', 'the same without it'),
  ...bySource('curriculum_kept_share', 'share of the problems that are in the buffer at the end'),
  ...bySource('curriculum_seen_share', 'share of the problems that were drawn from the data'),
  ...bySource('curriculum_seen_share_without', 'the same without the curriculum'),
  ...bySource(
    'curriculum_sustainable_fraction',
    'largest share of a batch that the buffer can give without running dry, (1 − f_D) / (1 − f_D + f_B) of the trivial shares of data and buffer (arXiv:2506.17238, §4.2.1)',
  ),
}

/** What the simulation takes for granted: in run.json and the code book, where its numbers are. */
export const CURRICULUM_ASSUMPTIONS = [
  'The rollouts are recorded: the policy that made them does not learn, and a problem is as hard at the last step as at the first.',
  'A group is drawn from the recorded completions of its problem without replacement, anew each time; all of them where there are no more.',
  'A group is trivial when no advantage in it differs from 0; a completion without the reward counts for nothing, and a problem in which nobody has it is trivial.',
  'A problem whose group is not trivial enters the buffer, and leaves it when its group is trivial (Narayanan et al. 2025, arXiv:2506.17238, §4.2.1).',
  'The buffer starts empty and has no bound; it changes after the batch; problems are drawn from it without replacement, all equally likely.',
  'While the buffer holds fewer problems than its share of a batch, the data fill the batch.',
  'The data are shuffled anew for each pass, and a batch may reach into the next pass; a batch may hold a problem twice, from the buffer and from the data.',
  'With and without a curriculum the number of steps is the same, and so is the order of the data.',
] as const
