import { type ColumnMeaning, m, PROBABILITY, SCORE } from './meaning.ts'

/** Columns of the files of run-process: what is chosen, filtered, labelled and verified. */
export const STEP_COLUMNS: Readonly<Record<string, ColumnMeaning>> = {
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
}
