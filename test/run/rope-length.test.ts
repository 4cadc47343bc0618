import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { packagePath } from '../../src/package.ts'
import { jsonLines, manifestOf, QUICK, readCsv, run, temporaryFolder } from './bin.ts'

/** A model whose rotary frequencies depend on a sequence's length: prompts are shared between completions that turn alike, no others. */
const folder = temporaryFolder()
afterAll(() => folder.remove())
const at = (...path: string[]): string => join(folder.path, ...path)

const model = at('longrope')
cpSync(packagePath('test/data/parity/llama-gqa'), model, { recursive: true })
const config = JSON.parse(readFileSync(join(model, 'config.json'), 'utf8')) as Record<string, unknown>
/** 6 pairs of a head of 12 are turned. */
const rope_scaling = {
  rope_type: 'longrope',
  short_factor: [1, 1, 1, 1, 1, 1],
  long_factor: [2, 3, 4, 5, 6, 7],
  original_max_position_embeddings: 60,
}
writeFileSync(join(model, 'config.json'), JSON.stringify({ ...config, rope_scaling }))

const pairs = at('pairs.jsonl')
writeFileSync(
  pairs,
  jsonLines([
    { id: 'apart', prompt: 'Is it there?', chosen: 'CCO', rejected: `no, ${'it is not '.repeat(12)}` },
    { id: 'long', prompt: `Say more. ${'And more. '.repeat(12)}`, chosen: 'CCO', rejected: 'CCC' },
    { id: 'short', prompt: 'Hi', chosen: 'CCO', rejected: 'CCC' },
  ]),
)

it('gives every completion the score that it has alone', async () => {
  const runOf = async (label: string, ...more: string[]) => {
    const args = ['--model', model, '--dataset', pairs, '--output-dir', at(label), ...QUICK, ...more]
    const done = await run('run-rm', args)
    expect({ code: done.code, stderr: done.stderr }).toMatchObject({ code: 0 })
    return at(label, 'longrope', 'pairs')
  }
  const [together, alone] = [await runOf('together'), await runOf('alone', '--batch-size', '1')]
  expect([together, alone].map((path) => manifestOf(path).models[0]!.work.batches)).toEqual([1, 6])
  const [got, want] = [readCsv(together, 'scores.csv'), readCsv(alone, 'scores.csv')]
  expect(got.map(({ completion_tokens }) => completion_tokens)).toEqual(
    want.map(({ completion_tokens }) => completion_tokens),
  )
  want.forEach((row, i) => {
    const bound = 2e-5 + 1e-5 * Math.abs(Number(row.score))
    expect(Math.abs(Number(got[i]!.score) - Number(row.score)), `${row.id} ${row.role}`).toBeLessThanOrEqual(bound)
  })
  // both sides of the length occur, within one row too
  const tokens = (id: string): boolean[] =>
    want.filter((row) => row.id === id).map((row) => Number(row.prompt_tokens) + Number(row.completion_tokens) > 60)
  expect(tokens('apart')).toEqual([false, true])
  expect(tokens('long')).toEqual([true, true])
  expect(tokens('short')).toEqual([false, false])
})
