import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type HermRun, hermEvalSetScores, hermJson } from '../../src/agreement/herm.ts'
import { HermTexts, hermScoresPath, writeHermScores } from '../../src/cli/herm-scores.ts'
import type { ScoredPair } from '../../src/types.ts'

const temporary = (): string => mkdtempSync(join(tmpdir(), 'herm-scores-'))

const RM: HermRun = { model: 'org/m', modelType: 'Seq. Classifier', refModel: null, chatTemplate: 'tokenizer' }
const DPO: HermRun = { ...RM, modelType: 'DPO', refModel: 'r' }
const ODD = ['', 'a "quote", a \\ and\na line', 'half \ud83d', '😀'.repeat(3), '\u0000', 'x'.repeat(5_000)]

const pairOf = (i: number): ScoredPair => {
  const side = (score: number) => ({ score, text: `${i} ${ODD[i % ODD.length]}` })
  return {
    id: `row "${i}"`,
    subset: i % 2 === 0 ? 'even' : 'odd\nones',
    prompt: `prompt ${i}`,
    chosen: side(i / 3),
    rejected: side(1),
    margin: i % 7 === 3 ? null : i / 3 - 1,
  } as unknown as ScoredPair
}
const shown = (pair: ScoredPair, side: 'chosen' | 'rejected'): string => `${pair.prompt} ${side} ${pair[side].text}`

describe('eval-set-scores', () => {
  it.each([
    ['a reward model', RM, 2_500],
    ['a DPO model', DPO, 20],
    ['no pair', RM, 0],
    ['no scored pair', RM, 4],
  ])('is written value by value as JSON has it: %s', async (name, run, n) => {
    const folder = temporary()
    const all = Array.from({ length: n }, (_, i) => pairOf(i))
    const pairs = name === 'no scored pair' ? all.map((pair) => ({ ...pair, margin: null })) : all
    const texts = new HermTexts(hermScoresPath(folder, run))
    for (const pair of pairs) if (pair.margin !== null) texts.add(shown(pair, 'chosen'), shown(pair, 'rejected'))
    await writeHermScores(folder, pairs, run, texts)
    texts.discard()
    const path = hermScoresPath(folder, run)
    expect(readFileSync(path, 'utf8') === hermJson(hermEvalSetScores(pairs, run, shown))).toBe(true)
    expect(readdirSync(dirname(path))).toEqual(['m.json'])
  })
  it('has empty texts where the model is not there', async () => {
    const folder = temporary()
    const pairs = Array.from({ length: 9 }, (_, i) => pairOf(i))
    await writeHermScores(folder, pairs, RM, null)
    expect(readFileSync(hermScoresPath(folder, RM), 'utf8')).toBe(hermJson(hermEvalSetScores(pairs, RM, () => '')))
  })
})
