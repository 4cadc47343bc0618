import { expect, it } from 'vitest'
import { baselineLines } from '../../analysis/against-baselines.ts'
import type { Standing } from '../../analysis/leaderboard.ts'
import type { Aligned, Scorer } from '../../analysis/scorers.ts'
import { accuracyOfColumns } from '../../src/agreement/accuracy.ts'
import { halfDifference } from '../../src/agreement/baselines.ts'
import { allRows, coded } from '../../src/agreement/columns.ts'

const SETTINGS = { seed: 0, resamples: 500 }
/** A scorer that is right on the first `right` of n pairs, each of a prompt of its own. */
const scorer = (name: string, kind: Scorer['kind'], n: number, right: (i: number) => boolean): Scorer => ({
  name,
  kind,
  margin: Float64Array.from({ length: n }, (_, i) => (right(i) ? 1 : -1)),
})
function linesOf(n: number, scorers: readonly Scorer[]): { lines: string[]; aligned: Aligned } {
  const cluster = coded(
    Array.from({ length: n }, (_, i) => `prompt ${i}`),
    n,
  )
  const aligned = { dataset: 'd', scorers, dropped: {}, pairs: { n, cluster } } as unknown as Aligned
  const standings = scorers.map((one, i) => ({
    rank: i + 1,
    scorer: one,
    accuracy: accuracyOfColumns(one.margin, cluster, allRows(n), SETTINGS),
  })) as unknown as Standing[]
  return { lines: baselineLines(aligned, scorers, standings, SETTINGS), aligned }
}

it('says which baselines do better, and from which a model is not distinguishable', () => {
  const n = 100
  const good = scorer('good', 'rm', n, (i) => i < 80)
  const bad = scorer('bad', 'dpo', n, (i) => i < 30)
  const near = scorer('null:near', 'null', n, (i) => i < 76 || i > 97)
  const coin = scorer('null:coin', 'null', n, (i) => i % 2 === 0)
  expect(linesOf(n, [good, bad, near, coin]).lines).toEqual([
    'baselines that do better than a model: null:near (bad); null:coin (bad)',
    'baselines from which a model is not distinguishable, by the paired 95 % interval: null:near (good)',
  ])
})

it('calls apart by their intervals only what the paired interval calls apart', () => {
  const n = 120
  // the worst case: the one is right where the other is wrong
  for (const right of [40, 50, 55, 60, 66, 72, 80]) {
    const model = scorer('model', 'rm', n, (i) => i < right)
    const baseline = scorer('null:other', 'null', n, (i) => i >= right)
    const { lines, aligned } = linesOf(n, [model, baseline])
    const place = { columns: aligned.pairs, rows: allRows(n), scope: 's', subset: 'all', settings: SETTINGS }
    const { ciLow, ciHigh } = halfDifference(place, model.margin, baseline.margin)
    const expected = ciHigh! < 0 ? 'better' : ciLow! > 0 ? '' : 'not distinguishable'
    expect(lines.join()).toContain(expected)
    expect(lines).toHaveLength(expected === '' ? 0 : 1)
  }
})

it('says one sentence of few prompts, and nothing without a model or a baseline', () => {
  const [model, baseline] = [scorer('m', 'rm', 19, () => false), scorer('null:b', 'null', 19, () => true)]
  expect(linesOf(19, [model, baseline]).lines).toEqual([
    '19 prompts are too few to hold models against baselines (20 at least)',
  ])
  expect(linesOf(19, [model]).lines).toEqual([])
  expect(linesOf(19, [baseline]).lines).toEqual([])
})
