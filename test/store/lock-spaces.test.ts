import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { packagePath } from '../../src/package.ts'
import { passingName, sweepPassing } from '../../src/passing-file.ts'
import { ownSpace, type ProcessSpace, relationOf, spaceName } from '../../src/process-space.ts'
import { takeLock } from '../../src/store/lock.ts'

/** Two containers may have one host name, on one machine or on two: the process numbers of one say nothing in the other. */
const dir = mkdtempSync(join(tmpdir(), 'lock-spaces-'))
afterAll(() => rmSync(dir, { recursive: true }))

const OUTERMOST = '4026531836'
const self: ProcessSpace = { host: 'node3', boot: 'b1', pidSpace: OUTERMOST, machine: 'm1' }

describe('a process of another space', () => {
  it.each([
    ['the same', {}, 'here'],
    ['another host', { host: 'node4' }, 'elsewhere'],
    ['another container of this machine', { pidSpace: '4026532178' }, 'elsewhere'],
    ['a container of another machine', { boot: 'b2', pidSpace: '4026532178', machine: null }, 'elsewhere'],
    ['a container with the machine-id of this machine', { boot: 'b2', pidSpace: '4026532178' }, 'elsewhere'],
    ['this machine before it was started anew', { boot: 'b0' }, 'over'],
    ['another machine of this name', { boot: 'b2', machine: 'm2' }, 'elsewhere'],
    ['one whose machine has no id', { boot: 'b2', machine: null }, 'elsewhere'],
    ['an earlier version, which wrote the host alone', { boot: null, pidSpace: null, machine: null }, 'here'],
  ] as const)('%s: %s', (_, over, expected) => {
    expect(relationOf({ ...self, ...over }, self)).toBe(expected)
  })
  it('seen from a container, a start of its machine before this one may have been that of another machine', () => {
    const inside = { ...self, pidSpace: '4026532178' }
    expect(relationOf({ ...inside, boot: 'b0' }, inside)).toBe('elsewhere')
    expect(relationOf({ ...self, boot: 'b0' }, inside)).toBe('elsewhere')
  })
  it('has other names for what stands beside a file', () => {
    const names = [{}, { pidSpace: '4026532178' }, { boot: 'b2' }].map((over) => spaceName({ ...self, ...over }))
    expect(new Set(names).size).toBe(3)
    expect(spaceName({ ...self, boot: null })).toBe('node3')
    expect(passingName('a', 'new')).toBe(`a.${process.pid}-${spaceName()}.new`)
  })
})

/** A number that no process has. */
const GONE = 2 ** 22 + 5
const told = process.platform === 'linux' && ownSpace().boot !== null && ownSpace().pidSpace !== null
const lockOf = (name: string, over: Readonly<Record<string, unknown>>): string => {
  const path = join(dir, name)
  writeFileSync(`${path}.lock`, JSON.stringify({ pid: GONE, ...ownSpace(), started: '1', task: null, ...over }))
  return path
}

describe.skipIf(!told)('a lock', () => {
  it('of a process that is gone is taken over here', () => {
    const { held, release } = takeLock(lockOf('here', {}))
    expect(held()).toBe(true)
    release()
  })
  it('of another container with this host name stands, whatever its number is here, and says how to go on', () => {
    for (const pid of [GONE, process.pid]) {
      const path = lockOf(`container-${pid}`, { pid, pidSpace: '1' })
      const before = readFileSync(`${path}.lock`, 'utf8')
      expect(() => takeLock(path)).toThrow(
        expect.objectContaining({
          exitCode: 3,
          message: `is in use by process ${pid} on ${ownSpace().host}, in another container or on another machine of that name`,
          hint: `If that process is gone, delete ${path}.lock.`,
        }) as Error,
      )
      expect(readFileSync(`${path}.lock`, 'utf8')).toBe(before)
    }
  })
  it('of the same task of a scheduler, whose container was started anew, is taken over', () => {
    const path = lockOf('task', { pidSpace: '1', task: 'job-7' })
    vi.stubEnv('CHEMHERM_TASK', 'job-8')
    expect(() => takeLock(path)).toThrow(/in another container/)
    vi.stubEnv('CHEMHERM_TASK', 'job-7')
    takeLock(path).release()
    vi.unstubAllEnvs()
  })
})

/** As root, or where the system lets everybody make spaces of their own. */
const unshare = (...command: readonly string[]): ReturnType<typeof spawnSync> =>
  spawnSync('unshare', ['--pid', '--fork', '--mount-proc', ...command], { encoding: 'utf8' })
describe.skipIf(!told || unshare('true').status !== 0)('a container of this machine, with its host name', () => {
  const inside = (script: string): string =>
    String(
      unshare(
        process.execPath,
        '--import',
        'tsx',
        '--input-type=module',
        '-e',
        `const { takeLock } = await import(${JSON.stringify(pathToFileURL(packagePath('src/store/lock.ts')).href)})
        ${script}`,
      ).stdout,
    )
  const tried = (path: string): string =>
    inside(
      `try { takeLock(${JSON.stringify(path)}); console.log('taken') } catch (error) { console.log(error.message) }`,
    )

  it('is refused while this process has the lock, though no process there has its number', () => {
    const lock = takeLock(join(dir, 'real'))
    expect(tried(lock.held() ? join(dir, 'real') : '')).toMatch(/^is in use by process \d+ on .*, in another container/)
    expect(lock.held()).toBe(true)
    lock.release()
    expect(tried(join(dir, 'real'))).toBe('taken\n')
  })
  it('its files that are under way are left alone', () => {
    const path = join(dir, 'under-way')
    inside(`const { passingName } = await import(${JSON.stringify(pathToFileURL(packagePath('src/passing-file.ts')).href)})
      const { writeFileSync } = await import('node:fs')
      writeFileSync(passingName(${JSON.stringify(path)}, 'partial'), '')`)
    sweepPassing(path)
    expect(readdirSync(dir).filter((name) => name.startsWith('under-way'))).toHaveLength(1)
    expect(existsSync(path)).toBe(false)
  })
})
