import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Checkpoint, hashCheckpoint, openCheckpoint } from '../../src/model/checkpoint.ts'
import { openModelIn } from '../../src/model/open.ts'
import { quantiseRows } from '../../src/model/quantised/blocks.ts'
import { quantisedFile, quantisedFolder } from '../../src/model/quantised/file.ts'
import type { QuantisedLayout } from '../../src/model/quantised/layout.ts'
import { rowBytes, SCHEMES, type Scheme, schemeName } from '../../src/model/quantised/scheme.ts'
import { packagePath } from '../../src/package.ts'
import { editTensors } from './safetensors-edit.ts'

const root = mkdtempSync(join(tmpdir(), 'chemherm-quantised-file-'))
const before = process.env.CHEMHERM_QUANTISED_DIR
let count = 0
let folder = ''
let checkpoint: Checkpoint
beforeEach(() => {
  folder = join(root, `cache-${++count}`)
  process.env.CHEMHERM_QUANTISED_DIR = folder
  const model = join(root, `model-${count}`)
  cpSync(packagePath('test/data/parity/llama-gqa'), model, { recursive: true })
  // as the edits below will write it, so that offsets stay where they are
  editTensors(join(model, 'model.safetensors'), () => {})
  checkpoint = openCheckpoint(model)
})
afterEach(() => {
  if (before === undefined) delete process.env.CHEMHERM_QUANTISED_DIR
  else process.env.CHEMHERM_QUANTISED_DIR = before
})
afterAll(() => rmSync(root, { recursive: true }))

const layoutOf = (dtype: 'q8' | 'q4', scheme?: Scheme): QuantisedLayout =>
  openModelIn(checkpoint, { kind: 'head', device: 'cpu' }, dtype, scheme).built.quantised!

describe('the file of quantised weights', () => {
  it('is made once, said, and found again', async () => {
    const lines: string[] = []
    const say = (line: string): void => void lines.push(line)
    const layout = layoutOf('q8')
    const path = await quantisedFile(layout, { checkpoint, say })
    expect(statSync(path).size).toBe(layout.sizeBytes)
    expect(lines[0]).toMatch(
      /^writing the weights of .*model-\d+ as uint8 block 32 with zero points, .* GB, to .*: once/,
    )
    expect(lines[1]).toMatch(/^written in /)
    const { mtimeMs, ino } = statSync(path)
    expect(await quantisedFile(layoutOf('q8'), { checkpoint, say })).toBe(path)
    expect(statSync(path)).toMatchObject({ mtimeMs, ino })
    expect(lines).toHaveLength(2)
    expect(
      readdirSync(folder)
        .map((name) => name.replace(/^[0-9a-f]{32}/, ''))
        .sort(),
    ).toEqual(['.bin', '.json'])
  })

  it('is another for another scheme, other weights and another use', async () => {
    const paths = [await quantisedFile(layoutOf('q8'), { checkpoint })]
    paths.push(await quantisedFile(layoutOf('q4'), { checkpoint }))
    paths.push(await quantisedFile(layoutOf('q8', { ...SCHEMES.q8, block: 64 }), { checkpoint }))
    paths.push(await quantisedFile(layoutOf('q8', { ...SCHEMES.q8, symmetric: true }), { checkpoint }))
    editTensors(join(checkpoint.dir, 'model.safetensors'), (tensors) => {
      tensors.get('model.layers.0.mlp.up_proj.weight')!.data.writeFloatLE(0.25, 0)
    })
    paths.push(await quantisedFile(layoutOf('q8'), { checkpoint: openCheckpoint(checkpoint.dir) }))
    expect(new Set(paths).size).toBe(5)
  })

  it('is made again where it is damaged, cut or half there', async () => {
    const path = await quantisedFile(layoutOf('q4'), { checkpoint })
    const whole = readFileSync(path)
    const damaged = Buffer.from(whole)
    damaged[100]! ^= 1
    for (const harm of [
      () => writeFileSync(path, damaged),
      () => writeFileSync(path, whole.subarray(0, -64)),
      () => rmSync(path),
      () => rmSync(path.replace('.bin', '.json')),
      () => writeFileSync(path.replace('.bin', '.json'), '{'),
    ]) {
      harm()
      expect(await quantisedFile(layoutOf('q4'), { checkpoint })).toBe(path)
      expect(readFileSync(path).equals(whole)).toBe(true)
    }
  })

  it('is written by one of several at once; the others wait for it', async () => {
    const lines: string[] = []
    const say = (line: string): void => void lines.push(line)
    const paths = await Promise.all([1, 2, 3].map(() => quantisedFile(layoutOf('q8'), { checkpoint, say })))
    expect(new Set(paths).size).toBe(1)
    expect(lines.filter((line) => line.startsWith('writing'))).toHaveLength(1)
    expect(lines).toContain(`waiting for another process that writes ${join(folder, basename(paths[0]!))}`)
  })

  it('is not made of a NaN', async () => {
    editTensors(join(checkpoint.dir, 'model.safetensors'), (tensors) => {
      tensors.get('model.layers.0.mlp.up_proj.weight')!.data.writeFloatLE(Number.NaN, 40)
    })
    await expect(quantisedFile(layoutOf('q8'), { checkpoint })).rejects.toMatchObject({
      tag: 'model',
      message: expect.stringMatching(/"model\.layers\.0\.mlp\.up_proj\.weight" holds NaN/),
    })
    expect(readdirSync(folder)).toEqual([])
  })

  it('is not made of a number whose block has no scale', async () => {
    editTensors(join(checkpoint.dir, 'model.safetensors'), (tensors) => {
      tensors.get('model.layers.0.mlp.up_proj.weight')!.data.writeFloatLE(-3e38, 40)
    })
    await expect(quantisedFile(layoutOf('q4'), { checkpoint })).rejects.toMatchObject({
      tag: 'model',
      message: expect.stringMatching(/"model\.layers\.0\.mlp\.up_proj\.weight" holds -3\.00e\+38: a block of weights/),
      hint: expect.stringContaining('--dtype fp32'),
    })
    expect(readdirSync(folder)).toEqual([])
  })

  it('is refused below a folder that the system does not allow', async () => {
    process.env.CHEMHERM_QUANTISED_DIR = '/proc/chemherm/quantised'
    await expect(quantisedFile(layoutOf('q8'), { checkpoint })).rejects.toMatchObject({
      tag: 'model',
      where: '/proc/chemherm/quantised',
      message: expect.stringContaining('cannot hold the quantised weights'),
    })
  })

  it.each([
    ['.bin', 'is a folder where a file belongs'],
    ['.json', 'is a folder where a file belongs'],
    ['.bin.lock', 'is a file where a lock, which is a folder, belongs'],
  ])('is refused where %s is of another kind', async (ending, message) => {
    const path = await quantisedFile(layoutOf('q8'), { checkpoint })
    const place = path.replace(/\.bin$/, ending)
    rmSync(place, { force: true })
    if (ending === '.bin.lock') writeFileSync(place, '')
    else mkdirSync(place)
    await expect(quantisedFile(layoutOf('q8'), { checkpoint })).rejects.toMatchObject({
      tag: 'model',
      where: place,
      message,
    })
  })

  it('is not kept where the checkpoint is another than the one that was hashed', async () => {
    const hashes = await hashCheckpoint(checkpoint, { trustBlobNames: false })
    editTensors(join(checkpoint.dir, 'model.safetensors'), (tensors) => {
      tensors.get('model.layers.0.mlp.up_proj.weight')!.data.writeFloatLE(0.25, 0)
    })
    await expect(quantisedFile(layoutOf('q8'), { checkpoint, hashes })).rejects.toThrow(
      'model.safetensors changed while it was quantised',
    )
    expect(readdirSync(folder)).toEqual([])
  })

  it('names its folder where it cannot be written', async () => {
    mkdirSync(folder)
    writeFileSync(join(folder, 'file'), '')
    process.env.CHEMHERM_QUANTISED_DIR = join(folder, 'file', 'below')
    await expect(quantisedFile(layoutOf('q8'), { checkpoint })).rejects.toMatchObject({
      tag: 'model',
      where: join(folder, 'file', 'below'),
      hint: expect.stringContaining('CHEMHERM_QUANTISED_DIR'),
    })
  })

  it('lies in the cache folder of the user', () => {
    expect(quantisedFolder({ HOME: '/h', XDG_CACHE_HOME: '/c' })).toBe(join('/c', 'chemherm', 'quantised'))
    expect(quantisedFolder({ CHEMHERM_QUANTISED_DIR: '/q', XDG_CACHE_HOME: '/c' })).toBe('/q')
  })
})

interface PackedCase {
  readonly name: string
  readonly bits: 8 | 4
  readonly block: number
  readonly symmetric: boolean
  readonly rows: number
  readonly inputs: number
  /** Float32, base64. */
  readonly values: string
  readonly dequantised: string
}
const cases = JSON.parse(
  gunzipSync(readFileSync(packagePath('test/data/quantised/blocks.json.gz'))).toString('utf8'),
) as PackedCase[]
const floats = (text: string): Float32Array => new Float32Array(new Uint8Array(Buffer.from(text, 'base64')).buffer)

describe('blocks: what numpy and ONNX Runtime make of the same weights', () => {
  it.each(cases)('$name', ({ bits, block, symmetric, rows, inputs, values, dequantised }) => {
    const scheme = { bits, block, symmetric }
    const { packed, scales, zeros } = quantiseRows(floats(values), inputs, scheme)
    const bytes = rowBytes(scheme, inputs)
    const number = (from: Uint8Array, row: number, width: number, i: number): number =>
      bits === 8 ? from[row * width + i]! : (from[row * width + (i >> 1)]! >> (4 * (i & 1))) & 15
    const want = floats(dequantised)
    let worst = 0
    for (let r = 0; r < rows; r++)
      for (let i = 0; i < inputs; i++) {
        const b = Math.floor(i / block)
        const zero = symmetric ? 2 ** (bits - 1) : number(zeros, r, bytes.zeros, b)
        const scale = scales[r * bytes.blocks + b]!
        const got = (number(packed, r, bytes.packed, i) - zero) * scale
        worst = Math.max(worst, Math.abs(got - want[r * inputs + i]!) / (scale || 1))
      }
    // in steps of the block: a step more or less would be 1
    expect(worst).toBeLessThan(1e-4)
  })
  it('says what a scheme is', () => {
    expect(schemeName(SCHEMES.q8)).toBe('uint8 block 32 with zero points')
    expect(schemeName({ bits: 4, block: 64, symmetric: true, logits: 8 })).toBe(
      'int4 block 64 symmetric, logits in 8 bits',
    )
  })
})
