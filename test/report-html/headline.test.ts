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

describe('the headline', () => {
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
