import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { placed } from '../../analysis/attribute.ts'
import { ATTRIBUTION_COLUMNS, attribution } from '../../analysis/commands/attribution.ts'
import { partShares } from '../../analysis/part-shares.ts'
import { PARTS, unitsOf } from '../../analysis/text-units.ts'
import { undocumented } from '../../src/agreement/codebook/codebook.ts'
import { tokenizeSmiles } from '../../src/chem/toolkit/smiles-tokens.ts'
import { dpoScores, rmScores } from '../agreement/demo.ts'

const folder = mkdtempSync(join(tmpdir(), 'chemherm-attribution-'))
afterAll(() => rmSync(folder, { recursive: true }))
const tokens = (answer: string): string[] | null => tokenizeSmiles(answer)?.map(({ text }) => text) ?? null

describe('unitsOf', () => {
  it('cuts a completion into the tokens of its SMILES, tags and words', () => {
    const text = '<|think_start|>So it is.<|think_end|><|answer_start|> C[C@H](Cl)O <|answer_end|>'
    expect(unitsOf(text, tokens).map(({ part, text }) => [part, text])).toEqual([
      ['tag', '<|think_start|>'],
      ['prose', 'So '],
      ['prose', 'it '],
      ['prose', 'is.'],
      ['tag', '<|think_end|>'],
      ['tag', '<|answer_start|>'],
      ['prose', ' '],
      ...['C', '[C@H]', '(', 'Cl', ')', 'O'].map((token) => ['smiles', token]),
      ['prose', ' '],
      ['tag', '<|answer_end|>'],
    ])
  })
  it.each([
    'just prose, no answer',
    'C1=CC=CC=C1',
    '<answer>C12H15N</answer> and <answer>two words</answer>',
    '<|answer_start|><|answer_end|>',
    '  ',
    '',
  ])('%j: the units are the text, without a gap', (text) => {
    const units = unitsOf(text, tokens)
    expect(units.map((unit) => unit.text).join('')).toBe(text)
    for (const [i, { start }] of units.entries()) expect(start).toBe(i === 0 ? 0 : units[i - 1]!.end)
    for (const { part } of units) expect(PARTS).toContain(part)
  })
  it('what is no molecule is one answer', () => {
    const units = unitsOf('<answer>C12H15N!</answer>', tokens)
    expect(units.map(({ part }) => part)).toEqual(['tag', 'answer', 'tag'])
  })
})

it('a token is of the part that most of its letters are in; behind the text it is the template’s', () => {
  const text = 'so <answer>CCO</answer>'
  const found = placed(['so', ' <', 'answer', '>', 'CC', 'O</', 'answer>', '<eos>'], [1, 2, 3, 4, 5, 6, 7, 8], text, unitsOf(text, tokens))
  expect(found.map(({ part }) => part)).toEqual(['prose', 'prose', 'tag', 'tag', 'smiles', 'tag', 'tag', 'template'])
  expect(found.map(({ value }) => value)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
  expect(placed(['other', 'words'], [1, 2], text, unitsOf(text, tokens)).map(({ part }) => part)).toEqual(['template', 'template'])
}) // biome-ignore format: one line each

it('shares and parts of the margin are those of the pieces', () => {
  const piece = (part: 'smiles' | 'prose', value: number | null) => ({ part, start: 0, end: 1, text: 'x', value })
  const apart = Array.from({ length: 10 }, (_, i) => [
    { cluster: `p${i}`, role: 'chosen', pieces: [piece('smiles', 2), piece('prose', -1 - i), piece('prose', null)] },
    { cluster: `p${i}`, role: 'rejected', pieces: [piece('smiles', 0.5)] },
  ]).flat()
  const lines = partShares(apart, { seed: 0, resamples: 200 })
  const value = (part: string, name: string) => lines.find((l) => l.subset === part && l.statistic === name)!
  // 10 · 2.5 of 10 · 2.5 + Σ(1 + i) = 25 of 80
  expect(value('smiles', 'abs_share').value).toBeCloseTo(25 / 80, 12)
  expect(value('prose', 'abs_share').value).toBeCloseTo(55 / 80, 12)
  expect(value('smiles', 'piece_share').value).toBeCloseTo(2 / 3, 12)
  expect(value('smiles', 'mean_abs_value').value).toBeCloseTo(1.25, 12)
  expect(value('smiles', 'margin_part')).toMatchObject({ value: 1.5, n: 10 })
  expect(value('prose', 'margin_part').value).toBeCloseTo(-5.5, 12)
  expect(value('prose', 'abs_share')).toMatchObject({ n: 30, missing: 10, clusters: 10 })
  expect(value('prose', 'abs_share').ciLow!).toBeLessThan(55 / 80)
}) // biome-ignore format: one line each

type Cells = Record<string, string>
async function go(...args: string[]): Promise<{ code: number; out: string }> {
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  try {
    const code = await attribution([...args, '--output-dir', folder, '--offline', '--device', 'cpu', '--resamples', '100'])
    return { code, out: write.mock.calls.map(([text]) => String(text)).join('') }
  } finally {
    write.mockRestore()
  }
} // biome-ignore format: one line each
const read = (model: string, file: string): Cells[] =>
  parse(readFileSync(join(folder, 'analysis/attribution', model, file)), { columns: true })
const ROWS = 3

describe('attribution', () => {
  it('by occlusion: the whole has the score that the model is known for, and a piece what is lost without it', async () => {
    const { code, out } = await go('--limit', String(ROWS))
    expect(code).toBe(0)
    expect(out).toMatch(/part +share of \|value\|/)
    const rows = read('demo-reward-model', 'attribution.csv')
    expect(Object.keys(rows[0]!)).toEqual([...ATTRIBUTION_COLUMNS])
    expect(undocumented({ 'attribution.csv': ATTRIBUTION_COLUMNS })).toEqual([])
    for (const [id, [chosen, rejected]] of Object.entries(rmScores()).slice(0, ROWS))
      for (const [role, want] of [
        ['chosen', chosen],
        ['rejected', rejected],
      ] as const) {
        const own = rows.filter((r) => r.id === id && r.role === role)
        expect(own.length).toBeGreaterThan(5)
        for (const { score, value } of own) {
          expect(Number(score)).toBeCloseTo(want, 3)
          expect(value).not.toBe('')
        }
      }
    const lines = read('demo-reward-model', 'agreement.csv')
    const shares = lines.filter(({ statistic }) => statistic === 'abs_share').map(({ value }) => Number(value))
    expect(shares.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 10)
  })
  it('by log-ratios: tokens sum to the implicit reward, and parts to the mean margin', async () => {
    expect((await go('--method', 'log-ratio', '--limit', String(ROWS))).code).toBe(0)
    const rows = read('demo-policy-dpo__vs__demo-ref-sft', 'attribution.csv')
    const margins: number[] = []
    for (const [id, [chosen, rejected]] of Object.entries(dpoScores()).slice(0, ROWS)) {
      margins.push(chosen - rejected)
      for (const [role, want] of [
        ['chosen', chosen],
        ['rejected', rejected],
      ] as const) {
        const sum = rows.filter((r) => r.id === id && r.role === role).reduce((s, { value }) => s + Number(value), 0)
        expect(Math.abs(sum - want)).toBeLessThan(2e-3)
      }
    }
    const parts = read('demo-policy-dpo__vs__demo-ref-sft', 'agreement.csv').filter(
      (l) => l.statistic === 'margin_part',
    )
    const total = parts.reduce((sum, { value }) => sum + Number(value), 0)
    expect(Math.abs(total - margins.reduce((a, b) => a + b, 0) / ROWS)).toBeLessThan(2e-3)
    expect(rows.some(({ part }) => part === 'smiles')).toBe(true)
    expect(rows.some(({ part }) => part === 'template')).toBe(true)
  })
  it('a log-ratio needs a reference', async () => {
    await expect(go('--method', 'log-ratio', '--model', 'src/embedded/demo/demo-policy-dpo')).rejects.toThrow('needs --ref-model')
  }) // biome-ignore format: one line
})
