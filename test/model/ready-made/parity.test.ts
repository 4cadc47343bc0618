import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type OpenReadyMade, openReadyMade } from '../../../src/model/ready-made/open.ts'
import { startReadyMade } from '../../../src/model/ready-made/session.ts'
import type { Runner } from '../../../src/types.ts'
import { modelFolder, sequence } from './folder.ts'
import { compareExport, EXPORTS, exportGolden } from './golden.ts'

describe.each(EXPORTS)('$name $file', (one) => {
  const { name, file, kind, dtype, batches, pooling, safetensors = false } = one
  let model: OpenReadyMade
  let runner: Runner
  const golden = exportGolden(one)
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
    for (const size of [1, 7])
      for (const { label, got, expected } of await compareExport(runner, golden, size)) {
        expect(got, label).toHaveLength(expected.length)
        for (const [t, want] of expected.entries())
          expect(Math.abs(got[t]! - want), `batches of ${size}: ${label}`).toBeLessThanOrEqual(
            golden.atol + golden.rtol * Math.abs(want),
          )
      }
  })
})
