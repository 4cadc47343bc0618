import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ATTENTION_FORMS, type AttentionForm } from '../../src/model/attention.ts'
import { openCheckpoint } from '../../src/model/checkpoint.ts'
import { openModel, openModelIn } from '../../src/model/open.ts'
import { type Blocks, SCHEMES, type Scheme } from '../../src/model/quantised/scheme.ts'
import { startSession } from '../../src/model/session.ts'
import { readTensor } from '../../src/model/tensor-values.ts'
import { planBatches } from '../../src/score/plan.ts'
import type { Runner, Sequence } from '../../src/types.ts'
import { type GoldenModel, goldenModels } from './golden.ts'
import { editTensors, type Tensors } from './safetensors-edit.ts'

const work = mkdtempSync(join(tmpdir(), 'chemherm-quantised-'))
const before = process.env.CHEMHERM_QUANTISED_DIR
beforeAll(() => {
  process.env.CHEMHERM_QUANTISED_DIR = join(work, 'cache')
})
afterAll(() => {
  if (before === undefined) delete process.env.CHEMHERM_QUANTISED_DIR
  else process.env.CHEMHERM_QUANTISED_DIR = before
  rmSync(work, { recursive: true })
})

/** w → scale · (q − zero), block by block and in float64: the definition, written a second time and apart from bit fields. */
function rounded(row: readonly number[], { bits, block, symmetric }: Blocks): number[] {
  const out: number[] = []
  for (let first = 0; first < row.length; first += block) {
    const part = row.slice(first, first + block)
    const [low, high] = [Math.min(0, ...part), Math.max(0, ...part)]
    const levels = 2 ** bits - 1
    const scale = Math.fround(symmetric ? Math.max(high, -low) / ((levels - 1) / 2) : (high - low) / levels)
    const zero = symmetric ? 0 : Math.min(levels, Math.round(-low / scale))
    const [least, most] = symmetric ? [-(levels - 1) / 2, (levels - 1) / 2] : [-zero, levels - zero]
    for (const w of part) {
      const steps = symmetric ? Math.round(w / scale) : Math.round(w / scale + zero) - zero
      out.push(scale === 0 ? 0 : Math.fround(scale * Math.max(least, Math.min(most, steps))))
    }
  }
  return out
}

/** Linear layers of the body, by the names that they have in our goldens. */
const LINEAR = /(q|k|v|o|gate|up|down|qkv|gate_up)_proj\.weight$|(c_attn|c_proj|c_fc)\.weight$/
const CONV1D = /(c_attn|c_proj|c_fc)\.weight$/

/**
 * A copy of a checkpoint whose linear layers hold, in float32, what the scheme leaves of them. The embedding stays as it is, so that a tied
 * head becomes one of its own.
 */
function roundedCopy({ dir, name, kind }: GoldenModel, scheme: Scheme): string {
  const copy = join(work, `${name.replaceAll('/', '-')}-${scheme.bits}`)
  cpSync(dir, copy, { recursive: true })
  const checkpoint = openCheckpoint(copy)
  const config = JSON.parse(readFileSync(join(copy, 'config.json'), 'utf8')) as Record<string, unknown>
  editTensors(join(copy, 'model.safetensors'), (tensors: Tensors) => {
    const change = (from: string, to: string, blocks: Blocks = scheme): void => {
      const ref = checkpoint.tensors.get(from)!
      const [height, width] = ref.shape as [number, number]
      const values = readTensor(ref)
      const at = (r: number, c: number): number => values[CONV1D.test(from) ? c * width + r : r * width + c]!
      const [rows, inputs] = CONV1D.test(from) ? [width, height] : [height, width]
      const data = new Float32Array(values.length)
      for (let r = 0; r < rows; r++)
        rounded(
          Array.from({ length: inputs }, (_, c) => at(r, c)),
          blocks,
        ).forEach((w, c) => {
          data[CONV1D.test(from) ? c * width + r : r * width + c] = w
        })
      tensors.set(to, { dtype: 'F32', shape: ref.shape, data: Buffer.from(data.buffer) })
    }
    for (const tensor of checkpoint.tensors.keys()) if (LINEAR.test(tensor)) change(tensor, tensor)
    if (kind === 'head') return
    const embedding = [...checkpoint.tensors.keys()].find((tensor) => /(embed_tokens|wte)\.weight$/.test(tensor))!
    change(tensors.has('lm_head.weight') ? 'lm_head.weight' : embedding, 'lm_head.weight', {
      ...scheme,
      bits: scheme.logits,
    })
    writeFileSync(join(copy, 'config.json'), JSON.stringify({ ...config, tie_word_embeddings: false }))
  })
  return copy
}

async function scores(runner: Runner, sequences: readonly Sequence[], attention: AttentionForm): Promise<number[][]> {
  const all: number[][] = []
  const layout = attention === 'gqa' ? 'padded' : 'shared'
  const options = { layout, packed: attention === 'split', batchTokens: 2048, batchSize: 64 } as const
  for (const batch of planBatches(sequences, options)) {
    const outputs = await runner.run(batch, sequences)
    batch.sequences.forEach((index, i) => {
      all[index] = Array.from(outputs[i]!)
    })
  }
  await runner.release()
  return all
}

/** Fused, grouped and biased projections, Conv1D, tied and untied heads, half-precision files, odd widths, soft-caps, chunked vocabularies. */
const NAMES = [
  'llama-gqa',
  'gpt2',
  'qwen2-bf16',
  'llama-f16',
  'qwen3',
  'gemma2',
  'dpo-gemma2/policy',
  'dpo-gpt2/policy',
  'gpt2-causal-untied',
  'llama-causal-tied',
  'llama-causal-tied-differs',
  'qwen2-causal-large-vocab',
]
const MODELS = [...goldenModels('parity'), ...goldenModels('models')].filter(({ name }) => NAMES.includes(name))

it('has every model of the list', () => {
  expect(MODELS.map(({ name }) => name).sort()).toEqual([...NAMES].sort())
})

describe.each(MODELS)('$name', (golden) => {
  describe.each(['q8', 'q4'] as const)('%s', (dtype) => {
    const forms = golden.name === 'llama-gqa' ? ATTENTION_FORMS : (['split'] as const)
    it.each(forms)('%s: the scores of a float32 graph over the rounded weights', async (attention) => {
      const { kind } = golden
      const sequences = golden.cases.map(({ sequence }) => ({ ...sequence, group: 0 }))
      const open = { kind, device: 'cpu', attention } as const
      const copy = openCheckpoint(roundedCopy(golden, SCHEMES[dtype]))
      const want = await scores(await startSession(openModelIn(copy, open, 'fp32')), sequences, attention)
      const opened = openModel(openCheckpoint(golden.dir), { ...open, dtype })
      const got = await scores(await startSession(opened), sequences, attention)
      const exact = golden.cases.map(({ expected }) => expected)
      let [worst, moved] = [0, 0]
      want.flat().forEach((value, i) => {
        worst = Math.max(worst, Math.abs(got.flat()[i]! - value) - golden.rtol * Math.abs(value))
        moved = Math.max(moved, Math.abs(exact.flat()[i]! - value))
      })
      expect(got.flat().length).toBe(exact.flat().length)
      expect(worst).toBeLessThanOrEqual(golden.atol)
      // what is compared is what was rounded: the checkpoint's own numbers are far off
      expect(moved).toBeGreaterThan(20 * golden.atol)
      expect(opened.description.quantisation!.parameters).toBeGreaterThan(opened.description.parameters / 4)
    })
  })
})
