import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isResult } from '../../src/cli/results.ts'
import { packagePath } from '../../src/package.ts'
import { type Done, jsonLines, QUICK, readCsv, readJson, run, start, temporaryFolder } from './bin.ts'

// Results belong to what was scored: weights and data, not to a folder's name.

const folder = temporaryFolder()
afterAll(() => folder.remove())
const at = (...path: string[]): string => join(folder.path, ...path)
const sha = (...path: string[]): string =>
  createHash('sha256')
    .update(readFileSync(join(...path)))
    .digest('hex')

/** A copy of an embedded checkpoint; another training has one bit of one weight turned. */
function checkpoint(demo: string, training: string, other: boolean): string {
  const path = at(training, 'checkpoint-500')
  cpSync(packagePath('src/embedded/demo', demo), path, { recursive: true })
  if (other) {
    const file = join(path, 'model.safetensors')
    const bytes = readFileSync(file)
    const at = bytes.length - 1
    // the sign of the last weight
    bytes[at] = bytes[at]! ^ 0x80
    writeFileSync(file, bytes)
  }
  return path
}
const rows = (prompt: string, n: number, extra: (i: number) => object = () => ({})) =>
  jsonLines(
    Array.from({ length: n }, (_, i) => ({
      prompt: `${prompt} ${i}?`,
      chosen: `C${'C'.repeat(i)}O`,
      rejected: `N${i}`,
      subset: i % 2 === 0 ? 'even' : 'odd',
      ...extra(i),
    })),
  )
let models: { one: string; two: string }
const data = { x: at('x', 'pairs.jsonl'), y: at('y', 'pairs.jsonl') }
beforeAll(() => {
  models = {
    one: checkpoint('demo-reward-model', 'one', false),
    two: checkpoint('demo-reward-model', 'two', true),
  }
  for (const [name, path] of Object.entries(data)) {
    mkdirSync(at(name), { recursive: true })
    writeFileSync(path, rows(`What is ${name}`, 6))
  }
})

const rm = (out: string, model: string, dataset: string, ...args: string[]): Promise<Done> =>
  run('run-rm', [...QUICK, '--model', model, '--dataset', dataset, '--output-dir', at(out), ...args])
const runsIn = (out: string): string[] =>
  readdirSync(at(out), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('scores.csv'))
    .map((name) => name.replaceAll('\\', '/').replace('/scores.csv', ''))
    .sort()
const manifest = (...path: string[]) =>
  readJson<{
    created: string
    identity: { weights_sha256: string; data_sha256: string }
    replaced: { created: string; how: string; differences: unknown[] } | null
    dataset: { sha256: string; rows: number }
    models: { weights_sha256: string }[]
    warnings: string[]
  }>(...path, 'run.json')

describe('two trainings and two data sets of one name', () => {
  it('have a folder each, in whatever order they come, and find it again', async () => {
    const pairs = [
      [models.one, data.x],
      [models.two, data.x],
      [models.one, data.y],
      [models.two, data.y],
    ] as const
    for (const [out, order] of [
      ['forth', [0, 1, 2, 3]],
      ['back', [3, 1, 0, 2]],
    ] as const) {
      for (const i of order) expect((await rm(out, ...pairs[i]!)).code).toBe(0)
      const found = runsIn(out)
      expect(found).toHaveLength(4)
      const scored = found.map((path) => manifest(at(out, path)))
      expect(new Set(scored.map(({ identity }) => JSON.stringify(identity))).size).toBe(4)
      for (const [i, path] of found.entries()) {
        const [model, dataset] = path.split('/') as [string, string]
        const { identity, models, dataset: kept } = scored[i]!
        expect(identity).toMatchObject({ weights_sha256: models[0]!.weights_sha256, data_sha256: kept.sha256 })
        expect(model).toMatch(/^checkpoint-500(~[0-9a-f]{8})?$/)
        if (model.includes('~')) expect(model.endsWith(`~${identity.weights_sha256.slice(0, 8)}`)).toBe(true)
        if (dataset.includes('~')) expect(dataset).toBe(`pairs~${kept.sha256.slice(0, 8)}`)
      }
      const before = found.map((path) => readFileSync(at(out, path, 'scores.csv'), 'utf8'))
      expect(new Set(before).size).toBe(4)
      // with --resume, the default: nothing is measured again, nothing moves
      const again = await rm(out, ...pairs[order[1]!]!)
      expect(again.stderr).toContain('12 measurements of an earlier run are used')
      expect(again.stderr).toMatch(/writes the results of the run of \d{4}-\d\d-\d\d \d\d:\d\d UTC in .* again/)
      expect(runsIn(out)).toEqual(found)
      expect(found.map((path) => readFileSync(at(out, path, 'scores.csv'), 'utf8'))).toEqual(before)
    }
  })

  it('are told apart by --name, too', async () => {
    for (const model of [models.one, models.two]) await rm('named', model, data.x, '--name', 'mine')
    const [plain, other] = runsIn('named')
    expect(plain).toBe('mine/pairs')
    expect(other).toMatch(/^mine~[0-9a-f]{8}\/pairs$/)
  })

  it('are told apart after kill -9, before there are results', async () => {
    const args = [...QUICK, '--batch-size', '1', '--output-dir', at('killed'), '--dataset', data.x]
    const first = start('run-rm', [...args, '--model', models.two])
    const own = at('killed', 'checkpoint-500', 'pairs')
    while (!existsSync(join(own, 'measurements.jsonl'))) await new Promise((resolve) => setTimeout(resolve, 2))
    first.child.kill('SIGKILL')
    await first.done
    expect(existsSync(join(own, 'run.json'))).toBe(false)
    await rm('killed', models.one, data.x)
    expect(runsIn('killed')).toEqual([expect.stringMatching(/^checkpoint-500~[0-9a-f]{8}\/pairs$/)])
    await rm('killed', models.two, data.x)
    expect(runsIn('killed')).toHaveLength(2)
    expect(manifest(own).replaced).toBeNull()
  })

  it('are told apart part by part', async () => {
    const part = (model: string, i: number) => rm('parts', model, data.x, '--shard', `${i}/2`)
    for (const [model, i] of [
      [models.one, 1],
      [models.two, 1],
      [models.two, 2],
    ] as const)
      expect((await part(model, i)).code).toBe(0)
    expect(runsIn('parts')).toEqual([expect.stringMatching(/^checkpoint-500~[0-9a-f]{8}\/pairs$/)])
    await part(models.one, 2)
    expect(runsIn('parts')).toHaveLength(2)
  })

  it('say in a dry run where the results would go, and make no folder', async () => {
    await rm('dry', models.one, data.x)
    const done = await rm('dry', models.two, data.x, '--dry-run')
    expect(done.code).toBe(0)
    expect(done.stderr).toMatch(/results go into .*checkpoint-500~[0-9a-f]{8}: .* belongs to other weights/)
    expect(readdirSync(at('dry'))).toEqual(['checkpoint-500'])
  })
})

it('a policy has a folder for each reference of one name', async () => {
  const policy = packagePath('src/embedded/demo/demo-policy-dpo')
  const references = [checkpoint('demo-ref-sft', 'sft', false), checkpoint('demo-ref-sft', 'sft2', true)]
  for (const reference of references) {
    const args = ['--model', policy, '--ref-model', reference, '--dataset', data.x, '--output-dir', at('dpo')]
    expect((await run('run-dpo', [...QUICK, ...args])).code).toBe(0)
  }
  const [plain, other] = runsIn('dpo')
  expect(plain).toBe('demo-policy-dpo__vs__checkpoint-500/pairs')
  const { identity } = manifest(at('dpo', other!))
  expect(other).toBe(`demo-policy-dpo__vs__checkpoint-500~${identity.weights_sha256.slice(0, 8)}/pairs`)
})

describe('the same data', () => {
  it('go on with a larger --limit; what another choice replaces is said and kept in run.json', async () => {
    const own = at('limit', 'checkpoint-500', 'pairs')
    const scored = (): string[] => readCsv(own, 'scores.csv').map(({ id }) => id!)
    await rm('limit', models.one, data.x, '--limit', '2')
    const { created } = manifest(own)
    const more = await rm('limit', models.one, data.x)
    expect(more.stderr).toContain(
      `goes on from the run of ${created.slice(0, 16).replace('T', ' ')} UTC in ${own} with --limit 2 (now all)`,
    )
    expect(more.stderr).toContain('4 measurements of an earlier run are used')
    expect(scored()).toHaveLength(12)
    expect(manifest(own).replaced).toMatchObject({ created, how: 'goes_on' })

    const fewer = await rm('limit', models.one, data.x, '--limit', '2', '--filter', 'odd')
    expect(fewer.stderr).toMatch(/warning: replaces the run of .* with --filter all \(now odd\), --limit all \(now 2\)/)
    expect(scored()).toEqual(['2', '2', '4', '4'])
    expect(manifest(own).replaced).toMatchObject({
      how: 'replaces',
      differences: [
        { what: '--filter', before: 'all', now: 'odd' },
        { what: '--limit', before: 'all', now: '2' },
      ],
    })
    expect(manifest(own).warnings[0]).toMatch(/^replaces the run of /)
    // measurements of another template are no measurements of this run
    const other = await rm('limit', models.one, data.x, '--limit', '2', '--chat-template', 'raw')
    expect(other.stderr).not.toContain('of an earlier run')
    expect(runsIn('limit')).toEqual(['checkpoint-500/pairs'])
  })

  it('under another name, or in a packed copy, are what their bytes are', async () => {
    const copy = at('copy', 'pairs.jsonl')
    mkdirSync(at('copy'))
    cpSync(data.x, copy)
    writeFileSync(at('copy', 'pairs.jsonl.gz'), gzipSync(readFileSync(data.x)))
    await rm('same', models.one, data.x)
    const done = await rm('same', models.one, copy)
    expect(done.stderr).toContain(`--dataset ${data.x} (now ${copy})`)
    await rm('same', models.one, at('copy', 'pairs.jsonl.gz'))
    expect(runsIn('same')).toEqual([
      'checkpoint-500/pairs',
      `checkpoint-500/pairs~${sha(at('copy', 'pairs.jsonl.gz')).slice(0, 8)}`,
    ])
  })

  it('by another split of one JSON file are other data', async () => {
    const file = at('splits.json')
    const split = (name: string) => [{ prompt: name, chosen: 'CO', rejected: 'N' }]
    writeFileSync(file, JSON.stringify({ train: split('a'), test: split('b') }))
    await rm('splits', models.one, file, '--split', 'train')
    await rm('splits', models.one, file, '--split', 'test')
    expect(runsIn('splits')).toHaveLength(2)
    await rm('splits', models.one, file, '--split', 'train')
    expect(runsIn('splits')).toHaveLength(2)
  })
})

describe('results of an earlier run', () => {
  it('leave no file beside those of a later one', async () => {
    const both = at('both.jsonl')
    const group = { prompt: 'g', completions: ['CO', 'N'], subset: 'group' }
    writeFileSync(
      both,
      rows('p', 2, () => ({ subset: 'pair' })),
    )
    await rm('stale', models.one, both)
    const own = at('stale', 'checkpoint-500', 'both')
    expect(existsSync(join(own, 'pairs.csv'))).toBe(true)
    // everything that a run writes is known, so that it can go
    const written = readdirSync(own, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) =>
        join(entry.parentPath, entry.name)
          .slice(own.length + 1)
          .replaceAll('\\', '/'),
      )
    expect(written.filter((name) => !isResult(name)).sort()).toEqual(['identity.json', 'measurements.jsonl'])
    // a run of the same identity whose rows make no pair
    const groups = at('groups', 'both.jsonl')
    mkdirSync(at('groups'))
    writeFileSync(groups, jsonLines([group]))
    const identity = readJson<Record<string, unknown>>(own, 'identity.json')
    const ofGroups = { ...identity, data_sha256: sha(groups) }
    writeFileSync(join(own, 'identity.json'), JSON.stringify(ofGroups))
    rmSync(join(own, 'run.json'))
    expect((await rm('stale', models.one, groups)).code).toBe(0)
    expect(runsIn('stale')).toEqual(['checkpoint-500/both'])
    expect(readCsv(own, 'scores.csv').map(({ role }) => role)).toEqual(['completion', 'completion'])
    expect(existsSync(join(own, 'pairs.csv'))).toBe(false)
  })

  it('of unknown origin stay as they are', async () => {
    const own = at('unknown', 'checkpoint-500', 'pairs')
    mkdirSync(own, { recursive: true })
    writeFileSync(join(own, 'scores.csv'), 'mine\n')
    const done = await rm('unknown', models.one, data.x)
    expect(done.stderr).toContain('holds files whose weights and data are not known (scores.csv)')
    expect(readFileSync(join(own, 'scores.csv'), 'utf8')).toBe('mine\n')
    expect(runsIn('unknown')).toContain(`checkpoint-500/pairs~${sha(data.x).slice(0, 8)}`)
  })
})

describe('run-verify', () => {
  const argsOf = (out: string, dataset: string, ...args: string[]): string[] => [
    ...['--resamples', '100', '--output-dir', at(out), '--dataset', dataset, ...args],
  ]
  const started = (out: string, dataset: string) => start('run-verify', argsOf(out, dataset))
  const verify = (out: string, dataset: string, ...args: string[]): Promise<Done> =>
    run('run-verify', argsOf(out, dataset, ...args))

  it('locks its folder against another', async () => {
    const many = at('many.jsonl')
    writeFileSync(
      many,
      rows('q', 500, (i) => ({ solution: `valid_mol_eval!:!C${i}!:!molecule-completion` })),
    )
    const first = started('locked', many)
    const lock = at('locked', 'verifiable', 'many.lock')
    while (!existsSync(lock)) await new Promise((resolve) => setTimeout(resolve, 2))
    first.child.kill('SIGSTOP')
    const second = await started('locked', many).done
    first.child.kill('SIGCONT')
    expect(second.code).toBe(3)
    expect(second.stderr).toMatch(/verifiable\/many: is in use by process \d+ on /)
    expect((await first.done).code).toBe(0)
    expect(existsSync(lock)).toBe(false)
    // a process that was killed leaves a lock that is taken over
    const killed = started('locked', many)
    while (!existsSync(lock)) await new Promise((resolve) => setTimeout(resolve, 2))
    killed.child.kill('SIGKILL')
    await killed.done
    const third = await started('locked', many).done
    expect(third.code).toBe(0)
    expect(third.stderr).toContain('again: the same options')
  })

  it('tells data of one name apart, and itself from a model by --name', async () => {
    for (const dataset of [data.x, data.y]) expect((await verify('verified', dataset, '--name', 'mine')).code).toBe(0)
    expect((await rm('verified', models.one, data.x, '--name', 'mine')).code).toBe(0)
    expect(runsIn('verified')).toEqual([
      'mine/pairs',
      `mine/pairs~${sha(data.y).slice(0, 8)}`,
      expect.stringMatching(/^mine~[0-9a-f]{8}\/pairs$/),
    ])
    const loose = await verify('verified', data.x, '--name', 'mine', '--extraction', 'loose')
    expect(loose.stderr).toMatch(/replaces the run of .* with --extraction strict \(now loose\)/)
  })
})
