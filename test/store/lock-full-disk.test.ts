import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import { packagePath } from '../../src/package.ts'

const dir = mkdtempSync(join(tmpdir(), 'lock-full-'))
afterAll(() => rmSync(dir, { recursive: true }))

/** `ulimit -f 0`: a file can be made, but takes no byte, as on a disk that is full. */
it.skipIf(process.platform === 'win32')(
  'a lock that cannot be written leaves neither itself nor the file it begins as',
  () => {
    const code = `
    const { takeLock } = await import(${JSON.stringify(pathToFileURL(packagePath('src/store/lock.ts')).href)})
    try {
      takeLock(${JSON.stringify(join(dir, 'store'))})
      console.log('taken')
    } catch (error) {
      console.log(error.message)
    }`
    const said = execFileSync(
      'sh',
      ['-c', 'ulimit -f 0; exec "$@"', 'sh', process.execPath, '--import', 'tsx', '--input-type=module', '-e', code],
      { cwd: packagePath(), encoding: 'utf8', env: { ...process.env, TSX_DISABLE_CACHE: '1' } },
    )
    expect(said).toContain('cannot be written')
    expect(readdirSync(dir)).toEqual([])
  },
)
