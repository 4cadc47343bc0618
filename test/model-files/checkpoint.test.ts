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

describe('shards', () => {
  it('without an index are read together where all are there, and that is said', () => {
    const dir = sharded({ a: A, b: B })
    rmSync(join(dir, 'model.safetensors.index.json'))
    const { tensors, fileNames, notes } = openCheckpoint(dir)
    expect([...tensors.keys()]).toEqual(['a', 'b'])
    expect(fileNames).toEqual(['config.json', A, B])
    expect(notes).toEqual(['model.safetensors.index.json is missing: the 2 shards are read together'])
  })
  it('without an index and one of them missing, or of two saves, or with a tensor twice, are refused', () => {
    const noIndex = (...args: Parameters<typeof sharded>): string => {
      const dir = sharded(...args)
      rmSync(join(dir, 'model.safetensors.index.json'))
      return dir
    }
    const partial = noIndex({ a: A, b: B })
    rmSync(join(partial, A))
    expect(() => openCheckpoint(partial)).toThrow(/and 1 of 2 shards: model-00002-of-00002/)
    const two = noIndex({ a: A, b: B })
    writeSafetensors(join(two, 'model-00001-of-00003.safetensors'), [])
    expect(() => openCheckpoint(two)).toThrow(/shards of 2 saves: of 2 and of 3/)
    expect(() => openCheckpoint(noIndex({ a: A, b: B }, ['a', 'b'], ['b']))).toThrow(
      /holds tensor "b", which model-00001-of-00002.safetensors holds, too/,
    )
  })
  it('of another save than the index: the hint names those that are there', () => {
    const dir = sharded({ a: A, b: B })
    rmSync(join(dir, B))
    writeSafetensors(join(dir, 'model-00001-of-00001.safetensors'), [])
    const hint = /another save than model-00001-of-00001.safetensors: delete the index/
    expect(() => openCheckpoint(dir)).toThrow(expect.objectContaining({ hint: expect.stringMatching(hint) }))
  })
  it('a tensor that the index forgot: the hint says where it belongs', () => {
    const dir = sharded({ a: A, b: B }, ['a', 'score.weight'])
    expect(() => openCheckpoint(dir)).toThrow(
      expect.objectContaining({ hint: expect.stringMatching(/Add it to weight_map .*a head that was added later/) }),
    )
  })
  it('a file beside them that nothing names is not read, and that is said; a copy of what was read is no news', () => {
    const dir = sharded({ a: A, b: B })
    writeSafetensors(join(dir, 'other_head.safetensors'), [floats('v_head.summary.weight', [1], [1])])
    writeSafetensors(join(dir, 'copy.safetensors'), [floats('a', [1], [1])])
    expect(openCheckpoint(dir).notes).toEqual([
      'other_head.safetensors is not read: model.safetensors and an index do not name its tensors (v_head.summary.weight)',
    ])
  })
})

describe('packed weights are refused by name, with the unpacked model where the name tells it', () => {
  it.each([
    [
      { quant_method: 'bitsandbytes' },
      'unsloth/llama-3-8b-Instruct-bnb-4bit',
      'bitsandbytes',
      'unsloth/llama-3-8b-Instruct',
    ],
    [{ quant_method: 'bitsandbytes' }, 'unsloth/Qwen3-4B-unsloth-bnb-4bit', 'bitsandbytes', 'unsloth/Qwen3-4B'],
    [{ quant_method: 'gptq' }, 'org/model-GPTQ-Int4', 'GPTQ', 'org/model'],
    [{ quant_method: 'awq' }, 'org/model-AWQ', 'AWQ', 'org/model'],
    [{ quant_method: 'torchao' }, 'org/model', 'torchao', 'its page on the hub names it as base model'],
    [{ quant_method: 'compressed-tensors' }, undefined, 'compressed-tensors', 'model.dequantize()'],
    [{ bits: 4 }, undefined, 'an unnamed method', 'its page on the hub'],
  ])('%j of %s', (quantization_config, _name_or_path, method, hint) => {
    const dir = folder({ 'config.json': JSON.stringify({ model_type: 'llama', quantization_config, _name_or_path }) })
    writeSafetensors(join(dir, 'model.safetensors'), [])
    expect(() => openCheckpoint(dir)).toThrow(
      expect.objectContaining({
        message: expect.stringContaining(`packed by ${method}`),
        hint: expect.stringContaining(hint),
      }),
    )
  })
  it('of the hub by the name of its cache', () => {
    const dir = join(root, 'models--unsloth--llama-3-8b-bnb-4bit', 'snapshots', 'c0')
    mkdirSync(dir, { recursive: true })
    writeFileSync(join(dir, 'config.json'), '{"quantization_config":{"quant_method":"bitsandbytes"}}')
    expect(() => openCheckpoint(dir)).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('by its name unsloth/llama-3-8b.') }),
    )
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
