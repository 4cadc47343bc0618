import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { modelSpec } from '../../src/model/archs/index.ts'
import { type AttentionForm, attentionForms } from '../../src/model/attention.ts'
import { openModel } from '../../src/model/open.ts'
import type { Device } from '../../src/model/providers.ts'
import { turnsAs } from '../../src/model/rope.ts'
import { startSession } from '../../src/model/session.ts'
import { type PlanOptions, planBatches } from '../../src/score/plan.ts'
import type { Runner } from '../../src/types.ts'
import { type GoldenModel, goldenModels } from './golden.ts'
import { openGolden } from './runner.ts'

/**
 * On a GPU: `NVIDIA_TF32_OVERRIDE=0 CHEMHERM_TEST_DEVICE=cuda npx vitest run test/model/parity`, with CUDA's libraries on
 * LD_LIBRARY_PATH; or webgpu.
 */
export const DEVICE = (process.env.CHEMHERM_TEST_DEVICE || 'cpu') as Device
const onDevice = (form: AttentionForm): boolean => DEVICE === 'cpu' || form === 'attention' || form === 'plain'

/** The heads of these models ask for nothing but the ids. */
const NO_FACTS = { padTokenId: null, encode: () => new Int32Array() }

/** Every way in which a batch can be laid out, with every form of attention that takes it. */
const LAYOUTS: readonly (Pick<PlanOptions, 'layout' | 'batchSize'> & { name: string })[] = [
  { name: 'alone', layout: 'padded', batchSize: 1 },
  { name: 'padded', layout: 'padded', batchSize: 8 },
  { name: 'shared', layout: 'shared', batchSize: 64 },
]

/** The models below test/data/<topic>, each in every form and layout. A topic is a file of tests, so that every core has one. */
export function numbersOfTransformers(topic: string): void {
  describe.each(goldenModels(topic))('$name', (golden: GoldenModel) => {
    const checkpoint = openGolden(golden.dir)
    const { causal } = modelSpec(checkpoint)
    describe.each(attentionForms({ causal }).filter(onDevice))('%s', (attention) => {
      const model = openModel(checkpoint, { kind: golden.kind, device: DEVICE, dtype: 'fp32', attention })
      let runner: Runner
      beforeAll(async () => {
        runner = await startSession(model)
      })
      afterAll(() => runner.release())

      const layouts = LAYOUTS.filter(({ layout }) => layout === 'padded' || (causal && attention !== 'gqa'))
      it.each(layouts)('$name: the numbers of transformers', async ({ layout, batchSize }) => {
        // One group: every case is in one tree, so that shared prefixes of all lengths occur.
        const { reads } = model.built.head
        const sequences = golden.cases.map(({ sequence }) => ({
          ...sequence,
          reads: (reads?.(sequence.ids, NO_FACTS) as Int32Array | undefined) ?? sequence.reads,
          group: 0,
          turnsAs: turnsAs(model.built.ropes, sequence.positionStart + sequence.ids.length),
        }))
        const options = { layout, batchSize, packed: attention === 'split', batchTokens: 4096 }
        let measured = 0
        for (const batch of planBatches(sequences, options)) {
          const outputs = await runner.run(batch, sequences)
          batch.sequences.forEach((index, i) => {
            expectClose(golden, index, outputs[i]!)
            measured++
          })
        }
        expect(measured).toBe(golden.cases.length)
      })
    })
  })
}

function expectClose(golden: GoldenModel, index: number, got: Float32Array): void {
  const { expected, label } = golden.cases[index]!
  expect(got.length, label).toBe(expected.length)
  expected.forEach((want, i) => {
    const bound = golden.atol + golden.rtol * Math.abs(want)
    expect(Math.abs(got[i]! - want), `${label}[${i}]: ${got[i]} for ${want}`).toBeLessThanOrEqual(bound)
  })
}
