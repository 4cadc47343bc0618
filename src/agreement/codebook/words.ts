import { CLOSED_FROM, CLOSED_METHOD, CLOSED_VARIED } from '../closed-form.ts'

/** Scorers of the kind `null`, and scopes `null:<name>`: what each gives a completion as its score. */
export const BASELINE_MEANINGS: Readonly<Record<string, string>> = {
  longest: 'its length in characters (Unicode code points): the longer one wins',
  shortest: 'its length with the sign reversed: the shorter one wins',
  constant: '0, always: every pair is a tie',
  random:
    'a number from 0 to 1, drawn from id, role and index of the completion alone: the same in every run, whatever the seed',
  answer_tag: '1 where it has exactly one opening and one closing answer tag, in this order, else 0',
  smiles_parses:
    '1 where RDKit reads the answer in its tags as SMILES (valences and aromaticity are checked), else 0; it is absent where RDKit gives up',
}

/** Ensembles: what stands for a completion's score. */
export const ENSEMBLE_MEANINGS: Readonly<Record<string, string>> = {
  mean: "mean of the members' z-scores",
  worst: 'least of them',
  uncertainty: 'mean less their standard deviation (n − 1): what the members do not agree on counts less',
}

/** Words of the column ci_method; B resamples and the seed S are numbers there. */
export const INTERVAL_MEANINGS: Readonly<Record<string, string>> = {
  'cluster bootstrap, percentile, B resamples, seed S':
    'percentiles 2.5 and 97.5 of the value over B samples of prompts, drawn with replacement, each with all its rows',
  [CLOSED_METHOD]: `value ± 1.96 standard errors, the variance from each prompt's influence: in place of resampling where ${CLOSED_FROM.toLocaleString('en-US')} prompts or more, of which ${CLOSED_VARIED.toLocaleString('en-US')} differ`,
  'wald, cluster-robust standard error':
    'length_controlled_accuracy and length_effect: coefficient of the logistic fit ± 1.96 standard errors that allow for prompts of several rows; of an accuracy σ of both ends',
  'wilson over prompts':
    "Wilson's interval with the number of prompts as sample size, for a share of exactly 0 or 1, which no resample changes",
  'within subsets: …':
    'of a section: subsets are resampled apart (those that share prompts together), as the words behind the colon say',
  'MOVER over subsets: …':
    'of a section: intervals of its subsets combined (Zou & Donner 2008), since in one of them all prompts are alike',
  delong: "of a difference of two AUROCs: DeLong's variance, normal; every prompt has one row",
  'delong, clustered by prompt, t': "the same with Obuchowski's variance over prompts, Student's t",
  '<a>; half: <b>': 'accuracies in one row: strict has its interval by <a>, half by <b>',
  'none: one prompt': 'no interval: a single prompt says nothing of others',
  'none: one prompt in <subset>': 'the same of a section, because of this subset',
  'none: undefined in over 5 % of resamples': 'no interval: in more than 1 of 20 samples of prompts there is no value',
  'none: no variation between resamples': 'no interval: every sample of prompts has the same value',
  'none: resamples lie to one side of the value':
    'no interval: 97.5 % of the samples are above, or below, the value, as happens to rank statistics of few rows; their percentiles do not say where it lies',
  'none: not made for this statistic': 'no interval: none is defined here for it',
  'none: a bound': 'no interval: the value is itself the end of a range',
  'none: simulated, seed S': 'no interval: one simulation with this seed',
  'none: the curve peaks at its end': 'no interval: there is no decline',
  'none: no variation between prompts': 'no interval: the difference is the same in every prompt',
  'none: no variance': 'the same, or a class is in fewer than two prompts',
}

/** Words of the column reason of agreement.csv (where value is empty), and of files with the same statistics. */
export const REASON_MEANINGS: Readonly<Record<string, string>> = {
  // of any statistic
  constant:
    'of the two columns that are compared (score, reward, margin, distance) one is the same in all rows: nothing to rank',
  one_class: 'all rows are of one class (all pass, or none does; all are decided alike)',
  one_prompt: 'a single prompt: no error can be estimated',
  too_few_rows: 'fewer rows than the statistic needs: 2, or 4 for spearman_given_length',
  too_few_prompts: 'fewer than five prompts: no five folds to fit on',
  infinite: 'the odds ratio is divided by 0: in no quintile of Δlength do model and verifier differ in both ways',
  no_lengths: 'no row whose length is known',
  // of pairs
  no_pairs: 'there is no pair',
  no_scored_pairs: 'no pair has both scores',
  no_decided_pairs: 'no scored pair with known lengths has a margin other than 0',
  no_verifiable_pairs: 'no pair has both verifiable rewards',
  no_pair_decided_by_both: 'no pair in which model and verifier both have a margin other than 0',
  no_pair_decided_by_verifier: 'no scored pair has verifiable rewards that differ',
  no_pair_with_both_margins: 'no pair has both scores and both verifiable rewards',
  no_pair_decided_in_both_orders: 'no pair of which one completion is preferred in either order',
  no_common_pairs: 'no pair that both, model and baseline, score',
  no_pair_of_molecules: 'no scored pair whose two answers are molecules',
  length_difference_constant: 'chosen and rejected differ by the same number of characters in all pairs',
  separated: 'the logistic fit has no end: the length alone tells won from lost pairs',
  collinear: 'the logistic fit has no single solution: tanh(Δlength / s.d.) hardly varies',
  not_finite: 'a length that is no finite number',
  no_finite_temperature:
    'the fit has no end: all margins have one sign, or are 0 (of a cross-fitted statistic: those of the other folds)',
  // of completions
  no_scored_and_verified_completion: 'no completion has score and verifiable reward',
  no_verified_completion: 'no completion has a verifiable reward',
  no_prompt_with_both_classes: 'no prompt has passing and failing completions',
  no_prompt_with_different_rewards_and_scores: 'no prompt has completions that differ in reward and in score',
  constant_or_collinear:
    'scores (or ranks of score, reward or length) are all equal, those of length say all of another, or scores lie so far apart that float64 sees no slope',
  one_class_or_separated:
    'a fold has one class, or its score tells both apart without fault: the logistic fit has no end',
  // of groups
  no_verified_vote: 'no group whose voted answer is verified',
  no_group_with_right: 'no group with a passing completion',
  no_group_with_reward: 'no group with a reward above 0 and none below',
  no_group_with_right_and_wrong: 'no group with passing and failing completions',
  no_group_with_two_right: 'no group with two passing completions',
  no_group_with_two_right_and_one_wrong: 'no group with two passing completions and a failing one',
  no_group_with_one_right_and_three_wrong: 'no group with a passing completion and three failing ones',
  no_group_with_different_rewards_and_scores: 'no group whose completions differ in reward and in score',
  nothing_to_gain: 'pass_at_n is no higher than random',
  one_completion_per_group: 'no n beyond 1 that half of the groups have',
  // of advantages and the simulated curriculum
  no_completion: 'there is no completion',
  no_completion_with_the_reward: 'no completion has this reward',
  no_completion_with_both_rewards: "no completion has this reward and the verifier's",
  no_completion_with_two_advantages: 'no completion whose two advantages both differ from 0',
  no_group_with_different_advantages: 'no group whose completions differ in both advantages',
  no_failing_completion: 'no completion with the reward fails',
  no_passing_completion: 'no completion with the reward passes',
  no_completion_that_the_verifier_pushes_down: 'no completion has an advantage below 0 by the verifier',
  no_completion_that_the_verifier_pushes_up: 'no completion has an advantage above 0 by the verifier',
  no_verified_completion_that_is_pushed_up: 'no verified completion has an advantage above 0',
  nothing_from_buffer: 'no problem was drawn from the buffer',
  data_all_trivial: 'every group drawn from the data is trivial',
  // of invariance and sensitivity
  no_scored_twin: 'no group with a scored original and a scored twin',
  no_verified_twin: 'no twin has, as its original, a verifiable reward',
  no_scored_rival: 'no scored rival',
  no_rival_below: 'no rival with a score below that of the original',
  no_margin: 'no rival, or every one has the score of its original',
  no_scored_changed_completion: 'no changed completion is scored, as is its original',
  no_scored_twin_beside: 'no changed completion has a scored twin that keeps the verdict in its group',
  no_group_with_both: 'no group with a scored twin that keeps the verdict and a scored changed completion',
  no_changed_completion_with_a_lower_reward: 'no changed completion has a lower verifiable reward than its original',
  // of steps
  no_choices: 'no row has a choice',
  no_judged_choices: 'no choice is judged',
  no_judged_rows: 'no row is judged',
  no_scored_steps: 'no labelled step is scored',
  no_wrong_reasoning: 'no reasoning has a wrong step',
  no_right_reasoning: 'no reasoning is without one',
}
