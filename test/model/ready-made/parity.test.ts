import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type OpenReadyMade, openReadyMade } from '../../../src/model/ready-made/open.ts'
import { startReadyMade } from '../../../src/model/ready-made/session.ts'
import type { Batch, FileDtype, MeasurementKind, Runner, Sequence } from '../../../src/types.ts'
import { type GoldenCase, goldenModels } from '../golden.ts'
import { fixture, modelFolder, sequence } from './folder.ts'

// Exports of the tiny checkpoints against transformers' numbers of the checkpoints themselves; quantised and half-precision files against
// onnxruntime's Python package.

interface Case {
  readonly name: string
  readonly file: string
  readonly kind: MeasurementKind
  readonly dtype: FileDtype
  readonly batches: string
  readonly pooling: string | null
  readonly safetensors?: boolean
  /** Absolute and relative bound where it is not the golden's. */
  readonly bound?: readonly [number, number]
}

const CASES: readonly Case[] = [
  { name: 'bert', file: 'model.onnx', kind: 'head', dtype: 'fp32', batches: 'padded', pooling: null },
  {
    name: 'gpt2',
    file: 'onnx/model.onnx',
    kind: 'head',
    dtype: 'fp32',
    batches: 'padded',
    pooling: 'rightmost not pad',
  },
  // transformers.js's dynamic quantisation scales activations over the whole batch
  {
    name: 'gpt2',
    file: 'onnx/model_quantized.onnx',
    kind: 'head',
    dtype: 'q8',
    batches: 'one by one',
    pooling: 'rightmost not pad',
    bound: [1e-4, 1e-4],
  },
  {
    name: 'gpt2',
    file: 'onnx/model_fp16.onnx',
    kind: 'head',
    dtype: 'fp16',
    batches: 'padded',
    pooling: 'rightmost not pad',
    bound: [4e-3, 2e-3],
  },
  {
    name: 'llama-gqa',
    file: 'model.onnx',
    kind: 'head',
    dtype: 'fp32',
    batches: 'padded',
    pooling: 'rightmost not pad',
  },
  {
    name: 'llama-gqa',
    file: 'onnx/model_q4.onnx',
    kind: 'head',
    dtype: 'q4',
    batches: 'padded',
    pooling: 'rightmost not pad',
    bound: [1e-4, 1e-4],
  },
  {
    name: 'llama-gqa',
    file: 'onnx/hidden.onnx',
    kind: 'head',
    dtype: 'fp32',
    batches: 'padded',
    pooling: null,
    safetensors: true,
  },
  {
    name: 'dpo-llama/policy',
    file: 'onnx/model.onnx',
    kind: 'logProb',
    dtype: 'fp32',
    batches: 'padded',
    pooling: null,
  },
  { name: 'dpo-llama/reference', file: 'model.onnx', kind: 'logProb', dtype: 'fp32', batches: 'padded', pooling: null },
  {
    name: 'dpo-gpt2/policy',
    file: 'onnx/decoder_model_merged.onnx',
    kind: 'logProb',
    dtype: 'fp32',
    batches: 'padded',
    pooling: null,
  },
]

describe.each(CASES)('$name $file', ({ name, file, kind, dtype, batches, pooling, safetensors = false, bound }) => {
  let model: OpenReadyMade
  let runner: Runner
  const golden = goldenOf(name, file)
  const [atol, rtol] = bound ?? golden.bound
  beforeAll(async () => {
    model = openReadyMade(modelFolder(name, { safetensors }), file, {
      kind,
      device: 'cpu',
      deviceId: null,
      dtype: 'auto',
    })
    runner = await startReadyMade(model)
  })
  afterAll(() => runner.release())

  it('is called what it computes in', () => {
    expect(model.dtype).toBe(dtype)
    expect(runner.info.dtype).toBe(dtype)
    expect(runner.info.parameters === null).toBe(dtype.startsWith('q'))
  })
  it('is found to take batches and to read as it does', () => {
    expect(runner.info.found).toEqual({ batches, pooling })
    expect(runner.info.notes!.length).toBe(batches === 'padded' ? 0 : 1)
  })
  if (pooling !== null)
    it('leaves out a text that is to be read elsewhere than the export reads', () => {
      const pad = model.facts.padTokenId!
      const ends = [17, 18, 19, pad]
      expect(runner.unreadable!(sequence(ends, 2))).toBeNull()
      expect(runner.unreadable!(sequence(ends, 3))).toMatchObject({
        reason: 'pooled_otherwise',
        message: expect.stringContaining('reads token 2 of 4 (rightmost not pad), not 3'),
      })
    })
  it('gives the reference numbers alone and in padded batches', async () => {
    expect(golden.cases.length).toBeGreaterThanOrEqual(15)
    const sequences = golden.cases.map(({ sequence }) => sequence)
    for (const size of [1, 7]) {
      const worst = await worstDifference(runner, sequences, golden.cases, size, rtol)
      expect(worst, `batches of ${size}`).toBeLessThanOrEqual(atol)
    }
  })
})

/** Largest |difference| − rtol·|expected| over all numbers. */
async function worstDifference(
  runner: Runner,
  sequences: readonly Sequence[],
  cases: readonly GoldenCase[],
  size: number,
  rtol: number,
): Promise<number> {
  let worst = 0
  for (let first = 0; first < sequences.length; first += size) {
    const indices = sequences.slice(first, first + size).map((_, i) => first + i)
    const batch: Batch = { layout: 'padded', sequences: indices, prefix: 0, tokens: 0 }
    const outputs = await runner.run(batch, sequences)
    for (const [n, i] of indices.entries()) {
      const { expected, label } = cases[i]!
      expect(outputs[n]!.length, label).toBe(expected.length)
      for (const [t, value] of expected.entries())
        worst = Math.max(worst, Math.abs(outputs[n]![t]! - value) - rtol * Math.abs(value))
    }
  }
  return worst
}

function goldenOf(name: string, file: string): { cases: readonly GoldenCase[]; bound: readonly [number, number] } {
  if (name === 'bert') return bertGolden()
  const golden = goldenModels('parity').find((model) => model.name === name)!
  const own = ownNumbers(name, file)
  const cases = golden.cases.map((one) => ({ ...one, expected: own?.[one.label] ?? one.expected }))
  return { cases, bound: [golden.atol, golden.rtol] }
}

function ownNumbers(name: string, file: string): Record<string, number[]> | null {
  if (!/_(quantized|fp16|q4)/.test(file)) return null
  const all = JSON.parse(readFileSync(join(fixture(name), 'expected.json'), 'utf8')) as Record<
    string,
    Record<string, number[]>
  >
  return all[file.replace('onnx/', '')]!
}

interface BertCase {
  readonly id: string
  readonly input_ids: readonly number[]
  readonly text_pair: string | null
  readonly scores: readonly number[]
}

/** BERT's: 1 behind the first [SEP]. */
const SEP = 3
const typesOf = (ids: readonly number[]): Int32Array => Int32Array.from(ids, (_, i) => (i > ids.indexOf(SEP) ? 1 : 0))

/** Encoders read the whole text; pairs have token types. */
function bertGolden(): { cases: readonly GoldenCase[]; bound: readonly [number, number] } {
  const golden = JSON.parse(gunzipSync(readFileSync(join(fixture('bert'), 'golden.json.gz'))).toString()) as {
    tolerance_advice: { atol: number; rtol: number }
    cases: BertCase[]
  }
  const { atol, rtol } = golden.tolerance_advice
  const of = (label: string, ids: readonly number[], typeIds: Int32Array | null, expected: readonly number[]) => ({
    label,
    expected,
    sequence: { ids: Int32Array.from(ids), typeIds, positionStart: 0, reads: Int32Array.of(0), group: 0 },
  })
  const typed = (
    JSON.parse(readFileSync(join(fixture('bert'), 'expected.json'), 'utf8')) as Record<string, Record<string, number[]>>
  )['with token types']!
  const plain = golden.cases.map(({ id, input_ids, scores }) => of(id, input_ids, null, scores))
  const pairs = golden.cases.filter(({ text_pair }) => text_pair !== null)
  return {
    bound: [atol, rtol],
    cases: [
      ...plain,
      ...pairs.map(({ id, input_ids }) => of(`${id} with types`, input_ids, typesOf(input_ids), typed[id]!)),
    ],
  }
}
