import { describe, expect, it } from 'vitest'
import { agreement } from '../../src/agreement/agreement.ts'
import { baselineColumns, baselineScorers, randomScore } from '../../src/agreement/baselines.ts'
import type { ScoredPair } from '../../src/types.ts'
import { demoPairs, rmScores } from './demo.ts'

const { pairs } = demoPairs(rmScores())
/** The model lost every third pair: one of its completions was too long. */
const lost = (p: ScoredPair): ScoredPair => ({
  ...p,
  chosen: { ...p.chosen, score: null, scoreReason: 'too_long' },
  margin: null,
  outcome: null,
  agree: null,
})
const holed = pairs.map((p, i) => (i % 3 === 0 ? lost(p) : p))
const statisticsOf = (list: readonly ScoredPair[]) =>
  agreement(
    list,
    list.flatMap((p) => [p.chosen, p.rejected]),
    { seed: 3, resamples: 200 },
  ).statistics
const at = (list: ReturnType<typeof statisticsOf>, scope: string, name: string) =>
  list.find((s) => s.scope === scope && s.subset === 'all' && s.statistic === name)!
const half = (wins: readonly number[]): number =>
  wins.reduce((sum, m) => sum + (m > 0 ? 1 : m === 0 ? 0.5 : 0), 0) / wins.length

describe('baselines', () => {
  it('score each completion once, those of pairs among them; one that is nowhere else by itself', () => {
    const asked: string[] = []
    const scorer = {
      name: 'counted',
      title: 'counted',
      score: ({ id, role, index, text }: Parameters<ReturnType<typeof baselineScorers>[number]['score']>[0]) => {
        asked.push(`${id} ${role} ${index}`)
        return text.length > 900 ? null : text.length
      },
    }
    const all = pairs.flatMap((p) => [p.chosen, p.rejected])
    const [columns] = baselineColumns([scorer], pairs, all)
    expect(asked.length).toBe(all.length)
    expect(new Set(asked).size).toBe(all.length)
    const alone = Float64Array.from(
      pairs,
      (p) => (scorer.score(p.chosen) ?? Number.NaN) - (scorer.score(p.rejected) ?? Number.NaN),
    )
    expect(columns!.margin).toEqual(alone)
    expect(columns!.score).toEqual(Float64Array.from(all, (c) => scorer.score(c) ?? Number.NaN))
    // in another order, copies, and several rejected of one row
    const rows = [all.toReversed(), all.map((c) => ({ ...c })), [], all.slice(7)]
    for (const list of rows) expect(baselineColumns([scorer], pairs, list)[0]!.margin).toEqual(alone)
    const [first, second, third] = pairs as [ScoredPair, ScoredPair, ScoredPair]
    const other = { ...second.rejected, id: first.id, index: 1 }
    const crowd = [first, { ...first, rejected: other, rejectedIndex: 1 }, third]
    const list = [first.chosen, first.rejected, other, third.chosen, third.rejected]
    const [longest] = baselineColumns(baselineScorers(null).slice(0, 1), crowd, list)
    const length = ({ text }: { readonly text: string }): number => [...text].length
    expect([...longest!.margin]).toEqual(crowd.map(({ chosen, rejected }) => length(chosen) - length(rejected)))
  })

  it('are judged on the pairs and completions that the model scored, and the others are missing', () => {
    const statistics = statisticsOf(holed)
    const model = at(statistics, 'pairs', 'accuracy_half')
    expect(model).toMatchObject({ n: 200, missing: 100 })
    const left = pairs.filter((_, i) => i % 3 !== 0)
    for (const { name, score } of baselineScorers(null)) {
      const line = at(statistics, `null:${name}`, 'accuracy_half')
      const want = half(left.map((p) => score(p.chosen)! - score(p.rejected)!))
      expect(line, name).toMatchObject({ n: 200, missing: 100, clusters: model.clusters })
      expect(line.value, name).toBeCloseTo(want, 12)
      // hence the difference is that of the two numbers
      expect(at(statistics, `null:${name}`, 'model_minus_null').value, name).toBeCloseTo(model.value! - want, 12)
      expect(at(statistics, `null:${name}`, 'auroc').n, name).toBe(500)
    }
  })
  it('are on all pairs where there is no model', () => {
    const statistics = statisticsOf(pairs.map(lost).map((p) => ({ ...p, rejected: { ...p.rejected, score: null } })))
    expect(at(statistics, 'null:longest', 'accuracy_half')).toMatchObject({ n: 300, missing: 0 })
    expect(at(statistics, 'null:longest', 'model_minus_null')).toMatchObject({ value: null, reason: 'no_common_pairs' })
  })
  it('draw one random number for a completion, whatever else is in the run', () => {
    const random = baselineScorers(null).find(({ name }) => name === 'random')!
    const place = { id: '7', role: 'chosen', index: 0, text: '' } as const
    expect(random.score(place)).toBe(randomScore('7', 'chosen', 0))
    expect(random.score(place)).toBe(random.score({ ...place, text: 'other' }))
    expect(random.score(place)).not.toBe(random.score({ ...place, role: 'rejected' }))
    const [whole, part] = [statisticsOf(pairs), statisticsOf(pairs.slice(0, 150))]
    const want = half(pairs.slice(0, 150).map((p) => random.score(p.chosen)! - random.score(p.rejected)!))
    expect(at(part, 'null:random', 'accuracy_half').value).toBeCloseTo(want, 12)
    expect(at(whole, 'null:random', 'accuracy_half').n).toBe(300)
  })
})
