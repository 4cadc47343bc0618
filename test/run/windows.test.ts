import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { InterruptedError } from '../../src/errors.ts'
import { measureAll } from '../../src/run.ts'
import { Ledger } from '../../src/score/ledger.ts'
import type { Prepared, Subject } from '../../src/score/subject.ts'
import { openStore } from '../../src/store/log.ts'
import type { Row, Runner, RunnerInfo } from '../../src/types.ts'

/** Five windows of completions (score/window.ts). */
const ROWS = 36_000

const rowOf = (i: number): Row => ({
  kind: 'single',
  id: `r${i}`,
  subset: '',
  problemType: null,
  prompt: `p${i}`,
  completions: [{ role: 'completion', index: 0, text: `c${i}` }],
  solution: null,
  extra: {},
  where: `rows:${i}`,
})

interface Seen {
  prepared: number
  /** Rows that were prepared when each batch began. */
  readonly begun: number[]
  opened: number
  released: number
}

/** A model whose score of a text is its number, and that computes in another thread, as it were. */
async function runOf(over: { readonly fails?: number; readonly stopsAt?: number } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'chemherm-windows-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const store = await openStore(join(folder, 'measurements.jsonl'), { config: {}, cut: null, reuse: [], fresh: true })
  const seen: Seen = { prepared: 0, begun: [], opened: 0, released: 0 }
  const key = (i: number): string => createHash('sha256').update(String(i)).digest('hex').slice(0, 32)
  const runner: Runner = {
    info: { kind: 'head', labels: ['l'] } as unknown as RunnerInfo,
    async run(batch, sequences) {
      seen.begun.push(seen.prepared)
      if (seen.begun.length === over.fails) throw new Error('the device is gone')
      await new Promise((resolve) => setImmediate(resolve))
      return batch.sequences.map((index) => Float32Array.of(sequences[index]!.ids[0]!))
    },
    busyMs: () => seen.begun.length,
    release: async () => {
      seen.released++
    },
  }
  const subject: Subject = {
    role: 'rm',
    name: 'numbers',
    kind: 'head',
    prepare(row) {
      const i = Number(row.id.slice(1))
      seen.prepared++
      const prepared: Prepared = {
        ids: Int32Array.of(i, 7),
        typeIds: null,
        positionStart: 0,
        start: 1,
        promptTokens: 1,
        completionTokens: 1,
        truncated: 'no',
        repairs: [],
        textSha256: key(i).repeat(2),
        reads: Int32Array.of(1),
        poolingDiffers: false,
      }
      return [prepared]
    },
    show: () => '',
    key: ({ ids }) => key(ids[0]!),
    open: async () => {
      seen.opened++
      return runner
    },
  }
  const ledger = new Ledger(1)
  const told: string[] = []
  const run = measureAll({
    rows: async function* () {
      for (let i = 0; i < ROWS; i++) yield rowOf(i)
    },
    subjects: [subject],
    store,
    plan: { layout: 'padded', packed: false, batchTokens: 200, batchSize: 100 },
    ledger,
    verdicts: null,
    formatReward: () => null,
    onRow: ({ id }) => told.push(id),
    stopped: () => seen.begun.length >= (over.stopsAt ?? Number.POSITIVE_INFINITY),
    clock: () => 0,
    onProgress: () => {},
  })
  return { run, seen, ledger, store, told }
}

it('prepares the next window while the model computes one, and measures every row once', async () => {
  const { run, seen, ledger, store, told } = await runOf()
  const [work] = await run
  expect(work).toMatchObject({ measured: ROWS, found: 0, batches: seen.begun.length })
  for (const i of [0, 2047, 2048, 30_720, ROWS - 1])
    expect(store.get(ledger.key(i, 0)!)).toMatchObject({ kind: 'head', values: [i] })
  expect(told).toHaveLength(ROWS)
  // windows of 2,048, 4,096, 8,192, 16,384 completions: a batch of the first runs when that is whole, the next is prepared meanwhile, never more
  const ends = [0, 2048, 6144, 14_336, 30_720, ROWS]
  const window = (batch: number): number => ends.findIndex((_, w) => batch < Math.ceil(ends[w + 1]! / 100 + w))
  for (const [batch, prepared] of seen.begun.entries())
    expect(prepared).toBeLessThanOrEqual(ends[Math.min(window(batch) + 2, ends.length - 1)]!)
  expect(seen.begun[0]).toBeLessThan(2100)
  expect(seen.begun[20]).toBeGreaterThan(2048)
  expect({ opened: seen.opened, released: seen.released }).toEqual({ opened: 1, released: 1 })
})

it('ends with what went wrong in the model, and releases it', async () => {
  const { run, seen, store } = await runOf({ fails: 20 })
  await expect(run).rejects.toThrow('the device is gone')
  expect(seen.released).toBe(1)
  // the batches before it are kept
  expect(store.size).toBe(19 * 100)
})

it('after a Ctrl-C keeps the batch in hand, and releases the model', async () => {
  const { run, seen, store } = await runOf({ stopsAt: 15 })
  await expect(run).rejects.toBeInstanceOf(InterruptedError)
  expect(seen.released).toBe(1)
  expect(store.size).toBeGreaterThan(0)
  expect(seen.begun.length).toBeLessThan(60)
})
