import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call, type Done, start } from '../command.ts'
import { demoResults } from './fixture.ts'

let results: string
beforeAll(async () => {
  results = await demoResults()
})
afterAll(() => rmSync(results, { recursive: true }))
const analyze = (...args: string[]): Promise<Done> => call('analyze', ['--resamples', '100', ...args])

describe('analyze', () => {
  it('prints an aligned plain table and says where the files are', async () => {
    const { code, stdout, stderr } = await start('analyze', ['--resamples', '100', '--output-dir', results]).done
    expect(code).toBe(0)
    const lines = stdout.split('\n')
    expect(lines[0]).toMatch(/^pairs +rank +ties as ½ +95 % CI +strict +ties +pairs$/)
    expect(lines.find((line) => line.startsWith('demo-policy-dpo__vs__demo-ref-sft '))).toMatch(/ 300$/)
    expect(new Set(lines.slice(0, 9).map((line) => line.length)).size).toBe(1)
    expect(stdout).not.toMatch(/[|\\*]/)
    // 300 prompts: nothing to mark
    expect(stdout).not.toContain('†')
    expect(stderr.match(/null:longest/g)?.length ?? 0).toBeLessThanOrEqual(1)
    expect(stderr).toContain('analyze: pairs: 3 runs')
    expect(readFileSync(join(results, 'analysis/pairs/plots/subsets.svg'), 'utf8')).toContain(
      'A  demo-policy-dpo__ref-free',
    )
  })
  it('leaves one damaged run out, says so once, and does the others: exit 4', async () => {
    const bad = join(results, 'damaged', 'pairs')
    mkdirSync(bad, { recursive: true })
    writeFileSync(join(bad, 'scores.csv'), 'id,subset\n1,s\n')
    const torn = join(results, 'demo-reward-model', 'pairs', 'run.json')
    writeFileSync(torn, '{')
    try {
      const { code, stdout, stderr } = await analyze('--output-dir', results)
      expect(code).toBe(4)
      expect(stdout).toContain('demo-reward-model')
      expect(stderr.match(/has no column role/g)).toHaveLength(1)
      expect(stderr.match(/run\.json is damaged/g)).toHaveLength(1)
      const alone = await analyze('--output-dir', results, '--model', 'damaged')
      expect(alone.code).toBe(3)
      expect(alone.stdout).toBe('')
      expect(alone.stderr).toContain('has no column role')
    } finally {
      rmSync(join(results, 'damaged'), { recursive: true })
      rmSync(torn)
    }
  })
  it('reports groups, which have no pairs', async () => {
    const folder = join(results, 'm', 'groups')
    mkdirSync(folder, { recursive: true })
    const rows = ['a,s,completion,0,2,1', 'a,s,completion,1,1,0', 'b,s,completion,0,1,1', 'b,s,completion,1,3,0']
    writeFileSync(join(folder, 'scores.csv'), `id,subset,role,index,score,verifiable_reward\n${rows.join('\n')}\n`)
    const { code, stdout, stderr } = await analyze('--output-dir', results, '--dataset', 'groups')
    expect(code).toBe(0)
    // of 2 × 2 pairs of passing and failing 2 > 1, 2 < 3, 1 = 1, 1 < 3 → (1 + ½)/4; within prompts 1 and 0
    expect(stdout).toMatch(/^m +50\.0 % +0\.375 +.*0\.500 +4$/m)
    // without groups.csv it is not known who answers alike: the score picks right in a, wrong in b
    expect(stdout).toMatch(/^m +50\.0 % +50\.0 % +100\.0 % +– +– +100\.0 % +50\.0 % +– +0\.000 +2$/m)
    expect(stderr).toContain('only the statistics of completions and groups are written')
    expect(stderr).toContain('--data-file')
  })
  it('says what is being waited for where there is much', async () => {
    const out = mkdtempSync(join(tmpdir(), 'many-'))
    const folder = join(out, 'm', 'many')
    mkdirSync(folder, { recursive: true })
    const row = (i: number): string => `${i},${'s'.repeat(900)},completion,0,${i % 7},${i % 2}`
    const rows = Array.from({ length: 10_000 }, (_, i) => row(i))
    writeFileSync(join(folder, 'scores.csv'), `id,subset,role,index,score,verifiable_reward\n${rows.join('\n')}\n`)
    try {
      const { code, stderr } = await analyze('--output-dir', out)
      expect(code).toBe(0)
      expect(stderr.split('\n').slice(0, 2)).toEqual([
        'analyze: reading 1 run, 9 MiB',
        'analyze: many: computing the statistics of 1 run, 10,000 completions and pairs, and writing the files',
      ])
      expect((await analyze('--output-dir', results)).stderr).not.toMatch(/reading|computing/)
    } finally {
      rmSync(out, { recursive: true })
    }
  })
  it('refuses what it could only fail on at its end, before it reads a run', async () => {
    const gone = await analyze('--output-dir', results, '--data-file', 'gone.jsonl')
    expect(gone).toMatchObject({ code: 3, stdout: '' })
    expect(gone.stderr).toBe('analyze: gone.jsonl: there is no such file or folder\n')
    const name = await analyze('--output-dir', results, '--data-file', 'no-such-set')
    expect(name).toMatchObject({ code: 2, stdout: '' })
    expect(name.stderr).toContain('--data-file no-such-set: is no file, no folder')
  })
  it('finds no run: exit 3 with a hint', async () => {
    const empty = mkdtempSync(join(tmpdir(), 'chemherm-empty-'))
    const nothing = await analyze('--output-dir', empty)
    expect(nothing.code).toBe(3)
    expect(nothing.stderr).toContain('make one with run-rm')
    const other = await analyze('--output-dir', results, '--model', 'nobody')
    expect(other.code).toBe(3)
    expect(other.stderr).toContain('demo-reward-model/pairs')
    rmSync(empty, { recursive: true })
  })
})
