import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { type MakeState, PairFile, statePath } from '../../src/make/output.ts'
import { takeLock } from '../../src/store/lock.ts'
import { call } from '../command.ts'

/** Of two commands that write one place the second is refused, says who is there, and leaves everything as it is. */
const dir = mkdtempSync(join(tmpdir(), 'in-use-'))
afterAll(() => rmSync(dir, { recursive: true }))

it.each([
  ['--from', 'two.smi'],
  ['--invariance', 'two.jsonl'],
])('make-pairs %s', async (flag, name) => {
  const [from, output] = [join(dir, name), join(dir, `${flag.slice(2)}.out.jsonl`)]
  writeFileSync(from, name.endsWith('smi') ? 'CCO ethanol\n' : '{"prompt":"p","chosen":"CCO","rejected":"C"}\n')
  const other = takeLock(output)
  try {
    const { code, stderr } = await call('make-pairs', [flag, from, '--output', output])
    expect(code).toBe(3)
    expect(stderr).toContain(`${output}: is in use by process ${process.pid} on `)
    expect(stderr).toContain('Wait for it, or name another --output.')
    expect(existsSync(output)).toBe(false)
  } finally {
    other.release()
  }
})

it('make-pairs where no file can be written is output that cannot be written', async () => {
  const from = join(dir, 'two.smi')
  const { code, stderr } = await call('make-pairs', ['--from', from, '--output', join(dir, 'none', 'pairs.jsonl')])
  expect(code).toBe(3)
  expect(stderr).toContain('pairs.jsonl: cannot be written: its folder was taken away')
})

it('a file of pairs has its state before its first pair, so that a kill between the two is gone on with', () => {
  const path = join(dir, 'killed.jsonl')
  const counts = { pass: 0, next: 0, bytes: 0, pairs: 0, wanted: {}, inPass: {}, tried: {}, barren: {}, cells: {} }
  const fresh: MakeState = { format: 1, options: {}, done: false, ...counts, dropped: {}, unreadable: {}, sha256: null }
  PairFile.open(path, fresh, true).close()
  expect(JSON.parse(readFileSync(statePath(path), 'utf8'))).toEqual(fresh)
  // what a kill leaves behind the first write
  writeFileSync(path, '{"id": "half')
  const again = PairFile.open(path, fresh, true)
  again.close()
  expect(readFileSync(path, 'utf8')).toBe('')
})

it('analyze', async () => {
  const output = join(dir, 'results')
  const args = ['--limit', '4', '--resamples', '100', '--device', 'cpu', '--no-verify', '--output-dir', output]
  expect((await call('run-rm', args)).code).toBe(0)
  mkdirSync(join(output, 'analysis'))
  const other = takeLock(join(output, 'analysis', 'demo-pairs'), '')
  try {
    const { code, stderr } = await call('analyze', ['--resamples', '100', '--output-dir', output])
    expect(code).toBe(3)
    expect(stderr).toContain(`is in use by process ${process.pid} on `)
    expect(stderr).toContain('(Wait for it.)')
  } finally {
    other.release()
  }
})
