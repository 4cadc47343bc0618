import { spawn } from 'node:child_process'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { localPath, openLocalStore } from '../../src/store/local.ts'
import { StoreInUse } from '../../src/store/lock.ts'
import { type Entry, openStore, type Store } from '../../src/store/log.ts'
import { entry } from './entries.ts'

let dir: string
let path: string
let now = 0
let troubles: string[] = []
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'chemherm-local-'))
  path = join(dir, 'shared/model/data/measurements.jsonl')
  now = 0
  troubles = []
})
afterEach(() => rmSync(dir, { recursive: true }))

const CONFIG = { test: true }
const range = (from: number, to: number): Entry[] => Array.from({ length: to - from }, (_, i) => entry(from + i))
/** The store on a node's disk, copied every 10 ms of a clock that the test sets. */
const open = (node = 'node-1', fresh = false): Promise<Store> =>
  openLocalStore(path, {
    config: CONFIG,
    folder: join(dir, node),
    everyMs: 10,
    clock: () => now,
    onTrouble: (message) => troubles.push(message),
    fresh,
  })
async function shared(): Promise<number> {
  const store = await openStore(path, { readOnly: true })
  const { size } = store
  expect(store.repairs).toEqual({ tornBytes: 0, damagedLines: [] })
  store.close()
  return size
}

describe('a store on a local disk', () => {
  it('is copied at its beginning, every so often, at the end of the run and when it is closed', async () => {
    const store = await open()
    const counts = [await shared()]
    store.append(range(0, 3))
    now = 9
    store.append(range(3, 4))
    counts.push(await shared())
    now = 10
    store.append(range(4, 5))
    counts.push(await shared())
    store.putPlan('p', [])
    store.append(range(5, 6))
    store.finish()
    counts.push(await shared())
    store.append(range(6, 7))
    store.close()
    store.close()
    counts.push(await shared())
    expect(counts).toEqual([0, 0, 5, 6, 7])
    const copy = await openStore(path, { readOnly: true })
    for (const [key, value] of range(0, 7)) expect(copy.get(key)).toEqual(value)
    copy.close()
    // nothing stays on the node, and nothing beside the shared copy
    expect(readdirSync(join(dir, 'node-1'))).toEqual([])
    expect(readdirSync(join(path, '..'))).toEqual(['measurements.jsonl'])
  })

  it('has the bytes of one that is written in its place', async () => {
    const write = (store: Store): void => {
      store.append(range(0, 40))
      store.putPlan('p', [{ layout: 'padded', sequences: [0], prefix: 0, tokens: 3 }])
      store.append(range(30, 90))
      store.finish()
      store.close()
    }
    write(await open())
    const bytes = readFileSync(path)
    rmSync(path)
    write(await openStore(path, { config: CONFIG }))
    expect(bytes.equals(readFileSync(path))).toBe(true)
  })

  it('goes on elsewhere from the shared copy, and here from what is newer', async () => {
    const first = await open()
    first.append(range(0, 3))
    first.close()
    const elsewhere = await open('node-2')
    expect(elsewhere.size).toBe(3)
    elsewhere.append(range(3, 5))
    elsewhere.close()
    const again = await open()
    expect(again.size).toBe(5)
    again.close()
    const local = localPath(path, join(dir, 'node-1'))
    mkdirSync(join(local, '..'), { recursive: true })
    // killed here: begins with the shared copy
    const copy = readFileSync(path)
    const longer = await openStore(join(dir, 'longer.jsonl'), { config: CONFIG })
    longer.append(range(5, 7))
    longer.close()
    writeFileSync(local, copy)
    appendFileSync(local, readFileSync(join(dir, 'longer.jsonl'), 'utf8').split('\n').slice(1).join('\n'))
    const newer = await open()
    expect(newer.size).toBe(7)
    newer.close()
    // left from before it went on elsewhere: forgotten
    mkdirSync(join(local, '..'), { recursive: true })
    writeFileSync(local, Buffer.concat([copy.subarray(0, copy.length - 1), Buffer.from(' '.repeat(9999))]))
    const stale = await open()
    expect([stale.size, stale.repairs]).toEqual([7, { tornBytes: 0, damagedLines: [] }])
    stale.close()
    const fresh = await open('node-1', true)
    expect(fresh.size).toBe(0)
    fresh.close()
    expect(await shared()).toBe(0)
  })

  it('is locked at the shared place: a second task has no store, on this disk or another', async () => {
    const store = await open()
    await expect(open('node-2')).rejects.toThrow(StoreInUse)
    await expect(openStore(path)).rejects.toThrow(StoreInUse)
    store.close()
    ;(await open('node-2')).close()
  })

  it('writes no more once another start of its task has taken it over', async () => {
    const store = await open()
    store.append(range(0, 2))
    const other = JSON.stringify({ pid: 1, host: 'node-2', started: null, task: 'shard 1' })
    writeFileSync(`${path}.lock`, other)
    now = 10
    expect(() => store.append(range(2, 3))).toThrow('was taken over by another start of this task')
    expect(() => store.close()).toThrow(StoreInUse)
    expect(readFileSync(`${path}.lock`, 'utf8')).toBe(other)
    expect(await shared()).toBe(0)
    rmSync(`${path}.lock`)
  })

  it('a copy that fails is said and tried again; at the end it is an error, and what is here stays', async () => {
    const store = await open()
    rmSync(path)
    mkdirSync(path)
    now = 10
    store.append(range(0, 2))
    store.append(range(2, 3))
    expect(troubles).toHaveLength(1)
    expect(() => store.close()).toThrow('the store cannot be used')
    expect(statSync(localPath(path, join(dir, 'node-1'))).size).toBeGreaterThan(0)
    expect(existsSync(`${path}.lock`)).toBe(false)
    rmdirSync(path)
  })

  it('after kill -9 the shared copy is whole, and lacks at most what came since the last one', async () => {
    for (const [wait, every] of [
      [60, 7],
      [150, 40],
    ] as const) {
      const writer = spawn(
        process.execPath,
        ['--import', 'tsx', 'test/store/local-writer.ts', path, join(dir, 'node-1'), String(every)],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      )
      await new Promise((resolve) => writer.stdout.once('data', resolve))
      await new Promise((resolve) => setTimeout(resolve, wait))
      writer.kill('SIGKILL')
      await new Promise((resolve) => writer.once('exit', resolve))
      const copied = await shared()
      const here = await openStore(localPath(path, join(dir, 'node-1')), { readOnly: true })
      expect(here.size).toBeGreaterThanOrEqual(copied)
      expect(here.size - copied).toBeLessThanOrEqual(every)
      here.close()
      // another node knows the shared copy alone
      const elsewhere = await open('node-2')
      expect(elsewhere.size).toBe(copied)
      for (const [key, value] of range(0, copied)) expect(elsewhere.get(key)).toEqual(value)
      elsewhere.close()
    }
    expect(await shared()).toBeGreaterThan(7)
  })
})
