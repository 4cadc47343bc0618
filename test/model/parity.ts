import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { modelSpec } from '../../src/model/archs/index.ts'
import { attentionForms } from '../../src/model/attention.ts'
import type { AttentionForm } from '../../src/model/attention-forms.ts'
import { openModel } from '../../src/model/open.ts'
import type { Device } from '../../src/model/providers.ts'
import { startSession } from '../../src/model/session.ts'
import type { Runner } from '../../src/types.ts'
import { type Compared, compareGolden, layoutsOf } from './compared.ts'
import { type GoldenModel, goldenModels } from './golden.ts'
import { openGolden } from './runner.ts'

/**
 * On a GPU: `NVIDIA_TF32_OVERRIDE=0 CHEMHERM_TEST_DEVICE=cuda npx vitest run test/model/parity`, with CUDA's libraries on LD_LIBRARY_PATH;
 * or webgpu.
 */
export const DEVICE = (process.env.CHEMHERM_TEST_DEVICE || 'cpu') as Device
/** `prompts` has a file of its own. */
const onDevice = (form: AttentionForm): boolean => form !== 'prompts' && (DEVICE === 'cpu' || form !== 'split')

/** Every model below test/data/<topic>, in every form of attention and every layout: a file per topic, so that every core has one. */
export function numbersOfTransformers(topic: string): void {
  describe.each(goldenModels(topic))('$name', (golden: GoldenModel) => {
    const checkpoint = openGolden(golden.dir)
    describe.each(attentionForms(modelSpec(checkpoint)).filter(onDevice))('%s', (attention) => {
      const model = openModel(checkpoint, { kind: golden.kind, device: DEVICE, dtype: 'fp32', attention })
      let runner: Runner
      beforeAll(async () => {
        runner = await startSession(model)
      })
      afterAll(() => runner.release())

      it.each(layoutsOf(model))('$name: the numbers of transformers', async (layout) => {
        const compared = await compareGolden(golden, model, runner, layout)
        expect(compared).toHaveLength(golden.cases.length)
        for (const one of compared) expectClose(golden, one)
      })
    })
  })
}

function expectClose({ atol, rtol }: GoldenModel, { label, got, expected }: Compared): void {
  expect(got.length, label).toBe(expected.length)
  expected.forEach((want, i) => {
    const bound = atol + rtol * Math.abs(want)
    // an assertion per number would take longer than opening the models
    if (Math.abs(got[i]! - want) <= bound) return
    expect(Math.abs(got[i]! - want), `${label}[${i}]: ${got[i]} for ${want}`).toBeLessThanOrEqual(bound)
  })
}
