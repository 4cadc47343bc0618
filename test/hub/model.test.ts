import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ModelError, NetworkError, UsageError } from '../../src/errors.ts'
import { resolveModel } from '../../src/hub/model.ts'
import type { DownloadProgress } from '../../src/hub/receive.ts'
import { localFolder } from '../../src/hub/repo.ts'
import type { ResolveModelOptions } from '../../src/hub/resolved-model.ts'
import { openCheckpoint } from '../../src/model/checkpoint.ts'
import { externalFilesOf } from '../../src/model/ready-made/file.ts'
import { packagePath } from '../../src/package.ts'
import { floats, safetensorsBytes } from '../model-files/write.ts'
import { freshHub, gitId, sha256 } from './server.ts'

const C1 = '1'.repeat(40)
const C2 = '2'.repeat(40)
/** 400 kB, so that cuts fall inside. */
const big = safetensorsBytes([
  floats(
    'w',
    [100_000],
    Array.from({ length: 100_000 }, (_, i) => i),
  ),
])
const config = Buffer.from('{"model_type":"llama"}')
const files = {
  'config.json': config,
  'tokenizer.json': Buffer.from('{}'),
  'README.md': Buffer.from('#'),
  'model.safetensors': big,
}
const plain = { type: 'model', id: 'org/name', refs: { main: C1, v1: C1 }, commits: { [C1]: files } } as const

const { hub, cacheDir } = await freshHub(plain)
const resolve = (name: string, options: ResolveModelOptions = {}) =>
  resolveModel(name, {
    endpoint: hub.endpoint,
    token: null,
    cacheDir,
    offline: false,
    timeoutMs: 60_000,
    retries: 2,
    retryMinMs: 5,
    ...options,
  })
const downloads = () => hub.seen.filter(({ url }) => !url.startsWith('/api/'))

describe('a model of the hub', () => {
  it('brings only the files that a run needs, pinned to the commit, checked against the stated hashes', async () => {
    const model = await resolve('org/name')
    expect(model).toMatchObject({ source: 'hub', id: 'org/name', revision: C1, notes: [] })
    expect(model.files).toEqual([
      { path: 'config.json', sizeBytes: config.length, etag: gitId(config), sha256: null },
      { path: 'tokenizer.json', sizeBytes: 2, etag: gitId(files['tokenizer.json']), sha256: null },
      { path: 'model.safetensors', sizeBytes: big.length, etag: sha256(big), sha256: sha256(big) },
    ])
    expect(readFileSync(join(model.dir, 'model.safetensors')).equals(big)).toBe(true)
    expect(openCheckpoint(model.dir).tensors.size).toBe(1)
    expect(downloads().every(({ url }) => url.includes(C1))).toBe(true)
  })
  it("lays the cache out as Python's huggingface_hub does", async () => {
    await resolve('org/name', { revision: 'v1' })
    const repo = join(cacheDir, 'models--org--name')
    expect(readdirSync(join(repo, 'blobs')).sort()).toEqual(
      [gitId(config), gitId(files['tokenizer.json']), sha256(big)].sort(),
    )
    expect(readFileSync(join(repo, 'refs', 'v1'), 'utf8')).toBe(C1)
    expect(readlinkSync(join(repo, 'snapshots', C1, 'model.safetensors'))).toBe(join('..', '..', 'blobs', sha256(big)))
  })
  it('downloads nothing that the cache has, be it from Python', async () => {
    const repo = join(cacheDir, 'models--org--name')
    mkdirSync(join(repo, 'blobs'), { recursive: true })
    mkdirSync(join(repo, 'snapshots', C1), { recursive: true })
    for (const [path, bytes, etag] of [
      ['config.json', config, gitId(config)],
      ['tokenizer.json', files['tokenizer.json'], gitId(files['tokenizer.json'])],
      ['model.safetensors', big, sha256(big)],
    ] as const) {
      writeFileSync(join(repo, 'blobs', etag), bytes)
      symlinkSync(`../../blobs/${etag}`, join(repo, 'snapshots', C1, path))
    }
    await resolve('org/name')
    expect(downloads()).toEqual([])
  })
  it('fetches a moved branch anew, but shares the blobs that did not change', async () => {
    await resolve('org/name')
    const changed = Buffer.from('{"model_type":"qwen2"}')
    hub.repos = [{ ...plain, refs: { main: C2 }, commits: { [C1]: files, [C2]: { ...files, 'config.json': changed } } }]
    hub.seen.length = 0
    const model = await resolve('org/name')
    expect(model.revision).toBe(C2)
    expect(downloads().map(({ url }) => url)).toEqual([`/org/name/resolve/${C2}/config.json`])
    expect(openCheckpoint(model.dir).config.model_type).toBe('qwen2')
  })
  it('brings the shards that the index names, no others', async () => {
    const shard = (name: string) => safetensorsBytes([floats(name, [1], [1])])
    const [a, b] = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'] as const
    const index = Buffer.from(JSON.stringify({ weight_map: { a, b } }))
    const commit = {
      'config.json': config,
      'model.safetensors.index.json': index,
      [a]: shard('a'),
      [b]: shard('b'),
      'old.safetensors': big,
      'pytorch_model.bin': big,
    }
    hub.repos = [{ ...plain, commits: { [C1]: commit } }]
    const model = await resolve('org/name')
    expect(model.files.map(({ path }) => path)).toEqual(['config.json', 'model.safetensors.index.json', a, b])
    expect([...openCheckpoint(model.dir).tensors.keys()]).toEqual(['a', 'b'])
  })
  it('brings a reward head that lies beside the model, from the hub and from the cache', async () => {
    const [model, head] = ['model.safetensors', 'value_head.safetensors'] as const
    const commit = {
      'config.json': config,
      [model]: safetensorsBytes([floats('a', [1], [1])]),
      [head]: safetensorsBytes([floats('v_head.summary.weight', [1, 1], [2])]),
      'other.safetensors': big,
    }
    hub.repos = [{ ...plain, commits: { [C1]: commit } }]
    for (const options of [{}, { offline: true }]) {
      const { files, dir } = await resolve('org/name', options)
      expect(files.map(({ path }) => path)).toEqual(['config.json', model, head])
      expect([...openCheckpoint(dir).tensors.keys()]).toEqual(['a', 'v_head.summary.weight'])
    }
  })
  it('names a reward head that is a pickle, and does not fetch it', async () => {
    const commit = { ...files, 'regression_layer.pt': big, 'gating_layer.pt': big }
    hub.repos = [{ ...plain, commits: { [C1]: commit } }]
    const model = await resolve('org/name')
    expect(model.pickledHeads).toEqual(['gating_layer.pt', 'regression_layer.pt'])
    expect(model.files.some(({ path }) => path.endsWith('.pt'))).toBe(false)
  })
  it('refuses a repository with pickles only before it fetches anything', async () => {
    hub.repos = [{ ...plain, commits: { [C1]: { 'config.json': config, 'pytorch_model.bin': big } } }]
    await expect(resolve('org/name')).rejects.toThrow(/no safetensors, only pickled weights \(pytorch_model.bin\)/)
    await expect(resolve('org/name')).rejects.toThrow(ModelError)
    expect(downloads()).toEqual([])
  })
  describe('of pickles alone', () => {
    const PR = '3'.repeat(40)
    const BOT = {
      num: 7,
      title: 'Adding `safetensors` variant of this model',
      status: 'open',
      isPullRequest: true,
      author: { name: 'SFconvertbot' },
    }
    const pickles = { 'config.json': config, 'pytorch_model.bin': big }
    const serve = (bot: object, history: readonly string[]) => {
      hub.repos = [
        {
          ...plain,
          refs: { main: C1, 'refs/pr/7': PR },
          commits: { [C1]: pickles, [PR]: { ...pickles, 'model.safetensors': big } },
          discussions: [{ ...BOT, num: 3, title: 'Typo' }, bot],
          history: { 'refs/pr/7': history },
        },
      ]
    }
    it("is read as the hub's bot converted it, and that is said", async () => {
      serve(BOT, [PR, C1])
      const model = await resolve('org/name')
      expect(model.revision).toBe(PR)
      expect(model.files.map(({ path }) => path)).toEqual(['config.json', 'model.safetensors'])
      expect(model.notes).toEqual([
        expect.stringContaining('only pickled weights at main: those of refs/pr/7 are read'),
      ])
      expect(await resolve('org/name', { revision: 'refs/pr/7', offline: true })).toMatchObject({ revision: PR })
    })
    it.each<[string, object, readonly string[]]>([
      ["somebody else's pull request", { ...BOT, author: { name: 'SFconvertb0t' } }, [PR, C1]],
      ['a merged or closed one', { ...BOT, status: 'closed' }, [PR, C1]],
      ['a discussion', { ...BOT, isPullRequest: false }, [PR, C1]],
      ['a conversion of older weights', BOT, [PR, C2]],
    ])('%s is not taken', async (_, bot, history) => {
      serve(bot, history)
      await expect(resolve('org/name')).rejects.toThrow(/only pickled weights .*has not converted this commit/)
      expect(downloads()).toEqual([])
    })
    it('of a revision that was named stays refused', async () => {
      serve(BOT, [PR, C1])
      await expect(resolve('org/name', { revision: C1 })).rejects.toThrow(ModelError)
    })
  })
  it('brings numbered shards without an index, all of them or none', async () => {
    const [a, b] = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'] as const
    const shard = (name: string) => safetensorsBytes([floats(name, [1], [1])])
    const commit = { 'config.json': config, [a]: shard('a'), [b]: shard('b') }
    hub.repos = [{ ...plain, commits: { [C1]: commit } }]
    const model = await resolve('org/name')
    expect(openCheckpoint(model.dir)).toMatchObject({ fileNames: ['config.json', a, b] })
    expect((await resolve('org/name', { offline: true })).files).toEqual(model.files)
    hub.repos = [{ ...plain, refs: { main: C2 }, commits: { [C2]: { 'config.json': config, [b]: shard('b') } } }]
    await expect(resolve('org/name')).rejects.toThrow(/has no model.safetensors.index.json, and 1 of 2 shards/)
  })
  it('brings an adapter without weights of its own, and refuses what is none', async () => {
    const adapter = {
      'adapter_config.json': config,
      'adapter_model.safetensors': big,
      'tokenizer.json': config,
      'README.md': config,
    }
    hub.repos = [{ ...plain, commits: { [C1]: adapter } }]
    const model = await resolve('org/name')
    const paths = ['adapter_config.json', 'adapter_model.safetensors', 'tokenizer.json']
    expect(model.files.map(({ path }) => path)).toEqual(paths)
    expect((await resolve('org/name', { offline: true })).files).toEqual(model.files)
    const { 'adapter_model.safetensors': weights, ...rest } = adapter
    for (const [commit, message] of [
      [{ ...adapter, 'model.safetensors': big }, /a PEFT adapter .* and whole weights/],
      [{ ...rest, 'adapter_model.bin': weights }, /only as a pickle \(adapter_model.bin\)/],
      [rest, /has adapter_config.json, but no adapter_model.safetensors/],
    ] as const) {
      hub.repos = [{ ...plain, commits: { [C1]: commit } }]
      await expect(resolve('org/name')).rejects.toThrow(message)
    }
  })
  it('brings a tokenizer without weights, from a repository that has only pickles', async () => {
    hub.repos = [{ ...plain, commits: { [C1]: { 'tokenizer.json': config, 'pytorch_model.bin': big } } }]
    const online = await resolve('org/name', { weights: false })
    expect(online.files.map(({ path }) => path)).toEqual(['tokenizer.json'])
    expect((await resolve('org/name', { weights: false, offline: true })).files).toEqual(online.files)
  })
  it('brings included files too', async () => {
    const onnx = { ...files, 'onnx/model.onnx': Buffer.from('o') }
    hub.repos = [{ ...plain, commits: { [C1]: onnx } }]
    const { files: got } = await resolve('org/name', { include: (path) => path.startsWith('onnx/') })
    expect(got.map(({ path }) => path)).toContain('onnx/model.onnx')
  })
  it('tells its progress up to the last byte', async () => {
    const told: DownloadProgress[] = []
    await resolve('org/name', { onProgress: (progress) => told.push(progress) })
    const weights = told.filter(({ file }) => file === 'model.safetensors')
    expect(weights[0]).toEqual({ file: 'model.safetensors', receivedBytes: 0, totalBytes: big.length })
    expect(weights.at(-1)?.receivedBytes).toBe(big.length)
  })
})

describe('the token', () => {
  const gated = { ...plain, token: 'secret-token', gated: true }
  it('goes to the hub and never to the store that it redirects to', async () => {
    hub.repos = [gated]
    await resolve('org/name', { token: 'secret-token' })
    const byHost = (host: string) =>
      new Set(hub.seen.filter((one) => one.host === host).map((one) => one.authorization))
    expect(byHost('hub')).toEqual(new Set(['Bearer secret-token']))
    expect(byHost('cdn')).toEqual(new Set([undefined]))
  })
  it('missing for a gated model: the licence page is named', async () => {
    hub.repos = [gated]
    const error = await resolve('org/name').catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(NetworkError)
    expect(error).toMatchObject({ message: 'is a gated model (401)', where: 'org/name' })
    expect((error as NetworkError).hint).toContain(`Accept the licence at ${hub.endpoint}/org/name`)
  })
  it('of an account without access', async () => {
    hub.repos = [gated]
    await expect(resolve('org/name', { token: 'other' })).rejects.toThrow(
      /gated model, and the token given has no access to it \(403\)/,
    )
  })
  it('with a line break is refused without printing it', async () => {
    const error = await resolve('org/name', { token: 'abc\r\nX: 1' }).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(UsageError)
    expect(String(error)).not.toContain('abc')
  })
})

describe('trouble on the way', () => {
  it('retries 5xx and 429', async () => {
    hub.faults = [
      { match: /^hub\/api\/models\/org\/name\/revision/, times: 2, status: 503 },
      { match: /^cdn/, times: 1, status: 429 },
    ]
    await resolve('org/name')
    expect(hub.seen.filter(({ url }) => url.includes('/revision/'))).toHaveLength(3)
  })
  it('gives up a 5xx that stays', async () => {
    hub.faults = [{ match: /revision/, times: 99, status: 500 }]
    await expect(resolve('org/name')).rejects.toThrow(/answered 500/)
    expect(hub.seen).toHaveLength(3) // 1 try + 2 retries
  })
  it('does not retry a refusal', async () => {
    await expect(resolve('org/none')).rejects.toThrow(NetworkError)
    expect(hub.seen).toHaveLength(1)
  })
  it('resumes a download that was cut, by Range', async () => {
    hub.faults = [{ match: /^cdn/, times: 1, cutAfter: 150_000 }]
    const { dir } = await resolve('org/name')
    expect(readFileSync(join(dir, 'model.safetensors')).equals(big)).toBe(true)
    const ranges = hub.seen.filter(({ host }) => host === 'cdn').map(({ range }) => range)
    expect(ranges).toHaveLength(2)
    expect(ranges[0]).toBeUndefined()
    const from = Number(/^bytes=(\d+)-$/.exec(ranges[1] ?? '')?.[1])
    expect(from).toBeGreaterThan(0)
    expect(from).toBeLessThanOrEqual(150_000)
  })
  it('goes on in the next run where the last one stopped', async () => {
    hub.faults = [{ match: /^cdn/, times: 99, cutAfter: 0 }]
    hub.faults.unshift({ match: /^cdn/, times: 1, cutAfter: 100_000 })
    await expect(resolve('org/name')).rejects.toThrow(/model.safetensors was cut at \d+ of 400\d{3} bytes/)
    const blobs = join(cacheDir, 'models--org--name', 'blobs')
    expect(existsSync(join(blobs, sha256(big)))).toBe(false)
    hub.faults = []
    hub.seen.length = 0
    const { dir } = await resolve('org/name')
    expect(
      downloads()
        .filter(({ host }) => host === 'cdn')
        .map(({ range }) => range),
    ).toEqual(['bytes=100000-'])
    expect(readFileSync(join(dir, 'model.safetensors')).equals(big)).toBe(true)
  })
  it('starts anew where the server does not know ranges', async () => {
    hub.faults = [
      { match: /^cdn/, times: 1, cutAfter: 150_000 },
      { match: /^cdn/, times: 1, ignoreRange: true },
    ]
    const { dir } = await resolve('org/name')
    expect(readFileSync(join(dir, 'model.safetensors')).equals(big)).toBe(true)
  })
  it('gives up a silent connection and resumes', async () => {
    hub.faults = [{ match: /^cdn/, times: 1, hang: true }]
    const { dir } = await resolve('org/name', { timeoutMs: 1000 })
    expect(readFileSync(join(dir, 'model.safetensors')).equals(big)).toBe(true)
  })
  it.each([
    ['model.safetensors', /^cdn/, /SHA-256 [0-9a-f]{64}, the hub says/],
    ['config.json', /config.json/, /git id [0-9a-f]{40}, the hub says/],
  ])('does not accept a %s with other bytes', async (path, match, message) => {
    hub.faults = [{ match, times: 99, damage: true }]
    await expect(resolve('org/name')).rejects.toThrow(message)
    expect(existsSync(join(cacheDir, 'models--org--name', 'snapshots', C1, path))).toBe(false)
  })
  it('fetches damaged bytes once more', async () => {
    hub.faults = [{ match: /^cdn/, times: 1, damage: true }]
    const { dir } = await resolve('org/name')
    expect(readFileSync(join(dir, 'model.safetensors')).equals(big)).toBe(true)
  })
  it('lets only one of two runs download', async () => {
    const [a, b] = await Promise.all([resolve('org/name'), resolve('org/name')])
    expect(a.dir).toBe(b.dir)
    expect(hub.seen.filter(({ host }) => host === 'cdn')).toHaveLength(1)
  })
  it.each([
    ['org/none', {}, /no such model at http.*, or it is private \(401\)/],
    ['org/name', { revision: 'v9' }, /has no revision "v9" \(404\)/],
    ['org/name@v9', {}, /has no revision "v9" \(404\)/],
    ['org/name', { endpoint: 'http://127.0.0.1:2' }, /cannot be reached: ECONNREFUSED/],
  ])('%s %o', async (name, options, message) => {
    await expect(resolve(name, options)).rejects.toThrow(message)
    await expect(resolve(name, options)).rejects.toThrow(NetworkError)
  })
  it('lists the revisions that there are', async () => {
    const error = await resolve('org/name@v9').catch((caught: unknown) => caught)
    expect((error as NetworkError).hint).toBe('It has main, v1.')
  })
  it('does not write where a listed path points outside', async () => {
    hub.repos = [{ ...plain, commits: { [C1]: { ...files, '../evil.json': config } } }]
    await expect(resolve('org/name')).rejects.toThrow(/path that leaves the folder/)
  })
})

describe('without the hub', () => {
  it('offline uses the cache and says so; no request is made', async () => {
    const online = await resolve('org/name')
    hub.seen.length = 0
    const offline = await resolve('org/name', { offline: true })
    expect(offline).toMatchObject({ dir: online.dir, revision: C1 })
    expect(offline.notes).toEqual(['--offline: org/name as the cache has it'])
    expect(new Set(offline.files)).toEqual(new Set(online.files))
    expect(hub.seen).toEqual([])
  })
  it('offline without the model says what is missing', async () => {
    await expect(resolve('org/name', { offline: true })).rejects.toThrow(
      /offline, and the cache \(.*\) does not know revision "main"/,
    )
    await resolve('org/name')
    rmSync(realpathSync(join(cacheDir, 'models--org--name', 'snapshots', C1, 'model.safetensors')))
    await expect(resolve('org/name', { offline: true })).rejects.toThrow(/lacks model.safetensors of commit 1{40}/)
  })
  it('falls back to the cache where the network is down, and says so', async () => {
    await resolve('org/name')
    const down = await resolve('org/name', { endpoint: 'http://127.0.0.1:2' })
    expect(down.revision).toBe(C1)
    expect(down.notes[0]).toMatch(/127.0.0.1:2: cannot be reached: ECONNREFUSED; org\/name is used as the cache has it/)
  })
})

describe('names', () => {
  it('a folder that exists is used as it is', async () => {
    writeFileSync(join(cacheDir, 'config.json'), config)
    writeFileSync(join(cacheDir, 'model.safetensors'), big)
    writeFileSync(join(cacheDir, 'notes.txt'), '')
    const model = await resolve(cacheDir)
    expect(model).toMatchObject({ dir: cacheDir, source: 'folder', revision: null })
    expect(model.files).toEqual([
      { path: 'config.json', sizeBytes: config.length, sha256: null, etag: null },
      { path: 'model.safetensors', sizeBytes: big.length, sha256: null, etag: null },
    ])
    expect(hub.seen).toEqual([])
  })
  it('of a folder only its own files and the known subfolders are looked at', async () => {
    for (const folder of ['onnx', 'chat_templates', 'other/deep'])
      mkdirSync(join(cacheDir, folder), { recursive: true })
    writeFileSync(join(cacheDir, 'config.json'), config)
    writeFileSync(join(cacheDir, 'chat_templates/a.jinja'), '')
    writeFileSync(join(cacheDir, 'onnx/model.onnx'), 'x')
    writeFileSync(join(cacheDir, 'other/deep/model.onnx'), 'x')
    const seen: string[] = []
    const { files, onnx } = await resolve(cacheDir, { graph: 'onnx', include: (path) => seen.push(path) > 0 })
    expect(onnx).toBe('onnx/model.onnx')
    expect(files.map(({ path }) => path)).toEqual(['chat_templates/a.jinja', 'config.json', 'onnx/model.onnx'])
    expect(seen).not.toContain('other/deep/model.onnx')
  })
  it.runIf(process.platform === 'linux')('a pipe in place of a file is refused, not waited for', async () => {
    execFileSync('mkfifo', [join(cacheDir, 'config.json')])
    await expect(resolve(cacheDir)).rejects.toThrow(/is not a regular file/)
    await expect(resolve(cacheDir)).rejects.toThrow(ModelError)
  })
  it('names the folder beside it that a misspelt one probably means', () => {
    const beside = mkdtempSync(join(tmpdir(), 'beside-'))
    mkdirSync(join(beside, 'reward-model'))
    expect(() => localFolder(join(beside, 'reward-modle'))).toThrow(
      expect.objectContaining({
        message: expect.stringContaining('no such folder'),
        hint: `Is ${join(beside, 'reward-model')} meant?`,
      }),
    )
    rmSync(beside, { recursive: true })
  })
  it.each([
    ['./nowhere', {}, /no such folder/],
    ['a/b/c', {}, /neither an existing folder nor a hub id/],
    ['org/na me', {}, /neither/],
    ['org/../name', {}, /neither/],
    ['org/na--me', {}, /neither/],
    ['', {}, /folder/],
    ['org/name', { revision: '../../x' }, /not a branch, tag or commit/],
    ['org/name@a', { revision: 'b' }, /asks for revision "a", and the flag for "b"/],
    ['package.json', {}, /is a file, expected a folder/],
    ['src', { revision: 'v1' }, /is a folder; revision "v1" means nothing/],
    ['org/name', { endpoint: 'ftp://x' }, /not an http\(s\) address/],
  ])('%j %o is a usage error', async (name, options, message) => {
    await expect(resolve(name, options)).rejects.toThrow(message)
    await expect(resolve(name, options)).rejects.toThrow(UsageError)
  })
})

describe('a ready-made ONNX export', () => {
  const made = (path: string): Buffer => readFileSync(packagePath('test/data/onnx', path))
  const [full, packed] = [made('gpt2/onnx/model.onnx'), made('gpt2/onnx/model_quantized.onnx')]
  const [graph, weights] = [made('llama-gqa/model.onnx'), made('llama-gqa/model.onnx_data')]
  const both = { ...files, 'onnx/model.onnx': full, 'onnx/model_quantized.onnx': packed }
  const bare = { 'config.json': config, 'model.onnx': graph, 'model.onnx_data': weights, 'other.onnx_data': big }
  const at = (commit: Readonly<Record<string, Buffer>>) => {
    hub.repos = [{ ...plain, commits: { [C1]: commit } }]
  }
  const paths = ({ files }: Awaited<ReturnType<typeof resolve>>) => files.map(({ path }) => path)

  it('is left alone where there are safetensors', async () => {
    at(both)
    const model = await resolve('org/name', { externalFiles: externalFilesOf })
    expect(model).toMatchObject({ onnx: null, notes: [] })
    expect(paths(model)).toEqual(['config.json', 'tokenizer.json', 'model.safetensors'])
  })
  it('comes alone where it is asked for: neither safetensors nor other exports', async () => {
    at(both)
    const model = await resolve('org/name', { graph: 'onnx', externalFiles: externalFilesOf })
    expect(model).toMatchObject({ onnx: 'onnx/model.onnx', notes: [] })
    expect(paths(model)).toEqual(['config.json', 'tokenizer.json', 'onnx/model.onnx'])
    expect(readFileSync(join(model.dir, 'onnx/model.onnx')).equals(full)).toBe(true)
  })
  it('is quantised by name only', async () => {
    at(both)
    const model = await resolve('org/name', {
      graph: 'onnx',
      onnxFile: 'model_quantized',
      externalFiles: externalFilesOf,
    })
    expect(paths(model)).toEqual(['config.json', 'tokenizer.json', 'onnx/model_quantized.onnx'])
    at({ 'config.json': config, 'onnx/model_q4.onnx': packed })
    await expect(resolve('org/name')).rejects.toThrow(
      'has neither model.onnx nor onnx/model.onnx; it has onnx/model_q4.onnx',
    )
  })
  it('is taken where there are no safetensors, with the weights that it names, and that is said', async () => {
    at(bare)
    const model = await resolve('org/name', { externalFiles: externalFilesOf })
    expect(model.onnx).toBe('model.onnx')
    expect(model.notes).toEqual(['org/name has no safetensors: its model.onnx is run as it is (--graph onnx)'])
    expect(paths(model)).toEqual(['config.json', 'model.onnx', 'model.onnx_data'])
    expect(downloads().some(({ url }) => url.includes('other'))).toBe(false)
    // and again without the hub
    const again = await resolve('org/name', { externalFiles: externalFilesOf, offline: true })
    expect(paths(again)).toEqual(['config.json', 'model.onnx', 'model.onnx_data'])
    expect(again.notes.join()).toContain('as the cache has it, has no safetensors: its model.onnx is run')
  })
  it('is not taken where the checkpoint was asked for', async () => {
    at(bare)
    await expect(resolve('org/name', { graph: 'checkpoint' })).rejects.toThrow('has neither model.safetensors nor')
  })
  it('is refused where its weights are not in the repository', async () => {
    at({ 'config.json': config, 'model.onnx': graph })
    await expect(resolve('org/name', { externalFiles: externalFilesOf })).rejects.toThrow(
      'its model.onnx has weights in model.onnx_data, which is not in the repository',
    )
  })
})
