import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { analyse } from '../../analysis/analyze.ts'
import { readRun } from '../../analysis/run-folders.ts'
import { packagePath } from '../../src/package.ts'

const folder = mkdtempSync(join(tmpdir(), 'chemherm-sections-'))
afterAll(() => rmSync(folder, { recursive: true }))

const SUBSETS = ['anthropic_helpful', 'anthropic_hhh', 'shp']
interface Pair {
  readonly subset: string
  readonly won: boolean
  readonly cluster: string
}
const pairs = (n: number): Pair[] =>
  SUBSETS.flatMap((subset) =>
    Array.from({ length: n }, (_, i) => ({ subset, won: i < n / 2, cluster: `${subset} ${i}` })),
  )
const orders: Readonly<Record<string, (rows: readonly Pair[]) => Pair[]>> = {
  'as they are': (rows) => [...rows],
  'losses first': (rows) => [...rows].reverse(),
  'losses first in the second subset': (rows) => [
    ...rows.filter((r) => r.subset !== SUBSETS[1]),
    ...rows.filter((r) => r.subset === SUBSETS[1]).reverse(),
  ],
  interleaved: (rows) => rows.map((_, i) => rows[(i * 23 + 5) % rows.length]!),
}

async function sectionOf(rows: readonly Pair[], name: string): Promise<Record<string, unknown>> {
  const path = join(folder, name, 'm', 'data')
  mkdirSync(path, { recursive: true })
  const id = (row: Pair): string => row.cluster.replace(' ', '-')
  writeFileSync(
    join(path, 'scores.csv'),
    `id,subset,role,index,score,verifiable_reward\n${rows.map((r) => `${id(r)},${r.subset},chosen,0,${r.won ? 1 : -1},1\n${id(r)},${r.subset},rejected,0,0,0\n`).join('')}`,
  )
  writeFileSync(
    join(path, 'pairs.csv'),
    `id,subset,rejected_index,chosen_score,rejected_score,margin,cluster\n${rows.map((r) => `${id(r)},${r.subset},0,${r.won ? 1 : -1},0,${r.won ? 1 : -1},${r.cluster}\n`).join('')}`,
  )
  const { csv } = analyse('data', [await readRun({ model: 'm', dataset: 'data', path })], { seed: 0, resamples: 2000 })
  const { columns, rows: cells } = csv['subsets.csv']!
  const row = [...cells].find((r) => r[columns.indexOf('level')] === 'section')!
  return Object.fromEntries(columns.map((c, i) => [c, row[i]]))
}

describe('a section of three equal subsets', () => {
  it.each(Object.keys(orders))(
    'has the interval of 60 independent pairs, whatever the order of rows: %s',
    async (name) => {
      const row = await sectionOf(orders[name]!(pairs(20)), name)
      expect(row).toMatchObject({ subset: 'Prior Sets', half: 0.5, strict: 0.5, n: 60 })
      // 0.5 ± 1.96 · √(0.25/60) = 0.373 … 0.627
      expect(row.half_low as number).toBeGreaterThan(0.35)
      expect(row.half_low as number).toBeLessThan(0.4)
      expect(row.half_high as number).toBeGreaterThan(0.6)
      expect(row.half_high as number).toBeLessThan(0.65)
    },
  )
})

it('section-ci: two subsets at 50 % of 20 pairs have the interval of 40', async () => {
  const path = packagePath('test/data/analysis/cases/section-ci/m/same')
  const { csv } = analyse('same', [await readRun({ model: 'm', dataset: 'same', path })], { seed: 0, resamples: 2000 })
  const { columns, rows } = csv['subsets.csv']!
  const row = [...rows].find((r) => r[columns.indexOf('level')] === 'section')!
  const [low, high] = ['half_low', 'half_high'].map((c) => row[columns.indexOf(c)] as number) as [number, number]
  // 0.5 ± 1.96 · √(0.25/40) = 0.345 … 0.655
  expect(low).toBeGreaterThan(0.32)
  expect(low).toBeLessThan(0.38)
  expect(high).toBeGreaterThan(0.62)
  expect(high).toBeLessThan(0.68)
})
