import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openCheckpoint } from '../../src/model/checkpoint.ts'
import { scaleOf } from '../../src/model/float8.ts'
import { openModel } from '../../src/model/open.ts'
import { matrixRows } from '../../src/model/quantised/matrix-rows.ts'
import type { TensorRef } from '../../src/model/safetensors.ts'
import { startSession } from '../../src/model/session.ts'
import { float8ToFloat, readTensor } from '../../src/model/tensor-values.ts'
import { packagePath } from '../../src/package.ts'
import { build, changed, refusal } from './changed.ts'
import { compareGolden, layoutsOf } from './compared.ts'
import { goldenModels } from './golden.ts'

const dirOf = (name: string): string => packagePath('test/data/float8', name)

describe('a number in E4M3', () => {
  // OCP 8-bit Floating Point Specification, table 2
  it.each([
    [0x00, 0],
    [0x01, 2 ** -9],
    [0x07, 7 * 2 ** -9],
    [0x08, 2 ** -6],
    [0x38, 1],
    [0x7e, 448],
    [0xfe, -448],
    [0xb9, -1.125],
  ])('%i is %d', (bits, value) => expect(float8ToFloat(bits)).toBe(value))
  it('has one NaN of each sign and no infinity', () => {
    const all = Array.from({ length: 256 }, (_, bits) => float8ToFloat(bits))
    expect(all.flatMap((value, bits) => (Number.isFinite(value) ? [] : [bits]))).toEqual([0x7f, 0xff])
  })
})

describe('FP8 weights', () => {
  const matrices = goldenModels('float8').flatMap(({ name, dir }) => {
    const checkpoint = openCheckpoint(dir)
    return [...checkpoint.tensors.values()]
      .filter(({ dtype }) => dtype === 'F8_E4M3')
      .map((ref) => ({ name, checkpoint, ref }))
  })
  it('are read for few bits as each weight times the scale of its block', () => {
    expect(matrices.length).toBeGreaterThan(50)
    for (const { checkpoint, ref } of matrices) {
      const [rows, inputs] = ref.shape as [number, number]
      const scale = scaleOf(checkpoint, ref)
      const [q, scales] = [bytesOf(ref), readTensor(scale.ref)]
      const [high, wide] = [Math.ceil(rows / scale.block[0]), Math.ceil(inputs / scale.block[1])]
      expect(scales).toHaveLength(high * wide)
      const first = 3
      const read = [...matrixRows({ ref, scale, layout: 'out,in', first, rows: rows - first, inputs }, 5)]
      const got = read.flatMap((group) => [...group])
      const want = Array.from({ length: (rows - first) * inputs }, (_, i) => {
        const [row, column] = [first + Math.floor(i / inputs), i % inputs]
        const block = Math.floor(row / scale.block[0]) * wide + Math.floor(column / scale.block[1])
        return Math.fround(float8ToFloat(q[row * inputs + column]!) * scales[block]!)
      })
      expect(got, ref.name).toEqual(want)
    }
  })
  it('count as weights, their scales do not; activations stay as they are, and that is said', () => {
    const { built, checkpoint } = openModel(openCheckpoint(dirOf('tensor-static-causal')), {
      kind: 'logProb',
      device: 'cpu',
      dtype: 'fp32',
    })
    const scales = [...checkpoint.tensors.values()].filter(({ name }) => name.includes('_scale'))
    const all = [...checkpoint.tensors.values()].reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0)
    expect(built.parameters).toBe(all - scales.length)
    expect(built.ignoredTensors.map(({ reason }) => reason)).toContain(
      'scale of activations or of the cache in FP8, which stay float32',
    )
    expect(checkpoint.notes).toEqual([expect.stringContaining('weights are FP8 with scales and are multiplied out')])
  })
  it.each(['blocks', 'compressed-row', 'experts-blocks'])(
    'give the same in few bits as the checkpoint that holds their products: %s',
    async (name) => {
      const golden = goldenModels('float8').find((one) => one.name === name)!
      const scoresOf = async (dir: string): Promise<number[]> => {
        const model = openModel(openCheckpoint(dir), { kind: golden.kind, device: 'cpu', dtype: 'q8' })
        const runner = await startSession(model)
        const compared = await compareGolden(golden, model, runner, layoutsOf(model)[0]!)
        await runner.release()
        return compared.flatMap(({ got }) => got)
      }
      expect(await scoresOf(golden.dir)).toEqual(await scoresOf(productsOf(golden.dir)))
    },
  )
})

/** The same checkpoint in float32. */
function productsOf(dir: string): string {
  const { tensors: refs, float8 } = openCheckpoint(dir)
  return changed(`float8/${basename(dir)}`, {
    config: (config) => delete config.quantization_config,
    tensors: (tensors) => {
      for (const ref of refs.values()) {
        if (ref.dtype !== 'F8_E4M3') continue
        const scale = [`${ref.name}_scale_inv`, `${ref.name}_scale`].find((name) => tensors.has(name))!
        const [rows, inputs] = ref.shape as [number, number]
        const [high, wide] = float8?.block ?? [1, inputs]
        const scales = readTensor(refs.get(scale)!)
        const q = tensors.get(ref.name)!.data
        const products = Float32Array.from({ length: rows * inputs }, (_, i) => {
          const [row, column] = [Math.floor(i / inputs), i % inputs]
          const block = Math.floor(row / high) * Math.ceil(inputs / wide) + Math.floor(column / wide)
          return float8ToFloat(q[i]!) * scales[block]!
        })
        tensors.set(ref.name, { dtype: 'F32', shape: ref.shape, data: Buffer.from(products.buffer) })
        tensors.delete(scale)
      }
    },
  })
}

const bytesOf = ({ file, offset, length }: TensorRef): Uint8Array =>
  new Uint8Array(readFileSync(file).subarray(offset, offset + length))

describe('FP8 that is not read', () => {
  type Config = Record<string, unknown> & { quantization_config: Record<string, unknown> }
  const packed = (name: string, change: (packed: Record<string, unknown>) => void): string =>
    refusal(changed(`float8/${name}`, { config: (config) => change((config as Config).quantization_config) }))
  const group = (packed: Record<string, unknown>): Record<string, unknown> =>
    (packed.config_groups as { group_0: { weights: Record<string, unknown> } }).group_0.weights

  it.each([
    ['another format of numbers', 'blocks', (packed: Record<string, unknown>) => (packed.fmt = 'e5m2')],
    ['blocks that are none', 'blocks', (packed: Record<string, unknown>) => (packed.weight_block_size = [16])],
    ['integers', 'compressed-row', (packed: Record<string, unknown>) => (group(packed).type = 'int')],
    ['4 bits', 'compressed-row', (packed: Record<string, unknown>) => (group(packed).num_bits = 4)],
    ['a zero point', 'compressed-row', (packed: Record<string, unknown>) => (group(packed).symmetric = false)],
    [
      'sparse weights',
      'compressed-row',
      (packed: Record<string, unknown>) => (packed.sparsity_config = { format: 'sparse-24-bitmask' }),
    ],
    [
      'rotated weights',
      'compressed-row',
      (packed: Record<string, unknown>) => (packed.transform_config = { config_groups: {} }),
    ],
  ])('%s', (_, name, change) => expect(packed(name, change)).toMatch(/has weights packed by (FP8|compressed-tensors)/))

  it('is named by its tensor where a scale is missing, or of another shape', () => {
    const name = 'model.layers.0.self_attn.q_proj.weight'
    const without = changed('float8/blocks', { tensors: (tensors) => tensors.delete(`${name}_scale_inv`) })
    expect(refusal(without)).toContain(`tensor "${name}" is F8_E4M3 and has no "${name}_scale_inv"`)
    expect(packed('blocks', (said) => delete said.weight_block_size)).toMatch(/is \[2, 3\] for weights \[32, 32\]/)
    expect(packed('blocks', (said) => (said.weight_block_size = [16, 16]))).toMatch(
      /is \[2, 3\], blocks of 16 × 16 weights of \[32, 32\] ask for \[2, 2\]/,
    )
  })
  it('where config.json says nothing of it', () => {
    const silent = changed('float8/blocks', { config: (config) => delete config.quantization_config })
    expect(refusal(silent)).toMatch(/F8_E4M3|weight_scale_inv/)
  })
  it('builds', () => expect(build(dirOf('blocks')).head.labels).toEqual(['LABEL_0']))
})
