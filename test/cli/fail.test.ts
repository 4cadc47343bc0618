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
