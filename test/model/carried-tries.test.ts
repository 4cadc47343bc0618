import { describe, expect, it } from 'vitest'
import { openCheckpoint } from '../../src/model/checkpoint.ts'
import { openModel } from '../../src/model/open.ts'
import { turnsAs } from '../../src/model/rope.ts'
import { startSession } from '../../src/model/session.ts'
import { packagePath } from '../../src/package.ts'
import { below, type Prng, prng } from '../../src/prng.ts'
import { withCarried } from '../../src/score/carrying.ts'
import { planBatches, planOptionsFor } from '../../src/score/plan.ts'
import type { Batch, Sequence } from '../../src/types.ts'

/** Windows, ALiBi, frequencies that depend on the length, experts: in each a carried token could get another state. */
const MODELS = [
  ['parity/mistral-swa', 'head'],
  ['models/llama-dynamic', 'head'],
  ['models/falcon-alibi', 'head'],
  ['models/phi3-causal-tied', 'logProb'],
  ['models/qwen2-moe-causal-window', 'logProb'],
] as const
const CASES = 6
const MOST = 120

/** Sequences that go on from one another: equal ones, prefixes of others, few different tokens; read anywhere, at the first place too. */
function sequencesOf(random: Prng, kind: 'head' | 'logProb'): Omit<Sequence, 'turnsAs'>[] {
  const pool: number[][] = [[]]
  const ids = 1 + below(random, 80)
  return Array.from({ length: 5 + below(random, 25) }, (_, group) => {
    const own = Array.from({ length: below(random, random() < 0.3 ? 45 : 9) }, () => 3 + below(random, ids))
    const all = [...pool[below(random, pool.length)]!, ...own].slice(0, MOST)
    if (all.length < 2) all.push(4, 5)
    pool.push(all, all.slice(0, 1 + below(random, all.length)))
    const first = kind === 'head' ? 0 : 1
    const read = random() < 0.2 ? first + below(random, all.length - first) : all.length - 1
    return { ids: Int32Array.from(all), typeIds: null, positionStart: 0, reads: Int32Array.of(read), group }
  })
}

describe.each(MODELS)('%s: random tries of sequences', (name, kind) => {
  it('give the numbers of every sequence alone, and any part of the batches those of all to the last bit', async () => {
    const random = prng(31)
    const model = openModel(openCheckpoint(packagePath('test/data', name)), { kind, device: 'cpu', dtype: 'fp32' })
    const runner = await startSession(model, { threads: 1 })
    for (let c = 0; c < CASES; c++) {
      const sequences = sequencesOf(random, kind).map(
        (one): Sequence => ({ ...one, turnsAs: turnsAs(model.built.ropes, one.ids.length) }),
      )
      const batches = planBatches(sequences, {
        ...planOptionsFor(model.batching),
        batchTokens: [1, 20, 50, 90, 300][below(random, 5)]!,
        batchSize: [1, 2, 3, 256][below(random, 4)]!,
      })
      expect(batches.flatMap((batch) => batch.sequences).sort((a, b) => a - b)).toEqual([...sequences.keys()])
      const whole = new Map<Batch, Float32Array[]>()
      for (const batch of batches) whole.set(batch, await runner.run(batch, sequences))
      for (const [batch, outputs] of whole)
        for (const [i, index] of batch.sequences.entries()) {
          const alone: Batch = { layout: 'padded', sequences: [index], prefix: 0, tokens: 0 }
          const [want] = await runner.run(alone, sequences)
          expect(outputs[i]).toHaveLength(want!.length)
          want!.forEach((value, t) => {
            expect(Math.abs(outputs[i]![t]! - value)).toBeLessThanOrEqual(2e-5 + 1e-5 * Math.abs(value))
          })
        }
      const wanted = new Set(batches.filter(() => random() < 0.4))
      const again = new Map<Batch, Float32Array[]>()
      // another process, which has nothing from before
      await runner.run({ layout: 'shared', sequences: [0], prefix: 0, reused: [0], kept: 1, tokens: 0 }, sequences)
      for (const batch of withCarried(batches, (one) => wanted.has(one))) {
        const outputs = await runner.run(batch, sequences)
        if (wanted.has(batch)) again.set(batch, outputs)
      }
      expect(again.size).toBe(wanted.size)
      for (const [batch, outputs] of again) expect(outputs).toEqual(whole.get(batch))
    }
    await runner.release()
  })
})
