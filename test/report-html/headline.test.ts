import { describe, expect, it } from 'vitest'
import { agreement } from '../../src/agreement/agreement.ts'
import { headline } from '../../src/report/html/sections/headline.ts'
import type { ScoredPair, Statistic } from '../../src/types.ts'
import { groupsInput } from './demo-groups.ts'
import { demoInput, demoPairs } from './demo-input.ts'

const wordsOf = (pairs: readonly ScoredPair[], parses = false): string => {
  const input = demoInput(null, pairs)
  const completions = pairs.flatMap(({ chosen, rejected }) => [chosen, rejected])
  // a null that cannot say of some texts
  const options = { resamples: 100, parses: parses ? (text: string) => (text.length % 2 === 0 ? true : null) : null }
  const { statistics } = agreement(pairs, completions, options)
  return headline({ ...input, statistics }).body.text.replace(/<svg[\s\S]*?<\/svg>/g, '')
}

const turned = (pair: ScoredPair): ScoredPair => ({
  ...pair,
  verifiableOutcome: 'loss',
  agree: pair.agree === 1 ? 0 : 1,
})

describe('the headline', () => {
  it('says once that agreement is accuracy where the verifier always prefers the chosen one', () => {
    const words = wordsOf(demoPairs)
    expect(words).toContain('in all 300 pairs: accuracy and agreement are one measurement.')
    expect(words).not.toContain('<b>Agreement.')
    const some = demoPairs.map(
      (pair, i): ScoredPair => (i < 4 ? { ...pair, verifiableOutcome: i < 1 ? 'tie' : null, agree: null } : pair),
    )
    expect(wordsOf(some)).toContain(
      'in all 296 pairs that it decides (1 tie, 3 without a verdict): on them accuracy and agreement are one measurement.',
    )
  })
  it('says that agreement leaves out the ties of the model, and accuracy does not', () => {
    const some = demoPairs.map(
      (pair, i): ScoredPair => (i < 2 ? { ...pair, margin: 0, outcome: 'tie', agree: null } : pair),
    )
    expect(wordsOf(some)).toContain(
      'in all 300 pairs: accuracy and agreement are one measurement, but that agreement leaves out 2 ties of the model.',
    )
  })
  it('shows agreement where the verifier can disagree', () => {
    const pairs = demoPairs.map((pair, i) => (i < 30 ? turned(pair) : pair))
    const agreeing = pairs.filter(({ agree }) => agree === 1).length
    const words = wordsOf(pairs)
    expect(words).not.toContain('one measurement')
    expect(words).toContain(
      `in ${agreeing} of 300 pairs where both decide; the verifier prefers the rejected one in 30 of 300 pairs.`,
    )
  })
  it('shows what the pairs are made of, with and without a model', () => {
    const rows = (text: string) =>
      [
        ...text.matchAll(/<tr><th scope="row"( class="part")?>([^<]*)<\/th><td class="words">[^<]*<\/td>(.*?)<\/tr>/gs),
      ].map(([, part, name, cells]) => [
        part === undefined ? name : `part: ${name}`,
        ...cells!
          .replace(/<\/td>/g, '|')
          .replace(/<[^>]*>/g, '')
          .split('|')
          .slice(0, 2),
      ])
    const expected = [
      ['both well-formed', '123', '41.0%'],
      ['part: near miss', '88', '29.3%'],
      ['part: wrong', '33', '11.0%'],
      ['part: implausible', '2', '0.7%'],
      ['invalid', '109', '36.3%'],
      ['format', '68', '22.7%'],
      ['all pairs', '300', ''],
    ]
    expect(rows(wordsOf(demoPairs))).toEqual(expected)
    expect(wordsOf(demoPairs)).toContain('Set in are the parts of <i>both well-formed</i>, which add up to it.')
    const unscored = demoPairs.map((pair): ScoredPair => ({ ...pair, margin: null, outcome: null, agree: null }))
    const input = { ...demoInput(null, unscored), accuracy: null }
    const { text } = headline(input).body
    expect(rows(text)).toEqual(expected)
    expect(text).toContain('No pair was scored.')
    expect(text).not.toContain('fig-accuracy-by-fault')
  })
  it('says no more of a baseline than the interval does', () => {
    const best = (value: number, ciLow: number, ciHigh: number, clusters = 100): string => {
      const line = (statistic: string, of: Partial<Statistic>): Statistic => ({
        ...{ scope: 'null:smiles_parses', subset: 'all', statistic, value: 0.9, n: 100, ciLow: 0.8, ciHigh: 0.95 },
        ...{ ciMethod: null, clusters, ties: 0, missing: 0, reason: null },
        ...of,
      })
      const statistics = [line('accuracy_half', {}), line('model_minus_null', { value, ciLow, ciHigh })]
      return headline({ ...demoInput(), statistics }).body.text
    }
    expect(best(0.02, -0.01, 0.05)).toContain('The model is not distinguishable from it: +2.0 points [−1.0, 5.0].')
    expect(best(-0.02, -0.05, 0.01)).toContain('The model is not distinguishable from it: −2.0 points [−5.0, 1.0].')
    expect(best(0.04, 0.01, 0.07)).toContain('The model is 4.0 points above it [1.0, 7.0].')
    expect(best(-0.04, -0.07, -0.01)).toContain('The model is 4.0 points below it: −4.0 [−7.0, −1.0].')
    expect(best(0.04, 0.01, 0.07, 19)).toContain('With 19 prompts, fewer than 20, the model is not held against it.')
    expect(best(0, 0, 0)).toContain('“smiles parses” knows RDKit’s valence and aromaticity check alone')
  })
  it('says on which pairs the baselines were judged', () => {
    expect(wordsOf(demoPairs)).toContain('reaches this on the same pairs.')
    const lost = demoPairs.map(
      (pair, i): ScoredPair =>
        i % 4 === 0
          ? { ...pair, chosen: { ...pair.chosen, score: null }, margin: null, outcome: null, agree: null }
          : pair,
    )
    const words = wordsOf(lost)
    expect(words).not.toContain('on the same pairs')
    expect(words).toContain('reaches this on the 225 of 300 pairs that the model scored.')
    expect(words).toContain('Hollow: baselines on the 225 of 300 pairs that the model scored.')
  })
  it('tells a run without a model from one whose model scored nothing', () => {
    const unscored = (scoreReason: string) =>
      demoPairs.map(
        (pair): ScoredPair => ({
          ...pair,
          chosen: { ...pair.chosen, score: null, scoreReason },
          rejected: { ...pair.rejected, score: null, scoreReason },
          margin: null,
          outcome: null,
          agree: null,
        }),
      )
    const words = (reason: string) => headline({ ...demoInput(null, unscored(reason)), accuracy: null }).body.text
    expect(words('too_long')).toContain(
      'No accuracy: the model scored both sides of none of 300 pairs (too long: 600 of 600 completions).',
    )
    expect(words('no_model')).toContain('the run has no model, only verifiable rewards')
  })
  it('names a null that has no score for some of them', () => {
    expect(wordsOf(demoPairs, true)).toMatch(/baselines on the same pairs, but “smiles parses” on \d+ of them\./)
  })
  it('of answers written in several ways says what moves them first, and not what is chosen among them', () => {
    const line = (scope: string, statistic: string, value: number, n: number): Statistic => ({
      ...{ scope, subset: 'all', statistic, value, n, ciLow: value - 0.1, ciHigh: value + 0.1 },
      ...{ ciMethod: null, clusters: 20, ties: 0, missing: 0, reason: null },
    })
    const statistics = [
      line('groups', 'rerank', 0.75, 20),
      line('invariance', 'flip_rate', 0.42, 189),
      line('invariance', 'spread_over_margin', 1.09, 19),
      line('invariance', 'ranked_below_original', 0.68, 75),
    ]
    const input = { ...groupsInput(), statistics, accuracy: null }
    const words = headline(input).body.text
    expect(words).toMatch(/42\.0%<small>\[32\.0, 52\.0\]<\/small>.*<b>Flips\.<\/b>.*189 twins\./)
    expect(words).toMatch(/1\.090<small>\[0\.990, 1\.190\]<\/small>.*<b>Spread over margin\.<\/b>.*19 groups\./)
    expect(words).toMatch(/68\.0%.*<b>Wrong molecules below\.<\/b>.*75 completions\./)
    expect(words).not.toContain('Highest score.')
    expect(words).not.toContain('No accuracy')
    expect(headline({ ...input, statistics: statistics.slice(0, 1) }).body.text).toContain('Highest score.')
  })
})
