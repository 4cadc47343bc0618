import { describe, expect, it } from 'vitest'
import { modelSpec } from '../../src/model/archs/index.ts'
import { attentionForms } from '../../src/model/attention.ts'
import { openModel } from '../../src/model/open.ts'
import { startSession } from '../../src/model/session.ts'
import { type PlanOptions, planBatches } from '../../src/score/plan.ts'
import type { Sequence } from '../../src/types.ts'
import { type GoldenModel, goldenModels } from './golden.ts'
import { DEVICE } from './parity.ts'
import { openGolden } from './runner.ts'

/**
 * The form `prompts` against the numbers of transformers. Every case gets two companions that leave it at different places, so that it is
 * behind a prompt's row, and a batch holds prompts of one length, completions of many, padding and owners.
 */
const models = ['parity', 'models'].flatMap((topic) => goldenModels(topic)).filter(takesPrompts)

function takesPrompts({ dir }: GoldenModel): boolean {
  return attentionForms(modelSpec(openGolden(dir))).includes('prompts')
}

const PLANS: readonly Pick<PlanOptions, 'batchTokens' | 'rowMultiple'>[] = [
  { batchTokens: 4096, rowMultiple: 8 },
  { batchTokens: 400, rowMultiple: 1 },
]

const otherEnd = (sequence: Sequence, from: number): Sequence => ({
  ...sequence,
  ids: sequence.ids.map((id, t) => (t < from ? id : id === 5 ? 6 : 5)),
})

it('there are checkpoints of many architectures that know no window', () => {
  expect(new Set(models.map(({ dir }) => modelSpec(openGolden(dir)).architecture)).size).toBeGreaterThan(15)
})

describe.each(models)('$name', (golden) => {
  it('gives the numbers of transformers', async () => {
    const model = openModel(openGolden(golden.dir), {
      kind: golden.kind,
      device: DEVICE,
      dtype: 'fp32',
      attention: 'prompts',
    })
    const runner = await startSession(model)
    const sequences = golden.cases.flatMap(({ sequence }, group): Sequence[] => {
      const { length } = sequence.ids
      const own = { ...sequence, group, reads: Int32Array.of(Math.min(sequence.reads[0]!, length - 1)) }
      return [own, otherEnd(own, length - 1), otherEnd(own, Math.ceil(length / 2))]
    })
    let shared = 0
    for (const options of PLANS) {
      for (const batch of planBatches(sequences, {
        layout: 'shared',
        packed: false,
        prompts: true,
        batchSize: 64,
        ...options,
      })) {
        if (batch.prefix > 0) shared++
        const outputs = await runner.run(batch, sequences)
        for (const [i, index] of batch.sequences.entries()) {
          if (index % 3 !== 0) continue
          const { expected, label } = golden.cases[index / 3]!
          expect(outputs[i]!.length, label).toBe(expected.length)
          for (const [j, want] of expected.entries())
            expect(Math.abs(outputs[i]![j]! - want), `${label}[${j}]`).toBeLessThanOrEqual(
              golden.atol + golden.rtol * Math.abs(want),
            )
        }
      }
    }
    expect(shared).toBeGreaterThan(0)
    await runner.release()
  })
})

it('runs a batch that an older plan made for rows of trees', async () => {
  const golden = models.find(({ name }) => name === 'llama-gqa')!
  const model = openModel(openGolden(golden.dir), {
    kind: golden.kind,
    device: DEVICE,
    dtype: 'fp32',
    attention: 'prompts',
  })
  const runner = await startSession(model)
  const sequences = golden.cases.map(({ sequence }) => ({ ...sequence, group: 0 }))
  const [batch] = planBatches(sequences, { layout: 'shared', packed: false, batchTokens: 1e6, batchSize: 1000 })
  const outputs = await runner.run(batch!, sequences)
  batch!.sequences.forEach((index, i) => {
    for (const [j, want] of golden.cases[index]!.expected.entries())
      expect(Math.abs(outputs[i]![j]! - want)).toBeLessThanOrEqual(golden.atol + golden.rtol * Math.abs(want))
  })
  await runner.release()
})

it.each([
  ['mistral-swa', 'knows no sliding window, and this model has one'],
  ['bert', 'cannot be the attention of an encoder'],
])('%s: is refused', (name, message) => {
  const golden = goldenModels('parity').find((one) => one.name === name)!
  const open = () =>
    openModel(openGolden(golden.dir), { kind: golden.kind, device: 'cuda', dtype: 'fp32', attention: 'prompts' })
  expect(open).toThrow(message)
})

it.each(['cuda', 'webgpu'] as const)('split is refused on %s before anything is opened', (device) => {
  const golden = models.find(({ name }) => name === 'llama-gqa')!
  expect(() =>
    openModel(openGolden(golden.dir), { kind: golden.kind, device, dtype: 'fp32', attention: 'split' }),
  ).toThrow(expect.objectContaining({ tag: 'usage', where: '--attention split' }))
})
