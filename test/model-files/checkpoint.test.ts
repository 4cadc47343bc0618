import { createHash } from 'node:crypto'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ModelError } from '../../src/errors.ts'
import { hashCheckpoint, openCheckpoint } from '../../src/model/checkpoint.ts'
import { packagePath } from '../../src/package.ts'
import { floats, writeSafetensors } from './write.ts'

let root: string
beforeAll(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'checkpoint-')))
})
afterAll(() => rmSync(root, { recursive: true }))

let count = 0
/** A folder with these text files; safetensors are written by the caller. */
function folder(files: Readonly<Record<string, string>> = {}): string {
  const dir = join(root, String(count++))
  mkdirSync(dir)
  for (const [name, text] of Object.entries({ 'config.json': '{"model_type":"llama"}', ...files }))
    writeFileSync(join(dir, name), text)
  return dir
}
const index = (map: Readonly<Record<string, unknown>>): string => JSON.stringify({ weight_map: map })
const A = 'model-00001-of-00002.safetensors'
const B = 'model-00002-of-00002.safetensors'
const sharded = (map: Readonly<Record<string, unknown>>, a = ['a'], b = ['b']): string => {
  const dir = folder({ 'model.safetensors.index.json': index(map) })
  writeSafetensors(
    join(dir, A),
    a.map((name) => floats(name, [1], [1])),
  )
  writeSafetensors(
    join(dir, B),
    b.map((name) => floats(name, [1], [2])),
  )
  return dir
}

describe('openCheckpoint', () => {
  it('reads every golden checkpoint, single and sharded', () => {
    const dir = packagePath('test/data/parity')
    for (const name of readdirSync(dir)) {
      if (!readdirSync(dir, { withFileTypes: true }).some((e) => e.isDirectory() && e.name === name)) continue
      if (!readdirSync(join(dir, name)).includes('config.json')) continue
      const { config, tensors, files } = openCheckpoint(join(dir, name))
      expect(typeof config.model_type, name).toBe('string')
      expect(tensors.size, name).toBeGreaterThan(0)
      expect(files.length, name).toBe(name.includes('sharded') ? 5 : 2)
    }
  })
  it('follows the symlinks of a Hugging Face cache to the real blobs', () => {
    const repo = join(root, 'models--org--name')
    mkdirSync(join(repo, 'blobs'), { recursive: true })
    mkdirSync(join(repo, 'snapshots', 'c0'), { recursive: true })
    const weights = join(repo, 'blobs', 'weights')
    writeSafetensors(weights, [floats('a', [1], [1])])
    const sha256 = createHash('sha256').update(readFileSync(weights)).digest('hex')
    cpSync(weights, join(repo, 'blobs', sha256))
    writeFileSync(join(repo, 'blobs', 'abc'), '{}')
    symlinkSync('../../blobs/abc', join(repo, 'snapshots', 'c0', 'config.json'))
    symlinkSync(`../../blobs/${sha256}`, join(repo, 'snapshots', 'c0', 'model.safetensors'))
    const opened = openCheckpoint(join(repo, 'snapshots', 'c0'))
    expect(opened.tensors.get('a')?.file).toBe(join(repo, 'blobs', sha256))
    expect(opened.files).toEqual([join(repo, 'blobs', 'abc'), join(repo, 'blobs', sha256)])
  })
  it('prefers the single file to the index, like transformers', () => {
    const dir = sharded({ a: A, b: B })
    writeSafetensors(join(dir, 'model.safetensors'), [floats('only', [1], [1])])
    expect([...openCheckpoint(dir).tensors.keys()]).toEqual(['only'])
  })
  it('keeps a tensor named __proto__', () => {
    const dir = folder({
      'model.safetensors.index.json': `{"weight_map":{"__proto__":"${A}"}}`,
    })
    const header = '{"__proto__":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
    const length = Buffer.alloc(8)
    length.writeBigUInt64LE(BigInt(header.length))
    writeFileSync(join(dir, A), Buffer.concat([length, Buffer.from(header), Buffer.alloc(4)]))
    expect([...openCheckpoint(dir).tensors.keys()]).toEqual(['__proto__'])
  })
})

function makersOwn(): string {
  const dir = folder({ 'params.json': '{}', 'consolidated.safetensors': '' })
  rmSync(join(dir, 'config.json'))
  return dir
}
function adapterBeside(): string {
  const dir = sharded({ a: A, b: B })
  writeFileSync(join(dir, 'adapter_config.json'), '{}')
  return dir
}

describe('a faulty folder is one ModelError', () => {
  it.each<[string, () => string, RegExp]>([
    ['no folder', () => join(root, 'nowhere'), /no such file/],
    ['a file', () => packagePath('package.json'), /not a folder/],
    [
      'no config',
      () => {
        const d = folder()
        rmSync(join(d, 'config.json'))
        return d
      },
      /has no config.json/,
    ],
    ["a maker's own format", () => makersOwn(), /consolidated.safetensors is of the maker's own format/],
    ['config not JSON', () => folder({ 'config.json': '{' }), /not valid JSON/],
    ['config a list', () => folder({ 'config.json': '[]' }), /not a JSON object/],
    ['config null', () => folder({ 'config.json': 'null' }), /not a JSON object/],
    ['no weights', () => folder(), /neither model.safetensors nor/],
    ['pickle only', () => folder({ 'pytorch_model.bin': '' }), /only pickled weights \(pytorch_model.bin\)/],
    ['adapter only', () => folder({ 'adapter_model.safetensors': '' }), /PEFT adapter/],
    ['adapter beside weights', () => adapterBeside(), /PEFT adapter/],
    ['other name', () => folder({ 'model.fp16.safetensors': '' }), /it has model.fp16.safetensors/],
    [
      'shard missing',
      () => {
        const d = sharded({ a: A, b: B })
        rmSync(join(d, B))
        return d
      },
      /1 of 2 shards are missing: model-00002/,
    ],
    ['tensor missing', () => sharded({ a: A, b: B, c: B }), /1 of 3 tensors are in no shard: c/],
    ['tensor extra', () => sharded({ a: A, b: B }, ['a', 'x']), /holds tensor "x", which the index does not name/],
    ['tensor in the wrong shard', () => sharded({ a: A, b: A }, ['a'], ['b']), /1 of 2 tensors are in no shard/],
    [
      'tensor in two shards',
      () => sharded({ a: A, b: B }, ['a', 'b'], ['b']),
      /holds tensor "b", which the index places in/,
    ],
    [
      'name twice in the index',
      () => folder({ 'model.safetensors.index.json': `{"weight_map":{"a":"${A}","a":"${B}"}}` }),
      /twice/,
    ],
    ['no weight_map', () => folder({ 'model.safetensors.index.json': '{}' }), /no weight_map/],
    ['empty weight_map', () => folder({ 'model.safetensors.index.json': index({}) }), /empty/],
    ['shard is a number', () => folder({ 'model.safetensors.index.json': index({ a: 1 }) }), /not a file name/],
    [
      'traversal',
      () => folder({ 'model.safetensors.index.json': index({ a: '../x.safetensors' }) }),
      /in the same folder/,
    ],
    [
      'hidden traversal',
      () => folder({ 'model.safetensors.index.json': index({ a: 'x/../../y.safetensors' }) }),
      /in the same folder/,
    ],
    [
      'backslashes',
      () => folder({ 'model.safetensors.index.json': index({ a: '..\\x.safetensors' }) }),
      /in the same folder/,
    ],
    [
      'absolute path',
      () => folder({ 'model.safetensors.index.json': index({ a: '/etc/x.safetensors' }) }),
      /in the same folder/,
    ],
    [
      'not safetensors',
      () => folder({ 'model.safetensors.index.json': index({ a: 'config.json' }) }),
      /in the same folder/,
    ],
  ])('%s', (_, make, message) => {
    const dir = make()
    expect(() => openCheckpoint(dir)).toThrow(message)
    expect(() => openCheckpoint(dir)).toThrow(ModelError)
  })
})

describe('hashCheckpoint', () => {
  it('is the SHA-256 of the bytes, and says so', async () => {
    const dir = sharded({ a: A, b: B })
    const hashes = await hashCheckpoint(openCheckpoint(dir), { trustBlobNames: true })
    expect(hashes.map(({ name, how }) => [name, how])).toEqual(
      ['config.json', 'model.safetensors.index.json', A, B].map((name) => [name, 'read']),
    )
    for (const { name, sha256, sizeBytes } of hashes) {
      const bytes = readFileSync(join(dir, name))
      expect(sha256).toBe(createHash('sha256').update(bytes).digest('hex'))
      expect(sizeBytes).toBe(bytes.length)
    }
  })
  it('takes a cache blob at its name only when told to, and records that', async () => {
    const dir = folder()
    mkdirSync(join(dir, 'blobs'))
    const fake = '0'.repeat(64)
    writeSafetensors(join(dir, 'blobs', fake), [floats('a', [1], [1])])
    symlinkSync(`blobs/${fake}`, join(dir, 'model.safetensors'))
    const weights = async (trustBlobNames: boolean) =>
      (await hashCheckpoint(openCheckpoint(dir), { trustBlobNames }))[1]!
    expect(await weights(true)).toMatchObject({ sha256: fake, how: 'blob-name' })
    const read = await weights(false)
    expect(read.how).toBe('read')
    expect(read.sha256).not.toBe(fake)
  })
})
