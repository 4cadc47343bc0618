import { cpSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { packagePath } from '../../../src/package.ts'
import type { Batch, FileDtype, MeasurementKind, Runner } from '../../../src/types.ts'
import type { Compared } from '../compared.ts'
import { type GoldenCase, goldenModels } from '../golden.ts'

// Exports of the tiny checkpoints against transformers' numbers of the checkpoints themselves; quantised and half-precision files against
// onnxruntime's Python package.

/** A folder of test/data/onnx: only `bert` has a configuration of its own, the others lie beside that of test/data/parity. */
export const fixture = (name: string): string => packagePath('test/data/onnx', name)

/** Copies an export of test/data/onnx into a folder, with config.json, tokenizer and, where they are wanted, safetensors of its checkpoint. */
export function copyExport(name: string, folder: string, safetensors: boolean): void {
  if (name !== 'bert') cpSync(packagePath('test/data/parity', name), folder, { recursive: true })
  cpSync(fixture(name), folder, { recursive: true })
  if (!safetensors) rmSync(join(folder, 'model.safetensors'), { force: true })
}

export interface Export {
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

export const EXPORTS: readonly Export[] = [
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

export interface ExportGolden {
  readonly cases: readonly GoldenCase[]
  readonly atol: number
  readonly rtol: number
}

export function exportGolden({ name, file, bound }: Export): ExportGolden {
  if (name === 'bert') return bertGolden()
  const golden = goldenModels('parity').find((model) => model.name === name)!
  const own = ownNumbers(name, file)
  const cases = golden.cases.map((one) => ({ ...one, expected: own?.[one.label] ?? one.expected }))
  const [atol, rtol] = bound ?? [golden.atol, golden.rtol]
  return { cases, atol, rtol }
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
function bertGolden(): ExportGolden {
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
    atol,
    rtol,
    cases: [
      ...plain,
      ...pairs.map(({ id, input_ids }) => of(`${id} with types`, input_ids, typesOf(input_ids), typed[id]!)),
    ],
  }
}

/** Every case, in padded batches of a size. */
export async function compareExport(runner: Runner, { cases }: ExportGolden, size: number): Promise<Compared[]> {
  const sequences = cases.map(({ sequence }) => sequence)
  const compared: Compared[] = []
  for (let first = 0; first < sequences.length; first += size) {
    const indices = sequences.slice(first, first + size).map((_, i) => first + i)
    const batch: Batch = { layout: 'padded', sequences: indices, prefix: 0, tokens: 0 }
    const outputs = await runner.run(batch, sequences)
    for (const [n, i] of indices.entries()) {
      const { label, expected } = cases[i]!
      compared.push({ label, expected, got: [...outputs[n]!] })
    }
  }
  return compared
}
