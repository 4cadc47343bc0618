import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { DataError } from '../../src/errors.ts'
import { writeWhole } from '../../src/report/manifest.ts'
import { openJsonLines } from '../../src/report/rows-file.ts'
import { unwrittenFile } from '../../src/system-words.ts'

const dir = mkdtempSync(join(tmpdir(), 'full-disk-'))
afterAll(() => rmSync(dir, { recursive: true }))
const full = (code: string): Error => Object.assign(new Error(`${code}: no space left on device, write`), { code })

it.each([
  ['ENOSPC', 'cannot be written: the disk is full'],
  ['EDQUOT', 'cannot be written: the disk quota is used up'],
  ['EROFS', 'cannot be written: the file system is read-only'],
  ['EFBIG', 'cannot be written: the file system takes no file of that size'],
  ['EIO', 'cannot be written: the disk failed'],
])('%s: the file is named, and nothing of it stays', async (code, words) => {
  const path = join(dir, 'report.html')
  writeFileSync(path, 'of an earlier run')
  async function* pieces() {
    yield 'the first half'
    await Promise.resolve()
    throw full(code)
  }
  const error: unknown = await writeWhole(path, pieces()).catch((e: unknown) => e)
  expect(error).toBeInstanceOf(DataError)
  expect(error).toMatchObject({ exitCode: 3, where: path, message: expect.stringContaining(words) })
  expect((error as DataError).message).not.toMatch(/E[A-Z]{4,}/)
  expect(readdirSync(dir)).toEqual(['report.html'])
  expect(readFileSync(path, 'utf8')).toBe('of an earlier run')
})

it('other trouble stays what it is', () => {
  const bug = new TypeError('x is not a function')
  expect(unwrittenFile(bug, 'a')).toBe(bug)
  const own = full('ERR_STREAM_DESTROYED')
  expect(unwrittenFile(own, 'a')).toBe(own)
})

it('a file of rows that cannot be opened leaves no part', async () => {
  expect(() => openJsonLines(join(dir, 'missing', 'rows.jsonl'))).toThrow(
    'cannot be written: its folder was taken away; it is not there',
  )
  expect(readdirSync(dir)).toEqual(['report.html'])
})
