import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { type JobEnd, WorkerPool } from '../../src/chem/workers/pool.ts'
import { InterruptedError } from '../../src/errors.ts'

interface Job {
  readonly kind?: 'hang' | 'exit' | 'exit-once' | 'throw' | 'memory' | 'wait' | 'sleep'
  readonly sleepMs?: number
  /** A file that says that it has exited. */
  readonly flag?: string
  readonly value?: number
  readonly spinMs?: number
  readonly waitMs?: number
  readonly after?: 'hang'
}
const open: WorkerPool<Job, number>[] = []
const pool = (
  over: { workers?: number; queue?: number; timeoutMs?: number; stalledMs?: number; options?: unknown } = {},
) => {
  const made = new WorkerPool<Job, number>({
    url: new URL('./pool-worker.mjs', import.meta.url),
    options: over.options ?? null,
    workers: over.workers ?? 1,
    queue: over.queue ?? 1000,
    timeoutMs: over.timeoutMs ?? 1500,
    ...(over.stalledMs !== undefined && { stalledMs: over.stalledMs }),
  })
  open.push(made)
  return made
}
afterEach(async () => {
  await Promise.all(open.splice(0).map((p) => p.close()))
})
const done = (result: number): JobEnd<number> => ({ kind: 'done', result })
const values = (n: number): Job[] => Array.from({ length: n }, (_, value) => ({ value }))

it('answers every job, whatever the number of workers', async () => {
  for (const workers of [1, 3]) {
    const p = pool({ workers })
    const answers = await Promise.all(values(500).map((job) => p.run(job)))
    expect(answers).toEqual(values(500).map(({ value }) => done(value!)))
  }
})

it('gives up the job that hangs, and only that one', async () => {
  const p = pool()
  const jobs: Job[] = [...values(5), { kind: 'hang' }, ...values(5)]
  const answers = await Promise.all(jobs.map((job) => p.run(job)))
  expect(answers).toEqual([
    ...values(5).map((j) => done(j.value!)),
    { kind: 'timeout' },
    ...values(5).map((j) => done(j.value!)),
  ])
})

it('drops the jobs that nobody waits for any more, but for those that a worker has', async () => {
  const p = pool()
  const gone = new AbortController()
  const asked = values(600).map((job) => p.run(job, gone.signal))
  const other = p.run({ value: -1 })
  await Promise.resolve() // the first ones are sent at the end of this tick
  gone.abort(new Error('the client is gone'))
  const ends = await Promise.allSettled(asked)
  const answered = ends.filter(({ status }) => status === 'fulfilled').length
  expect(answered).toBeGreaterThan(0)
  expect(answered).toBeLessThan(300)
  expect(ends.at(-1)).toEqual({ status: 'rejected', reason: new Error('the client is gone') })
  expect(await other).toEqual(done(-1))
  await expect(p.run({ value: 1 }, gone.signal)).rejects.toThrow('the client is gone')
})

it.each(['exit', 'memory'] as const)(
  'gives up the job that takes its worker down (%s), and only that one',
  async (kind) => {
    const p = pool({ timeoutMs: 110_000 })
    const answers = await Promise.all([{ value: 1 }, { kind }, { value: 2 }].map((job) => p.run(job)))
    expect([answers[0], answers[2]]).toEqual([done(1), done(2)])
    expect(answers[1]!.kind).toBe('crash')
    expect(p.replaced).toBe(2) // it is tried once more
  },
)

it('a job whose worker died is tried once more, by a fresh one', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pool-'))
  const p = pool()
  const once = { kind: 'exit-once', value: 5, flag: join(folder, 'exited') } as const
  const jobs = [...values(3), once, ...values(300)]
  expect(await Promise.all(jobs.map((job) => p.run(job)))).toEqual(jobs.map(({ value }) => done(value!)))
  expect(p.replaced).toBe(1)
  rmSync(folder, { recursive: true })
})

it('counts what a job computes, not what passes meanwhile', async () => {
  const p = pool({ timeoutMs: 200, stalledMs: 3000 })
  expect(await p.run({ kind: 'sleep', sleepMs: 1000, value: 1 })).toEqual(done(1))
  const ends = await Promise.all([
    p.run({ kind: 'sleep', sleepMs: 60_000 }),
    p.run({ value: 2 }),
    p.run({ kind: 'hang' }),
    p.run({ value: 3 }),
  ])
  expect(ends).toEqual([{ kind: 'stalled' }, done(2), { kind: 'timeout' }, done(3)])
  expect(p.replaced).toBe(2)
})

it('does not blame a job for the time in which the main thread was blocked', async () => {
  const p = pool({ timeoutMs: 600 })
  await p.run({ value: 0 })
  const answers = Promise.all([
    p.run({ spinMs: 20, value: 1 }),
    p.run({ spinMs: 250, value: 2 }),
    p.run({ spinMs: 250, value: 3 }),
  ])
  await Promise.resolve() // the jobs are sent at the end of this tick …
  const end = Date.now() + 1500
  while (Date.now() < end); // … and the model runs, as ONNX Runtime does, without yielding
  expect(await answers).toEqual([done(1), done(2), done(3)])
})

it('overlaps waits for the outside, does not count them, and still knows who hangs afterwards', async () => {
  const p = pool({ timeoutMs: 1000 })
  await p.run({ value: 0 })
  const jobs: Job[] = [
    { kind: 'wait', waitMs: 1500, value: 1 },
    { kind: 'wait', waitMs: 1500, value: 2 },
    { kind: 'wait', waitMs: 1500, after: 'hang' },
    { kind: 'wait', waitMs: 1500, value: 4 },
  ]
  const answeredMs: number[] = []
  const answers = await Promise.all(
    jobs.map(async (job, i) => {
      const answer = await p.run(job)
      answeredMs[i] = performance.now()
      return answer
    }),
  )
  expect(answers).toEqual([done(1), done(2), { kind: 'timeout' }, done(4)])
  // one after the other, the second would come 1500 ms after the first, on however busy a machine
  expect(answeredMs[1]! - answeredMs[0]!).toBeLessThan(1500)
})

it('rejects with the error of a job that throws', async () => {
  await expect(pool().run({ kind: 'throw' })).rejects.toThrow('a bug')
})

it('rejects, and does not start workers for ever, where the worker module cannot open', async () => {
  const p = pool({ options: 'broken' })
  await expect(Promise.all([p.run({ value: 1 }), p.run({ value: 2 })])).rejects.toThrow('cannot open')
})

it('lets a caller wait while the queue is full', async () => {
  const p = pool({ queue: 10 })
  let running = 0
  let most = 0
  const all: Promise<unknown>[] = []
  for (const job of values(100)) {
    await p.room()
    most = Math.max(most, ++running)
    all.push(p.run(job).finally(() => running--))
  }
  await Promise.all(all)
  expect(most).toBe(10)
})

it('rejects what is open when it is closed, hanging jobs included', async () => {
  const p = pool({ timeoutMs: 60_000 })
  const open = [p.run({ kind: 'hang' }), p.run({ value: 1 })]
  const settled = Promise.allSettled(open)
  await new Promise((resolve) => setTimeout(resolve, 100))
  await p.close()
  for (const s of await settled) expect(s.status === 'rejected' && s.reason).toBeInstanceOf(InterruptedError)
  await expect(p.run({ value: 1 })).rejects.toBeInstanceOf(InterruptedError)
})

it('lets the process end while its workers are idle', () => {
  const script = `
    import { WorkerPool } from './dist/src/chem/workers/pool.js'
    const pool = new WorkerPool({ url: new URL('./test/chem-oracles/pool-worker.mjs', 'file://' + process.cwd() + '/'), options: null, workers: 2, queue: 9, timeoutMs: 1000 })
    console.log(JSON.stringify(await pool.run({ value: 5 })))`
  const { status, stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    timeout: 20_000,
  })
  expect({ status, stdout }).toEqual({ status: 0, stdout: '{"kind":"done","result":5}\n' })
})

it('ends no worker while ONNX Runtime is at work in it, which would take the process down', () => {
  const script = `
    import { createChemPool } from './dist/src/chem/workers/verifier.js'
    for (const timeoutMs of [1, 40]) {
      const pool = createChemPool({ oracles: { kind: 'embedded' }, data: {} }, { timeoutMs, workers: 1 })
      await pool.run({ kind: 'solubility', smiles: 'CCO' })
      await pool.close()
    }
    const closing = createChemPool({ oracles: { kind: 'embedded' }, data: {} }, { workers: 1 })
    const open = closing.run({ kind: 'purchasable', smiles: ['C'] }).then(() => {
      const asked = closing.run({ kind: 'solubility', smiles: 'CCO' })
      setTimeout(() => closing.close(), 30)
      return asked
    })
    await open.catch(() => {})
    await new Promise((resolve) => setTimeout(resolve, 1000))`
  const { status, signal, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    timeout: 100_000,
  })
  expect({ status, signal, stderr }).toEqual({ status: 0, signal: null, stderr: '' })
})
