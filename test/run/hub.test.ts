import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packagePath } from '../../src/package.ts'
import { FakeHub, type FakeRepo } from '../hub/server.ts'
import { type Done, jsonLines, manifestOf, QUICK, readCsv, run, temporaryFolder } from './bin.ts'

/** Models and data of a hub: one that runs here and speaks huggingface.co's protocol. */
const COMMIT = 'a'.repeat(40)
const OLD = 'b'.repeat(40)
const TOKEN = 'hf_a_token_of_the_test'

const checkpoint = (dir: string): Record<string, Buffer> =>
  Object.fromEntries(
    readdirSync(dir, { withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name !== 'golden.json')
      .map(({ name }) => [name, readFileSync(join(dir, name))]),
  )
const parity = (...path: string[]): string => packagePath('test/data/parity', ...path)
const model = (id: string, dir: string, extra: Record<string, Buffer> = {}, token?: string): FakeRepo => ({
  type: 'model',
  id,
  refs: { main: COMMIT, old: OLD },
  commits: { [COMMIT]: { ...checkpoint(dir), ...extra }, [OLD]: checkpoint(parity('mistral-swa')) },
  ...(token !== undefined && { token, gated: true }),
})

const PAIRS = [
  { id: 'a', prompt: 'Hi', chosen: 'CCO', rejected: 'CCC' },
  { id: 'b', prompt: 'Name it.', chosen: 'ethanol', rejected: '' },
]
const folder = temporaryFolder()
let hub: FakeHub
beforeAll(async () => {
  hub = await FakeHub.start()
  hub.repos = [
    model('lab/tiny-rm', parity('llama-gqa'), {
      'README.md': Buffer.from('#'),
      'pytorch_model.bin': Buffer.alloc(100_000),
      'onnx/model.onnx': Buffer.alloc(100_000),
      'modeling_tiny.py': Buffer.from('raise SystemExit'),
    }),
    model('lab/gated-rm', parity('llama-gqa'), {}, TOKEN),
    model('lab/sharded', parity('mistral-sharded')),
    model('lab/policy', parity('dpo-llama/policy')),
    model('lab/base', parity('dpo-llama/reference')),
    {
      type: 'dataset',
      id: 'lab/pairs',
      refs: { main: COMMIT },
      commits: { [COMMIT]: { 'data/test.jsonl': Buffer.from(jsonLines(PAIRS)), 'README.md': Buffer.from('# pairs') } },
    },
  ]
})
afterAll(async () => {
  await hub.stop()
  folder.remove()
})

const env = (): Record<string, string> => ({ HF_ENDPOINT: hub.endpoint, HF_HOME: join(folder.path, 'hf') })
const go = (bin: 'run-rm' | 'run-dpo', args: readonly string[], more: Record<string, string> = {}): Promise<Done> =>
  run(bin, ['--output-dir', folder.path, ...QUICK, ...args], { ...env(), ...more })
/** What was fetched, as repository and path. */
const paths = (): string[] =>
  hub.seen.flatMap(({ url }) => {
    const match = /^\/(?:datasets\/)?(.+)\/resolve\/[^/]+\/(.+)$/.exec(url)
    return match === null ? [] : [`${match[1]} ${match[2]}`]
  })

describe('a model and a data set of the hub', () => {
  const args = ['--model', 'lab/tiny-rm', '--dataset', 'lab/pairs']
  const out = join(folder.path, 'lab__tiny-rm/lab__pairs')
  let first: Done
  beforeAll(async () => {
    first = await go('run-rm', args, { HF_TOKEN: TOKEN })
  })

  it('brings only what a run needs', () => {
    expect(first.code).toBe(0)
    // the card of a data set names its splits; a model's is not fetched
    expect(paths().sort()).toEqual([
      'lab/pairs README.md',
      'lab/pairs data/test.jsonl',
      'lab/tiny-rm config.json',
      'lab/tiny-rm model.safetensors',
      'lab/tiny-rm special_tokens_map.json',
      'lab/tiny-rm tokenizer.json',
      'lab/tiny-rm tokenizer_config.json',
    ])
  })

  it('names the commits in run.json', () => {
    const manifest = manifestOf(out)
    expect(manifest.models[0]).toMatchObject({ name: 'lab/tiny-rm', source: 'hub', revision: COMMIT })
    expect(manifest.dataset).toMatchObject({ origin: 'hub', id: 'lab/pairs', revision: COMMIT, rows: 2 })
    expect(first.stderr).toContain(`rm: lab/tiny-rm@${COMMIT.slice(0, 8)}, llama`)
  })

  it('sends the token to the hub and to no other host, and writes it nowhere', () => {
    const hosts = { hub: new Set<string | undefined>(), cdn: new Set<string | undefined>() }
    for (const { host, authorization } of hub.seen) hosts[host].add(authorization)
    expect(hosts).toEqual({ hub: new Set([`Bearer ${TOKEN}`]), cdn: new Set([undefined]) })
    expect(first.stdout + first.stderr).not.toContain(TOKEN)
    for (const name of readdirSync(out).filter((file) => file.includes('.')))
      expect(readFileSync(join(out, name), 'utf8'), name).not.toContain(TOKEN)
  })

  it('runs again with --offline and asks nobody', async () => {
    hub.seen.length = 0
    const done = await go('run-rm', [...args, '--offline'])
    expect(done.code).toBe(0)
    expect(hub.seen).toEqual([])
    expect(manifestOf(out).models[0]).toMatchObject({ revision: COMMIT, runner: null })
    expect(done.stderr).toContain('--offline: lab/tiny-rm as the cache has it')
    // HF_HUB_OFFLINE says the same
    expect((await go('run-rm', args, { HF_HUB_OFFLINE: '1' })).code).toBe(0)
    expect(hub.seen).toEqual([])
  })

  it('runs again when the hub is out of reach, and says so', async () => {
    const done = await go('run-rm', args, { HF_ENDPOINT: 'http://127.0.0.1:9' })
    expect(done.code).toBe(0)
    expect(done.stderr).toMatch(/warning: .*lab\/tiny-rm is used as the cache has it/)
  })

  it('takes the revision that is asked for', async () => {
    const done = await go('run-rm', [
      '--model',
      'lab/tiny-rm',
      '--revision',
      'old',
      '--dataset',
      'lab/pairs',
      '--name',
      'old',
    ])
    expect(done.code).toBe(0)
    const [old] = manifestOf(folder.path, 'old/lab__pairs').models
    expect(old).toMatchObject({ revision: OLD, architecture: 'mistral' })
    const none = await go('run-rm', ['--model', 'lab/tiny-rm', '--revision', 'v9', '--dataset', 'lab/pairs'])
    expect(none.code).toBe(7)
    expect(none.stderr).toContain('v9')
  })
})

describe('other repositories', () => {
  it('policy and reference, each at its commit', async () => {
    const done = await go('run-dpo', ['--model', 'lab/policy', '--ref-model', 'lab/base', '--dataset', 'lab/pairs'])
    expect(done.code).toBe(0)
    const out = join(folder.path, 'lab__policy__vs__lab__base/lab__pairs')
    expect(readCsv(out, 'scores.csv').every(({ score }) => score !== '')).toBe(true)
    expect(existsSync(join(out, 'herm/eval-set/lab/policy.json'))).toBe(true)
  })

  it('a model in shards', async () => {
    const done = await go('run-rm', ['--model', 'lab/sharded', '--dataset', 'lab/pairs'])
    expect(done.code).toBe(0)
    expect(manifestOf(folder.path, 'lab__sharded/lab__pairs').models[0]!.files.map(({ name }) => name)).toEqual([
      'config.json',
      'model.safetensors.index.json',
      'model-00001-of-00003.safetensors',
      'model-00002-of-00003.safetensors',
      'model-00003-of-00003.safetensors',
    ])
  })

  it('a gated one without a token: what to do', async () => {
    const done = await go('run-rm', ['--model', 'lab/gated-rm', '--dataset', 'lab/pairs'])
    expect(done.code).toBe(7)
    expect(done.stderr).toMatch(/lab\/gated-rm.*\n {2}.*HF_TOKEN/)
    expect((await go('run-rm', ['--model', 'lab/gated-rm', '--dataset', 'lab/pairs'], { HF_TOKEN: TOKEN })).code).toBe(
      0,
    )
  })

  it('one that does not exist', async () => {
    const done = await go('run-rm', ['--model', 'lab/none', '--dataset', 'lab/pairs'])
    expect(done).toMatchObject({ code: 7, stdout: '' })
    expect(done.stderr).toContain('lab/none')
  })
})
