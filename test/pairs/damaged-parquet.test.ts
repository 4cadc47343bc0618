import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parquetMetadata } from 'hyparquet'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DataError } from '../../src/errors.ts'
import { readRows } from '../../src/pairs/read.ts'
import { prng } from '../../src/prng.ts'

const FORMATS = 'test/data/pairs/formats'
const dir = mkdtempSync(join(tmpdir(), 'damaged-parquet-'))
afterAll(() => rmSync(dir, { recursive: true }))

const unhandled: unknown[] = []
const listener = (reason: unknown): void => {
  unhandled.push(reason)
}
beforeEach(() => process.on('unhandledRejection', listener))
afterEach(() => process.off('unhandledRejection', listener))

async function read(bytes: Uint8Array): Promise<unknown[] | DataError> {
  const path = join(dir, 'file.parquet')
  writeFileSync(path, bytes)
  const rows = []
  try {
    for await (const row of readRows(path)) rows.push(row)
    return rows
  } catch (error) {
    if (error instanceof DataError) return error
    throw error
  }
}
const seed = (name: string): Buffer => readFileSync(join(FORMATS, name))

describe('damaged Parquet files', () => {
  it('give rows or one DataError, and no promise is left to fail alone', async () => {
    const seeds = ['none', 'snappy', 'zstd', 'gzip', 'lz4', 'brotli']
      .map((name) => seed(`pairs-${name}.parquet`))
      .concat(seed('conversations.parquet'), seed('pairs-checksums.parquet'))
    const draw = prng(7)
    const below = (n: number): number => Math.floor(draw() * n)
    let errors = 0
    for (let i = 0; i < 200; i++) {
      const bytes = Buffer.from(seeds[i % seeds.length]!)
      for (let k = below(4); k >= 0; k--) {
        // half of the damage lies in the description at the end
        const at = below(2) === 0 ? below(bytes.length) : bytes.length - 1 - below(900)
        bytes[at] = below(2) === 0 ? below(256) : bytes[at]! ^ (1 << below(8))
      }
      const result = await read(below(10) === 0 ? bytes.subarray(0, below(bytes.length)) : bytes)
      if (result instanceof DataError) errors++
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(unhandled).toEqual([])
    expect(errors).toBeGreaterThan(100)
  })

  it('an altered value is refused where the page has a checksum', async () => {
    const bytes = seed('pairs-checksums.parquet')
    expect(await read(bytes)).toHaveLength(3)
    const { row_groups } = parquetMetadata(Uint8Array.from(bytes).buffer)
    let altered = 0
    for (const { columns } of row_groups)
      for (const { meta_data: meta } of columns) {
        // the last byte of a column is of a page's values
        const start = Number(meta!.dictionary_page_offset ?? meta!.data_page_offset)
        const at = start + Number(meta!.total_compressed_size) - 1
        const changed = Buffer.from(bytes)
        changed[at] = changed[at]! ^ 1
        expect(String(await read(changed))).toContain('a page differs from its checksum')
        altered++
      }
    expect(altered).toBeGreaterThan(8)
  })

  it.each([
    ['cut', (b: Buffer) => b.subarray(0, b.length - 20), 'does not end as Parquet does'],
    ['with an endless description', (b: Buffer) => withLength(b, 0x7fffffff), 'does not fit into the file'],
    ['of twelve bytes', (b: Buffer) => Buffer.concat([b.subarray(0, 4), b.subarray(b.length - 8)]), 'does not fit'],
  ])('a file that is %s', async (_, change, message) => {
    const error = await read(change(Buffer.from(seed('pairs-none.parquet'))))
    expect(error).toBeInstanceOf(DataError)
    expect((error as DataError).message).toContain(message)
    expect((error as DataError).message).not.toMatch(/E[A-Z]{4}|undefined/)
  })
})

function withLength(bytes: Buffer, length: number): Buffer {
  bytes.writeUInt32LE(length, bytes.length - 8)
  return bytes
}
