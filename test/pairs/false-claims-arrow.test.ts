import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tableFromArrays, tableToIPC } from 'apache-arrow'
import { afterAll, expect, it } from 'vitest'
import { DataError } from '../../src/errors.ts'
import { readRows } from '../../src/pairs/read.ts'

/** Arrow files in which a length, an offset or a count is another: rows, or a refusal in words; nothing that does not end. */
const dir = mkdtempSync(join(tmpdir(), 'arrow-claims-'))
afterAll(() => rmSync(dir, { recursive: true }))

async function read(bytes: Uint8Array): Promise<number | string> {
  const path = join(dir, 'file.arrow')
  writeFileSync(path, bytes)
  let rows = 0
  try {
    for await (const _ of readRows(path)) rows++
    return rows
  } catch (error) {
    if (error instanceof DataError) return error.message
    throw error
  }
}
const table = tableFromArrays({
  prompt: ['abc', 'd'],
  chosen: ['<answer>CCO</answer>', '<answer>CO</answer>'],
  rejected: ['<answer>CC</answer>', '<answer>C</answer>'],
})

it.each(['file', 'stream'] as const)(
  '%s',
  async (format) => {
    const whole = Buffer.from(tableToIPC(table, format))
    expect(await read(whole)).toBe(2)
    let [refused, begins] = [0, 0]
    for (let at = 8; at + 8 <= whole.length - 8; at += 4) {
      const small = whole.readBigInt64LE(at)
      const values = small >= 0n && small < 2000n ? [-1n, 2n ** 31n, 2n ** 40n] : []
      for (const value of values) {
        const bytes = Buffer.from(whole)
        bytes.writeBigInt64LE(value, at)
        const from = performance.now()
        const found = await read(bytes)
        if (typeof found === 'string') refused++
        if (/lead back to each other/.test(String(found))) begins++
        expect(performance.now() - from).toBeLessThan(5000)
      }
    }
    expect(refused).toBeGreaterThan(20)
    // the file format goes by places, the stream by what comes next
    if (format === 'file') expect(begins).toBeGreaterThan(0)
  },
  120_000,
)
