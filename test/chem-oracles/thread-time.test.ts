import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { threadClock, timeOfThread } from '../../src/thread-time.ts'

const proc = mkdtempSync(join(tmpdir(), 'proc-'))
afterAll(() => rmSync(proc, { recursive: true }))

const sleep = (ms: number): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
function spin(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end; );
}

it('runs while the thread computes, and stands while it waits', () => {
  const clock = threadClock()
  const from = clock.read()
  spin(200)
  const spun = clock.read() - from
  expect(spun).toBeGreaterThan(0)
  expect(spun).toBeLessThan(300)
  const before = clock.read()
  sleep(400)
  // in the process's own clock other threads count, too
  if (clock.thread !== 0) expect(clock.read() - before).toBeLessThan(100)
})

it.skipIf(process.platform !== 'linux')('is the same clock for the other threads of the process', () => {
  const { thread, read } = threadClock()
  expect(thread).toBeGreaterThan(0)
  spin(50)
  expect(Math.abs(timeOfThread(thread) - read())).toBeLessThan(50)
  expect(timeOfThread(0x7fffffff)).toBeNaN()
})

it('reads what Linux shows: nanoseconds, or ticks where the scheduler keeps no statistics', () => {
  const folder = join(proc, 'self/task/7')
  mkdirSync(folder, { recursive: true })
  mkdirSync(join(proc, '5'))
  symlinkSync('5/task/7', join(proc, 'thread-self'))
  // proc(5): 14 utime, 15 stime; the name of a thread may hold anything
  writeFileSync(join(folder, 'stat'), '7 (a) b (c) R 1 2 3 4 -1 5 6 7 8 9 31 12 0 0 20 0 11 0 34\n')
  writeFileSync(join(folder, 'schedstat'), '1234567890 55 3\n')
  expect(threadClock(proc)).toMatchObject({ thread: 7 })
  expect([threadClock(proc).read(), timeOfThread(7, proc)]).toEqual([1234.56789, 1234.56789])
  writeFileSync(join(folder, 'schedstat'), '0 0 0\n')
  expect([threadClock(proc).read(), timeOfThread(7, proc)]).toEqual([430, 430])
})

it('elsewhere the time of the whole process stands for it', () => {
  const { thread, read } = threadClock(join(proc, 'none'))
  expect(thread).toBe(0)
  const { user, system } = process.cpuUsage()
  expect(Math.abs(read() - (user + system) / 1000)).toBeLessThan(500)
  expect(Math.abs(timeOfThread(0) - read())).toBeLessThan(500)
})
