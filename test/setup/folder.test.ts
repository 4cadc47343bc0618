import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { isResult, removeResults } from '../../src/cli/results.ts'
import { builtUrl } from '../../src/package.ts'
import { claimRunFolder, claimScorerFolder, findRunFolder } from '../../src/setup/folder.ts'
import {
  baseName,
  dataSha256Of,
  identityOfManifest,
  identityRecord,
  parseIdentity,
  scorerSha256,
  type Weights,
} from '../../src/setup/identity.ts'

const root = mkdtempSync(join(tmpdir(), 'chemherm-folder-'))
afterAll(() => rmSync(root, { recursive: true }))
let outputDir: string
let count = 0
beforeEach(() => {
  outputDir = join(root, String(count++))
})

const sha = (text: string): string => createHash('sha256').update(text).digest('hex')
const rm = (name: string): Weights[] => [{ role: 'rm', sha256: sha(name) }]
const request = (weights: readonly Weights[], data: string, names: { scorer?: string; dataset?: string } = {}) => ({
  outputDir,
  scorer: names.scorer ?? 'checkpoint-500',
  dataset: names.dataset ?? 'pairs',
  identity: { weights, dataSha256: sha(data) },
})
const claim = (...args: Parameters<typeof request>): string =>
  relative(outputDir, claimRunFolder(request(...args)).path).replaceAll('\\', '/')
const digits = (name: string): string => sha(name).slice(0, 8)

describe('the folder of a run', () => {
  it('belongs to its weights and its data; others get eight digits behind the name', () => {
    expect(claim(rm('a'), 'x')).toBe('checkpoint-500/pairs')
    expect(claim(rm('b'), 'x')).toBe(`checkpoint-500~${digits('b')}/pairs`)
    expect(claim(rm('a'), 'y')).toBe(`checkpoint-500/pairs~${digits('y')}`)
    // the plain names of the other scorer's folder are its own
    expect(claim(rm('b'), 'y')).toBe(`checkpoint-500~${digits('b')}/pairs~${digits('y')}`)
  })

  it('leaves what another command generated from the same model and data', () => {
    const completions = { ...request(rm('a'), 'x'), beside: 'trajectories.jsonl' }
    const reasonings = { ...request(rm('a'), 'x'), beside: 'completions.jsonl' }
    const first = claimRunFolder(completions).path
    expect(first).toBe(join(outputDir, 'checkpoint-500', 'pairs'))
    // also under way
    writeFileSync(join(first, 'completions.jsonl.partial'), '')
    const { path, remarks } = claimRunFolder(reasonings)
    expect(path).toBe(`${first}~${digits('x')}`)
    expect(remarks).toEqual([
      `results go into ${path}: ${first} holds completions.jsonl, which another command generated`,
    ])
    writeFileSync(join(path, 'trajectories.jsonl'), '')
    // each finds its own again
    const again = claimRunFolder(reasonings)
    expect(again).toMatchObject({ path, remarks: [expect.stringContaining(`results stand in ${path}: `)] })
    expect(claimRunFolder(completions).path).toBe(first)
  })

  it('is found again, whatever ran in between, and is only looked for in a dry run', () => {
    const all = [
      [rm('a'), 'x'],
      [rm('b'), 'y'],
      [rm('b'), 'x'],
      [rm('a'), 'y'],
    ] as [Weights[], string][]
    expect(findRunFolder(request(rm('a'), 'x')).path).toBe(join(outputDir, 'checkpoint-500', 'pairs'))
    expect(existsSync(outputDir)).toBe(false)
    const first = all.map((one) => claim(...one))
    expect(new Set(first).size).toBe(4)
    expect([...all].reverse().map((one) => claim(...one))).toEqual([...first].reverse())
    expect(all.map((one) => relative(outputDir, findRunFolder(request(...one)).path))).toEqual(first)
    // the one with digits stays where it is when the plain name becomes free
    rmSync(join(outputDir, 'checkpoint-500'), { recursive: true })
    expect(claim(rm('b'), 'x')).toBe(first[2])
    const { remarks } = findRunFolder(request(rm('b'), 'x'))
    expect(remarks[0]).toContain('is free again')
  })

  it('says why its name has digits', () => {
    claim(rm('a'), 'x')
    expect(findRunFolder(request(rm('a'), 'x')).remarks).toEqual([])
    expect(findRunFolder(request(rm('b'), 'x')).remarks).toEqual([
      `results go into ${join(outputDir, `checkpoint-500~${digits('b')}`)}: ${join(outputDir, 'checkpoint-500')} belongs to other weights (rm SHA-256 ${digits('a')}…; here rm SHA-256 ${digits('b')}…)`,
    ])
    expect(findRunFolder(request(rm('a'), 'y')).remarks[0]).toContain(
      `belongs to other data (SHA-256 ${digits('x')}…; here SHA-256 ${digits('y')}…)`,
    )
  })

  it('is of policy and reference each, in their roles', () => {
    const dpo = (policy: string, reference: string): Weights[] => [
      { role: 'policy', sha256: sha(policy) },
      { role: 'reference', sha256: sha(reference) },
    ]
    const names = { scorer: 'p__vs__r' }
    const taken = [
      claim(dpo('p', 'r'), 'x', names),
      claim(dpo('p', 'r2'), 'x', names),
      claim(dpo('p2', 'r'), 'x', names),
      claim(dpo('r', 'p'), 'x', names),
      // a reward model in a folder of that very name
      claim(rm('p'), 'x', names),
      // the verifiable rewards alone, by --name
      claim([], 'x', names),
    ]
    expect(taken[0]).toBe('p__vs__r/pairs')
    expect(new Set(taken).size).toBe(6)
    // the two hashes as sha256sum prints them, in the order of the roles
    const both = sha(`${sha('p')}  policy\n${sha('r2')}  reference\n`)
    expect(taken[1]).toBe(`p__vs__r~${both.slice(0, 8)}/pairs`)
    expect(claim(dpo('p', 'r2'), 'x', names)).toBe(taken[1])
  })

  it('takes more digits where eight are taken, and a name that has a tilde as any other', () => {
    const tricky = `checkpoint-500~${digits('b')}`
    expect(claim(rm('a'), 'x')).toBe('checkpoint-500/pairs')
    expect(claim(rm('c'), 'x', { scorer: tricky })).toBe(`${tricky}/pairs`)
    expect(claim(rm('b'), 'x')).toBe(`checkpoint-500~${sha('b').slice(0, 16)}/pairs`)
    expect(claim(rm('d'), 'x', { scorer: tricky })).toBe(`${tricky}~${digits('d')}/pairs`)
    expect(claim(rm('b'), 'x')).toBe(`checkpoint-500~${sha('b').slice(0, 16)}/pairs`)
  })

  it('is never the folder of analyses, in any case of its letters', () => {
    expect(claim(rm('a'), 'x', { scorer: 'analysis' })).toBe(`analysis~${digits('a')}/pairs`)
    expect(claim(rm('a'), 'x', { scorer: 'Analysis' })).toBe(`Analysis~${digits('a')}/pairs`)
  })

  it('is not one with files of unknown origin', () => {
    const put = (...path: string[]): void => {
      const file = join(outputDir, ...path)
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, '{}')
    }
    put('checkpoint-500', 'pairs', 'scores.csv')
    expect(claim(rm('a'), 'x')).toBe(`checkpoint-500/pairs~${digits('x')}`)
    expect(findRunFolder(request(rm('a'), 'x')).remarks[0]).toContain(
      'holds files whose weights and data are not known (scores.csv)',
    )
    // a checkpoint's own folder under --output-dir
    put('my-rm', 'config.json')
    expect(claim(rm('a'), 'x', { scorer: 'my-rm' })).toBe(`my-rm~${digits('a')}/pairs`)
    // another tool's run.json
    put('other', 'pairs', 'run.json')
    expect(claim(rm('a'), 'x', { scorer: 'other' })).toBe(`other/pairs~${digits('x')}`)
    // a record that is damaged belongs to nobody that could be told
    put('torn', 'identity.json')
    expect(claim(rm('a'), 'x', { scorer: 'torn' })).toBe(`torn~${digits('a')}/pairs`)
    // a store, whose keys are of content, a lock, a file in the making and the system's own are no results
    put('killed', 'pairs', 'measurements.jsonl')
    put('killed', 'pairs', 'measurements.shard-1-of-2.jsonl.lock')
    put('killed', 'pairs', 'scores.csv.partial')
    put('killed', 'pairs', '.DS_Store')
    expect(claim(rm('a'), 'x', { scorer: 'killed' })).toBe('killed/pairs')
  })

  it('is known by run.json where an earlier version wrote no identity', () => {
    const folder = join(outputDir, 'checkpoint-500', 'pairs')
    mkdirSync(folder, { recursive: true })
    const manifest = {
      config: { bin: 'run-rm', split: null },
      models: [{ role: 'rm', weights_sha256: sha('a') }],
      dataset: { origin: 'file', sha256: sha('x'), files: [{ name: 'pairs.jsonl' }] },
    }
    writeFileSync(join(folder, 'run.json'), JSON.stringify(manifest))
    expect(claim(rm('b'), 'x')).toBe(`checkpoint-500~${digits('b')}/pairs`)
    expect(claim(rm('a'), 'y')).toBe(`checkpoint-500/pairs~${digits('y')}`)
    expect(claim(rm('a'), 'x')).toBe('checkpoint-500/pairs')
    // results that were copied in from elsewhere are not ours, whatever identity.json says
    const copied = { ...manifest, dataset: { ...manifest.dataset, sha256: sha('z') } }
    writeFileSync(join(folder, 'run.json'), JSON.stringify(copied))
    expect(claim(rm('a'), 'x')).toBe(`checkpoint-500/pairs~${digits('x')}`)
  })

  it('is one for each of several that start at once', () => {
    const url = builtUrl('src/setup/folder.ts')
    const program = `
      import { claimRunFolder } from ${JSON.stringify(pathToFileURL(url.pathname).href)}
      const [outputDir, weights, data, at] = process.argv.slice(1)
      while (Date.now() < Number(at)) {}
      const identity = { weights: [{ role: 'rm', sha256: weights }], dataSha256: data }
      process.stdout.write(claimRunFolder({ outputDir, scorer: 'm', dataset: 'd', identity }).path)`
    const at = String(Date.now() + 1500)
    const runs = [...'abcd'].flatMap((w) => [...'xy'].map((d) => [sha(w), sha(d)] as const))
    const shell = runs
      .map(([w, d], i) => `node --input-type=module -e "$PROGRAM" -- "$OUT" ${w} ${d} ${at} > "$OUT-${i}" &`)
      .join('\n')
    execFileSync('sh', ['-c', `${shell}\nwait`], { env: { ...process.env, PROGRAM: program, OUT: outputDir } })
    const paths = runs.map((_, i) => readFileSync(`${outputDir}-${i}`, 'utf8'))
    expect(new Set(paths).size).toBe(8)
    for (const [i, path] of paths.entries()) {
      const identity = parseIdentity(JSON.parse(readFileSync(join(path, 'identity.json'), 'utf8')))
      expect(identity).toEqual({ weights: [{ role: 'rm', sha256: runs[i]![0] }], dataSha256: runs[i]![1] })
    }
    // one folder per scorer, one of them with the plain name
    expect(readdirSync(outputDir).filter((name) => name === 'm')).toEqual(['m'])
    expect(readdirSync(outputDir)).toHaveLength(4)
  })
})

it('what a scorer gives outside of runs has a folder by the same rule', () => {
  const at = (name: string): string => relative(outputDir, claimScorerFolder(outputDir, 'm', rm(name)).path)
  expect([at('a'), at('b'), at('a'), at('b')]).toEqual(['m', `m~${digits('b')}`, 'm', `m~${digits('b')}`])
})

describe('an identity', () => {
  it('of one model is its own hash, of none and two that of their lines', () => {
    expect(scorerSha256({ weights: rm('a'), dataSha256: null })).toBe(sha('a'))
    expect(scorerSha256({ weights: [], dataSha256: null })).toBe(sha(''))
  })
  it('of data is of the bytes, and of the split where that chooses rows inside a file', () => {
    const bytes = sha('x')
    expect(dataSha256Of(bytes, ['a.json'], null)).toBe(bytes)
    expect(dataSha256Of(bytes, ['a.jsonl', 'b.parquet', 'c.csv.gz'], 'test')).toBe(bytes)
    expect(dataSha256Of(bytes, ['a.json'], 'test')).toBe(sha(`${bytes}  split test\n`))
    expect(dataSha256Of(bytes, ['a.json'], 'train')).not.toBe(dataSha256Of(bytes, ['a.json'], 'test'))
  })
  it('comes back from its record, and from nothing else', () => {
    const identity = { weights: rm('a'), dataSha256: sha('x') }
    expect(parseIdentity(JSON.parse(JSON.stringify(identityRecord(identity))))).toEqual(identity)
    for (const other of [null, undefined, 1, [], {}, { weights: 1 }, { weights: [{ role: 'rm' }] }])
      expect(parseIdentity(other)).toBeNull()
    for (const other of [null, {}, { models: [], config: {} }, { models: [{}], dataset: { sha256: 'x' } }])
      expect(identityOfManifest(other)).toBeNull()
  })
  it('gives a name back without its own digits alone', () => {
    expect(baseName(`pairs~${digits('x')}`, sha('x'))).toBe('pairs')
    expect(baseName(`pairs~${sha('x')}`, sha('x'))).toBe('pairs')
    expect(baseName(`pairs~${digits('y')}`, sha('x'))).toBe(`pairs~${digits('y')}`)
    expect(baseName('pairs~2', sha('x'))).toBe('pairs~2')
    expect(baseName('pairs', null)).toBe('pairs')
  })
})

it('results of an earlier run go, run.json first and nothing that is not ours', () => {
  const files = [
    ...['run.json', 'scores.csv', 'pairs.csv', 'report.html', 'tables/accuracy.md', 'herm/eval-set/org/m.json'],
    ...['notes.txt', 'measurements.jsonl', 'identity.json', 'tables/mine.txt', 'tables/demo-pairs/scores.csv'],
  ]
  for (const name of files) {
    mkdirSync(dirname(join(outputDir, name)), { recursive: true })
    writeFileSync(join(outputDir, name), '')
  }
  expect(removeResults(outputDir)).toBe(6)
  expect(files.filter((name) => existsSync(join(outputDir, name)))).toEqual(files.slice(6))
  expect(files.filter(isResult)).toEqual(files.slice(0, 6))
})

it('results below those of another run are said to be out of sight', () => {
  const outer = claimRunFolder(request(rm('a'), 'x'))
  const inner = findRunFolder({ ...request(rm('b'), 'x'), outputDir: outer.path })
  expect(inner.remarks).toEqual([expect.stringContaining('lies in the results of another run')])
  expect(outer.remarks).toEqual([])
  // a scorer's folder below another's is no run of that
  const between = claimRunFolder({ ...request(rm('b'), 'x'), outputDir: dirname(outer.path) })
  expect(relative(outputDir, between.path)).toBe('checkpoint-500/checkpoint-500/pairs')
  rmSync(join(outputDir, 'checkpoint-500', 'identity.json'))
  expect(claim(rm('a'), 'x')).toBe('checkpoint-500/pairs')
})

it('a folder that cannot be made is one clear error', () => {
  mkdirSync(root, { recursive: true })
  writeFileSync(outputDir, '')
  expect(() => claimRunFolder(request(rm('a'), 'x'))).toThrow('is a file, expected a folder')
})
