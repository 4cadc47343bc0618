import { spawn, spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { DataError } from '../../src/errors.ts'
import { StoreInUse } from '../../src/store/lock.ts'
import { openStore, type Store } from '../../src/store/log.ts'
import { mergeShards, siblingStores, storeName, visitEntries } from '../../src/store/merge.ts'
import type { Batch, Measurement } from '../../src/types.ts'
import { entry } from './entries.ts'

let dir: string
let path: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'store-'))
  path = join(dir, 'model', 'data', 'measurements.jsonl')
})
afterEach(() => rmSync(dir, { recursive: true }))

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => entry(from + i))
const PLAN: Batch[] = Array.from({ length: 2500 }, (_, i) => ({
  layout: i % 2 ? 'shared' : 'padded',
  sequences: [i, i + 1],
  prefix: i % 2,
  tokens: 7 * i,
  ...(i % 3 === 0 && { reused: [0, i % 5] }),
  ...(i % 6 === 0 && i > 0 && { carried: i, kept: 2 * i }),
  ...(i % 15 === 0 && { kept: 3 }),
}))
const CONFIG = { model: 'm', 'batch-tokens': 4096 }

async function use<T>(action: (store: Store) => T | Promise<T>, options = {}): Promise<T> {
  const store = await openStore(path, { config: CONFIG, ...options })
  try {
    return await action(store)
  } finally {
    store.close()
  }
}

describe('a store', () => {
  it('gives back what was put in, in this process and the next', async () => {
    const check = (store: Store): void => {
      for (const [key, measurement] of range(0, 10)) expect(store.get(key)).toEqual(measurement)
      expect([store.size, store.has(entry(10)[0]), store.get(entry(10)[0])]).toEqual([10, false, null])
      expect(store.plan('p')).toEqual(PLAN)
      expect(store.plan('q')).toBeNull()
      expect([store.config, store.repairs]).toEqual([CONFIG, { tornBytes: 0, damagedLines: [] }])
    }
    await use((store) => {
      store.putPlan('p', PLAN)
      store.append(range(0, 4))
      store.append(range(2, 10))
      store.append([])
      check(store)
    })
    await use(check)
    await use(check, { readOnly: true })
    const first = JSON.parse(readFileSync(path, 'utf8').split('\n')[0]!) as object
    expect(first).toMatchObject({ format: 'chemherm-measurements', version: 1, config: CONFIG })
  })

  it('keeps every double as it is', async () => {
    const plain = { noNullPrototype: true } as const
    const double = fc.double({ noNaN: true, noDefaultInfinity: true })
    const measurement: fc.Arbitrary<Measurement> = fc.oneof(
      fc.record(
        {
          kind: fc.constant('head' as const),
          values: fc.array(double, { minLength: 1, maxLength: 20 }),
          scoredTokenIndex: fc.nat(),
        },
        plain,
      ),
      fc.record(
        {
          kind: fc.constant('logProb' as const),
          sum: double,
          tokens: fc.nat(),
          sumSquares: double,
          logProbs: fc.array(double),
        },
        { ...plain, requiredKeys: ['kind', 'sum', 'tokens', 'sumSquares'] },
      ),
    )
    const key = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString('hex'))
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.tuple(key, measurement), { selector: ([k]) => k, maxLength: 30 }),
        async (entries) => {
          rmSync(path, { force: true })
          await use((store) => store.append(entries))
          await use((store) => {
            // Object.is semantics: -0 is not 0
            for (const [k, value] of entries) expect(store.get(k)).toStrictEqual(value)
          })
        },
      ),
      { numRuns: 60 },
    )
    const extremes = [
      5e-324,
      -0,
      0,
      Number.MAX_VALUE,
      -Number.MAX_VALUE,
      Number.EPSILON,
      1 / 3,
      2 ** 53,
      -2.2250738585072014e-308,
    ]
    await use((store) => store.append([['f'.repeat(32), { kind: 'head', values: extremes, scoredTokenIndex: 0 }]]))
    await use((store) =>
      expect(store.get('f'.repeat(32))).toStrictEqual({ kind: 'head', values: extremes, scoredTokenIndex: 0 }),
    )
  })

  it('refuses numbers that are not finite, and commits nothing of their batch', async () => {
    await use((store) => {
      const bad: Measurement = { kind: 'logProb', sum: Number.NaN, tokens: 1, sumSquares: 0 }
      expect(() => store.append([entry(0), ['0'.repeat(32), bad]])).toThrow(RangeError)
      expect(() => store.append([['xyz', entry(0)[1]]])).toThrow(RangeError)
      expect(store.size).toBe(0)
    })
  })

  it('leaves a measurement that it has as it is', async () => {
    await use((store) => {
      store.append([entry(0)])
      store.append([[entry(0)[0], entry(1)[1]]])
      expect(store.get(entry(0)[0])).toEqual(entry(0)[1])
    })
  })
})

describe('a run that was cut', () => {
  const run = (store: Store): void => {
    if (store.plan('p') === null) store.putPlan('p', PLAN.slice(0, 3))
    for (const [from, to] of [
      [0, 1],
      [1, 4],
      [4, 6],
    ] as const)
      if (!range(from, to).every(([key]) => store.has(key))) store.append(range(from, to))
    store.finish()
  }
  it('at any byte and resumed, is the same bytes as one that was not', async () => {
    await use(run)
    const whole = readFileSync(path)
    expect(whole.length).toBeGreaterThan(1000)
    for (let cut = 0; cut <= whole.length; cut++) {
      writeFileSync(path, whole.subarray(0, cut))
      await use(run)
      expect(readFileSync(path).equals(whole), `cut at byte ${cut}`).toBe(true)
    }
  })
  it('says what was cut off', async () => {
    await use(run)
    const whole = readFileSync(path)
    const lastBatch = whole.indexOf(entry(4)[0]) - '{"key":"'.length
    writeFileSync(path, whole.subarray(0, lastBatch + 50))
    await use((store) => expect(store.repairs.tornBytes).toBe(50), { readOnly: true })
    expect(statSync(path).size).toBe(lastBatch + 50)
    await use((store) => {
      expect([store.repairs.tornBytes, store.size, store.finished]).toEqual([50, 4, false])
    })
    expect(statSync(path).size).toBe(lastBatch)
  })
  it('drops any line that was damaged, and nothing else', async () => {
    await use(run)
    const whole = readFileSync(path)
    for (let at = 0; at < whole.length; at += 7) {
      const bytes = Buffer.from(whole)
      bytes[at] = bytes[at]! ^ 0x01
      writeFileSync(path, bytes)
      let store: Store
      try {
        store = await openStore(path)
      } catch (error) {
        // the first bytes say what the file is
        expect(at).toBeLessThan(40)
        expect(error).toBeInstanceOf(DataError)
        continue
      }
      const { tornBytes, damagedLines } = store.repairs
      expect(tornBytes > 0 || damagedLines.length > 0, `byte ${at}`).toBe(true)
      for (const [key, measurement] of range(0, 6)) expect([null, measurement]).toContainEqual(store.get(key))
      expect(store.size).toBeGreaterThanOrEqual(tornBytes > 0 ? 1 : 4)
      run(store)
      for (const [key, measurement] of range(0, 6)) expect(store.get(key)).toEqual(measurement)
      expect(store.plan('p')).toEqual(PLAN.slice(0, 3))
      store.close()
    }
  })
  it('after kill -9 keeps every whole batch', async () => {
    for (const wait of [0, 40, 120]) {
      const writer = spawn(process.execPath, ['--import', 'tsx', 'test/store/writer.ts', path, '50'], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      await new Promise((resolve) => writer.stdout.once('data', resolve))
      await new Promise((resolve) => setTimeout(resolve, wait))
      writer.kill('SIGKILL')
      await new Promise((resolve) => writer.once('exit', resolve))
      expect(existsSync(`${path}.lock`)).toBe(true)
      await use((store) => {
        expect(store.size % 50).toBe(0)
        expect(store.repairs.damagedLines).toEqual([])
        for (const [key, measurement] of range(0, store.size)) expect(store.get(key)).toEqual(measurement)
      })
    }
    await use((store) => expect(store.size).toBeGreaterThan(50))
  })
})

describe('one writer at a time', () => {
  it('names the process that holds the store; a reader may read', async () => {
    await use(async (store) => {
      store.append(range(0, 3))
      await expect(openStore(path)).rejects.toThrow(StoreInUse)
      await expect(openStore(path)).rejects.toThrow(`is in use by process ${process.pid}`)
      const reader = await openStore(path, { readOnly: true })
      expect(reader.size).toBe(3)
      expect(() => reader.append([entry(9)])).toThrow(TypeError)
      reader.close()
    })
    expect(existsSync(`${path}.lock`)).toBe(false)
  })
  it('takes over from a process that is gone, also where its number was given again', async () => {
    await use(() => {})
    for (const holder of [
      { pid: 2 ** 22 + 5, host: (await import('node:os')).hostname(), started: '1' },
      { pid: process.pid, host: (await import('node:os')).hostname(), started: '1' },
    ]) {
      writeFileSync(`${path}.lock`, JSON.stringify(holder))
      await use((store) => expect(store.size).toBe(0))
    }
    writeFileSync(`${path}.lock`, JSON.stringify({ pid: 1, host: 'elsewhere', started: null }))
    await expect(openStore(path)).rejects.toMatchObject({
      message: 'is in use by process 1 on elsewhere',
      hint: expect.stringContaining('delete'),
    })
    rmSync(`${path}.lock`)
  })
  it('takes over what an earlier start of the same scheduled task left on another host, and of no other task', async () => {
    await use(() => {})
    const left = { pid: 1, host: 'failed-node', started: '1', task: 'run 3/8' }
    for (const [task, taken] of [
      ['run 3/8', true],
      ['run 4/8', false],
      ['', false],
    ] as const) {
      vi.stubEnv('CHEMHERM_TASK', task)
      writeFileSync(`${path}.lock`, JSON.stringify(left))
      if (taken) await use((store) => expect(store.size).toBe(0))
      else await expect(openStore(path)).rejects.toThrow(StoreInUse)
    }
    vi.unstubAllEnvs()
    rmSync(`${path}.lock`)
  })
  it('gives the lock back when opening fails', async () => {
    mkdirSync(join(dir, 'model', 'data'), { recursive: true })
    writeFileSync(path, 'my thesis\n')
    await expect(openStore(path)).rejects.toThrow('the file is no store of measurements')
    expect(existsSync(`${path}.lock`)).toBe(false)
    expect(readFileSync(path, 'utf8')).toBe('my thesis\n')
  })
  it('refuses a later version', async () => {
    await use(() => {})
    const { crc32 } = await import('node:zlib')
    const open = '{"format":"chemherm-measurements","version":2,"config":null'
    writeFileSync(path, `${open},"crc":"${crc32(open).toString(16).padStart(8, '0')}"}\n`)
    await expect(openStore(path)).rejects.toThrow('format version 2, this program reads 1')
  })
})

describe.skipIf(process.platform !== 'linux')('a full disk', () => {
  it('is one clear error, and what was committed stays', async () => {
    // a limit of 64 KiB on the size of files stands for the disk
    const command = `trap '' XFSZ; ulimit -f 64; exec "$0" --import tsx test/store/writer.ts "$1" 50`
    const env = { ...process.env, TSX_DISABLE_CACHE: '1' }
    const { status, stderr } = spawnSync('bash', ['-c', command, process.execPath, path], { env, encoding: 'utf8' })
    expect(status).toBe(1)
    expect(stderr).toContain('DataError: the disk is full')
    expect(statSync(path).size).toBeLessThanOrEqual(65_536)
    await use((store) => {
      expect(store.repairs).toEqual({ tornBytes: 0, damagedLines: [] })
      expect(store.size).toBeGreaterThan(300)
      for (const [key, measurement] of range(0, store.size)) expect(store.get(key)).toEqual(measurement)
    })
  })
})

describe('reuse, shards and merging', () => {
  it('uses what sibling runs of the model have measured, without writing it down as its own', async () => {
    await use((store) => store.append(range(0, 5)))
    const other = join(dir, 'model', 'other', 'measurements.jsonl')
    const siblings = await siblingStores(join(dir, 'model'), other)
    expect(siblings).toEqual([path])
    const store = await openStore(other, { reuse: siblings })
    expect([store.has(entry(3)[0]), store.owns(entry(3)[0]), store.size]).toEqual([true, false, 0])
    expect(store.get(entry(3)[0])).toEqual(entry(3)[1])
    store.append(range(3, 7))
    for (const [key, value] of range(0, 7)) expect(store.get(key)).toEqual(value)
    expect([store.size, store.owns(entry(3)[0])]).toEqual([4, true])
    store.close()
    expect(await siblingStores(join(dir, 'nowhere'), other)).toEqual([])
  })
  it('merges the shards once all are finished', async () => {
    const folder = join(dir, 'model', 'data')
    const part = async (index: number, finish: boolean, from: number, to: number): Promise<void> => {
      const store = await openStore(join(folder, storeName({ index, count: 3 })))
      store.append(range(from, to))
      if (finish) store.finish()
      store.close()
    }
    await part(1, true, 0, 1500)
    await part(2, false, 1500, 1501)
    expect(await mergeShards(folder, 3, CONFIG)).toEqual({
      state: 'waiting',
      missing: ['measurements.shard-2-of-3.jsonl', 'measurements.shard-3-of-3.jsonl'],
      otherCut: [],
    })
    await part(2, true, 1500, 1600)
    await part(3, true, 1590, 1700)
    for (const added of [1700, 0]) {
      const merged = await mergeShards(folder, 3, CONFIG)
      if (merged.state !== 'merged') throw new Error(merged.state)
      expect(merged).toMatchObject({ added, store: { path, size: 1700, finished: true } })
      // it stays locked until its files are written
      expect(await mergeShards(folder, 3, CONFIG)).toEqual({ state: 'busy' })
      merged.store.close()
    }
    const keys: string[] = []
    await visitEntries(path, ([key]) => keys.push(key))
    expect(keys).toEqual(range(0, 1700).map(([key]) => key))
    await use(async (store) => {
      expect(await mergeShards(folder, 3, CONFIG)).toEqual({ state: 'busy' })
      expect(store.finished).toBe(true)
      store.append([entry(5000)])
      expect(store.finished).toBe(false)
    })
    copyFileSync(path, `${path}.copy`)
  })
  it('shards of another cut, or of an earlier version, are gone on with before they are merged, and may be read until then', async () => {
    const folder = join(dir, 'model', 'data')
    const put = async (index: number, cut: string | null, from: number, to: number): Promise<boolean> => {
      const store = await openStore(join(folder, storeName({ index, count: 2 })), { cut, config: CONFIG })
      const { finished } = store
      store.append(range(from, to))
      store.finish()
      store.close()
      return finished
    }
    const paths = [1, 2].map((index) => join(folder, storeName({ index, count: 2 })))
    const readBy = (cut: string | null) => siblingStores(join(dir, 'model'), paths[0]!, cut)
    await put(1, null, 0, 10)
    await put(2, null, 10, 20)
    expect(await mergeShards(folder, 2, CONFIG, { cut: 'b' })).toEqual({
      state: 'waiting',
      missing: [],
      otherCut: ['measurements.shard-1-of-2.jsonl', 'measurements.shard-2-of-2.jsonl'],
    })
    // what an earlier version measured may be of rows that are this shard's now
    expect(await readBy('b')).toEqual([paths[1]])
    expect(await put(1, 'b', 0, 10)).toBe(false)
    expect(await put(1, 'b', 0, 10)).toBe(true)
    expect(await mergeShards(folder, 2, CONFIG, { cut: 'b' })).toMatchObject({
      otherCut: [storeName({ index: 2, count: 2 })],
    })
    expect(await put(2, 'b', 10, 21)).toBe(false)
    const merged = await mergeShards(folder, 2, CONFIG, { cut: 'b' })
    expect(merged).toMatchObject({ state: 'merged', added: 21, configs: [CONFIG, CONFIG] })
    if (merged.state === 'merged') merged.store.close()
    // of the same cut from the start, the other shards have other prompts
    rmSync(paths[1]!)
    await put(2, 'b', 10, 20)
    expect(await readBy('b')).toEqual([join(folder, 'measurements.jsonl')])
    expect(await readBy('c')).toEqual([join(folder, 'measurements.jsonl'), paths[1]])
  })
})
