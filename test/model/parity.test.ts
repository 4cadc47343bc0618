import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ATTENTION_FORMS } from '../../src/model/attention.ts'
import { resolveDevice } from '../../src/model/device.ts'
import type { Device } from '../../src/model/providers.ts'
import { type PlanOptions, planBatches } from '../../src/score/plan.ts'
import type { Runner } from '../../src/types.ts'
import { type GoldenModel, goldenModels } from './golden.ts'
import { openGolden, openRunner } from './runner.ts'

/**
 * On a GPU: `NVIDIA_TF32_OVERRIDE=0 CHEMHERM_TEST_DEVICE=cuda npx vitest run test/model/parity.test.ts`, with CUDA's libraries on
 * LD_LIBRARY_PATH; or webgpu.
 */
const DEVICE = (process.env.CHEMHERM_TEST_DEVICE || 'cpu') as Device
const FORMS = ATTENTION_FORMS.filter((form) => DEVICE === 'cpu' || form === 'attention' || form === 'plain')

it(`${DEVICE} multiplies float32 numbers as float32`, async () => {
  expect(await resolveDevice(DEVICE, 'fp32')).toMatchObject({ device: DEVICE, floatProducts: 'fp32' })
})

/** Every way in which a batch can be laid out, with every form of attention that takes it. */
const LAYOUTS: readonly (Pick<PlanOptions, 'layout' | 'batchSize'> & { name: string })[] = [
  { name: 'alone', layout: 'padded', batchSize: 1 },
  { name: 'padded', layout: 'padded', batchSize: 8 },
  { name: 'shared', layout: 'shared', batchSize: 64 },
]

describe.each(['parity', 'models', 'adapters'].flatMap(goldenModels))('$name', (golden: GoldenModel) => {
  describe.each(FORMS)('%s', (attention) => {
    let runner: Runner
    beforeAll(async () => {
      runner = await openRunner(openGolden(golden.dir), {
        kind: golden.kind,
        device: DEVICE,
        dtype: 'fp32',
        attention,
      })
    })
    afterAll(() => runner.release())

    const layouts = LAYOUTS.filter(({ layout }) => attention !== 'gqa' || layout === 'padded')
    it.each(layouts)('$name: the numbers of transformers', async ({ layout, batchSize }) => {
      // One group: every case is in one tree, so that shared prefixes of all lengths occur.
      const sequences = golden.cases.map(({ sequence }) => ({ ...sequence, group: 0 }))
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

function expectClose(golden: GoldenModel, index: number, got: Float32Array): void {
  const { expected, label } = golden.cases[index]!
  expect(got.length, label).toBe(expected.length)
  expected.forEach((want, i) => {
    const bound = golden.atol + golden.rtol * Math.abs(want)
    expect(Math.abs(got[i]! - want), `${label}[${i}]: ${got[i]} for ${want}`).toBeLessThanOrEqual(bound)
  })
}
