import { appendFileSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { makePairsOf } from '../../src/make/make.ts'
import { type MakeState, PairFile, statePath } from '../../src/make/output.ts'
import { createMakePool } from '../../src/make/pool.ts'
import { readSource } from '../../src/make/source.ts'
import { call } from '../command.ts'
import { moleculeFile, outputFile, SMILES_LINES } from './molecules.ts'

const fresh = (): MakeState => ({
  format: 1,
  options: { seed: 5 },
  done: false,
  pass: 0,
  next: 0,
  bytes: 0,
  pairs: 0,
  wanted: { ch2: 150, format_break: 150 },
  inPass: {},
  tried: {},
  barren: {},
  cells: {},
  dropped: {},
  unreadable: {},
  sha256: null,
})

it('a file that was interrupted, and torn, is gone on with and is the whole one', async () => {
  // several chunks of 256 rows
  const source = moleculeFile(
    Array.from(
      { length: 600 },
      (_, i) =>
        `${'C'.repeat(1 + (i % 40))}${SMILES_LINES[i % SMILES_LINES.length]!.replace(/^\[[^\]]*\]|^[A-Z][a-z]?/, 'C')}`,
    ),
  )
  const pool = createMakePool({}, 1)
  const make = async (path: string, stopped: () => boolean): Promise<boolean> => {
    const file = PairFile.open(path, fresh(), true)
    try {
      return await makePairsOf({
        source: () => readSource(source),
        kinds: ['ch2', 'format_break'],
        builders: ['name', 'count'],
        n: 300,
        seed: 5,
        pool,
        file,
        isHeldOut: () => false,
        onFailure: () => {},
        onProgress: () => {},
        stopped,
      })
    } finally {
      file.close()
    }
  }
  try {
    const [whole, torn] = [outputFile(), outputFile()]
    expect(await make(whole, () => false)).toBe(true)
    expect(await make(torn, () => true)).toBe(false)
    const first = readFileSync(torn, 'utf8')
    const { bytes, next } = JSON.parse(readFileSync(statePath(torn), 'utf8')) as MakeState
    expect([Buffer.byteLength(first), next]).toEqual([bytes, 256])
    // a process that died while it wrote
    appendFileSync(torn, '{"id": "half a li')
    expect(await make(torn, () => false)).toBe(true)
    expect(readFileSync(torn, 'utf8')).toBe(readFileSync(whole, 'utf8'))
    expect(readFileSync(whole, 'utf8').startsWith(first)).toBe(true)
    expect(readFileSync(statePath(torn), 'utf8')).toBe(readFileSync(statePath(whole), 'utf8'))
  } finally {
    await pool.close()
  }
})

it('a file of other options, or of unknown origin, is left alone', async () => {
  const [from, output] = [moleculeFile(), outputFile()]
  const args = ['--from', from, '--kinds', 'ch2', '--n', '4', '--output', output]
  expect((await call('make-pairs', args)).code).toBe(0)
  const before = readFileSync(output, 'utf8')
  const again = await call('make-pairs', args)
  expect(again).toMatchObject({ code: 0, stdout: '' })
  expect(again.stderr).toContain('is finished already')
  const other = await call('make-pairs', [...args, '--seed', '9'])
  expect(other.code).toBe(2)
  expect(other.stderr).toContain('was made with other options: seed 0 → 9')
  expect(readFileSync(output, 'utf8')).toBe(before)
  const unknown = outputFile()
  appendFileSync(unknown, 'something\n')
  const refused = await call('make-pairs', ['--from', from, '--output', unknown])
  expect(refused.code).toBe(2)
  expect(refused.stderr).toContain('nothing says how it was made')
  expect(readFileSync(unknown, 'utf8')).toBe('something\n')
})
