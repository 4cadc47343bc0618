import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { JSDOM } from 'jsdom'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { analyse } from '../../analysis/analyze.ts'
import { alpacaEval, dataOf, picksOf, writeBestOfN } from '../../analysis/best-of-n.ts'
import { PER_TOKEN_COLUMNS } from '../../analysis/commands/per-token.ts'
import { WRITER_COLUMNS, writerRow, writersOf } from '../../analysis/completion-models.ts'
import { findRuns, readRun } from '../../analysis/run-folders.ts'
import type { Run } from '../../analysis/runs.ts'
import { undocumented } from '../../src/agreement/codebook/codebook.ts'
import { markdownTable } from '../../src/agreement/tables.ts'
import { hashDataset, listDataFiles } from '../../src/pairs/files.ts'

const settings = { seed: 0, resamples: 200 }
let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'chemherm-pieces-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** Writes a run from the text of its files and reads it. */
async function runOf(name: string, files: Record<string, string>): Promise<Run> {
  const path = join(folder, name, 'data')
  mkdirSync(path, { recursive: true })
  for (const [file, content] of Object.entries(files)) writeFileSync(join(path, file), content)
  return readRun({ model: name, dataset: 'data', path })
}
const SCORES = 'id,subset,role,index,score,verifiable_reward\n'
const PAIRS = 'id,subset,rejected_index,chosen_index,chosen_score,rejected_score,margin,chosen_model,rejected_model\n'

describe('the models that wrote the completions', () => {
  it('are counted once a completion, also where a row lists them', async () => {
    const run = await runOf('writers', {
      'scores.csv': `${SCORES}1,s,chosen,0,1,\n`,
      // row 1: one chosen, two rejected of two models; row 2: nothing said of the chosen
      'pairs.csv': `${PAIRS}1,s,0,0,1,0,1,gpt,"[""llama"",""gpt""]"\n1,s,1,0,1,2,-1,gpt,"[""llama"",""gpt""]"\n2,s,0,0,1,0,1,,llama\n`,
    })
    expect(writersOf([run])!.map(writerRow)).toEqual([
      ['gpt', 1, 1, 2],
      ['llama', 0, 2, 2],
      [null, 1, 0, 1],
    ])
    const analysis = analyse('data', [run], settings)
    expect(analysis.csv['completion-models.csv']!.rows).toHaveLength(3)
    expect(markdownTable(analysis.tables.find((t) => t.name === 'completion-models')!)).toContain('(not said)')
  })
  it('are left out where the data do not name them', async () => {
    const run = await runOf('no-writers', {
      'scores.csv': `${SCORES}1,s,chosen,0,1,\n`,
      'pairs.csv': 'id,subset,rejected_index,margin\n1,s,0,1\n',
    })
    expect(writersOf([run])).toBeNull()
    expect(Object.keys(analyse('data', [run], settings).csv)).not.toContain('completion-models.csv')
  })
})

describe('best of n', () => {
  const scores = `${SCORES}a,s,completion,0,1,0\na,s,completion,1,3,1\na,s,completion,2,3,1\nb,,completion,0,-1,0\nb,,completion,1,,0\nc,s,completion,0,,\n`
  const data = [
    { id: 'a', subset: 's', prompt: 'qa', completions: ['a0', 'a1', 'a2'] },
    { id: 'b', prompt: [{ role: 'user', content: 'qb' }], completions: ['b0', 'b1'] },
    { id: 'c', subset: 's', prompt: 'qc', completions: ['c0'] },
  ]
  const write = (name: string, rows: readonly object[]): string => {
    const path = join(folder, name)
    writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
    return path
  }
  it('picks the highest score, the lower index of equal ones, and nothing where there is no score', async () => {
    const picks = picksOf(await runOf('m', { 'scores.csv': scores }))!
    expect([...picks.pick]).toEqual([
      ['a', 1],
      ['b', 0],
    ])
    expect(picks.unscored).toBe(1)
    expect(picksOf(await runOf('pairs', { 'scores.csv': `${SCORES}1,s,chosen,0,1,1\n` }))).toBeNull()
  })
  it('is written as AlpacaEval reads it, from the data that run.json names', async () => {
    const path = write('groups.jsonl', data)
    const { sha256 } = await hashDataset(await listDataFiles(path, null))
    const manifest = JSON.stringify({ dataset: { path, sha256 }, config: { split: null } })
    const run = await runOf('named', { 'scores.csv': scores, 'run.json': manifest })
    expect(await alpacaEval(run, picksOf(run)!, await dataOf(run, null))).toEqual([
      { instruction: 'qa', output: 'a1', generator: 'named', dataset: 's' },
      { instruction: 'qb', output: 'b0', generator: 'named', dataset: 'data' },
    ])
    const warnings: string[] = []
    const files = await writeBestOfN([run], folder, null, { warn: (text) => warnings.push(text) })
    expect(files).toEqual(['best-of-n/named.json'])
    expect(JSON.parse(readFileSync(join(folder, files[0]!), 'utf8'))).toHaveLength(2)
    expect(warnings.join()).toContain('1 groups have no score')
  })
  it('refuses other data, and says where to name them', async () => {
    const manifest = (dataset: object): string => JSON.stringify({ dataset, config: { split: null } })
    const other = write('other.jsonl', data.slice(0, 1))
    const of = (dataset: object) => runOf('wrong', { 'scores.csv': scores, 'run.json': manifest(dataset) })
    await expect(dataOf(await of({ path: other, sha256: 'x' }), null)).rejects.toThrow('SHA-256 is another')
    await expect(dataOf(await of({ path: join(folder, 'gone'), sha256: 'x' }), null)).rejects.toThrow('no longer there')
    const unnamed = await of({})
    await expect(dataOf(unnamed, null)).rejects.toThrow('names no data set')
    await expect(alpacaEval(unnamed, picksOf(unnamed)!, await dataOf(unnamed, other))).rejects.toThrow(
      '1 of the 2 rows',
    )
    const short = write('short.jsonl', [{ ...data[0], completions: ['a0'] }, data[1]!])
    await expect(alpacaEval(unnamed, picksOf(unnamed)!, await dataOf(unnamed, short))).rejects.toThrow(
      'no completion 1',
    )
    const warnings: string[] = []
    expect(await writeBestOfN([unnamed], folder, null, { warn: (text) => warnings.push(text) })).toEqual([])
    expect(warnings.join()).toContain('--data-file')
  })
})

describe('plots', () => {
  it('are well-formed XML, the same bytes every time, and escape what comes from data', async () => {
    const subset = '<script>&"'
    const row = (id: number, chosen: number, rejected: number): string =>
      `${id},"<script>&""",0,0,${chosen},${rejected},${chosen - rejected},,\n`
    const files = {
      'scores.csv': `${SCORES}1,s,chosen,0,1,1\n`,
      'pairs.csv': PAIRS + row(1, 1, 0) + row(2, 2, 3) + row(3, 1, -1),
    }
    const run = await runOf('plotted', files)
    const { plots } = analyse('<d>', [{ ...run, model: 'org/<m>' }], settings)
    expect(Object.keys(plots)).toEqual(['plots/scores-org__m_.svg', 'plots/subsets.svg'])
    const { DOMParser } = new JSDOM('').window
    for (const svg of Object.values(plots)) {
      const document = new DOMParser().parseFromString(svg, 'image/svg+xml')
      expect(document.querySelector('parsererror'), svg).toBeNull()
      expect(document.querySelector('script')).toBeNull()
      expect(document.documentElement.textContent).toContain('<d>')
    }
    const document = new DOMParser().parseFromString(plots['plots/subsets.svg']!, 'image/svg+xml')
    expect(document.documentElement.textContent).toContain(subset)
    expect(analyse('<d>', [{ ...run, model: 'org/<m>' }], settings).plots).toEqual(plots)
  })
  it('show many scorers as dots about their spread', async () => {
    const pairs = (margin: number): string => `${PAIRS}1,s,0,0,0,0,${margin},,\n2,s,0,0,0,0,1,,\n`
    const runs = await Promise.all(
      Array.from({ length: 9 }, (_, i) =>
        runOf(`many-${i}`, { 'scores.csv': `${SCORES}1,s,chosen,0,1,\n`, 'pairs.csv': pairs(i % 2 === 0 ? 1 : -1) }),
      ),
    )
    const svg = analyse('data', runs, settings).plots['plots/subsets.svg']!
    expect(svg).toContain('9 scorers; bar: middle half, tick: median')
    expect(svg.match(/<circle/g)).toHaveLength(9)
  })
})

describe('codebook', () => {
  it('has the columns of every piece', () => {
    expect(undocumented({ 'completion-models.csv': WRITER_COLUMNS, 'per-token.csv': PER_TOKEN_COLUMNS })).toEqual([])
  })
})

describe('run.json', () => {
  it('that is damaged is said, and the scores are read all the same', async () => {
    const run = await runOf('torn', { 'scores.csv': `${SCORES}1,s,chosen,0,1,1\n`, 'run.json': '{"models": [' })
    expect(run.manifest).toBeNull()
    expect(run.warnings).toHaveLength(1)
    expect(run.warnings[0]).toContain('run.json is damaged')
    expect(findRuns(folder).map(({ model }) => model)).toContain('torn')
  })
})
