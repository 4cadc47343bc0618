import { markdownCode } from '../../visible-text.ts'
import { FAULT_MEANINGS, FAULTS } from '../faults.ts'
import { STRATUM_MEANINGS } from '../strata.ts'
import { ADVANTAGE_COLUMN_MEANINGS, CURRICULUM_ASSUMPTIONS } from './advantages.ts'
import { ANALYZE_COLUMNS } from './analyze.ts'
import { OF_FILE } from './by-file.ts'
import { RUN_COLUMNS } from './columns.ts'
import { CURVE_METHODS, GROUP_MEANINGS, GROUP_STATISTICS } from './groups.ts'
import { INVARIANCE_COLUMNS, INVARIANCE_STATISTICS } from './invariance.ts'
import { type ColumnMeaning, m, SCORE } from './meaning.ts'
import { STATISTIC_MEANINGS } from './statistics.ts'
import { STEP_COLUMNS } from './steps.ts'
import { BASELINE_MEANINGS, ENSEMBLE_MEANINGS, INTERVAL_MEANINGS, REASON_MEANINGS } from './words.ts'

/** Columns that mean the same in every file. */
const COMMON: Readonly<Record<string, ColumnMeaning>> = {
  ...RUN_COLUMNS,
  ...ADVANTAGE_COLUMN_MEANINGS,
  ...GROUP_MEANINGS,
  ...STEP_COLUMNS,
  ...INVARIANCE_COLUMNS,
  ...ANALYZE_COLUMNS,
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

const escapeCell = (text: string): string => text.replaceAll('|', '\\|')

/** Columns that have no entry: a test of each writer asks that there are none. */
export const undocumented = (files: Readonly<Record<string, readonly string[]>>): string[] =>
  Object.entries(files).flatMap(([file, columns]) =>
    columns
      .filter((c) => !Object.hasOwn(COMMON, c) && !Object.hasOwn(OF_FILE[file] ?? {}, c))
      .map((c) => `${file}: ${c}`),
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
      return `| ${markdownCode(c)} | ${escapeCell(meaning.unit)} | ${escapeCell(meaning.definition)} |`
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

${'agreement.csv' in files ? agreementText() : ''}${'ensembles.csv' in files ? ensemblesText() : ''}## Statistics of equal and of changed chemistry

Scopes \`invariance\` (subset: \`all\`, \`verdict:kept\` for the twins that the verifier judges as it does the original, \`family:<family>\`, or a transformation) and \`sensitivity\`. s₀ is the score of a group's original, sₜ of a twin (\`same\` is 1), s_c of a changed completion (0); the rivals of an original are the changed completions of its group but those whose verifiable reward is as high. <distance> is a measure of sensitivity.csv.

| statistic | meaning |
| --- | --- |
${rowsOf(INVARIANCE_STATISTICS).join('\n')}

## Statistics of groups

Scope \`groups\`: each group counts the same. With \`_reward\` the mean reward in place of the share that passes, only where a reward is neither 0 nor 1; with \`_missing_as_wrong\` the missing groups as 0, only where some are missing.

| statistic | meaning |
| --- | --- |
${rowsOf(GROUP_STATISTICS).join('\n')}
${'curves.csv' in files ? methodsText() : ''}`
}

/** The words that stand in agreement.csv's cells, and in those of files with the same columns. */
const agreementText = (): string => `## How intervals are made

The column \`ci_method\`; empty where there is no value. B and S are numbers.

| ci_method | meaning |
| --- | --- |
${rowsOf(INTERVAL_MEANINGS).join('\n')}

## Why a value is empty

The column \`reason\` of agreement.csv, and of files with the same statistics; \`word: reason\` where a row has several values.

| reason | meaning |
| --- | --- |
${rowsOf(REASON_MEANINGS).join('\n')}

## Baselines

Scorers that have learned nothing: scopes \`null:<name>\`, and scorers \`null:<name>\` of an analysis. Each gives a completion as score:

| baseline | score |
| --- | --- |
${rowsOf(BASELINE_MEANINGS).join('\n')}

## Strata

Scopes \`stratum:<name>\`: the pairs of one level, which the column \`subset\` names; a pair of which the level is not known is in none, and a stratum of one level is left out unless it is one of the first two.

| stratum | its levels |
| --- | --- |
${rowsOf(STRATUM_MEANINGS).join('\n')}

${faultsText()}`

const ensemblesText = (): string => `## Ensembles

Scorers \`ensemble:<mode>(<members>)\`, or \`ensemble:<mode> of all <count>\`. Each member's scores become z-scores over its own run (less their mean, over their standard deviation, n − 1); in place of a completion's score stands

| mode | meaning |
| --- | --- |
${rowsOf(ENSEMBLE_MEANINGS).join('\n')}

`

const faultsText = (): string => `## Why a rejected answer is wrong

The column \`rejected_fault\` of pairs.csv, and scope \`stratum:rejected_fault\` of agreement.csv. Scope \`stratum:well_formed\` has the pairs in which both answers are well-formed (\`both\`) and the others (\`not both\`).

| fault | meaning |
| --- | --- |
${FAULTS.map((fault) => `| \`${fault}\` | ${escapeCell(FAULT_MEANINGS[fault].definition)} |`).join('\n')}

`

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
