import type { Statistic } from '../../types.ts'

/** What a statistic of agreement.csv is called on the page. A name that is not here is shown as it stands in the file. */
const STATISTIC_TITLES: Readonly<Record<string, string>> = {
  accuracy_strict: 'Accuracy, a tie lost',
  accuracy_half: 'Accuracy, a tie ½',
  tie_rate: 'Share of ties',
  pair_share: 'Share of all pairs',
  verifiable_accuracy_strict: 'Verifier prefers chosen, a tie lost',
  verifiable_accuracy_half: 'Verifier prefers chosen, a tie ½',
  verifiable_tie_rate: 'Share of ties of the verifier',
  agreement_rate: 'Agreement rate',
  agreement_rate_if_unverifiable_fail: 'Agreement rate, unverifiable as failed',
  agreement_rate_if_unverifiable_pass: 'Agreement rate, unverifiable as passed',
  agreement_rate_lowest: 'Agreement rate, lowest possible',
  agreement_rate_highest: 'Agreement rate, highest possible',
  auroc_if_unverifiable_fail: 'AUROC, unverifiable as failed',
  auroc_if_unverifiable_pass: 'AUROC, unverifiable as passed',
  auroc_lowest: 'AUROC, lowest possible',
  auroc_highest: 'AUROC, highest possible',
  cohen_kappa: 'Cohen’s κ',
  gwet_ac1: 'Gwet’s AC1',
  pabak: 'Prevalence-adjusted κ',
  mcc: 'Matthews correlation',
  margin_auroc: 'AUROC of the margin',
  margin_kendall_tau_b: 'Kendall’s τ-b of the margins',
  longer_chosen_accuracy_half: 'Accuracy of “the longer text wins”',
  length_controlled_accuracy: 'Accuracy at equal length',
  length_effect: 'Effect of length (β)',
  cmh_odds_ratio: 'Mantel–Haenszel odds ratio over lengths',
  brier: 'Brier score',
  log_loss: 'Log loss, nats',
  sharpness: 'Sharpness, mean |p − ½|',
  confident_wrong: 'Share confidently wrong, p(chosen) < 0.1',
  ece: 'Expected calibration error',
  temperature: 'Fitted temperature',
  brier_cross_fitted: 'Brier score, cross-fitted temperature',
  log_loss_cross_fitted: 'Log loss, cross-fitted temperature',
  sharpness_cross_fitted: 'Sharpness, cross-fitted temperature',
  ece_cross_fitted: 'Expected calibration error, cross-fitted temperature',
  pass_rate: 'Pass rate',
  auroc: 'AUROC of the score',
  average_precision: 'Average precision',
  auroc_within_prompt: 'AUROC within a prompt',
  kendall_tau_b: 'Kendall’s τ-b',
  kendall_tau_b_within_prompt: 'Kendall’s τ-b within a prompt',
  somers_d: 'Somers’ D',
  spearman: 'Spearman’s ρ',
  spearman_given_length: 'Spearman’s ρ, length held fixed',
  'hack_rate_0.9': 'Share failed among the top tenth of scores',
  'hack_rate_0.95': 'Share failed among the top twentieth of scores',
  brier_base: 'Brier score of the pass rate alone',
  brier_platt: 'Brier score, logistic calibration',
  log_loss_platt: 'Log loss, logistic calibration',
  brier_isotonic: 'Brier score, isotonic calibration',
  model_minus_null: 'Accuracy of the model minus that of the baseline',
}

/** Statistics of groups, each a mean over groups; the page's words for a completion chosen by some rule. */
const GROUP_TITLES: Readonly<Record<string, string>> = {
  top1: 'The first completion is right',
  voting_string: 'The vote by exact answer is right',
  voting_canonical: 'The vote by molecule is right',
  rerank: 'The highest score is right',
  rerank_answered: 'The highest score with an answer is right',
  pass_at_n: 'Some completion is right (pass@N)',
  random: 'A drawn completion is right',
  best_reward: 'Best reward of the group',
  cls_acc: 'Completions on the right side of probability ½',
  top1_regret: 'Regret: best reward minus that of the highest score',
  mrr: 'Mean reciprocal rank of the first right one',
  ndcg: 'NDCG of the rewards, ranked by score',
  kendall_tau_b: 'Kendall’s τ-b within a group',
  spearman: 'Spearman’s ρ within a group',
  best_of_4: 'RewardBench 2’s best of 4',
  ties_accuracy: 'Every right one above every wrong one',
  ties_preferred: '… by more than the right ones differ',
  ties_margin: 'RewardBench 2’s margin of ties',
  ties_spread: 'Spread of the scores of right completions',
  best_of_n: 'Best of n',
  oracle: 'Ceiling, expected best reward',
  regret: 'Regret',
  normalized_gain: 'Share of the possible gain that the score reaches',
}
/** Of advantages; what they are of stands behind the name in the file. */
const ADVANTAGE_TITLES: Readonly<Record<string, string>> = {
  zero_advantage: 'Groups without an advantage',
  zero_advantage_all_right: '… all right, too easy',
  zero_advantage_all_wrong: '… all wrong, too hard',
  zero_advantage_constant: '… all equal otherwise',
  zero_advantage_too_few: '… one completion with a reward',
  mean_abs_advantage: 'Mean |advantage|',
  frac_reward_zero_std: 'TRL’s frac_reward_zero_std',
  advantage_sign_agreement: 'Sign as the verifier’s',
  advantage_kendall_tau_b: 'Kendall’s τ-b with the verifier’s, within a group',
  advantage_pearson: 'Pearson’s r with the verifier’s',
  pushed_up_of_failing: 'Pushed up, of those that fail',
  pushed_up_of_rejected: 'Pushed up, of those that the verifier pushes down',
  pushed_down_of_passing: 'Pushed down, of those that pass',
  pushed_down_of_favoured: 'Pushed down, of those that the verifier pushes up',
  push_on_failing: 'Share of all push upward that goes to failing ones',
  curriculum_nontrivial_share: 'Drawn groups with an advantage, with curriculum',
  curriculum_nontrivial_share_without: '… without curriculum',
  curriculum_kept_share: 'Problems in the buffer at the end',
  curriculum_seen_share: 'Problems drawn from the data',
  curriculum_seen_share_without: '… without curriculum',
  curriculum_sustainable_fraction: 'Largest share of a batch that the buffer can give',
}
const SOURCES: Readonly<Record<string, string>> = { verifier: 'verifier', learned: 'score', mix: 'mix' }

/** Of twins, and of changed molecules. */
const INVARIANCE_TITLES: Readonly<Record<string, string>> = {
  mean_abs_delta: 'Mean |change| of the score, same molecule',
  mean_delta: 'Mean change of the score, same molecule',
  flip_rate: 'Orders to wrong answers that turn',
  win_lost_rate: 'Wins over wrong answers that are lost',
  score_spread: 'Standard deviation over an answer’s twins',
  spread_over_margin: '… over the mean |margin|',
  verdict_changed_rate: 'Twins whose verdict differs from the original’s',
  changed_mean_abs_delta: 'Mean |change| of the score, another molecule',
  changed_mean_delta: 'Mean change of the score, another molecule',
  sensitivity: 'Moved by more than the twins’ spread, another molecule',
  abs_delta_auroc_within_prompt: 'AUROC of |change|, another molecule against the same, within a prompt',
  abs_delta_auroc: 'AUROC of |change|, another molecule against the same',
  ranked_below_original: 'Wrong molecules that score below the original',
  margin_size: 'Mean |margin| between original and wrong answers',
}
const SENSITIVITY_TITLES: Readonly<Record<string, string>> = {
  spearman_tanimoto_distance: 'Spearman’s ρ of margin and 1 − Tanimoto',
  kendall_tau_b_tanimoto_distance: 'Kendall’s τ-b of margin and 1 − Tanimoto',
  spearman_edit_distance: 'Spearman’s ρ of margin and edit steps',
  kendall_tau_b_edit_distance: 'Kendall’s τ-b of margin and edit steps',
}

/** What a line of agreement.csv is called on the page. */
export function titleOf({ scope, statistic }: Pick<Statistic, 'scope' | 'statistic'>): string {
  if (scope === 'groups') return groupTitle(statistic)
  if (scope === 'advantages' || scope === 'curriculum') {
    const [, name, source] = /^(.*)_(verifier|learned|mix)$/.exec(statistic) ?? []
    const title = ADVANTAGE_TITLES[name ?? statistic]
    return title === undefined ? statistic : source === undefined ? title : `${title} (${SOURCES[source]})`
  }
  if (scope === 'steps') return stepTitle(statistic)
  if (scope === 'invariance') return INVARIANCE_TITLES[statistic] ?? statistic
  if (scope === 'sensitivity') return SENSITIVITY_TITLES[statistic] ?? statistic
  if (scope === 'step_verdicts') {
    const [, name, heuristic] = OF_HEURISTIC.exec(statistic) ?? []
    return heuristic === undefined ? stepTitle(statistic) : `${stepTitle(name!)} (${heuristic})`
  }
  return STATISTIC_TITLES[statistic] ?? statistic
}

/** Whose scores a statistic is of, where a run has several heuristics. */
const OF_HEURISTIC = /^(.*?)_(world_model|world_model_no_length|trajectory|reward)$/

const STEP_TITLES: Readonly<Record<string, string>> = {
  choice_chance: 'A drawn candidate is right',
  choice_ceiling: 'A right candidate is there',
  pass_rate: 'Steps that are right, by label or verdict',
  step_accuracy: 'Steps on the right side of probability ½',
  first_error_found: 'First wrong step found, where there is one',
  no_error_seen: 'None called wrong, where all are right',
  process_bench_f1: 'ProcessBench’s F1 of these two',
  step_decided_rate: 'Steps with a decided claim',
  step_pass_rate: 'Steps that pass, of those',
}

function stepTitle(statistic: string): string {
  const [, kind, rest] = /^choice_(accuracy|near_tie_rate|difference)_(.*)$/.exec(statistic) ?? []
  if (kind === 'accuracy') return `Choice accuracy, ${rest}`
  if (kind === 'near_tie_rate') return `Choices that a rounding may turn, ${rest}`
  if (kind === 'difference') return `Difference of accuracies, ${rest!.replace('_minus_', ' − ')}`
  return STEP_TITLES[statistic] ?? STATISTIC_TITLES[statistic] ?? statistic
}

/** @example groupTitle('rerank_reward@4') // 'The highest score, mean reward, at n = 4' */
function groupTitle(statistic: string): string {
  const [, name, n] = /^(.*?)(?:@(\d+))?$/.exec(statistic)!
  const [, bare, reward, suffix] = /^(.*?)(_reward)?(_decline|_missing_as_wrong)?$/.exec(name!)!
  const plain = GROUP_TITLES[name!]
  const title = plain ?? GROUP_TITLES[bare!]
  if (title === undefined) return statistic
  const words = [
    plain === undefined && reward !== undefined ? 'mean reward' : '',
    suffix === '_decline' ? 'decline behind its peak' : suffix === undefined ? '' : 'missing counted as wrong',
    n === undefined ? '' : `at n = ${n}`,
  ]
  return [
    title.replace(/ is right$/, (right) => (reward === undefined ? right : '')),
    ...words.filter((word) => word !== ''),
  ].join(', ')
}
