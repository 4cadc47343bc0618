import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { modelSpec, supportedArchitectures } from '../../src/model/archs/index.ts'
import { ATTENTION_FORMS } from '../../src/model/attention-forms.ts'
import { openCheckpoint } from '../../src/model/checkpoint.ts'
import { type OpenModel, openModel, openModelIn } from '../../src/model/open.ts'
import type { Blocks } from '../../src/model/quantised/scheme.ts'
import { turnsAs } from '../../src/model/rope.ts'
import { startSession } from '../../src/model/session.ts'
import { readTensor } from '../../src/model/tensor-values.ts'
import { planBatches } from '../../src/score/plan.ts'
import type { Sequence } from '../../src/types.ts'
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

/**
 * A copy of a checkpoint whose linear layers hold, in float32, what the scheme leaves of them. Which matrices are rounded is what the model
 * says; to what is computed here. The embedding stays as it is, so that a tied head becomes one of its own.
 */
function roundedCopy({ dir, name }: GoldenModel, { built, checkpoint }: OpenModel): string {
  const copy = join(work, `${name.replaceAll('/', '-')}-${built.quantised!.scheme.bits}`)
  cpSync(dir, copy, { recursive: true })
  const { spec } = built
  const logits = spec.causal ? spec.logits : null
  editTensors(join(copy, 'model.safetensors'), (tensors: Tensors) => {
    for (const { ref, layout, first, rows, inputs, blocks } of built.quantised!.matrices) {
      const turned = layout === 'in,out'
      const isEmbedding = spec.embedding.tokens === ref.name
      const to = isEmbedding ? logits!.weight : ref.name
      const before = tensors.get(to)
      const values = before?.dtype === 'F32' && !isEmbedding ? floatsOf(before.data) : readTensor(ref)
      // an embedding that is stored under the head's name only
      if (isEmbedding && to === ref.name) tensors.set('transformer.wte.weight', before!)
      const width = ref.shape[1]!
      const place = (r: number, c: number): number => (turned ? c * width + first + r : (first + r) * width + c)
      for (let r = 0; r < rows; r++)
        rounded(
          Array.from({ length: inputs }, (_, c) => values[place(r, c)]!),
          blocks,
        ).forEach((w, c) => {
          values[place(r, c)] = w
        })
      tensors.set(to, { dtype: 'F32', shape: ref.shape, data: Buffer.from(values.buffer) })
      if (isEmbedding) writeFileSync(join(copy, 'config.json'), JSON.stringify(untied(checkpoint.config)))
    }
  })
  return copy
}
/** Not tied, in the part that describes the text model, too. */
function untied(config: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const text = config.text_config as Record<string, unknown> | undefined
  return { ...config, tie_word_embeddings: false, ...(text !== undefined && { text_config: untied(text) }) }
}
const floatsOf = (data: Buffer): Float32Array<ArrayBuffer> => new Float32Array(new Uint8Array(data).buffer)

async function scores(model: OpenModel, texts: readonly Sequence[]): Promise<number[][]> {
  const all: number[][] = []
  const sequences = texts.map((text) => ({
    ...text,
    turnsAs: turnsAs(model.built.ropes, text.positionStart + text.ids.length),
  }))
  const runner = await startSession(model)
  const layout = model.attention === 'gqa' || !model.batching.causal ? 'padded' : 'shared'
  const options = { layout, packed: model.batching.packed, batchTokens: 2048, batchSize: 64 } as const
  for (const batch of planBatches(sequences, options)) {
    const outputs = await runner.run(batch, sequences)
    batch.sequences.forEach((index, i) => {
      all[index] = Array.from(outputs[i]!)
    })
  }
  await runner.release()
  return all
}

/** A model in one file: a copy of it can be changed. One architecture is there with a head of its own only. */
const MODELS = [
  ...goldenModels('parity'),
  ...goldenModels('models'),
  ...goldenModels('heads').filter(({ name }) => name === 'oasst-pythia'),
].filter(({ dir }) => existsSync(join(dir, 'model.safetensors')))
/** In both formats and every form of attention; the others once. */
const THOROUGH = ['llama-gqa', 'gpt2', 'qwen2-causal-large-vocab']
const WAYS = MODELS.flatMap((golden) => {
  const thorough = THOROUGH.includes(golden.name)
  const forms = thorough ? ATTENTION_FORMS : [undefined]
  return (thorough ? (['q8', 'q4'] as const) : (['q4'] as const)).flatMap((dtype) =>
    forms.map((attention) => ({ golden, dtype, attention, name: `${golden.name}, ${dtype}, ${attention ?? ''}` })),
  )
})

it('knows every architecture', () => {
  const found = new Set(MODELS.map(({ dir }) => modelSpec(openCheckpoint(dir)).architecture))
  expect(supportedArchitectures.filter((name) => !found.has(name))).toEqual([])
})

describe('the scores of a float32 graph over the rounded weights', () => {
  it.each(WAYS)('$name', async ({ golden, dtype, attention }) => {
    const { kind } = golden
    const open = { kind, device: 'cpu', ...(attention !== undefined && { attention }) } as const
    const opened = openModel(openCheckpoint(golden.dir), { ...open, dtype })
    const sequences = golden.cases.map(({ sequence }) => ({ ...sequence, group: 0 }))
    const copy = openModelIn(openCheckpoint(roundedCopy(golden, opened)), open, 'fp32')
    const want = (await scores(copy, sequences)).flat()
    const got = (await scores(opened, sequences)).flat()
    const exact = golden.cases.flatMap(({ expected }) => expected)
    expect(got.length).toBe(exact.length)
    let [worst, moved] = [0, 0]
    want.forEach((value, i) => {
      worst = Math.max(worst, Math.abs(got[i]! - value) - golden.rtol * Math.abs(value))
      moved = Math.max(moved, Math.abs(exact[i]! - value))
    })
    expect(worst).toBeLessThanOrEqual(golden.atol)
    // what is compared is what was rounded: the checkpoint's own numbers are far off
    expect(moved).toBeGreaterThan(golden.atol)
    expect(opened.description.quantisation!.parameters).toBeGreaterThan(opened.description.parameters! / 10)
  })
})
