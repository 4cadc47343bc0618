import fs, { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { writeCsv } from '../../src/report/csv.ts'
import { writeWhole } from '../../src/report/manifest.ts'
import { writeWholeSync } from '../../src/whole-file.ts'

const dir = mkdtempSync(join(tmpdir(), 'whole-file-'))
afterAll(() => rmSync(dir, { recursive: true }))

/** A file system that answers one call so: what a server of files, or a disk, may say at any of them, at the latest when a file is closed. */
type Call = 'openSync' | 'writeSync' | 'closeSync' | 'renameSync'
const own = { openSync: fs.openSync, writeSync: fs.writeSync, closeSync: fs.closeSync, renameSync: fs.renameSync }
function failing(call: Call, code: string): void {
  const fd = { last: -1 }
  const inFolder = (first: unknown): boolean => first === fd.last || String(first).startsWith(dir)
  const fail = (first: unknown, ...rest: unknown[]): unknown => {
    if (!inFolder(first)) return (own[call] as (...args: unknown[]) => unknown)(first, ...rest)
    // a file is closed, whatever the server of files says
    if (call === 'closeSync') own.closeSync(first as number)
    throw Object.assign(new Error(`${code}: something, ${call}`), { code, syscall: call.replace('Sync', '') })
  }
  const open = (path: fs.PathLike, flags?: fs.OpenMode): number => {
    const opened = own.openSync(path, flags ?? 'r')
    if (inFolder(path)) fd.last = opened
    return opened
  }
  Object.assign(fs, { openSync: open, [call]: fail })
  syncBuiltinESMExports()
}
function mend(): void {
  Object.assign(fs, own)
  syncBuiltinESMExports()
}
afterEach(mend)

const WORDS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  EIO: 'the disk failed',
  ESTALE: 'the server of the file system no longer knows it',
  EACCES: 'permission denied',
  ETIMEDOUT: 'the system refuses it (something)',
  EXDEV: 'its folder lies on two file systems',
  ENOTSUP: 'the file system cannot do that',
}

describe.each(Object.keys(WORDS))('%s', (code) => {
  it.each(['openSync', 'writeSync', 'closeSync', 'renameSync'] as const)('from %s', async (call) => {
    const path = join(dir, 'table.csv')
    const writers = [
      async () => writeWholeSync(path, 'new'),
      () => writeWhole(path, 'new'),
      () => writeCsv(path, ['a'], [['b']]),
    ]
    for (const write of writers) {
      writeFileSync(path, 'of an earlier run')
      failing(call, code)
      const error: unknown = await write().catch((e: unknown) => e)
      mend()
      expect(error).toMatchObject({ exitCode: 3, where: path })
      expect((error as Error).message).toBe(
        `cannot be written: ${WORDS[code]}; it is not there, and neither is what would have been written after it`,
      )
      expect(readdirSync(dir)).toEqual(['table.csv'])
      expect(readFileSync(path, 'utf8')).toBe('of an earlier run')
    }
  })
})
