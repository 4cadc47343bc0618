import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'chemherm-merge-'))
afterAll(() => rmSync(folder, { recursive: true }))

const ROWS = 100_000
/** MB of JavaScript heap. Their texts alone are 48 MB; where the rows are kept (`hold`) Node ends itself at this bound. */
const HEAP_MB = 48

it('merging, joining and writing 100,000 rows needs no heap for them', () => {
  const args = [`--max-old-space-size=${HEAP_MB}`, '--import', 'tsx', 'test/store/merge-rows.ts', folder, String(ROWS)]
  const done = spawnSync(process.execPath, args, { encoding: 'utf8' })
  expect(done, done.stderr.slice(-2000)).toMatchObject({ status: 0 })
  expect(JSON.parse(done.stdout)).toMatchObject({ added: 2 * ROWS, margins: -ROWS / 2 })
  const lines = readFileSync(join(folder, 'pairs.csv'), 'utf8').trimEnd().split('\n')
  expect(lines).toHaveLength(ROWS + 1)
  // in the order of the data
  expect(lines[1]!.split(',')[0]).toBe('row 0')
  expect(lines[ROWS]!.split(',')[0]).toBe(`row ${ROWS - 1}`)
})
