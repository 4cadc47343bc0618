import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { readRun } from '../../analysis/run-folders.ts'
import { call, type Done, start } from '../command.ts'

// `analyze` over folders that are called the same and are of other data.

const root = mkdtempSync(join(tmpdir(), 'chemherm-same-name-'))
afterAll(() => rmSync(root, { recursive: true }))
const argsOf = (out: string): string[] => ['--output-dir', out, '--resamples', '100']
const analyze = (out: string, ...args: string[]): Promise<Done> => call('analyze', [...argsOf(out), ...args])

/** A run's CSV files of pairs whose prompts begin with a word. */
function put(out: string, model: string, dataset: string, word: string, margins: readonly number[]): string {
  const folder = join(out, model, dataset)
  mkdirSync(folder, { recursive: true })
  const id = (i: number): number => i + 1
  writeFileSync(
    join(folder, 'pairs.csv'),
    `id,subset,rejected_index,chosen_score,rejected_score,margin,cluster\n${margins.map((m, i) => `${id(i)},s,0,${m},0,${m},${word} ${i}\n`).join('')}`,
  )
  writeFileSync(
    join(folder, 'scores.csv'),
    `id,subset,role,index,score,verifiable_reward\n${margins.map((m, i) => `${id(i)},s,chosen,0,${m},1\n${id(i)},s,rejected,0,0,0\n`).join('')}`,
  )
  return folder
}
const manifest = (folder: string, data: string): void =>
  writeFileSync(
    join(folder, 'run.json'),
    JSON.stringify({
      config: { bin: 'run-rm' },
      models: [{ role: 'rm', weights_sha256: folder }],
      dataset: { sha256: data },
    }),
  )
const [X, Y] = ['ab12cd34'.padEnd(64, '0'), 'ef56ab78'.padEnd(64, '0')]

describe('analyze', () => {
  it('never pairs rows of two files by their numbers', async () => {
    const out = join(root, 'numbers')
    put(out, 'a', 'pairs', 'x', [1, 1, 1, 1])
    put(out, 'b', 'pairs', 'y', [1, 1, -1, -1])
    const { code, stdout, stderr } = await analyze(out)
    expect(code).toBe(0)
    expect(stderr).toContain('b/pairs: no row (id and prompt) in common with other runs on pairs; analysed apart')
    expect(stdout).toMatch(/^a +1 +100\.0 %/m)
    expect(stdout).toMatch(/^b +\d +50\.0 %/m)
    const folders = readdirSync(join(out, 'analysis')).sort()
    expect(folders).toEqual(['pairs', expect.stringMatching(/^pairs~[0-9a-f]{8}$/)])
    for (const name of folders) expect(existsSync(join(out, 'analysis', name, 'paired-tests.csv'))).toBe(false)
  })

  it('says how many pairs of one id are not the same, on the screen and in every file that leaves them out', async () => {
    const out = join(root, 'partly')
    put(out, 'a', 'pairs', 'x', [1, 1, 1, 1])
    const b = put(out, 'b', 'pairs', 'x', [1, 1, -1, -1])
    const file = join(b, 'pairs.csv')
    writeFileSync(file, readFileSync(file, 'utf8').replace('x 3', 'another prompt'))
    const { stdout, stderr } = await analyze(out)
    const said = '1 pair left out: the same id, another prompt or other completions'
    for (const name of ['a', 'b']) {
      expect(stderr).toContain(`pairs: ${name}: ${said}`)
      expect(stdout).toContain(`${name}: ${said}.`)
    }
    const folder = join(out, 'analysis', 'pairs')
    for (const name of ['leaderboard.csv', 'paired-tests.csv', 'tables/leaderboard.md'])
      expect(readFileSync(join(folder, name), 'utf8')).toContain(said)
    const record = JSON.parse(readFileSync(join(folder, 'analysis.json'), 'utf8')) as {
      runs: { scorer: string; left_out_other_texts: number }[]
    }
    expect(record.runs.map(({ scorer, left_out_other_texts: n }) => [scorer, n])).toEqual([
      ['a', 1],
      ['b', 1],
    ])
  })

  it('says so of groups, which have no pairs', async () => {
    const out = join(root, 'groups')
    const group = (model: string, prompts: readonly string[]): void => {
      const folder = join(out, model, 'groups')
      mkdirSync(folder, { recursive: true })
      const lines = prompts.flatMap((prompt, i) => [0, 1].map((k) => `${i},s,completion,${k},${k},${k},${prompt}\n`))
      writeFileSync(
        join(folder, 'scores.csv'),
        `id,subset,role,index,score,verifiable_reward,cluster\n${lines.join('')}`,
      )
    }
    group('a', ['p', 'q', 'r'])
    group('b', ['p', 'q', 'other'])
    const { stderr } = await analyze(out)
    const said = '2 completions left out: the same id, another prompt or another text'
    expect(stderr).toContain(`groups: a: ${said}`)
    const [header, row] = readFileSync(join(out, 'analysis', 'groups', 'paired-tests.csv'), 'utf8').split('\n')
    expect(row).toContain(said)
    // two groups of two completions are in both
    expect(row!.split(',')[header!.split(',').indexOf('n')]).toBe('4')
  })

  it('groups by the hash of the data, and takes --dataset by any of its names', async () => {
    const out = join(root, 'hashes')
    manifest(put(out, 'a', 'pairs', 'x', [1, 1]), X)
    manifest(put(out, 'b', `pairs~${X.slice(0, 8)}`, 'x', [1, -1]), X)
    manifest(put(out, 'b', 'pairs', 'y', [-1, -1]), Y)
    const all = await analyze(out)
    expect(all.stderr).toContain('analyze: pairs: 2 runs')
    expect(all.stderr).toContain(`analyze: pairs~${Y.slice(0, 8)}: 1 run,`)
    expect(all.stdout).toMatch(/^b +\d +50\.0 %/m)
    const one = async (dataset: string): Promise<string[]> => {
      const { stderr } = await analyze(out, '--dataset', dataset)
      return [...stderr.matchAll(/analyze: (\S+): \d runs?,/g)].map(([, name]) => name!)
    }
    expect(await one('pairs')).toEqual(['pairs', `pairs~${Y.slice(0, 8)}`])
    expect(await one(`pairs~${X.slice(0, 8)}`)).toEqual(['pairs'])
    expect(await one(`pairs~${Y.slice(0, 8)}`)).toEqual([`pairs~${Y.slice(0, 8)}`])
    // a smaller analysis in its place is said
    const smaller = await analyze(out, '--dataset', `pairs~${X.slice(0, 8)}`, '--model', 'a')
    expect(smaller.stderr).toContain('which had b too')
  })

  it('locks its folder, and says which runs are under way', async () => {
    const out = join(root, 'busy')
    put(out, 'a', 'pairs', 'x', [1, 1])
    mkdirSync(join(out, 'b', 'pairs'), { recursive: true })
    writeFileSync(join(out, 'b', 'pairs', 'identity.json'), JSON.stringify({ weights: [], data_sha256: X }))
    mkdirSync(join(out, 'analysis'))
    writeFileSync(
      join(out, 'analysis', 'pairs.lock'),
      JSON.stringify({ pid: process.pid, host: hostname(), started: null }),
    )
    // the lock is this process's, so that another one must ask
    const { code, stderr } = await start('analyze', argsOf(out)).done
    expect(code).toBe(3)
    expect(stderr).toMatch(/analysis\/pairs: is in use by process \d+/)
    expect(stderr).toContain(`${join(out, 'b', 'pairs')}: the run has not come to its end; left out`)
    rmSync(join(out, 'analysis', 'pairs.lock'))
    expect((await analyze(out)).code).toBe(0)
  })
})

describe('a run that is read', () => {
  it('while another writes it is read again, and refused where that does not end', async () => {
    const out = join(root, 'moving')
    const path = put(out, 'a', 'pairs', 'x', [1, 1])
    const pairs = join(path, 'pairs.csv')
    const folder = { model: 'a', dataset: 'pairs', path }
    const line = (i: number): string => `${i},s,0,1,0,1,x ${i}\n`
    // one change during the first reading
    const once = readRun(folder)
    appendFileSync(pairs, line(3))
    expect((await once).pairs.n).toBe(3)
    // a change whenever a turn of the event loop allows it
    let on = true
    let i = 4
    const change = (): void => {
      if (!on) return
      appendFileSync(pairs, line(i++))
      setImmediate(change)
    }
    change()
    await expect(readRun(folder)).rejects.toThrow('changes while it is read')
    on = false
  })
  it('without its run.json, though it was claimed, is said not to be at its end', async () => {
    const out = join(root, 'claimed')
    const path = put(out, 'a', 'pairs', 'x', [1, 1])
    expect((await readRun({ model: 'a', dataset: 'pairs', path })).warnings).toEqual([])
    writeFileSync(join(path, 'identity.json'), JSON.stringify({ weights: [], data_sha256: X }))
    const run = await readRun({ model: 'a', dataset: 'pairs', path })
    expect(run.warnings[0]).toContain('the run has not come to its end')
    expect(run.identity?.dataSha256).toBe(X)
  })
})
