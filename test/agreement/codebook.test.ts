import { describe, expect, it } from 'vitest'
import { baselineScorers } from '../../src/agreement/baselines.ts'
import { codebook } from '../../src/agreement/codebook/codebook.ts'
import { BASELINE_MEANINGS } from '../../src/agreement/codebook/words.ts'

/** A column's line of the code book of one file. */
const lineOf = (file: string, column: string): string =>
  codebook({ [file]: [column] })
    .split('\n')
    .find((line) => line.startsWith(`| \`${column}\` |`))!

describe('columns that mean one thing here and another there', () => {
  it('kind: of a scorer, or of a suspect', () => {
    for (const file of ['leaderboard.csv', 'ensembles.csv', 'group-leaderboard.csv']) {
      for (const kind of ['rm', 'dpo', 'dpo-ref-free', 'ensemble', 'null', 'verifier'])
        expect(lineOf(file, 'kind')).toMatch(new RegExp(`\\b${kind} \\(|\\b${kind},`))
      expect(lineOf(file, 'kind')).not.toContain('hack')
    }
    expect(lineOf('suspects.csv', 'kind')).toContain('hack: a score in the top tenth')
  })

  it('least, middle and greatest: of scores, of lengths, of accuracies', () => {
    for (const column of ['mean', 'min', 'median', 'max']) {
      expect(lineOf('distribution.csv', column)).toContain("| the score's own unit |")
      expect(lineOf('lengths.csv', column)).toContain('| tokens or characters, as unit says |')
    }
    for (const column of ['min', 'q25', 'median', 'q75', 'max'])
      expect(lineOf('subset-spread.csv', column)).toMatch(/\| 0 … 1 \| .* half accuracies on the subset \|/)
  })

  it('n beside a correlation of two scorers, and how far below −1 their ICC can be', () => {
    expect(lineOf('scorer-agreement.csv', 'n')).toContain('spearman, pearson and icc on n + ties')
    expect(lineOf('scorer-agreement.csv', 'icc')).toContain('| −k/(k − 1) … 1 |')
  })

  it('no_model: why run-verify gives no score', () => {
    expect(lineOf('scores.csv', 'score_reason')).toContain('no_model (run-verify')
  })
})

it('says why a rejected answer is wrong wherever there is agreement.csv, without pairs.csv too', () => {
  const title = '## Why a rejected answer is wrong'
  expect(codebook({ 'agreement.csv': ['scope'] })).toContain(title)
  expect(codebook({ 'scores.csv': ['score'] })).not.toContain(title)
})

it('says of every baseline what its score is', () => {
  expect(Object.keys(BASELINE_MEANINGS)).toEqual(baselineScorers(() => true).map(({ name }) => name))
})

it('says which end of an interval of lengths is included', () => {
  const book = codebook({ 'agreement.csv': ['scope'] })
  expect(book).toMatch(/\| `length_difference` \| characters .* the upper end b is included and a is not/)
})

it('says what lengths are counted in: characters of pairs, tokens of spearman_given_length', () => {
  const lines = codebook({}).split('\n')
  const of = (name: string): string => lines.find((line) => line.startsWith(`| \`${name}\` |`))!
  for (const name of ['longer_chosen_accuracy_half', 'length_controlled_accuracy', 'cmh_odds_ratio'])
    expect(of(name)).toContain('characters')
  expect(of('length_controlled_accuracy')).toContain('sample standard deviation (n − 1)')
  expect(of('spearman_given_length')).toContain('completion_tokens')
})
