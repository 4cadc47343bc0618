import { describe, expect, it } from 'vitest'
import { modelSpec } from '../../src/model/archs/index.ts'
import { attentionForms } from '../../src/model/attention.ts'
import { buildModel } from '../../src/model/build.ts'
import { openCheckpoint } from '../../src/model/checkpoint.ts'
import { openModelIn } from '../../src/model/open.ts'
import { startSession } from '../../src/model/session.ts'
import { planBatches } from '../../src/score/plan.ts'
import { goldenModels } from './golden.ts'

/** Half precision is for GPUs; the CPU has float16 kernels too (slow ones), so the graph can be checked here. */
const NAMES = [
  'llama-gqa',
  'gpt2',
  'mistral-swa',
  'qwen2-bf16',
  'dpo-mistral/policy',
  'dpo-gpt2/policy',
  'opt',
  'opt-post-norm',
  'falcon-alibi',
  'falcon-grouped-one-norm',
  'qwen2-moe',
  'mixtral',
  'bert',
  'deberta-v2',
  'modernbert',
  'deberta-v2-p2c-convolution',
]
const GOLDENS = [...goldenModels('parity'), ...goldenModels('models')].filter(({ name }) => NAMES.includes(name))
const formsOf = (dir: string) => attentionForms(modelSpec(openCheckpoint(dir)))

describe.each(GOLDENS)('$name in float16', (golden) => {
  it.each(formsOf(golden.dir))('%s: at most 2 % of the spread from float32', async (attention) => {
    const model = openModelIn(openCheckpoint(golden.dir), { kind: golden.kind, device: 'cpu', attention }, 'fp16')
    const runner = await startSession(model)
    const { reads } = model.built.head
    const facts = { padTokenId: null, encode: () => new Int32Array() }
    const sequences = golden.cases.map(({ sequence }) => ({
      ...sequence,
      reads: (reads?.(sequence.ids, facts) as Int32Array | undefined) ?? sequence.reads,
    }))
    const expected = golden.cases.flatMap((one) => one.expected).sort((a, b) => a - b)
    const spread = expected[Math.floor(0.95 * expected.length)]! - expected[Math.floor(0.05 * expected.length)]!
    const options = { layout: 'padded', packed: attention === 'split', batchTokens: 2048, batchSize: 64 } as const
    let worst = 0
    for (const batch of planBatches(sequences, options)) {
      const outputs = await runner.run(batch, sequences)
      batch.sequences.forEach((index, i) => {
        golden.cases[index]!.expected.forEach((want, j) => {
          worst = Math.max(worst, Math.abs(outputs[i]![j]! - want))
        })
      })
    }
    await runner.release()
    expect(worst).toBeGreaterThan(0)
    expect(worst / spread).toBeLessThan(0.02)
  })
})

const TYPED = [
  'qwen2-bf16',
  'falcon-alibi',
  'qwen2-moe',
  'deberta-v2',
  'modernbert',
  'deberta-v2-p2c-convolution',
].flatMap((name) => {
  const { dir } = GOLDENS.find((golden) => golden.name === name)!
  return formsOf(dir).map((attention) => [attention, name, dir] as const)
})
it.each(TYPED)(
  'bfloat16, %s, %s: every node is typed (ONNX Runtime has kernels for it on GPUs only)',
  async (attention, _, dir) => {
    const checkpoint = openCheckpoint(dir)
    const open = startSession(openModelIn(checkpoint, { kind: 'head', device: 'cpu', attention }, 'bf16'))
    await expect(open).rejects.toThrow('Could not find an implementation for')
    expect(
      buildModel(checkpoint, modelSpec(checkpoint), { kind: 'head', attention, type: 'bfloat16' }).head.labels,
    ).toEqual(['LABEL_0'])
  },
)
