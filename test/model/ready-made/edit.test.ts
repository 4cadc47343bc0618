import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { editOnnx } from '../../../src/model/ready-made/edit.ts'
import { dtypeOfFile } from '../../../src/model/ready-made/numbers.ts'
import { openReadyMade } from '../../../src/model/ready-made/open.ts'
import { type OnnxModel, readOnnx } from '../../../src/model/ready-made/proto.ts'
import { modelFolder } from './folder.ts'
import { fixture } from './golden.ts'

const bytesOf = (path: string): Uint8Array => readFileSync(join(fixture(''), path))
const NOTHING = { nodes: [], initializers: [], inputs: [], outputs: [] }

describe('reading a file', () => {
  it('finds what optimum wrote', () => {
    const model = readOnnx(bytesOf('dpo-llama/policy/onnx/model.onnx'), 'x')
    expect({ ir: model.irVersion, producer: model.producer, opsets: [...model.opsets] }).toEqual({
      ir: 8,
      producer: 'pytorch 2.15.0',
      opsets: [['', 18]],
    })
    expect(model.inputs.slice(0, 4)).toEqual([
      { name: 'input_ids', type: 7, dims: ['batch_size', 'sequence_length'] },
      { name: 'attention_mask', type: 7, dims: ['batch_size', 'past_sequence_length + sequence_length'] },
      { name: 'position_ids', type: 7, dims: ['batch_size', 'sequence_length'] },
      { name: 'past_key_values.0.key', type: 1, dims: ['batch_size', 2, 'past_sequence_length', 12] },
    ])
    expect(model.outputs[0]).toEqual({ name: 'logits', type: 1, dims: ['batch_size', 'sequence_length', 400] })
  })
  it('sees into the branches of a merged decoder', () => {
    const { operators } = readOnnx(bytesOf('dpo-gpt2/policy/onnx/decoder_model_merged.onnx'), 'x')
    expect([...operators.keys()]).toEqual(expect.arrayContaining([':If', ':Softmax', ':Gemm']))
  })
})

describe('an edit', () => {
  const whole = bytesOf('bert/model.onnx')
  it('of nothing gives the same model', () => {
    const edited = editOnnx(whole, 'x', readOnnx(whole, 'x').graphName, {
      outputs: new Set(['logits']),
      added: NOTHING,
      locate: (l) => l,
    })
    const facts = ({ names: _, ...rest }: OnnxModel) => rest
    expect(facts(readOnnx(edited, 'x'))).toEqual(facts(readOnnx(whole, 'x')))
  })
  it('takes outputs away and leaves every other byte', () => {
    const name = readOnnx(whole, 'x').graphName
    const edited = editOnnx(whole, 'x', name, { outputs: new Set(), added: NOTHING, locate: (l) => l })
    expect(readOnnx(edited, 'x').outputs).toEqual([])
    // the nodes, which come first, are the same bytes one after the other
    const nodes = Buffer.from(whole).subarray(200, 20_000)
    expect(Buffer.from(edited).includes(nodes)).toBe(true)
  })
  it('is not made where a file can be run as it is', () => {
    const folder = modelFolder('gpt2')
    const model = openReadyMade(folder, 'onnx/model.onnx', {
      kind: 'head',
      device: 'cpu',
      deviceId: null,
      dtype: 'auto',
    })
    expect(model.reading.source()).toBe(model.file.path)
    expect(model.reading.added).toEqual([])
  })
  it('adds the log-probabilities and takes the cache away', () => {
    const folder = modelFolder('dpo-llama/policy')
    const model = openReadyMade(folder, 'onnx/model.onnx', {
      kind: 'logProb',
      device: 'cpu',
      deviceId: null,
      dtype: 'auto',
    })
    const { inputs, outputs } = readOnnx(model.reading.source() as Uint8Array, 'x')
    expect(inputs.slice(-2).map(({ name }) => name)).toEqual(['chemherm_rows', 'chemherm_targets'])
    expect(outputs.map(({ name }) => name)).toEqual(['chemherm_GatherElements'])
    expect(model.reading.added).toEqual(['GatherND', 'LogSoftmax', 'GatherElements'])
  })
})

describe('what a file computes in', () => {
  const model = (operators: Record<string, { bits?: number[]; to?: number[] }>, types: number[] = [1]): OnnxModel => ({
    irVersion: 8,
    producer: '',
    opsets: new Map(),
    graphName: '',
    inputs: [],
    outputs: [],
    tensors: types.map((type) => ({ name: '', type, dims: [4, 4], external: null, initializer: true })),
    operators: new Map(
      Object.entries(operators).map(([name, { bits = [], to = [] }]) => [
        name,
        { bits: new Set(bits), to: new Set(to) },
      ]),
    ),
    names: () => false,
  })
  it.each<[string, Parameters<typeof model>]>([
    ['fp32', [{ ':MatMul': {} }]],
    ['fp64', [{ ':MatMul': {} }, [11]]],
    ['fp16', [{ ':MatMul': {} }, [10]]],
    // a few layers in half-precision are enough
    ['fp16', [{ ':MatMul': {} }, [1, 10]]],
    ['fp16', [{ ':Cast': { to: [10] } }]],
    ['bf16', [{ ':MatMul': {} }, [16]]],
    ['q8', [{ ':MatMulInteger': {}, ':DynamicQuantizeLinear': {} }, [1, 3]]],
    ['q8', [{ ':DequantizeLinear': {} }, [1, 2]]],
    ['q4', [{ ':DequantizeLinear': {} }, [1, 22]]],
    ['q8', [{ 'com.microsoft:QAttention': {} }]],
    ['q8', [{ 'com.microsoft:DynamicQuantizeMatMul': {} }]],
    ['q4', [{ 'com.microsoft:MatMulNBits': {} }]],
    ['q4', [{ 'com.microsoft:MatMulNBits': { bits: [8, 4] } }]],
    ['q8', [{ 'com.microsoft:MatMulNBits': { bits: [8] } }]],
    ['q4f16', [{ 'com.microsoft:MatMulNBits': { bits: [4] } }, [2, 10]]],
    ['bnb4', [{ 'com.microsoft:MatMulBnb4': {} }]],
    ['fp8', [{ ':MatMul': {} }, [17]]],
  ])('%s', (dtype, given) => expect(dtypeOfFile(model(...given))).toBe(dtype))
})
