import { ADVANTAGE_COLUMN_MEANINGS, ADVANTAGE_MEANINGS, CURRICULUM_ASSUMPTIONS } from './codebook-advantages.ts'
import { OF_FILE } from './codebook-by-file.ts'
import { type ColumnMeaning, m, PROBABILITY, REWARD, SCORE } from './column-meaning.ts'
import { CURVE_METHODS, GROUP_MEANINGS, GROUP_STATISTICS } from './group-codebook.ts'

/** Columns that mean the same in every file. */
const COMMON: Readonly<Record<string, ColumnMeaning>> = {
  id: m('text', "the row's id; its number from 1 where the data have none"),
  subset: m('text', 'leaf group of rows; `all` is every row'),
  index: m('count from 0', 'position of the completion within its role'),
  role: m('chosen, rejected, completion', 'what the completion is in its row'),
  score: m(
    SCORE,
    "the model's reward: head output, or implicit reward for DPO; of a model that compares two answers how the completion, shown first, stands against the other of its row (run.json: score)",
  ),
  score_reason: m(
    'word',
    'why there is no score: too_long, cut_away (the cut left nothing that the head reads), no_steps, template_error, token_not_embedded, unknown_token, non_finite, pooled_otherwise, no_partner …; head_all (--head all keeps every label and makes no single score of them)',
  ),
  verifiable_reward: m(REWARD, "ether0's reward; empty where unverifiable"),
  verifiable_status: m(
    'word',
    'pass (reward ≥ 1), partial, fail (0), unverifiable (no solution, no answer of an oracle, exception)',
  ),
  verifiable_reason: m(
    'word',
    "ether0's RewardReason, verbatim; empty without a solution, and where Python gives none",
  ),
  format_reward: m('0 or 1', "ether0's format reward"),
  prompt_tokens: m('tokens', 'before the completion, template included'),
  completion_tokens: m('tokens', "of the completion, the template's end of turn included"),
  truncated: m('0 or 1', '1 = tokens were cut, whether or not there is a score of the rest; empty where not encoded'),
  scored_token_index: m('count from 0', 'token that the head was read at; of several the last'),
  text_sha256: m('hex', 'SHA-256 of the rendered text'),
  policy_logprob: m('nats', "Σ log π over the completion's tokens"),
  reference_logprob: m('nats', 'Σ log ρ over the same tokens'),
  logratio: m('nats', 'policy_logprob − reference_logprob'),
  implicit_reward: m('nats', 'β · logratio'),
  policy_mean_logprob: m('nats per token', 'policy_logprob over the tokens'),
  reference_mean_logprob: m('nats per token', 'reference_logprob over the tokens'),
  mean_logratio: m('nats per token', 'logratio over the tokens'),
  policy_tokens: m('tokens', 'tokens of the completion that policy_logprob sums over'),
  reference_tokens: m('tokens', 'tokens of the completion that reference_logprob sums over'),
  policy_norm: m('nats', "−√Σ (log π)²: RewardBench's reference-free norm"),
  reference_norm: m('nats', '−√Σ (log ρ)²'),
  steps: m('count', 'steps that a process reward model read'),
  step_min: m(PROBABILITY, "least of the steps' probabilities of being right"),
  step_product: m(PROBABILITY, 'their product'),
  step_mean: m(PROBABILITY, 'their mean'),
  step_last: m(PROBABILITY, 'that of the last step'),
  step_probabilities: m('JSON list', 'that of every step, in the order of the text'),
  // pairs.csv
  rejected_index: m('count from 0', 'which rejected completion'),
  chosen_index: m('count from 0', 'which chosen completion'),
  chosen_score: m(SCORE, 'score of the chosen completion'),
  rejected_score: m(SCORE, 'score of the rejected completion'),
  margin: m(SCORE, 'chosen_score − rejected_score; empty where either is absent'),
  outcome: m('win, tie, loss', 'sign of margin'),
  chosen_reward: m(REWARD, 'verifiable reward of the chosen completion'),
  rejected_reward: m(REWARD, 'verifiable reward of the rejected completion'),
  verifiable_outcome: m('win, tie, loss', 'sign of chosen_reward − rejected_reward'),
  agree: m('0 or 1', '1 = outcome and verifiable_outcome are equal; empty where either is absent or a tie'),
  chosen_reason: m('word', 'verifiable_reason of the chosen completion'),
  rejected_reason: m('word', 'verifiable_reason of the rejected completion'),
  chosen_status: m('word', 'verifiable_status of the chosen completion'),
  rejected_status: m('word', 'verifiable_status of the rejected completion'),
  chosen_tokens: m('tokens', 'completion_tokens of the chosen completion'),
  rejected_tokens: m('tokens', 'completion_tokens of the rejected completion'),
  chosen_chars: m('characters', 'Unicode code points of the chosen completion'),
  rejected_chars: m('characters', 'Unicode code points of the rejected completion'),
  problem_type: m('text', "the row's problem type"),
  cluster: m('hex', 'prompt: first 16 digits of its SHA-256; rows with the same prompt share it'),
  completion_hash: m('hex', "first 16 digits of the SHA-256 of the completion's text, as the data have it"),
  chosen_hash: m('hex', 'completion_hash of the chosen completion'),
  rejected_hash: m('hex', 'completion_hash of the rejected completion'),
  // groups.csv
  n: m('count', 'rows that the value rests on'),
  ...ADVANTAGE_COLUMN_MEANINGS,
  ...GROUP_MEANINGS,
  // steps.csv, filter.csv, precheck.csv, step-scores.csv
  heuristic: m('word', 'how the candidate was scored'),
  candidate: m('count from 0', 'which candidate step'),
  tokens: m('tokens', 'of the candidate'),
  decayed_sum: m('nats', 'Σ 0.9^i · log p of token i'),
  decayed_mean: m('nats per token', 'decayed_sum over the tokens'),
  mean: m(SCORE, 'arithmetic mean (steps.csv: Σ log p over the tokens, nats per token)'),
  sum: m('nats', 'Σ log p'),
  chosen: m('0 or 1', 'the heuristic chose this candidate'),
  label: m(
    '0 or 1',
    "1 = the candidate (step-scores.csv: the step) is right by the row's label; empty where that does not say",
  ),
  right: m('0 or 1', '1 = right by the label, or without one by the verifiable reward of the trajectory (passes)'),
  choice_margin: m(SCORE, 'of the row: the best score less the second'),
  near_tie: m(
    '0 or 1',
    '1 = choice_margin, or the difference, is below 0.001: another batch or device may decide otherwise',
  ),
  tied: m('count', 'candidates that share the first place (the lowest index is chosen); 0 where one is best'),
  layout: m('word', 'where the rationale stood in what the model read: none, rationale-first, rationale-last'),
  boundary_moved: m('tokens', 'of the context that are scored with the text, since a token spans both'),
  context_tokens: m('tokens', 'before the scored text'),
  with: m('nats', 'Σ 0.9^i log p of what follows, behind the steps and the rationale'),
  without: m('nats', 'the same without the rationale'),
  keep: m('0 or 1', '1 = with ≥ without: the rationale is kept'),
  context_tokens_with: m('tokens', 'before what follows, with the rationale'),
  context_tokens_without: m('tokens', 'the same without it'),
  edit_distance: m(
    'characters',
    'edits between the text and its annotated copy without the rationales, spaces and line breaks aside',
  ),
  similarity: m(PROBABILITY, '1 − edit_distance / characters of the text'),
  pass: m('0 or 1', '1 = similarity ≥ 0.9'),
  triples: m('count', 'rationales that were cut out, with what stands before and behind; in triples.jsonl'),
  step: m('count from 0', 'which step of the reasoning'),
  step_probability: m(PROBABILITY, 'of being right, by the process reward model'),
  first_error: m(
    'count from 0',
    'first wrong step by the labels, −1 where all are right; empty where steps before it were not judged',
  ),
  first_error_predicted: m('count from 0', 'first step below ½, −1 where none is'),
  // step-verdicts.csv, step-claims.csv
  step_verdict: m(
    'word',
    'fail if a decided claim of the step fails, pass if at least one is decided and none fails, else unverifiable',
  ),
  step_claims: m('text', 'the claims decided: kind and words of each, `; ` between them'),
  step_reason: m('text', 'why the first claim that fails does; empty where none does'),
  claims_decided: m('count', 'claims of the step that pass or fail'),
  claims_undecided: m(
    'count',
    'claims found and not decided: asked, denied, supposed, reported, hedged, of a molecule that is not known, or of more than one meaning',
  ),
  step_note: m('text', 'why some of the step was not read: too long, or RDKit gave up; empty where all was'),
  claim: m('count from 0', 'which claim of the step'),
  claim_kind: m(
    'word',
    'smiles, formula, charge, ring_count, atom_count, bond_count, functional_group, molar_mass, unsaturation, stereocentres, hydrogen_bonding, rotatable_bonds, property, identity, isomers, comparison, balance',
  ),
  claim_verdict: m('word', 'pass, fail, unverifiable'),
  claim_text: m('text', 'the words of the step'),
  claim_start: m('UTF-16 units', "where they start in the step's text, from 0"),
  claim_end: m('UTF-16 units', 'where they end'),
  claim_subject: m('text', 'the molecule or formula that it is said of, as written; empty where that is not known'),
  claim_stated: m('text', 'what is said'),
  claim_computed: m('text', 'what RDKit or arithmetic gives: `low to high` where it is counted in two ways'),
  claim_reason: m('text', 'why it fails or is not decided; empty for a pass'),
  // agreement.csv
  scope: m(
    'word',
    'pairs, completions, groups, advantages, curriculum (simulated), steps (run-process), step_verdicts (learned step rewards beside the verdicts on the claims; subset `claim:<kind>`: on claims of one kind), null:<scorer> (on the rows that the model scored), stratum:<name>',
  ),
  statistic: m('word', 'see "Statistics" below'),
  value: m("the statistic's", 'empty where undefined, with the reason'),
  ci_low: m("the statistic's", 'lower end of the 95 % interval'),
  ci_high: m("the statistic's", 'upper end of the 95 % interval'),
  ci_method: m('text', 'how the interval was made, or why there is none'),
  clusters: m('count', 'prompts among those rows (hack_rate: that can have a place, at most n)'),
  ties: m(
    'count',
    'rows set aside as ties (accuracy: ties among the n; hack_rate: completions that share the score at the border)',
  ),
  missing: m('count', 'rows without the scores or rewards that the statistic needs'),
  reason: m(
    'word',
    'why value, or a column that it names, is empty (failures.csv: why the row or completion is left out; reasons.csv: verifiable_reason, or the status where there is none)',
  ),
  // companions
  group: m('word', 'chosen, rejected, pass, fail: which completions, each once'),
  sd: m(SCORE, 'sample standard deviation'),
  skewness: m('1', 'm₃ / m₂^{3/2}'),
  kurtosis: m('1', 'm₄ / m₂² − 3'),
  min: m(SCORE, 'least'),
  q05: m(SCORE, '5 % quantile (linear)'),
  q25: m(SCORE, 'lower quartile'),
  median: m(SCORE, 'median'),
  q75: m(SCORE, 'upper quartile'),
  q95: m(SCORE, '95 % quantile'),
  max: m(SCORE, 'greatest'),
  first: m('word', 'group'),
  second: m('word', 'other group'),
  cohen_d: m('1', 'difference of means over the pooled standard deviation'),
  ks: m(PROBABILITY, 'Kolmogorov–Smirnov distance'),
  overlap: m(PROBABILITY, 'overlap of the two histograms over 20 common bins'),
  low: m("the value's", 'lower end (histogram: of the bin; else of the 95 % interval)'),
  high: m("the value's", 'upper end'),
  count: m('count', 'rows'),
  temperature: m('1', 'factor t of the margin in σ(t · margin)'),
  predicted: m(PROBABILITY, 'mean predicted probability of the bin'),
  observed: m(PROBABILITY, 'share that was so'),
  kind: m(
    'hack, verifier',
    'hack: a score in the top tenth, fails; verifier: in the bottom tenth, passes (the verifier may be wrong); equal scores that do not all fit into the tenth are not in it',
  ),
  percentile: m(PROBABILITY, 'mid-rank of the score among the scored and verified completions'),
  decile: m('1 … 10', 'tenth of the score by mid-rank, 10 = highest; equal scores are in one'),
  residual: m(
    'standard deviations',
    'adjusted standardised residual of independence; beyond ±2 departs; empty where no completion is in the decile, or all have one reason',
  ),
  text: m('text', 'the completion'),
  // failures.csv
  where: m('file:line', 'the row in the data'),
  message: m('text', 'what is wrong with it'),
  hint: m('text', 'how to mend it'),
  // per-token.csv
  token: m('count from 0', 'place of the token in what the model reads'),
  token_id: m('id', "in the model's vocabulary"),
  part: m('prompt, completion', 'where the token stands'),
  characters: m('characters', 'Unicode code points decoded up to and with the token'),
  reward: m(SCORE, 'reward of the text up to and with the token'),
  // analyze
  scorer: m('text', 'the model, or ensemble or baseline'),
  model: m('text', 'the model folder of the run'),
  dataset: m('text', 'the data set folder of the run'),
  accuracy: m(PROBABILITY, 'share of pairs won'),
  strict: m(PROBABILITY, 'share of pairs with margin > 0'),
  half: m(PROBABILITY, 'the same with a tie as ½'),
  half_low: m(PROBABILITY, 'lower end of the 95 % interval of half'),
  half_high: m(PROBABILITY, 'upper end'),
  strict_low: m(PROBABILITY, 'lower end of the 95 % interval of strict'),
  strict_high: m(PROBABILITY, 'upper end'),
  tie_rate: m(PROBABILITY, 'share of scored pairs with margin = 0'),
  rank: m(
    'count from 1',
    'by half accuracy on the pairs that all ranked models scored, equal values share the better rank; empty where not ranked, with the reason',
  ),
  own_n: m('count', 'pairs that the scorer itself scored, of those that the runs share'),
  own_half: m(PROBABILITY, 'half accuracy on these; not comparable between scorers that scored other pairs'),
  costs_others: m(
    'count',
    'pairs that every other ranked model scored and this one lacks or did not score: without its run the others are compared on so many more; empty for what is no ranked model',
  ),
  dtype: m(
    'word',
    'number format of the weights, from run.json (policy + reference where they differ); q8, q4 …: quantised',
  ),
  a: m('text', 'first scorer'),
  b: m('text', 'second scorer'),
  test: m(
    'word',
    "what p is of: sign_flip (prompts' signs flipped, all patterns), sign_flip_drawn, sign_flip_saddlepoint (where they are too many), delong (independent rows), delong_clustered (Obuchowski 1997, t; sign_flip where there is no standard error); empty where there is none",
  ),
  value_a: m("the statistic's", 'of a'),
  value_b: m("the statistic's", 'of b'),
  p: m(
    PROBABILITY,
    "two-sided p-value, but for over-optimisation.csv (see decline) (paired tests: see test; heterogeneity: Cochran's Q on χ²; drift: prompts' signs flipped, win against not-win)",
  ),
  p_holm: m(PROBABILITY, 'p adjusted by Holm over the family'),
  p_bh: m(PROBABILITY, 'p adjusted by Benjamini–Hochberg over the family'),
  family: m('text', 'the tests that were adjusted together'),
  difference: m("the statistic's", 'a − b'),
  discordant_a: m('count', 'pairs that only a wins'),
  discordant_b: m('count', 'pairs that only b wins'),
  odds_ratio: m('1', 'discordant_a / discordant_b'),
  agreement_rate: m(PROBABILITY, 'pairs decided alike'),
  kappa: m('−1 … 1', "Cohen's κ of the two scorers' decisions, each pair in both orders: 2 · agreement_rate − 1"),
  ac1: m('−1 … 1', "Gwet's AC1 of the same, hence equal to it"),
  error_consistency: m(
    '−1 … 1',
    "Cohen's κ of right and wrong (chosen always first): agreement beyond what the two accuracies make likely",
  ),
  spearman: m(
    '−1 … 1',
    "Spearman's ρ of the margins, each pair in both orders (drift: of the scores; groups.csv: of score and reward in the group)",
  ),
  pearson: m('−1 … 1', "Pearson's r of the same"),
  members: m('text', 'models of the ensemble'),
  mode: m('mean, worst, uncertainty', 'mean, least, or mean − s.d. of the z-scores'),
  reference: m('text', 'run with a reference model'),
  level: m(
    'word',
    'subset, section or overall; best-of.csv also ties (RewardBench 2) and rewardbench_2, the mean of its six subsets',
  ),
  best_of_score: m(
    '0 … 1',
    "share of rows whose chosen completion scores highest, one of k highest counting 1/k; ties: RewardBench 2's score of its subset Ties, at most 1.01",
  ),
  chance: m('0 … 1', 'best_of_score of a random scorer'),
  scorers: m('count', 'scorers that the row rests on'),
  unit: m('word', 'tokens or characters'),
  side: m('chosen, rejected', 'which completions'),
  longer_share: m(PROBABILITY, 'pairs in which this side is the longer one, ties as ½'),
  mcnemar_method: m('word', 'exact below 25 discordant pairs, else mid (mid-p)'),
  mcnemar_p: m(PROBABILITY, "McNemar's test of strict wins, pairs taken as independent"),
  mcnemar_p_holm: m(PROBABILITY, 'mcnemar_p adjusted by Holm over the same pairs of scorers'),
  mcnemar_p_bh: m(PROBABILITY, 'mcnemar_p adjusted by Benjamini–Hochberg'),
  cochran_q: m(
    '1',
    "Cochran's Q of the subsets' half accuracies, each with the variance of all pairs and the correlation within prompts; χ² of homogeneity for single rows",
  ),
  df: m('count', 'degrees of freedom, k − 1'),
  k: m('count', 'subsets with a scored pair'),
  left_out: m('count', 'subsets without one'),
  left_out_subsets: m('text', 'their names'),
  i_squared: m(PROBABILITY, 'share of their variation beyond chance, (Q − df)/Q'),
  writer: m(
    'text',
    'model that wrote the completions (columns chosen_model, rejected_model); empty where the data do not say',
  ),
  as_chosen: m('count', 'chosen completions that it wrote'),
  as_rejected: m('count', 'rejected completions that it wrote'),
  differs: m('text', 'what run.json says of how the two were computed, a / b; empty where a run has none'),
  completions: m('count', 'completions in both runs'),
  largest_difference: m(SCORE, 'largest |a − b|'),
  rms_difference: m(SCORE, 'root mean square of a − b'),
  bias: m(SCORE, 'mean of a − b'),
  limit_low: m(SCORE, 'bias − 1.96 s.d. (Bland–Altman)'),
  limit_high: m(SCORE, 'bias + 1.96 s.d.'),
  pairs: m('count', 'pairs that the row rests on (drift: pairs in both runs)'),
  flips: m('count', 'pairs whose outcome differs'),
  flip_rate: m(PROBABILITY, 'flips / pairs'),
  flip_low: m(PROBABILITY, "Wilson's interval of flip_rate with the pairs that prompts of several leave, lower end"),
  flip_high: m(PROBABILITY, 'upper end'),
  equivalence_p: m(
    PROBABILITY,
    'p that the mean score differs by less than 2 % of its s.d. (two one-sided tests, prompt-robust)',
  ),
  ref_free: m('text', 'run without one'),
}

/** Columns of a head's outputs, which are as many as the model has. */
const RAW_OUTPUTS: readonly (readonly [pattern: RegExp, meaning: ColumnMeaning])[] = [
  [/^head_\d+$/, m("the label's own", 'raw output of the label of that number (run.json: models, labels)')],
  [/^head_objective_\d+$/, m("the objective's own", "reward of one of the model's objectives, as its class gives it")],
  [/^head_gate_\d+$/, m('1', 'weight of the objective in the score')],
  [/^head_quantile_\d+$/, m(SCORE, 'quantile of the reward, objectives weighted by their gates')],
  [/^head_attribute_\d+$/, m("the attribute's own", "mean of one of the model's attributes")],
  [/^head_weight_\d+$/, m('1', 'weight of the attribute in the score')],
  [/^head_bin_\d+$/, m('1', 'weight of the bin from 0 to 1, attributes weighted')],
]

/** What the words of agreement.csv's statistic column mean. */
export const STATISTIC_MEANINGS: Readonly<Record<string, string>> = {
  accuracy_strict: 'share of scored pairs with margin > 0',
  accuracy_half: 'the same with a tie as ½',
  tie_rate: 'share of scored pairs with margin = 0',
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
  longer_chosen_accuracy_half: 'half accuracy of "the longer completion wins"',
  length_controlled_accuracy: 'σ(α) of logit P(chosen preferred) = α + β·tanh(Δlength/s.d.): accuracy at equal length',
  length_effect: 'β of that fit',
  cmh_odds_ratio:
    "Mantel–Haenszel odds ratio of model's against verifier's decision over quintiles of Δlength, each pair in both orders",
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
    'the same with the completion_tokens held fixed (partial correlation of ranks); characters where a scored completion has no tokens',
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
  rationale_keep_rate: 'share of rationales that raise the decayed log-likelihood of what follows, or leave it',
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

const escapeCell = (text: string): string => text.replaceAll('|', '\\|')

/** Columns that have no entry: a test of each writer asks that there are none. */
export const undocumented = (files: Readonly<Record<string, readonly string[]>>): string[] =>
  Object.entries(files).flatMap(([file, columns]) =>
    columns.filter((c) => !Object.hasOwn(COMMON, c)).map((c) => `${file}: ${c}`),
  )

/**
 * codebook.md: every column of every CSV, with unit and definition.
 * @param files columns in order by file name, e.g. { 'scores.csv': SCORE_COLUMNS }
 */
export function codebook(files: Readonly<Record<string, readonly string[]>>): string {
  const tables = Object.entries(files).map(([file, columns]) => {
    const rows = columns.map((c) => {
      const meaning = Object.hasOwn(OF_FILE[file] ?? {}, c)
        ? OF_FILE[file]![c]!
        : Object.hasOwn(COMMON, c)
          ? COMMON[c]!
          : (RAW_OUTPUTS.find(([pattern]) => pattern.test(c))?.[1] ??
            m("the data's own", 'a column of the data, carried through'))
      return `| \`${escapeCell(c)}\` | ${escapeCell(meaning.unit)} | ${escapeCell(meaning.definition)} |`
    })
    return `## ${file}\n\n| column | unit | definition |\n| --- | --- | --- |\n${rows.join('\n')}\n`
  })
  const statistics = rowsOf(STATISTIC_MEANINGS)
  const assumed = Object.hasOwn(files, 'curriculum.csv')
    ? `\n## How curriculum.csv is simulated\n\n${CURRICULUM_ASSUMPTIONS.map((line) => `- ${line}`).join('\n')}\n`
    : ''
  return `# Codebook

RFC 4180, UTF-8, lines end in \\n. An empty cell is an absent value; its reason stands in its own column. Numbers read back to the same double. A text cell that a spreadsheet would run as a formula (after any number of ' it starts with =, +, -, @, tab or carriage return) has one ' in front: take one ' off such a cell.

${tables.join('\n')}${assumed}
## Statistics

| statistic | meaning |
| --- | --- |
${statistics.join('\n')}

## Statistics of groups

Scope \`groups\`: each group counts the same. With \`_reward\` the mean reward in place of the share that passes, only where a reward is neither 0 nor 1; with \`_missing_as_wrong\` the missing groups as 0, only where some are missing.

| statistic | meaning |
| --- | --- |
${rowsOf(GROUP_STATISTICS).join('\n')}
${'curves.csv' in files ? methodsText() : ''}`
}

function methodsText(): string {
  return `
## Methods

Those that draw are exact expectations over all subsets of n of the completions that count: verified and, where there is a model, scored. The others are over the first n completions in the order of the data. A value at n is over the groups that have n.

| method | what is picked |
| --- | --- |
${rowsOf(CURVE_METHODS).join('\n')}
`
}

const rowsOf = (meanings: Readonly<Record<string, string>>): string[] =>
  Object.entries(meanings).map(([name, text]) => `| \`${name}\` | ${escapeCell(text)} |`)
