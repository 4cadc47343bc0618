import '../../src/no-telemetry.ts'
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as ort from 'onnxruntime-node'
import { afterEach, expect, test } from 'vitest'
import { productsOf } from '../../scripts/bench/flops.ts'
import { SHAPES, seededModel } from '../../scripts/bench/seeded-model.ts'
import { openCheckpoint } from '../../src/model/checkpoint.ts'
import { openModel } from '../../src/model/open.ts'
import { startSession } from '../../src/model/session.ts'
import { below, prng } from '../../src/prng.ts'
import { measure } from '../../src/score/measure.ts'
import { planBatches, planOptionsFor } from '../../src/score/plan.ts'
import type { Sequence } from '../../src/types.ts'

/** The bench's share of the matmul peak rests on a formula; ONNX Runtime says in its profile which products it computed. */

const { create } = ort.InferenceSession
afterEach(() => {
  ort.InferenceSession.create = create
})

interface Ran {
  readonly cat: string
  readonly args: {
    readonly op_name: string
    readonly input_type_shape: readonly Readonly<Record<string, readonly number[]>>[]
    readonly output_type_shape: readonly Readonly<Record<string, readonly number[]>>[]
  }
}
const lastShape = (shapes: Ran['args']['input_type_shape']): readonly number[] => Object.values(shapes[0]!)[0]!

/** Multiplications and additions of all operators of one name: each number of a product is a sum over the last place of its left side. */
const flopsOf = (ran: readonly Ran[], operator: string): number =>
  ran
    .filter(({ cat, args }) => cat === 'Node' && args.op_name === operator)
    .reduce((sum, { args }) => {
      const numbers = lastShape(args.output_type_shape).reduce((product, n) => product * n, 1)
      return sum + 2 * numbers * lastShape(args.input_type_shape).at(-1)!
    }, 0)

test.each(['score', 'logProb'] as const)(
  'products of the layers, counted from shapes and by ONNX Runtime: %s',
  async (head) => {
    const folder = mkdtempSync(join(tmpdir(), 'flops-'))
    const profiled = { enableProfiling: true, profileFilePrefix: join(folder, 'profile') }
    ort.InferenceSession.create = ((model: Uint8Array, options: ort.InferenceSession.SessionOptions) =>
      create.call(ort.InferenceSession, model, { ...options, ...profiled })) as typeof create

    const shape = SHAPES.tiny!
    const kind = head === 'score' ? 'head' : 'logProb'
    const checkpoint = openCheckpoint(seededModel('tiny', head, 'f32'))
    const model = openModel(checkpoint, { kind, device: 'cpu', dtype: 'fp32' })
    const runner = await startSession(model, { threads: 1 })
    const random = prng(5)
    const ids = (n: number): number[] => Array.from({ length: n }, () => 1 + below(random, shape.vocab - 1))
    // prompts of which the second batch carries a part
    const system = ids(40)
    const sequences = Array.from({ length: 5 }, (_, group): Sequence[] => {
      const prompt = [...system, ...ids(20)]
      return [30, 150].map((length) => {
        const all = Int32Array.from([...prompt, ...ids(length)])
        const reads = Int32Array.of(head === 'score' ? all.length - 1 : prompt.length)
        return { ids: all, typeIds: null, positionStart: 0, reads, group }
      })
    }).flat()
    const batches = planBatches(sequences, { ...planOptionsFor(model.batching), batchTokens: 512 })
    expect(batches.length).toBeGreaterThan(1)
    expect(batches[1]!.carried).toBeGreaterThan(0)
    for await (const { results } of measure(runner, batches, sequences, () => {}))
      expect(results.every(({ measurement }) => measurement !== null)).toBe(true)
    await runner.release()

    const profile = readdirSync(folder).find((name) => name.startsWith('profile'))!
    const ran = JSON.parse(readFileSync(join(folder, profile), 'utf8')) as readonly Ran[]
    const { layers, attention, logits } = productsOf(shape, head, batches, sequences)
    const ofHead = head === 'score' ? 2 * shape.hidden * sequences.length : logits
    expect(flopsOf(ran, 'Gemm')).toBe(layers + ofHead)
    // blocks of queries compute half a block beyond what is asked, and blocks of 128 queries have up to 250 keys here
    const products = flopsOf(ran, 'FusedMatMul')
    expect(products).toBeGreaterThan(attention)
    expect(products).toBeLessThan(2 * attention)
  },
)
