import * as ort from 'onnxruntime-node'
import { expect, it, vi } from 'vitest'

/** What stands in the place of session-thread.ts. */
const thread = vi.hoisted(() => ({ source: '' }))
vi.mock('../../src/package.ts', async (original) => ({
  ...(await original<typeof import('../../src/package.ts')>()),
  builtUrl: () => new URL(`data:text/javascript,${encodeURIComponent(thread.source)}`),
}))

// the tests' setup has loaded it already, with the real thread
vi.resetModules()
const { threadedSession } = await import('../../src/model/threaded.ts')

const OPENS = `
  import { parentPort, workerData } from 'node:worker_threads'
  const shared = new Int32Array(workerData.shared)
  parentPort.on('message', (request) => {
    if (request.kind === 'run') return run(request)
    parentPort.postMessage({ kind: request.kind === 'open' ? 'opened' : 'released' })
  })`
const feeds = () => ({ ids: new ort.Tensor('float32', new Float32Array(2), [2]) })
const options = { executionProviders: ['cpu'] }

it.each([
  ['throws', `setImmediate(() => { throw new Error('it broke') })`, /it broke/],
  ['leaves', 'process.exit(7)', /left with code 7/],
])('a thread that %s in the middle of a run ends the run and is not waited for', async (_, then, words) => {
  thread.source = `${OPENS}
    function run() { Atomics.store(shared, 0, 1); ${then} }`
  const session = await threadedSession(Uint8Array.of(1), options)
  const runs = [session.run(feeds(), ['scores']), session.run(feeds(), ['scores'])]
  for (const run of runs) await expect(run).rejects.toThrow(words)
  await session.release()
  await expect(session.run(feeds(), ['scores'])).rejects.toThrow(words)
})

it('a thread that dies while it opens a model is not waited for, either', async () => {
  thread.source = `
    import { parentPort, workerData } from 'node:worker_threads'
    parentPort.on('message', () => { Atomics.store(new Int32Array(workerData.shared), 0, 1); process.exit(3) })`
  await expect(threadedSession(Uint8Array.of(1), options)).rejects.toThrow(/left with code 3/)
})

it('tensors of a run that could not be sent are not taken for the ones that the thread has', async () => {
  thread.source = `${OPENS}
    function run({ id, feeds }) {
      const got = Object.entries(feeds).filter(([, tensor]) => tensor !== null).map(([name]) => name)
      parentPort.postMessage({ kind: 'ran', id, ms: 1, result: { outputs: got } })
    }`
  const session = await threadedSession(Uint8Array.of(1), options)
  const [one, other] = [feeds().ids, feeds().ids]
  expect(await session.run({ table: one }, [])).toEqual(['table'])
  expect(await session.run({ table: one }, [])).toEqual([])
  // what cannot cross stands for memory that runs out in the copying
  const uncrossed = { type: () => {}, data: new Float32Array(2), dims: [2] } as unknown as ort.Tensor
  await expect(session.run({ table: other, uncrossed }, [])).rejects.toThrow(/could not be cloned/)
  expect(await session.run({ table: other }, [])).toEqual(['table'])
  await session.release()
})
