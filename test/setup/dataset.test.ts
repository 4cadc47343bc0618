import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { toRunConfig } from '../../src/setup/config.ts'
import { checkUnchanged, openDataset } from '../../src/setup/dataset.ts'
import type { Given } from '../../src/setup/option.ts'
import type { RunOption } from '../../src/setup/options.ts'

const folder = mkdtempSync(join(tmpdir(), 'chemherm-dataset-'))
afterAll(() => rmSync(folder, { recursive: true }))
const data = join(folder, 'data')
mkdirSync(join(data, 'train'), { recursive: true })
const ROW = '{"prompt":"p","chosen":"a","rejected":"b"}\n'
for (const name of ['pairs.v1.jsonl', 'PAIRS.TSV', 'rows.json', 'train/0.jsonl']) writeFileSync(join(data, name), ROW)
const open = (dataset: string, args: Given<RunOption> = {}) =>
  openDataset(toRunConfig('run-rm', { dataset, ...args }), () => {})

it.each([
  ['pairs.v1.jsonl', 'pairs.v1'],
  ['PAIRS.TSV', 'PAIRS'],
  ['.', 'data'],
  ['train/..', 'data'],
  ['train/', 'train'],
])('the results of %s stand in a folder of their own, %s', async (path, name) => {
  expect((await open(`${data}/${path}`)).name).toBe(name)
})

it('says when a split or a configuration chooses nothing', async () => {
  const notes = async (...of: Parameters<typeof open>) => (await open(...of)).notes
  expect(await notes('demo-pairs', { split: 'test' })).toEqual([
    '--split test chooses nothing: demo-pairs has no splits, all of it is used',
  ])
  expect(await notes(join(data, 'pairs.v1.jsonl'), { split: 'test', datasetConfig: 'x' })).toHaveLength(2)
  expect(await notes(data, { split: 'train' })).toEqual([])
  expect(await notes(join(data, 'rows.json'), { split: 'train' })).toEqual([])
})

it('refuses results of data that changed after they were hashed', async () => {
  const file = join(folder, 'changing.jsonl')
  writeFileSync(file, ROW)
  const opened = await open(file)
  await checkUnchanged(opened)
  // written anew, with the same bytes
  writeFileSync(file, ROW)
  await checkUnchanged(opened)
  writeFileSync(file, ROW.replace('"a"', '"c"'))
  await expect(checkUnchanged(opened)).rejects.toThrow('changed while it was scored')
})
