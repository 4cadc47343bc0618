import { expect, it } from 'vitest'
import { openCheckpoint } from '../../src/model/checkpoint.ts'
import { openModel } from '../../src/model/open.ts'
import { startSession } from '../../src/model/session.ts'
import { packagePath } from '../../src/package.ts'
import { planBatches, planOptionsFor } from '../../src/score/plan.ts'
import type { Sequence } from '../../src/types.ts'

it('completions that share most of their tokens: the head reads more rows than there are places', async () => {
  const model = openModel(openCheckpoint(packagePath('test/data/parity/dpo-llama/policy')), {
    kind: 'logProb',
    device: 'cpu',
    dtype: 'fp32',
  })
  const runner = await startSession(model, { threads: 1 })
  try {
    const ids = (from: number, n: number): number[] => Array.from({ length: n }, (_, i) => 3 + ((from + 7 * i) % 250))
    const common = [...ids(1, 4), ...ids(9, 40)]
    // 30 completions of 41 tokens, of which 40 are the same: 1,230 rows of 74 places, where tables of positions begin with 512
    const sequences = Array.from(
      { length: 30 },
      (_, i): Sequence => ({
        ids: Int32Array.from([...common, 3 + i]),
        typeIds: null,
        positionStart: 0,
        reads: Int32Array.of(4),
        group: 0,
      }),
    )
    const batches = planBatches(sequences, planOptionsFor(model.batching))
    expect(batches.map(({ tokens }) => tokens)).toEqual([74])
    const together = await runner.run(batches[0]!, sequences)
    for (const [i, index] of batches[0]!.sequences.entries()) {
      const alone = { layout: 'padded', sequences: [index], prefix: 0, tokens: 45 } as const
      const [expected] = await runner.run(alone, sequences)
      expect(together[i]).toHaveLength(41)
      for (const [t, value] of together[i]!.entries())
        expect(Math.abs(value - expected![t]!)).toBeLessThanOrEqual(2e-5 + 1e-5 * Math.abs(value))
    }
  } finally {
    await runner.release()
  }
})
