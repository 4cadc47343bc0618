import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { explain } from '../../src/cli/fail.ts'

function told(error: unknown, json = false): readonly [code: number, text: string] {
  let text = ''
  const code = explain('run-rm', error, (written) => (text += written), json)
  return [code, text]
}
const systemError = (code: string, path?: string) =>
  Object.assign(new Error(`${code}: something, write`), { code, ...(path !== undefined && { path }) })

describe('a disk that takes no more', () => {
  it.each(['ENOSPC', 'EDQUOT', 'EROFS', 'ESTALE', 'EXDEV', 'ENOTSUP', 'ENOLCK'])(
    '%s is no bug of ours: exit 3, and says what is kept',
    (code) => {
      const [exit, text] = told(systemError(code, 'results/m/p/agreement.csv'))
      expect(exit).toBe(3)
      expect(text).toContain('run-rm: results/m/p/agreement.csv: cannot be written')
      expect(text).not.toContain('a bug in chemherm')
      expect(JSON.parse(told(systemError(code), true)[1])).toMatchObject({ exitCode: 3, where: 'output' })
    },
  )
  it.runIf(process.platform === 'linux')('as the system says it', () => {
    let error: unknown
    try {
      writeFileSync('/dev/full', 'x')
    } catch (caught) {
      error = caught
    }
    expect(told(error)).toMatchObject([3, expect.stringContaining('the disk is full')])
  })
  it.each(['EPERM', 'EACCES', 'ETIMEDOUT', 'EBUSY'])('%s is a disk only where a call on a file got it', (code) => {
    const renamed = Object.assign(systemError(code, 'results/run.json'), { syscall: 'rename' })
    expect(told(renamed)).toMatchObject([
      3,
      expect.stringMatching(
        /^run-rm: results\/run\.json: cannot be written: [a-z ()]*(denied|in use|something)[ ()a-z]*\n/,
      ),
    ])
    expect(told(Object.assign(systemError(code), { syscall: 'connect' }))[0]).toBe(1)
  })
  it('any other system error stays a bug with its stack', () => {
    const [exit, text] = told(systemError('EBADF'))
    expect(exit).toBe(1)
    expect(text).toContain('a bug in chemherm')
    expect(told(null)).toMatchObject([1, expect.stringContaining('null')])
  })
})

describe('a limit of virtual memory', () => {
  it.each([
    new RangeError('WebAssembly.Instance(): Out of memory: Cannot allocate Wasm memory for new instance'),
    new RangeError('WebAssembly.Memory(): could not allocate memory'),
    new Error('Aborted(RangeError: WebAssembly.instantiate(): Out of memory: Cannot allocate Wasm memory)'),
  ])('is no bug of ours: exit 6, and says what to do', (error) => {
    const [exit, text] = told(error)
    expect(exit).toBe(6)
    expect(text).toMatch(/^run-rm: ulimit -v: /)
    expect(text).toContain('--disable-wasm-trap-handler')
  })
  it('another trouble of WebAssembly stays a bug', () => {
    expect(told(new RangeError('WebAssembly.Module(): expected magic word'))[0]).toBe(1)
  })
  it.runIf(process.platform === 'linux')('of a real process', () => {
    const { status, stderr } = spawnSync(
      'sh',
      ['-c', 'ulimit -v 9000000; exec node dist/scripts/run-rm.js --limit 1'],
      {
        encoding: 'utf8',
      },
    )
    expect(stderr).toMatch(/^run-rm: ulimit -v: the system gives no more addresses/)
    expect(status).toBe(6)
  })
})
