import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packagePath } from '../../src/package.ts'
import { FakeHub, type FakeRepo } from '../hub/server.ts'
import { type Done, type Manifest, QUICK, readCsv, readJson, run, temporaryFolder } from './bin.ts'

/** PEFT adapters as users have them: a folder, a hub id, on a base that is either. */
const MAIN = 'a'.repeat(40)
const OLD = 'b'.repeat(40)

interface AdapterManifest extends Manifest {
  readonly models: readonly (Manifest['models'][number] & {
    readonly weights_sha256: string
    readonly adapter: Record<string, unknown> | null
  })[]
}

const folder = temporaryFolder()
let hub: FakeHub
const data = (...path: string[]): string => packagePath('test/data', ...path)
const LLAMA = data('parity/dpo-llama/reference')

const filesOf = (dir: string): Record<string, Buffer> =>
  Object.fromEntries(
    readdirSync(dir)
      .filter((name) => name !== 'golden.json')
      .map((name) => [name, readFileSync(join(dir, name))]),
  )
/** An adapter's files with another base, or other keys, in its configuration. */
function adapterFiles(name: string, change: Readonly<Record<string, unknown>>): Record<string, Buffer> {
  const files = filesOf(data('adapters', name))
  const config = JSON.parse(files['adapter_config.json']!.toString()) as Record<string, unknown>
  return { ...files, 'adapter_config.json': Buffer.from(JSON.stringify({ ...config, ...change })) }
}
function adapterFolder(name: string, base: unknown, at: string): string {
  const dir = join(folder.path, at)
  mkdirSync(dir, { recursive: true })
  for (const [file, bytes] of Object.entries(adapterFiles(name, { base_model_name_or_path: base })))
    writeFileSync(join(dir, file), bytes)
  return dir
}
const repo = (id: string, commits: FakeRepo['commits'], refs: FakeRepo['refs'] = { main: MAIN }): FakeRepo => ({
  type: 'model',
  id,
  refs,
  commits,
})

beforeAll(async () => {
  hub = await FakeHub.start()
  hub.repos = [
    repo(
      'lab/base',
      { [MAIN]: filesOf(data('parity/dpo-llama/policy')), [OLD]: filesOf(LLAMA) },
      { main: MAIN, v1: OLD },
    ),
    repo('lab/rm-lora', {
      [MAIN]: adapterFiles('llama-score', { base_model_name_or_path: 'lab/base', revision: 'v1' }),
      [OLD]: adapterFiles('llama-score', { base_model_name_or_path: 'lab/base' }),
    }),
    repo('lab/lora-on-lora', { [MAIN]: adapterFiles('llama-score', { base_model_name_or_path: 'lab/rm-lora' }) }),
  ]
})
afterAll(async () => {
  await hub.stop()
  folder.remove()
})

const out = (): string => join(folder.path, 'results')
const go = (bin: 'run-rm' | 'run-dpo', args: readonly string[]): Promise<Done> =>
  run(bin, ['--output-dir', out(), ...QUICK, '--limit', '6', ...args], {
    HF_ENDPOINT: hub.endpoint,
    HF_HOME: join(folder.path, 'hf'),
  })
const manifest = (scorer: string): AdapterManifest => readJson(out(), scorer, 'demo-pairs', 'run.json')
const scores = (scorer: string): string[] =>
  readCsv(out(), scorer, 'demo-pairs', 'scores.csv').map(({ score }) => score!)

describe('an adapter in a folder', () => {
  it('is scored on its base; screen and manifest name both', async () => {
    const dir = adapterFolder('llama-score', '../base', 'rm-lora')
    cpSync(LLAMA, join(folder.path, 'base'), { recursive: true })
    const done = await go('run-rm', ['--model', dir])
    expect(done.code).toBe(0)
    expect(done.stderr).toContain('rm: rm-lora, adapter on base base (LoRA, r 4, α 8, merged in float32), llama, ')
    expect(done.stderr).toMatch(
      /a merge in bfloat16 rounds weights by up to 0\.0\d+, 0?\.\d+ % of what the adapter adds/,
    )
    expect(done.stderr).toContain('rm-lora has no tokenizer.json: it reads the tokens of its base')
    const [model] = manifest('rm-lora').models
    expect(model!.files.map(({ name }) => name)).toEqual([
      'adapter_config.json',
      'adapter_model.safetensors',
      'base/config.json',
      'base/model.safetensors',
    ])
    expect(model!.adapter).toMatchObject({
      type: 'LoRA',
      r: 4,
      alpha: 8,
      base: 'base',
      base_source: 'folder',
      base_revision: null,
      adapted: { merged: 4, beside: 0, gathered: 0 },
      added: ['score.weight'],
      replaced: [],
      bf16_merge: { matrices: 4, rows: 16 },
    })
    expect(new Set(scores('rm-lora')).size).toBe(12)
  })
  it('other weights of the base are another model', async () => {
    const before = manifest('rm-lora').models[0]!.weights_sha256
    const policy = data('parity/dpo-llama/policy/model.safetensors')
    writeFileSync(join(folder.path, 'base/model.safetensors'), readFileSync(policy))
    const done = await go('run-rm', ['--model', join(folder.path, 'rm-lora'), '--name', 'again'])
    expect(done.code).toBe(0)
    expect(manifest('again').models[0]!.weights_sha256).not.toBe(before)
    expect(scores('again')).not.toEqual(scores('rm-lora'))
  })
  it('its own tokenizer wins over that of the base', async () => {
    const dir = adapterFolder('llama-score', LLAMA, 'with-tokenizer')
    for (const name of ['tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json'])
      cpSync(join(LLAMA, name), join(dir, name))
    const done = await go('run-rm', ['--model', dir, '--dry-run'])
    expect(done).toMatchObject({ code: 0 })
    expect(done.stderr).not.toContain('has no tokenizer.json')
  })
})

describe('an adapter of the hub', () => {
  it('is opened on the revision of the base that it names, and again without a connection', async () => {
    const done = await go('run-rm', ['--model', 'lab/rm-lora'])
    expect(done.code).toBe(0)
    expect(done.stderr).toContain(
      `rm: lab/rm-lora@aaaaaaaa, adapter on base lab/base@bbbbbbbb (LoRA, r 4, α 8, merged in float32)`,
    )
    const [model] = manifest('lab__rm-lora').models
    expect(model).toMatchObject({
      revision: MAIN,
      adapter: { base: 'lab/base', base_source: 'hub', base_revision: OLD },
    })
    expect(scores('lab__rm-lora')).toEqual(scores('rm-lora'))
    const text = (file: string): string => readFileSync(join(out(), 'lab__rm-lora/demo-pairs', file), 'utf8')
    expect(text('report.html').includes(`lab/rm-lora, a LoRA adapter on lab/base (revision ${OLD})`)).toBe(true)
    expect(text('methods.md')).toContain(
      `scored by lab/rm-lora (revision ${MAIN}), a LoRA adapter on lab/base (revision ${OLD})`,
    )
    const offline = await go('run-rm', ['--model', 'lab/rm-lora', '--offline', '--name', 'offline'])
    expect(offline.code).toBe(0)
    for (const id of ['lab/rm-lora', 'lab/base'])
      expect(offline.stderr).toContain(`--offline: ${id} as the cache has it`)
    expect(manifest('offline').models[0]!.weights_sha256).toBe(model!.weights_sha256)
  })
  it('that names no revision stands on the main branch', async () => {
    const done = await go('run-rm', ['--model', 'lab/rm-lora', '--revision', OLD, '--name', 'main-base'])
    expect(done.code).toBe(0)
    expect(manifest('main-base').models[0]!.adapter).toMatchObject({ base_revision: MAIN })
  })
  it('on another adapter is refused', async () => {
    const done = await go('run-rm', ['--model', 'lab/lora-on-lora'])
    expect(done.code).toBe(5)
    expect(done.stderr).toContain('An adapter on an adapter is not opened')
  })
})

describe('run-dpo with an adapter', () => {
  const policy = data('adapters/llama-causal')
  it('without --ref-model is reference-free, and says what DPO takes as reference', async () => {
    const done = await go('run-dpo', ['--model', policy])
    expect(done.code).toBe(0)
    expect(done.stderr).toContain(
      `for the implicit reward give --ref-model ${join(data('adapters/llama-causal'), '../../parity/dpo-llama/reference')}`,
    )
    expect(manifest('llama-causal__ref-free').models).toHaveLength(1)
  })
  it('against its base gives implicit rewards, and there is nothing to say', async () => {
    const done = await go('run-dpo', ['--model', policy, '--ref-model', LLAMA])
    expect(done.code).toBe(0)
    expect(done.stderr).not.toContain('--ref-model')
    expect(done.stderr).not.toContain('not the base')
    expect(manifest('llama-causal__vs__reference').models.map(({ adapter }) => adapter === null)).toEqual([false, true])
  })
  it('against another model says so', async () => {
    const done = await go('run-dpo', ['--model', policy, '--ref-model', data('parity/dpo-llama/policy')])
    expect(done.code).toBe(0)
    expect(done.stderr).toMatch(/the reference is policy, not the base of the adapter llama-causal: /)
  })
  it('a classifier’s adapter has no log-probabilities', async () => {
    const done = await go('run-dpo', ['--model', data('adapters/llama-score')])
    expect(done).toMatchObject({ code: 5 })
    expect(done.stderr).toContain('gives rewards, no log-probabilities')
  })
})

describe('a base that cannot be had is one error that names adapter_config.json', () => {
  it.each<[string, number, string]>([
    [
      '/root/models/Llama-3-8B',
      5,
      '"base_model_name_or_path" is "/root/models/Llama-3-8B", but there is no such folder',
    ],
    ['../nowhere', 5, '"base_model_name_or_path" is "../nowhere"'],
    ['a/b/c', 5, 'is neither an existing folder nor a hub id'],
    [
      'unsloth/llama-3-8b-Instruct-bnb-4bit',
      5,
      'Name the unquantised model in "base_model_name_or_path": unsloth/llama-3-8b-Instruct.',
    ],
    ['lab/none', 7, 'lab/none: no such model at'],
  ])('%s', async (base, code, message) => {
    const dir = adapterFolder('llama-score', base, 'faulty')
    const done = await go('run-rm', ['--model', dir])
    expect(done.code).toBe(code)
    expect(done.stderr).toContain(message)
    if (code === 5) expect(done.stderr).toContain(join(dir, 'adapter_config.json'))
    rmSync(dir, { recursive: true })
  })
})
