import fs, { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect, it } from 'vitest'
import { takeLock } from '../../src/store/lock.ts'

const dir = mkdtempSync(join(tmpdir(), 'lock-stays-'))
afterAll(() => rmSync(dir, { recursive: true }))
const own = { rmSync: fs.rmSync, linkSync: fs.linkSync }
const failing = (call: keyof typeof own, code: string): void => {
  const fail = (): never => {
    throw Object.assign(new Error(`${code}: something, ${call}`), { code })
  }
  Object.assign(fs, { [call]: fail })
  syncBuiltinESMExports()
}
const mend = (): void => {
  Object.assign(fs, own)
  syncBuiltinESMExports()
}
afterEach(mend)

it.each(['EPERM', 'ESTALE', 'ENOTSUP', 'EXDEV'])(
  'a lock that the system does not take away (%s) ends no command',
  (code) => {
    const path = join(dir, code)
    const lock = takeLock(path)
    failing('rmSync', code)
    lock.release()
    expect(existsSync(`${path}.lock`)).toBe(true)
    mend()
    expect(lock.held()).toBe(true)
    lock.release()
    expect(existsSync(`${path}.lock`)).toBe(false)
  },
)

it('nor one that was begun beside', () => {
  failing('rmSync', 'EPERM')
  const { release } = takeLock(join(dir, 'begun'))
  mend()
  release()
  expect(readdirSync(dir).filter((name) => name.endsWith('.lock'))).toEqual([])
})

it.each(['ESTALE', 'EXDEV', 'EIO'])(
  'one that cannot be linked to its name (%s) is said, and nothing is left',
  (code) => {
    failing('linkSync', code)
    const path = join(dir, `linked-${code}`)
    let error: unknown
    try {
      takeLock(path)
    } catch (caught) {
      error = caught
    }
    expect(error).toMatchObject({ exitCode: 3, where: `${path}.lock` })
    expect((error as Error).message).not.toMatch(/E[A-Z]{3,}/)
    expect(readdirSync(dir).filter((name) => name.startsWith('linked-'))).toEqual([])
  },
)

it.each(['ENOTSUP', 'EOPNOTSUPP', 'EPERM'])('where there are no links (%s) it is written in place', (code) => {
  failing('linkSync', code)
  const { release } = takeLock(join(dir, `no-links-${code}`))
  expect(existsSync(join(dir, `no-links-${code}.lock`))).toBe(true)
  release()
})
