import { spawn } from 'node:child_process'
import * as ort from 'onnxruntime-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DeviceError, ModelError } from '../../src/errors.ts'
import { openCheckpoint } from '../../src/model/checkpoint.ts'
import { openModel } from '../../src/model/open.ts'
import { openSession, runOn } from '../../src/model/ort-session.ts'
import { startSession } from '../../src/model/session.ts'
import { modelThread, threadedSession } from '../../src/model/threaded.ts'
import { packagePath } from '../../src/package.ts'
import { below, prng } from '../../src/prng.ts'
import { type Measured, measure } from '../../src/score/measure.ts'
import { planBatches } from '../../src/score/plan.ts'
import type { Batch, Runner, Sequence } from '../../src/types.ts'

beforeAll(() => {
  modelThread.own = true
})
afterAll(() => {
  modelThread.own = false
})

const RM = packagePath('src/embedded/demo/demo-reward-model')
const POLICY = packagePath('src/embedded/demo/demo-policy-dpo')
const started = (dir: string, kind: 'head' | 'logProb', ownThread: boolean): Promise<Runner> =>
  startSession(openModel(openCheckpoint(dir), { kind, device: 'cpu', dtype: 'auto' }), { threads: 1, ownThread })

const random = prng(11)
/** What all begin with, so that every batch takes over what one before it left in the thread. */
const system = Int32Array.from({ length: 12 }, () => 3 + below(random, 500))
const sequences: Sequence[] = Array.from({ length: 60 }, (_, group) => {
  const length = 20 + below(random, 120)
  return {
    ids: Int32Array.from({ length }, (_, t) => (t < 12 ? system[t]! : 3 + below(random, 500))),
    typeIds: null,
    positionStart: 0,
    reads: Int32Array.of(length - 1 - below(random, 5)),
    group,
  }
})
const PLAN = { layout: 'shared', packed: true, batchTokens: 256, batchSize: 16 } as const
const batches = planBatches(sequences, PLAN)
const measured = async (runner: Runner, ahead: number, all: readonly Batch[] = batches): Promise<Measured[]> => {
  const found: Measured[] = []
  for await (const { results } of measure(
    runner,
    all,
    sequences,
    () => {},
    () => ahead,
  ))
    found.push(...results)
  return found
}

describe('a model in a thread of its own', () => {
  it.each([
    ['scores', RM, 'head'],
    ['log-probabilities', POLICY, 'logProb'],
  ] as const)('gives the same %s in the same order, however many runs are sent ahead', async (_, dir, kind) => {
    const here = await started(dir, kind, false)
    const there = await started(dir, kind, true)
    const expected = await measured(here, 0)
    expect(batches.slice(1).every(({ carried = 0 }) => carried >= 12)).toBe(true)
    expect(await measured(there, 0)).toEqual(expected)
    expect(await measured(there, 5)).toEqual(expected)
    expect(await measured(there, 1000)).toEqual(expected)
    expect(here.busyMs).toBeUndefined()
    expect(there.busyMs!()).toBeGreaterThan(0)
    expect(there.info).toEqual({ ...here.info, openMs: there.info.openMs })
    await Promise.all([here.release(), there.release()])
  })

  it('leaves this thread free while it computes', async () => {
    const ids = Int32Array.from({ length: 3000 }, (_, i) => 3 + (i % 500))
    const long: Sequence = { ids, typeIds: null, positionStart: 0, reads: Int32Array.of(2999), group: 0 }
    const batch: Batch = { layout: 'padded', sequences: [0], prefix: 0, tokens: 3000 }
    const turns = async (runner: Runner): Promise<number> => {
      await runner.run({ ...batch }, [sequences[0]!])
      let [count, done] = [0, false]
      const run = runner.run(batch, [long]).finally(() => {
        done = true
      })
      while (!done) {
        count++
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
      await run
      await runner.release()
      return count
    }
    expect(await turns(await started(RM, 'head', false))).toBeLessThanOrEqual(3)
    expect(await turns(await started(RM, 'head', true))).toBeGreaterThan(5)
  })

  it('says of a graph that cannot be opened what it says here', async () => {
    const options = { executionProviders: ['cpu'], logSeverityLevel: 3 as const }
    await expect(threadedSession(Uint8Array.of(1, 2, 3), options)).rejects.toThrow(/protobuf/i)
    modelThread.own = false
    const broken = openModel(openCheckpoint(RM), { kind: 'head', device: 'cpu', dtype: 'auto' })
    const model = { ...broken, built: { ...broken.built, model: { ...broken.built.model, opsets: { '': 9999 } } } }
    const here: unknown = await startSession(model, {}).catch((error: unknown) => error)
    modelThread.own = true
    const there: unknown = await startSession(model, { ownThread: true }).catch((error: unknown) => error)
    expect(there).toBeInstanceOf(ModelError)
    expect((there as Error).message).toBe((here as Error).message)
  })

  it('says of a run that fails what it says here, with the class of the error, and goes on', async () => {
    const model = openModel(openCheckpoint(RM), { kind: 'head', device: 'cpu', dtype: 'auto' })
    const found: unknown[] = []
    for (const ownThread of [false, true]) {
      const { session } = await openSession(model, { threads: 1, ownThread })
      const table = new ort.Tensor('float32', new Float32Array(8), [2, 4])
      // a tensor of the run before is no input of a run that leaves it out
      const runs = [{ ids: table, positions: table }, { ids: table }]
      for (const feeds of runs)
        found.push(await runOn('cpu', session, feeds, ['scores']).catch((error: unknown) => error))
      await session.release()
    }
    const messages = found.map((error) => (error as Error).message)
    expect(messages.slice(2)).toEqual(messages.slice(0, 2))
    expect(messages[3]).toContain("'positions' is missing")
    for (const error of found) expect(error).toBeInstanceOf(DeviceError)
  })

  it('makes no run that was sent ahead once it is released', async () => {
    const runner = await started(RM, 'head', true)
    const runs = Array.from({ length: 40 }, () => runner.run(batches[0]!, sequences))
    const ends = Promise.allSettled(runs)
    await runner.release()
    expect((await ends).filter(({ status }) => status === 'rejected').length).toBeGreaterThan(0)
    await expect(runner.run(batches[0]!, sequences)).rejects.toThrow('released')
  })
})

/** A process in the middle of a long run, as it ends. */
function ended(then: string): Promise<{ code: number | null; signal: string | null; said: string }> {
  const script = `
    import { openCheckpoint } from './dist/src/model/checkpoint.js'
    import { openModel } from './dist/src/model/open.js'
    import { startSession } from './dist/src/model/session.js'
    const model = openModel(openCheckpoint(${JSON.stringify(RM)}), { kind: 'head', device: 'cpu', dtype: 'auto' })
    const runner = await startSession(model, { ownThread: true })
    const ids = Int32Array.from({ length: 4000 }, (_, i) => 3 + (i % 500))
    const long = { ids, typeIds: null, positionStart: 0, reads: Int32Array.of(3999), group: 0 }
    const run = () => runner.run({ layout: 'padded', sequences: [0], prefix: 0, tokens: 4000 }, [long])
    run(); run()
    await new Promise((done) => setTimeout(done, 30))
    ${then}`
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
    child.once('close', (code, signal) => resolve({ code, signal, said }))
  })
}

it.each([
  ['is asked to', 'process.exit(130)', 130],
  ['has nothing else to do', 'const [a] = await run(); await runner.release(); process.exitCode = a.length', 1],
  ['does not release it', 'await run(); process.exitCode = 3', 3],
] as const)('a process with a model in a thread ends cleanly where it %s', async (_, then, code) => {
  expect(await ended(then)).toEqual({ code, signal: null, said: '' })
})
