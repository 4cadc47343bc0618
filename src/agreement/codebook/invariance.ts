import { type ColumnMeaning, m, SCORE } from './meaning.ts'

/** Columns of scores.csv and sensitivity.csv that invariance and sensitivity are made of. */
export const INVARIANCE_COLUMNS: Readonly<Record<string, ColumnMeaning>> = {
  transformation: m(
    'word',
    'what was changed of the original completion of the group, as the data say; `original` for itself',
  ),
  same: m('0 or 1', '1 = the transformation leaves the chemistry as it was, as the data say'),
  family: m('word', 'kind of the transformation, as the data say'),
  measure: m(
    'word',
    'tanimoto_distance: 1 − Tanimoto similarity of Morgan environments (radius 2, 2,048 bits); edit_distance: tokens of the canonical SMILES that are put in, taken out or exchanged',
  ),
  bin: m('distance', 'from, not included, to, included; the first bin has its lower end'),
  distance: m("the measure's", 'mean distance of the pairs of the bin'),
  half_low: m('0 … 1', 'lower end of the 95 % interval of accuracy_half'),
  half_high: m('0 … 1', 'its upper end'),
}

/** Columns of attribution.csv that mean something else elsewhere. */
export const ATTRIBUTION_FILE: Readonly<Record<string, ColumnMeaning>> = {
  piece: m('count from 0', 'which piece of the completion, in its order'),
  part: m(
    'word',
    "what the piece is: smiles (an atom, a bond, a ring digit or a bracket of the answer's SMILES; of log-ratios a token of it), answer (one that is no molecule), tag, prose, template (behind the completion)",
  ),
  start: m('UTF-16 units', 'where the piece starts in the completion, from 0'),
  end: m('UTF-16 units', 'where it ends'),
  text: m('text', 'the piece'),
  value: m(
    SCORE,
    'occlusion: score of the completion − its score without the piece; log-ratio: β (log π − log ρ) of the token',
  ),
  score: m(SCORE, 'of the whole completion'),
}

/** Columns of sensitivity.csv that mean something else elsewhere. */
export const SENSITIVITY_FILE: Readonly<Record<string, ColumnMeaning>> = {
  margin: m(SCORE, 'mean margin of the pairs of the bin'),
  accuracy_half: m('0 … 1', 'share of them with margin > 0, a tie as ½'),
  ci_low: m(SCORE, 'lower end of the 95 % interval of margin'),
  ci_high: m(SCORE, 'its upper end'),
  ties: m('count', 'pairs of the bin with margin 0'),
}

/**
 * Statistics of the scopes `invariance` and `sensitivity`. s₀: score of the original; sₜ: of a twin, the same chemistry; s_c: of a changed
 * completion; Δ = s − s₀. Rivals of an original are its group's changed completions but those that the verifier ranks as high.
 */
export const INVARIANCE_STATISTICS: Readonly<Record<string, string>> = {
  mean_abs_delta: 'mean over twins of |sₜ − s₀|; ties: twins with the score of the original',
  mean_delta: 'mean over twins of sₜ − s₀',
  flip_rate:
    "mean over twins of the share of rivals (s_c ≠ s₀) with sign(sₜ − s_c) ≠ sign(s₀ − s_c), sₜ = s_c counting ½; ties: twins with a rival's score",
  win_lost_rate: 'the same over the rivals with s_c < s₀: share with sₜ < s_c',
  score_spread: 'mean over groups of the sample standard deviation of s₀ and the sₜ',
  spread_over_margin:
    'Σ over groups of that standard deviation / Σ over the same groups of the mean |s₀ − s_c| over rivals: 0 for a score of chemistry alone, 1 where the writing moves it as much as the molecule',
  verdict_changed_rate:
    'share of verified twins of which the verifier passes one of twin and original and not the other: a change of form that the verifiable reward does not forgive',
  changed_mean_abs_delta: 'mean over changed completions of |s_c − s₀|; ties: those with the score of the original',
  changed_mean_delta: 'mean over changed completions of s_c − s₀',
  sensitivity:
    'share of changed completions with |s_c − s₀| > the standard deviation of s₀ and those twins of the group that keep its verdict',
  abs_delta_auroc_within_prompt:
    'mean over groups of the chance that |Δ| of a changed completion exceeds that of a twin that keeps the verdict, ties ½',
  abs_delta_auroc: 'the same over all groups together',
  ranked_below_original:
    'share of the changed completions with a lower verifiable reward than the original that have a lower score too, an equal one ½',
  margin_size: 'mean over groups of the mean |s₀ − s_c| over rivals',
  'spearman_<distance>': "scope sensitivity: Spearman's ρ of distance and margin, over pairs of two molecules",
  'kendall_tau_b_<distance>': "the same, Kendall's τ-b",
  'margin@<distance>=<bin>': 'mean margin of the pairs whose distance is in the bin (sensitivity.csv)',
  abs_share:
    'scope attribution, subset: the part: Σ |value| of its pieces / Σ |value| of all pieces (attribution.csv), over all completions',
  piece_share: 'its pieces / all pieces: what abs_share would be if every piece weighed the same',
  mean_abs_value: 'mean |value| of its pieces',
  margin_part:
    'mean over pairs of Σ value of its pieces in the chosen less in the rejected completion; of log-ratios the parts sum to the mean margin',
  'accuracy_half@<distance>=<bin>': 'share of them with margin > 0, a tie as ½',
}
