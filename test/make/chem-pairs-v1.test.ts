import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { CHEM_PAIRS_SECTIONS } from '../../src/agreement/sections.ts'
import { accuracyReward, formatReward } from '../../src/index.ts'
import { BENCHMARKS } from '../../src/make/benchmarks.ts'
import { LEAVING_GROUPS } from '../../src/make/reactions/leaving-groups.ts'
import { SITES } from '../../src/make/reactions/sites.ts'
import type { PairRow } from '../../src/make/row.ts'
import { builtinDataset } from '../../src/pairs/builtin.ts'
import alone from '../data/make/answers-alone.json' with { type: 'json' }
import golden from '../data/make/chem-pairs-v1.json' with { type: 'json' }

const text = gunzipSync(readFileSync(builtinDataset('chem-pairs-v1')!)).toString('utf8')
const rows = text
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as PairRow)

it("is the file that Python's ether0 has judged, every chosen answer to 1 and every rejected one to 0, with no help of a filter", () => {
  const sha256 = createHash('sha256').update(text).digest('hex')
  expect(sha256).toBe(golden.sha256)
  expect(BENCHMARKS.get('chem-pairs-v1')!.sha256).toBe(sha256)
  expect(golden).toMatchObject({
    pairs: rows.length,
    chosen_1: rows.length,
    rejected_0: rows.length,
    formatted_both: rows.length,
    verdicts_that_change_without_filters: 0,
    pairs_of_one_molecule: [],
    pairs_with_a_molecule_of_the_training_data: [],
  })
  expect(golden.largest_error_of_distance).toBeLessThan(1e-12)
})

it('a sample of it, by the front door', async () => {
  for (const { chosen, rejected, solution } of rows.filter((_, i) => i % 45 === 0)) {
    expect((await accuracyReward(chosen, solution)).value, chosen).toBe(1)
    expect((await accuracyReward(rejected, solution)).value, rejected).toBe(0)
  }
})

it('sections and weights are its kinds and their counts', () => {
  const weights = Object.fromEntries(Object.values(CHEM_PAIRS_SECTIONS).flatMap((section) => Object.entries(section)))
  const counts: Record<string, number> = {}
  for (const { subset } of rows) counts[subset] = (counts[subset] ?? 0) + 1
  expect(counts).toEqual(weights)
})

const accuracy = (score: (completion: string) => number): number => {
  const points = rows.map(({ chosen, rejected }): number => {
    const margin = score(chosen) - score(rejected)
    return margin > 0 ? 1 : margin === 0 ? 0.5 : 0
  })
  return points.reduce((a, b) => a + b, 0) / points.length
}

it('a scorer that reads only format is at 50 %, one that reads only length within 2 points', () => {
  expect(accuracy((completion) => formatReward(completion, { reasoning: true }))).toBe(0.5)
  expect(accuracy((completion) => (completion.match(/<\|\w+\|>/g) ?? []).length)).toBe(0.5)
  expect(accuracy((completion) => completion.split('<|answer_start|>').length)).toBe(0.5)
  const answer = (completion: string): number => completion.split('<|answer_start|>')[1]!.length
  for (const score of [
    (completion: string) => completion.length,
    (completion: string) => -completion.length,
    answer,
    (completion: string) => -answer(completion),
    (completion: string) => completion.length - answer(completion),
    (completion: string) => completion.split(' ').length,
  ])
    expect(Math.abs(accuracy(score) - 0.5)).toBeLessThan(0.02)
})

it('the card says its hash, its counts and its sections', () => {
  const card = readFileSync('src/embedded/chem-pairs-v1/CARD.md', 'utf8')
  expect(card).toContain(golden.sha256)
  const count = (test: (row: PairRow) => boolean): string => rows.filter(test).length.toLocaleString('en')
  const type = (prefix: string): string => count(({ problem_type }) => problem_type.startsWith(prefix))
  expect(card).toContain(
    `SMILES from InChI (${type('molecule-name')}), products of textbook reactions (${type('reaction')}), formulas (${type('simple')}), a molecule of a formula (${type('molecule-formula')}), counts (${type('count')})`,
  )
  expect(card).toContain(`${new Set(rows.map(({ prompt }) => String(prompt))).size.toLocaleString('en')} questions`)
  for (const [section, weights] of Object.entries(CHEM_PAIRS_SECTIONS)) {
    expect(card).toContain(`| ${section} | ${Object.keys(weights)[0]} | 300 |`)
    for (const subset of Object.keys(weights)) expect(card).toContain(`| ${subset} | 300 |`)
  }
  expect(card).toContain(`made from ${LEAVING_GROUPS.length + SITES.length} rules`)
})

it('the card says what the answers give away to one who never reads the question', () => {
  const card = readFileSync('src/embedded/chem-pairs-v1/CARD.md', 'utf8')
  expect(alone.sha256).toBe(golden.sha256)
  for (const [subset, { shape, thought, answer }] of Object.entries(alone.percent))
    expect(card).toContain(`| ${subset} | ${shape.toFixed(1)} | ${thought.toFixed(1)} | ${answer.toFixed(1)} |`)
})
