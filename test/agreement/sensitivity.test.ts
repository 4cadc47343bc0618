import { describe, expect, it } from 'vitest'
import { undocumented } from '../../src/agreement/codebook/codebook.ts'
import {
  type DistantPair,
  SENSITIVITY_COLUMNS,
  sensitivity,
  sensitivityRow,
} from '../../src/agreement/invariance/sensitivity.ts'
import { sensitivityTable } from '../../src/agreement/invariance/table.ts'
import { labelOf } from '../../src/agreement/latex/label.ts'
import { latexTable } from '../../src/agreement/latex/table.ts'
import { markdownTable } from '../../src/agreement/tables.ts'
import { tokenEdits } from '../../src/chem/ether0/apart.ts'
import { distancesOf } from '../../src/cli/distances.ts'
import { prng } from '../../src/prng.ts'
import type { ScoredPair, Statistic } from '../../src/types.ts'
import { pairOf } from './pair-data.ts'

const NONE: ReadonlyMap<string, string> = new Map()
const SETTINGS = { seed: 0, resamples: 300 }
const find = (lines: readonly Statistic[], statistic: string, subset = 'all'): Statistic =>
  lines.find((one) => one.statistic === statistic && one.subset === subset)!

const random = prng(3)
const pairs: DistantPair[] = Array.from({ length: 200 }, (_, i) => {
  const tanimoto = Math.round(random() * 20) / 20
  return {
    subset: i % 2 === 0 ? 'even' : 'odd',
    cluster: `prompt ${Math.floor(i / 4)}`,
    margin: i % 17 === 0 ? null : Math.round(4 * (tanimoto - 0.3 + (random() - 0.5))) / 4,
    tanimoto: i % 13 === 0 ? null : tanimoto,
    edits: i % 13 === 0 ? null : Math.floor(random() * 25),
  }
})

describe('sensitivity', () => {
  const { statistics, curve } = sensitivity(pairs, SETTINGS)
  const known = pairs.filter((p) => p.margin !== null && p.tanimoto !== null)

  it('has the mean margin and the half accuracy of every bin', () => {
    const bins = { '0-0.2': [0, 0.2], '0.2-0.4': [0.2, 0.4], '0.4-0.6': [0.4, 0.6], '0.6-0.8': [0.6, 0.8], '0.8-1': [0.8, 1] } as const
    for (const [name, [from, to]] of Object.entries(bins)) {
      const own = known.filter(({ tanimoto: d }) => d! <= to && (from === 0 ? d! >= 0 : d! > from))
      const point = curve.find((one) => one.measure === 'tanimoto_distance' && one.bin === name)!
      expect(point.margin.n).toBe(own.length)
      expect(point.margin.value).toBeCloseTo(own.reduce((sum, p) => sum + p.margin!, 0) / own.length, 12)
      expect(point.distance).toBeCloseTo(own.reduce((sum, p) => sum + p.tanimoto!, 0) / own.length, 12)
      const wins = own.reduce((sum, p) => sum + (p.margin! > 0 ? 1 : p.margin === 0 ? 0.5 : 0), 0)
      expect(point.accuracy.value).toBeCloseTo(wins / own.length, 12)
      expect(point.margin.clusters).toBe(new Set(own.map(({ cluster }) => cluster)).size)
      expect(point.margin.ties).toBe(own.filter(({ margin }) => margin === 0).length)
      expect(point.margin.ciLow!).toBeLessThan(point.margin.value!)
    }
  }) // biome-ignore format: one line each
  it('puts every pair into one bin of each measure', () => {
    for (const measure of ['tanimoto_distance', 'edit_distance'])
      expect(curve.filter((one) => one.measure === measure).reduce((sum, { margin }) => sum + margin.n, 0)).toBe(
        known.length,
      )
  })
  it("has Kendall's τ-b of distance and margin, counted over all couples", () => {
    let [agree, x, y] = [0, 0, 0]
    for (const [i, a] of known.entries())
      for (const b of known.slice(i + 1)) {
        const [d, m] = [Math.sign(a.tanimoto! - b.tanimoto!), Math.sign(a.margin! - b.margin!)]
        agree += d * m
        x += d * d
        y += m * m
      }
    const line = find(statistics, 'kendall_tau_b_tanimoto_distance')
    expect(line.value).toBeCloseTo(agree / Math.sqrt(x * y), 12)
    expect(line).toMatchObject({ n: known.length, missing: pairs.length - known.length })
  })
  it("has Spearman's ρ as Pearson's r of mid-ranks, by subset too", () => {
    const ranks = (values: readonly number[]): number[] =>
      values.map((v) => values.filter((w) => w < v).length + (values.filter((w) => w === v).length + 1) / 2)
    const pearson = (a: readonly number[], b: readonly number[]): number => {
      const [ma, mb] = [a, b].map((v) => v.reduce((s, w) => s + w, 0) / v.length) as [number, number]
      const sum = (f: (i: number) => number): number => a.reduce((s, _, i) => s + f(i), 0)
      return (
        sum((i) => (a[i]! - ma) * (b[i]! - mb)) /
        Math.sqrt(sum((i) => (a[i]! - ma) ** 2) * sum((i) => (b[i]! - mb) ** 2))
      )
    }
    for (const subset of ['all', 'even', 'odd']) {
      const own = known.filter((p) => subset === 'all' || p.subset === subset)
      const want = pearson(ranks(own.map(({ edits }) => edits!)), ranks(own.map(({ margin }) => margin!)))
      expect(find(statistics, 'spearman_edit_distance', subset).value, subset).toBeCloseTo(want, 12)
    }
  })
  it('is nothing where no pair is of two molecules', () => {
    expect(sensitivity(pairs.map((p) => ({ ...p, tanimoto: null, edits: null })), SETTINGS)).toEqual({ statistics: [], curve: [] })
  }) // biome-ignore format: one line
  it('says why there is no correlation', () => {
    const flat = sensitivity(pairs.slice(0, 40).map((p) => ({ ...p, margin: 1, tanimoto: 0.5 })), SETTINGS)
    expect(find(flat.statistics, 'spearman_tanimoto_distance')).toMatchObject({ value: null, reason: 'constant' })
    const none = sensitivity(pairs.slice(0, 40).map((p) => ({ ...p, margin: null })), SETTINGS)
    expect(find(none.statistics, 'kendall_tau_b_edit_distance')).toMatchObject({ n: 0, reason: 'no_pair_of_molecules' })
    expect(none.curve).toEqual([])
  }) // biome-ignore format: one line each
  it('goes into a file and a table whose columns are documented', () => {
    expect(undocumented({ 'sensitivity.csv': SENSITIVITY_COLUMNS })).toEqual([])
    for (const point of curve) expect(sensitivityRow(point)).toHaveLength(SENSITIVITY_COLUMNS.length)
    const table = sensitivityTable({ statistics, curve }, 'm', 'd', 'cluster bootstrap')!
    expect(markdownTable(table)).toContain('0.2–0.4')
    expect(latexTable(table, labelOf([], ''))).toContain('0.2--0.4')
  })
})

describe('chemical distance of two answers', () => {
  it('in edit steps: tokens, not letters', () => {
    expect(tokenEdits('CCO', 'CCCl')).toBe(1)
    expect(tokenEdits('C[C@H](N)O', 'C[C@@H](N)O')).toBe(1)
    expect(tokenEdits('CCO', 'CCO')).toBe(0)
    expect(tokenEdits('CC', 'CCCC')).toBe(2)
    expect(tokenEdits('C!', 'C')).toBeNull()
  })
  const texts = (chosen: string, rejected: string, extra: Record<string, unknown> = {}): ScoredPair =>
    pairOf({ chosen: `<answer>${chosen}</answer>`, rejected: `<answer>${rejected}</answer>`, extra })
  it('from the molecules, whatever the order of their atoms', async () => {
    const { pairs } = await distancesOf({
      pairs: [texts('CCO', 'OCC'), texts('CCO', 'CCN'), texts('CCO', 'no')],
      groups: [],
      solutions: NONE,
    })
    expect(pairs[0]).toMatchObject({ tanimoto: 0, edits: 0 })
    expect(pairs[1]!.edits).toBe(1)
    // Morgan radius 2: CCO and CCN share the CH3 alone, of 6 environments each
    expect(pairs[1]!.tanimoto).toBeGreaterThan(0.5)
    expect(pairs[2]).toMatchObject({ tanimoto: null, edits: null })
  })
  it('of the whole molecules, where answers are the rest of one', async () => {
    const pair = texts('1CCC', '1CCN')
    const solutions = new Map([[pair.id, 'valid_mol_eval!:!CCOc1ccccc!:!molecule-completion']])
    const { pairs } = await distancesOf({ pairs: [pair, texts('CC', 'CCN')], groups: [], solutions })
    // RDKit in Python, of CCCc1ccccc1OCC and CCOc1ccccc1CCN, as it writes them
    expect(pairs[0]).toMatchObject({ tanimoto: 1 - 20 / 28, edits: 3 })
    // molecules by themselves, but CCOc1cccccCC closes no ring
    expect(pairs[1]).toMatchObject({ tanimoto: null, edits: null })
  })
  it('or as the data give it; beyond the limit only that', async () => {
    const given = [texts('CCO', 'CCN', { distance: 0.125 }), texts('CCO', 'CCN')]
    expect((await distancesOf({ pairs: given, groups: [], solutions: NONE })).pairs[0]).toMatchObject({
      tanimoto: 0.125,
      edits: 1,
    })
    const { pairs, note } = await distancesOf({ pairs: given, groups: [], solutions: NONE }, { largest: 1 })
    expect(pairs).toMatchObject([
      { tanimoto: 0.125, edits: null },
      { tanimoto: null, edits: null },
    ])
    expect(note).toMatch(/more than 1 pairs/)
  })
})
