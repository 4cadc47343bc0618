import * as ort from 'onnxruntime-node'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { openCheckpoint } from '../../src/model/checkpoint.ts'
import { type Carry, HeldSession, NOTHING_KEPT } from '../../src/model/held-session.ts'
import { openModel } from '../../src/model/open.ts'
import { runFailure } from '../../src/model/out-of-memory.ts'
import { startSession } from '../../src/model/session.ts'
import { packagePath } from '../../src/package.ts'
import { below, prng } from '../../src/prng.ts'
import { withCarried } from '../../src/score/carrying.ts'
import { runFitting } from '../../src/score/fitting.ts'
import { measure } from '../../src/score/measure.ts'
import { planBatches, planOptionsFor } from '../../src/score/plan.ts'
import type { Batch, Runner, Sequence } from '../../src/types.ts'

const random = prng(21)
const ids = (n: number): number[] => Array.from({ length: n }, () => 3 + below(random, 290))
const system = ids(30)
/** Completions behind prompts behind one system message. */
const sequences: Sequence[] = Array.from({ length: 9 }, (_, group) => {
  const prompt = [...system, ...ids(5 + below(random, 20))]
  return Array.from({ length: 1 + below(random, 5) }, (): Sequence => {
    const all = Int32Array.from([...prompt, ...ids(2 + below(random, 30))])
    return { ids: all, typeIds: null, positionStart: 0, reads: Int32Array.of(prompt.length), group }
  })
}).flat()

/** Tokens of every run of ONNX Runtime. */
function runsOf(): number[] {
  const runs: number[] = []
  const { prototype } = ort.InferenceSession as unknown as { prototype: ort.InferenceSession }
  const run = prototype.run
  vi.spyOn(prototype, 'run').mockImplementation(function (this: ort.InferenceSession, ...args: unknown[]) {
    runs.push((args[0] as Record<string, ort.Tensor>).ids!.dims[1]!)
    return Reflect.apply(run, this, args) as ReturnType<ort.InferenceSession['run']>
  })
  return runs
}

const MODELS = [
  ['llama-gqa', 'head'],
  ['mistral-swa', 'head'],
  ['gpt2', 'head'],
  ['dpo-mistral/policy', 'logProb'],
  ['dpo-qwen2/policy', 'logProb'],
] as const

describe.each(MODELS)('%s: keys and values that go from batch to batch', (name, kind) => {
  let runner: Runner
  let batches: Batch[]
  beforeAll(async () => {
    const model = openModel(openCheckpoint(packagePath('test/data/parity', name)), {
      kind,
      device: 'cpu',
      dtype: 'fp32',
    })
    runner = await startSession(model, { threads: 1 })
    batches = planBatches(sequences, { ...planOptionsFor(model.batching), batchTokens: 90, batchSize: 3 })
  })
  afterEach(() => vi.restoreAllMocks())
  afterAll(() => runner.release())
  const run = async (some: readonly Batch[]): Promise<Float32Array[][]> => {
    const outputs: Float32Array[][] = []
    for (const batch of some) outputs.push(await runner.run(batch, sequences))
    return outputs
  }
  const expectSame = (got: readonly Float32Array[], want: readonly Float32Array[]): void => {
    got.forEach((values, i) => {
      expect(values).toHaveLength(want[i]!.length)
      for (const [j, value] of values.entries())
        expect(Math.abs(value - want[i]![j]!)).toBeLessThanOrEqual(2e-5 + 1e-5 * Math.abs(value))
    })
  }

  it('are not computed again: as many tokens as the plan says, and the numbers of every sequence alone', async () => {
    expect(batches.length).toBeGreaterThan(9)
    expect(batches.slice(1).every(({ carried = 0 }) => carried >= 30)).toBe(true)
    const runs = runsOf()
    const outputs = await run(batches)
    expect(runs).toEqual(batches.map(({ tokens }) => tokens))
    const alone = (batch: Batch): Promise<Float32Array[][]> =>
      run(batch.sequences.map((i) => ({ layout: 'padded', sequences: [i], prefix: 0, tokens: 0 })))
    for (const [b, batch] of batches.entries()) expectSame(outputs[b]!, (await alone(batch)).flat())
  })

  it('are computed anew where the batch before was not run just then, or failed', async () => {
    const whole = await run(batches)
    const runs = runsOf()
    const turned = await run([...batches].reverse())
    expect(runs.reduce((sum, n) => sum + n, 0)).toBeGreaterThan(batches.reduce((sum, { tokens }) => sum + tokens, 0))
    for (const [b, got] of turned.reverse().entries()) expectSame(got, whole[b]!)
    // a sequence that is measured again alone in between takes nothing away
    await run(batches.slice(0, 2))
    await run([{ layout: 'padded', sequences: [0], prefix: 0, tokens: 0 }])
    runs.length = 0
    expect(await run([batches[2]!])).toEqual([whole[2]])
    expect(runs).toEqual([batches[2]!.tokens])
  })

  it('are computed anew behind a batch that failed, when the next was asked for already', async () => {
    const whole = await run(batches)
    const keeps = batches.findIndex(({ carried = 0, kept = 0, sequences: { length } }) => kept > carried && length > 1)
    expect(keeps).toBeGreaterThan(0)
    await run(batches.slice(0, keeps))
    const { prototype } = ort.InferenceSession as unknown as { prototype: ort.InferenceSession }
    vi.spyOn(prototype, 'run').mockRejectedValueOnce(
      new Error('Failed to allocate memory for requested buffer of size 9'),
    )
    const [failed, next] = await Promise.allSettled([
      runFitting(runner, batches[keeps]!, sequences),
      runner.run(batches[keeps + 1]!, sequences),
    ])
    expectSame((failed as PromiseFulfilledResult<Float32Array[]>).value, whole[keeps]!)
    expectSame((next as PromiseFulfilledResult<Float32Array[]>).value, whole[keeps + 1]!)
  })

  it('come out the same to the last bit where one batch is run again with those that it carries from', async () => {
    const whole = await run(batches)
    const sizes: number[] = []
    for (const [b, batch] of batches.entries()) {
      const needed = withCarried(batches, (one) => one === batch)
      expect(needed.at(-1)).toBe(batch)
      // a process of its own, which has nothing from before
      await run([{ layout: 'shared', sequences: [0], prefix: 0, reused: [0], kept: 1, tokens: 0 }])
      const runs = runsOf()
      expect((await run(needed)).at(-1)).toEqual(whole[b])
      vi.restoreAllMocks()
      expect(runs).toEqual(needed.map(({ tokens }) => tokens))
      sizes.push(needed.length)
    }
    // the system message, the prompt where it was cut, the batch itself
    expect(Math.max(...sizes)).toBeLessThanOrEqual(3)
    expect(sizes.filter((size) => size > 1)).toHaveLength(batches.length - 1)
  })

  it('are done without by a completion that does not fit beside them', async () => {
    const single = planBatches(sequences, { layout: 'shared', packed: true, batchTokens: 90, batchSize: 1 })
    const [one, two] = await run(single.slice(0, 2))
    expect(single[1]!.carried).toBeGreaterThan(30)
    await run(single.slice(0, 1))
    const { prototype } = ort.InferenceSession as unknown as { prototype: ort.InferenceSession }
    const failing = vi.spyOn(prototype, 'run')
    failing.mockRejectedValueOnce(new Error('Failed to allocate memory for requested buffer of size 9'))
    const roomy: Runner = { info: runner.info, run: (batch, all) => runner.run(batch, all), release: async () => {} }
    expectSame((await runFitting(roomy, single[1]!, sequences)) as Float32Array[], two!)
    expect(one).toHaveLength(1)
    expect(failing).toHaveBeenCalledTimes(2)
  })

  it('are done without where memory ran out', async () => {
    const big = planBatches(sequences, { layout: 'shared', packed: true, batchTokens: 200, batchSize: 100 })
    const expected: Float32Array[] = []
    for await (const { batch, results } of measure(runner, big, sequences))
      results.forEach((_, i) => {
        expected[batch.sequences[i]!] = new Float32Array()
      })
    expect(Object.keys(expected)).toHaveLength(sequences.length)
    const whole = await run(big)
    const short: Runner = {
      info: runner.info,
      run: (batch, all) => (batch.sequences.length > 2 ? Promise.reject(outOfMemory) : runner.run(batch, all)),
      release: async () => {},
    }
    for (const [b, batch] of big.entries()) {
      const got = await runFitting(short, batch, sequences)
      expectSame(got as Float32Array[], whole[b]!)
    }
  })
})
const outOfMemory = runFailure(new Error('Failed to allocate memory for requested buffer of size 9'), 'x', 'cpu')

it('a head may not read what is carried', async () => {
  const model = openModel(openCheckpoint(packagePath('test/data/parity/llama-gqa')), {
    kind: 'head',
    device: 'cpu',
    dtype: 'fp32',
  })
  const runner = await startSession(model, { threads: 1 })
  const [one] = sequences
  const batch: Batch = { layout: 'shared', sequences: [0], prefix: 0, reused: [0], tokens: one!.ids.length }
  await runner.run({ ...batch, kept: 35 }, [one!])
  const early = { ...one!, reads: Int32Array.of(20) }
  await expect(runner.run({ ...batch, carried: 35 }, [early])).rejects.toThrow('a head reads a token that is carried')
  // other tokens than those that were kept are computed anew, whatever the plan says
  const other = { ...one!, ids: one!.ids.map((id, t) => (t === 3 ? id + 1 : id)) }
  const alone = await runner.run(batch, [other])
  expect(await runner.run({ ...batch, carried: 35 }, [other])).toEqual(alone)
  await runner.release()
})

it('a session gives what a run kept to no other run than the one that names it', async () => {
  const asked: string[][] = []
  const session = {
    run: async (feeds: Record<string, ort.Tensor>, outputs: string[]) => {
      asked.push(outputs)
      return Object.fromEntries(outputs.map((name) => [name, feeds.before!.dims[0] === 0 ? feeds.x! : feeds.before!]))
    },
    release: async () => {},
  } as unknown as ort.InferenceSession
  const held = new HeldSession(session, ort.Tensor)
  const outputs = new Map([['before', 'kept']])
  const x = new ort.Tensor('float32', Float32Array.of(1, 2, 3, 4, 5, 6), [3, 2])
  const carry = (from: Carry['from'], as: number | null): Carry => ({ from, as, outputs })
  const before = new ort.Tensor('float32', new Float32Array(0), [0, 2])
  const taken = async (from: Carry['from']): Promise<unknown> => {
    const { y } = await held.run({ x, before }, ['y'], carry(from, null))
    return [y!.dims, [...(y!.data as Float32Array)]]
  }
  await held.run({ x, before }, ['y'], carry(null, 1))
  expect(await taken({ run: 1, tokens: 2, zeros: 0 })).toEqual([
    [2, 2],
    [1, 2, 3, 4],
  ])
  expect(await taken({ run: 1, tokens: 1, zeros: 2 })).toEqual([
    [3, 2],
    [1, 2, 0, 0, 0, 0],
  ])
  expect(await taken({ run: 0, tokens: 0, zeros: 1 })).toEqual([
    [1, 2],
    [0, 0],
  ])
  await expect(held.run({ x, before }, ['y'], carry({ run: 2, tokens: 1, zeros: 0 }, null))).rejects.toThrow(
    NOTHING_KEPT,
  )
  expect(asked).toEqual([['y', 'kept'], ['y'], ['y'], ['y']])
})
