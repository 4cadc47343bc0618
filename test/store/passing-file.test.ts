import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { passingName, sweepPassing } from '../../src/passing-file.ts'
import { spaceName } from '../../src/process-space.ts'
import { takeLock } from '../../src/store/lock.ts'

const dir = mkdtempSync(join(tmpdir(), 'passing-'))
afterAll(() => rmSync(dir, { recursive: true }))
const host = spaceName()

it('what killed processes left goes, what others are at stays', () => {
  const file = join(dir, 'measurements.jsonl')
  const gone = spawnSync(process.execPath, ['-e', '']).pid
  const own = passingName(file, 'partial')
  const at = (name: string, hoursAgo = 0): string => {
    const path = join(dir, name)
    writeFileSync(path, '')
    const seconds = Date.now() / 1000 - hoursAgo * 3600
    utimesSync(path, seconds, seconds)
    return basename(path)
  }
  const stays = [
    at(basename(own), 5),
    at('measurements.jsonl'),
    at('measurements.jsonl.partial', 5),
    at('measurements.jsonl.1-elsewhere.partial', 0.5),
    at(`measurements.jsonl.lock.${gone}-${host}.new`),
    at(`other.measurements.jsonl.${gone}-${host}.partial`, 5),
  ]
  at(`measurements.jsonl.${gone}-${host}.partial`)
  at('measurements.jsonl.1-elsewhere.partial2', 5)
  at('measurements.jsonl.2-elsewhere.partial', 1.1)
  // of an earlier version, which named no host
  at(`measurements.jsonl.${gone}.partial`, 1.1)
  sweepPassing(file)
  expect(readdirSync(dir).sort()).toEqual([...stays, 'measurements.jsonl.1-elsewhere.partial2'].sort())
  sweepPassing(join(dir, 'missing', 'file'))
})

it('a lock that is taken sweeps beside it', () => {
  const gone = spawnSync(process.execPath, ['-e', '']).pid
  const file = join(dir, 'store')
  for (const suffix of ['new', 'stale']) writeFileSync(`${file}.lock.${gone}-${host}.${suffix}`, '')
  takeLock(file).release()
  expect(readdirSync(dir).filter((name) => name.startsWith('store'))).toEqual([])
})
