import { ADVANTAGE_MEANINGS } from './advantages.ts'

/** What the words of agreement.csv's statistic column mean. */
export const STATISTIC_MEANINGS: Readonly<Record<string, string>> = {
  accuracy_strict: 'share of scored pairs with margin > 0',
  accuracy_half: 'the same with a tie as ½',
  tie_rate: 'share of scored pairs with margin = 0',
  pair_share: 'share that the level (stratum:rejected_fault, stratum:well_formed) has of all pairs, scored or not',
  verifiable_accuracy_strict:
    'share of verifiable pairs in which the chosen completion has the higher verifiable reward',
  verifiable_accuracy_half: 'the same with a tie as ½',
  verifiable_tie_rate: 'share of verifiable pairs with equal verifiable rewards',
  agreement_rate: 'share of pairs decided by both, model and verifier, that they decide alike',
  cohen_kappa:
    "Cohen's κ of these decisions, each pair in both orders, since which completion stands first means nothing: then 2 · agreement_rate − 1",
  gwet_ac1: "Gwet's AC1 of the same, each pair in both orders: then 2 · agreement_rate − 1",
  pabak: 'prevalence- and bias-adjusted κ: 2 · agreement_rate − 1',
  mcc: "Matthews' correlation of the same, each pair in both orders: then 2 · agreement_rate − 1",
  margin_auroc: "AUROC of the model's margin for the sign of the verifier's, each pair in both orders",
  margin_kendall_tau_b: "Kendall's τ-b of the model's and the verifier's margins, each pair in both orders",
  order_consistency:
    'of a model that compares two answers: share of pairs of which it prefers the same completion whichever is shown first; ties: it prefers neither in one order',
  longer_chosen_accuracy_half: 'half accuracy of "the longer completion wins", by characters (Unicode code points)',
  length_controlled_accuracy:
    'σ(α) of logit P(chosen preferred) = α + β·tanh(Δlength/s.d.): accuracy at equal length; Δlength: characters (Unicode code points) of the chosen less those of the rejected completion, s.d.: its sample standard deviation (n − 1) over the n decided pairs of the fit',
  length_effect: 'β of that fit, in log odds; 0 = length does not matter',
  cmh_odds_ratio:
    "Mantel–Haenszel odds ratio of model's against verifier's decision over quintiles of Δlength in characters, each pair in both orders",
  brier: 'mean (1 − σ(margin))², pairs in both orders; 0.25 = no information',
  log_loss: 'mean ln(1 + e^−margin), nats; 0.693 = no information',
  sharpness: 'mean |σ(margin) − ½|',
  confident_wrong: 'share of pairs with σ(margin) < 0.1',
  ece: 'expected calibration error, 10 bins of equal mass, pairs in both orders',
  temperature: 't of σ(t · margin) with the least log loss on all pairs',
  brier_cross_fitted: 'brier with t fitted on the other folds of prompts',
  log_loss_cross_fitted: 'log_loss, likewise',
  sharpness_cross_fitted: 'sharpness, likewise',
  ece_cross_fitted: 'ece, likewise',
  pass_rate: 'share of verified completions with reward ≥ 1',
  auroc: 'chance that a passing completion scores above a failing one, ties ½',
  average_precision: 'step-wise area under precision and recall; the pass rate is its floor; absent with one class',
  auroc_within_prompt: 'mean over prompts (with both classes) of the AUROC among their completions',
  kendall_tau_b: 'τ-b of score and verifiable reward, pooled (scope groups: mean over groups of τ-b in the group)',
  kendall_tau_b_within_prompt: 'mean over prompts of τ-b among their completions',
  somers_d: "Somers' D of the score given the reward: pairs tied in reward left out",
  spearman: "Spearman's ρ of score and reward, pooled (scope groups: mean over groups)",
  spearman_given_length:
    'the same with the length held fixed (partial correlation of ranks): completion_tokens, other than the length statistics of pairs, which count characters; characters where a scored completion has no tokens',
  'hack_rate_0.9':
    'share that fails among the n completions at or above the 90 % quantile of the score; equal scores at the border (ties) share the places there; absent for a constant score',
  'hack_rate_0.95': 'the same at 95 %',
  brier_base: 'Brier score of predicting the pass rate of the other folds',
  brier_platt: 'Brier score of a logistic fit of passing on the score, cross-fitted by prompt',
  log_loss_platt: 'log loss of the same, nats',
  brier_isotonic: 'Brier score of an isotonic fit, cross-fitted by prompt',
  agreement_rate_if_unverifiable_fail: 'agreement_rate with the reward 0 for every unverifiable completion',
  agreement_rate_if_unverifiable_pass: 'agreement_rate with the reward 1 for every unverifiable completion',
  agreement_rate_lowest: 'least agreement_rate that any rewards of the unverifiable completions could give',
  agreement_rate_highest: 'greatest agreement_rate that they could give',
  auroc_if_unverifiable_fail: 'auroc with every unverifiable completion failing',
  auroc_if_unverifiable_pass: 'auroc with every unverifiable completion passing',
  auroc_lowest: 'least auroc that any verdicts of the unverifiable completions could give',
  auroc_highest: 'greatest auroc that they could give',
  ...ADVANTAGE_MEANINGS,
  choice_chance: 'share of right choices when lots are drawn: mean of right candidates / candidates',
  choice_ceiling: 'share of rows with a right candidate',
  'choice_accuracy_<heuristic>':
    'share of rows of which the heuristic chooses a right candidate; ties: rows whose first place is shared',
  'choice_near_tie_rate_<heuristic>': 'share of chosen rows whose best two scores are within 0.001',
  'choice_difference_<a>_minus_<b>': "difference of two heuristics' shares, on the rows that both judge",
  rationale_keep_rate:
    'share of rationales that raise the decayed log-likelihood of what follows, or leave it; missing: those not judged (filter.csv: reason), an empty rationale or nothing that follows among them, though keep is 0 there',
  annotation_pass_rate: 'share of annotated texts that are the text again without their rationales (similarity ≥ 0.9)',
  step_accuracy:
    'share of labelled steps that the process reward model calls as the label does (right: probability ≥ ½)',
  first_error_found: 'of reasonings with a wrong step: share of which the first step below ½ is the first wrong one',
  no_error_seen: 'of reasonings without one: share of which no step is below ½',
  process_bench_f1: "harmonic mean of first_error_found and no_error_seen (ProcessBench's F1)",
  step_decided_rate: 'share of steps with a decided claim (scope step_verdicts)',
  step_pass_rate: 'share of the decided steps of which no claim fails',
  '<statistic>_<heuristic>':
    "scope step_verdicts: the statistic with the heuristic's scores of the candidates; a candidate passes where its claims do",
  model_minus_null: "the model's half accuracy less the baseline's, on the pairs that both score",
}
