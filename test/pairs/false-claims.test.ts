import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { DataError } from '../../src/errors.ts'
import { readRows } from '../../src/pairs/read.ts'
import { CODEC, type Column, ENCODING, parquetBytes, plainTexts, sameIndex, uvarint } from './parquet-bytes.ts'

/** Parquet files whose pages hold other than they claim, in both directions: refused in words, before they take memory. */
const dir = mkdtempSync(join(tmpdir(), 'false-claims-'))
afterAll(() => rmSync(dir, { recursive: true }))

async function read(columns: readonly Column[], rows = 1): Promise<unknown[] | string> {
  const path = join(dir, 'file.parquet')
  writeFileSync(path, parquetBytes(columns, rows))
  const read: unknown[] = []
  try {
    for await (const row of readRows(path)) read.push(row)
    return read
  } catch (error) {
    if (error instanceof DataError) return error.message
    throw error
  }
}
const texts = (name: string, ...values: readonly string[]): Column => {
  const bytes = plainTexts(...values)
  return { name, pages: [{ kind: 'data', bytes, claimed: bytes.length, values: values.length }] }
}
const rest = [texts('chosen', '<answer>CCO</answer>'), texts('rejected', '<answer>CC</answer>')]
const prompt = plainTexts('abc')
/** A zstd frame of runs of one byte, 128 KiB each (RFC 8878, 3.1.1.2.2). */
const zstdRuns = (count: number): Buffer =>
  Buffer.concat([
    Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58]),
    ...Array.from({ length: count }, (_, i) => {
      const block = Buffer.alloc(4)
      block.writeUIntLE((131_072 << 3) | (1 << 1) | (i === count - 1 ? 1 : 0), 0, 3)
      return block
    }),
  ])
const zstdRaw = (bytes: Buffer): Buffer => {
  const block = Buffer.alloc(3)
  block.writeUIntLE((bytes.length << 3) | 1, 0, 3)
  return Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58]), block, bytes])
}
const snappyLiteral = (bytes: Buffer): Buffer =>
  Buffer.concat([Buffer.from([bytes.length, (bytes.length - 1) << 2]), bytes])
const lz4Literal = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from([bytes.length << 4]), bytes])
const PACKED: Readonly<Record<string, readonly [codec: number, pack: (bytes: Buffer) => Buffer]>> = {
  none: [CODEC.none, (bytes) => bytes],
  snappy: [CODEC.snappy, snappyLiteral],
  gzip: [CODEC.gzip, (bytes) => gzipSync(bytes)],
  brotli: [CODEC.brotli, (bytes) => brotliCompressSync(bytes)],
  zstd: [CODEC.zstd, zstdRaw],
  lz4: [CODEC.lz4, lz4Literal],
  lz4Raw: [CODEC.lz4Raw, lz4Literal],
}

describe.each(Object.entries(PACKED))('%s', (_, [codec, pack]) => {
  const page = (claimed: number): Column => ({
    name: 'prompt',
    codec,
    pages: [{ kind: 'data', bytes: pack(prompt), claimed, values: 1 }],
  })
  it('what is as it says is read', async () => {
    expect(await read([page(prompt.length), ...rest])).toMatchObject([{ prompt: 'abc' }])
  })
  it('a page that holds more or less than it says is refused', async () => {
    for (const claimed of [0, prompt.length - 1, prompt.length + 1, 200 * 2 ** 20])
      expect(await read([page(claimed), ...rest])).toMatch(/^cannot be read as Parquet: /)
    expect(await read([page(2 ** 31 - 1), ...rest])).toMatch(/decodes to 2,147,483,694 bytes/)
  })
  it('a dictionary of more entries than anybody has values is refused before it is made', async () => {
    const dictionary = { kind: 'dictionary', bytes: pack(prompt), claimed: 255 * 2 ** 20, values: 200_000_000 } as const
    const index = pack(sameIndex(1))
    const data = {
      kind: 'data',
      bytes: index,
      claimed: sameIndex(1).length,
      values: 1,
      encoding: ENCODING.dictionary,
    } as const
    expect(await read([{ name: 'prompt', codec, pages: [dictionary, data] }, ...rest])).toMatch(
      /a dictionary of 200,000,000 entries for 1 values/,
    )
  })
})

it.each([
  ['gzip', CODEC.gzip, () => gzipSync(Buffer.alloc(2 ** 29), { level: 9 })],
  ['brotli', CODEC.brotli, () => brotliCompressSync(Buffer.alloc(2 ** 29))],
  ['zstd', CODEC.zstd, () => zstdRuns(4096)],
] as const)('half a GiB behind a claim of 7 bytes, %s, ends after those', async (_, codec, packed) => {
  const bytes = packed()
  expect(bytes.length).toBeLessThan(600_000)
  const before = process.memoryUsage().rss
  expect(
    await read([{ name: 'prompt', codec, pages: [{ kind: 'data', bytes, claimed: 7, values: 1 }] }, ...rest]),
  ).toMatch(/a page unpacks to more than the 7 bytes that it says/)
  expect(process.memoryUsage().rss - before).toBeLessThan(200 * 2 ** 20)
})

it.each([
  ['a text that is 2 GiB long', 0x7fffffff],
  ['a text of −1 bytes', 0xffffffff],
])('%s is refused', async (_, length) => {
  const bytes = Buffer.from(prompt)
  bytes.writeUInt32LE(length)
  const pages = [{ kind: 'data', bytes, claimed: bytes.length, values: 1 }] as const
  expect(await read([{ name: 'prompt', pages }, ...rest])).toMatch(/^cannot be read as Parquet: /)
})

const DICTIONARY = { kind: 'dictionary', bytes: prompt, claimed: prompt.length, values: 1 } as const
const indexed = (bytes: Buffer): Column => ({
  name: 'prompt',
  pages: [DICTIONARY, { kind: 'data', bytes, claimed: bytes.length, values: 1, encoding: ENCODING.dictionary }],
})
it.each([
  ['two thousand million values in a run', indexed(sameIndex(2e9)), /a run of 2,000,000,000 where 1 values are left/],
  ['indexes of 255 bits', indexed(Buffer.from([255, 3, 1, 2, 3])), /indexes of 255 bits/],
  ['an index that the dictionary does not have', indexed(Buffer.from([8, 2, 77])), /"prompt"/],
] as const)('%s', async (_, column, says) => {
  const found = await read([column, ...rest])
  expect(typeof found === 'string' ? found : JSON.stringify(found)).toMatch(says)
})

/** 200,000 texts, each the 900,000 characters of the one before: 1.4 kB that are 180 GB. (Encodings.md, DELTA_BYTE_ARRAY) */
it('a text that is the one before, again and again, is refused before it is made', async () => {
  const [count, length] = [200_000, 900_000]
  const packed = (values: readonly number[], width: number): Buffer => {
    const bytes = Buffer.alloc(Math.ceil((values.length * width) / 8))
    for (const [i, value] of values.entries())
      for (let bit = 0; bit < width; bit++)
        if ((value >> bit) & 1) bytes[(i * width + bit) >> 3]! |= 1 << ((i * width + bit) & 7)
    return bytes
  }
  const signed = (value: number): Buffer => uvarint(value < 0 ? -2 * value - 1 : 2 * value)
  const start = [uvarint(128), uvarint(4), uvarint(count)]
  const further = Array.from({ length: Math.ceil((count - 1) / 128) - 1 }, () => Buffer.alloc(5))
  const first = (value: number, others: number): number[] => [value, ...Array.from({ length: 31 }, () => others)]
  const all = Array.from({ length: 32 }, () => length)
  const bytes = Buffer.concat([
    ...[...start, signed(0), signed(0), Buffer.from([20, 0, 0, 0]), packed(first(length, 0), 20), ...further],
    ...[...start, signed(length), signed(-length), Buffer.from([20, 20, 20, 20])],
    ...[packed(first(0, length), 20), packed(all, 20), packed(all, 20), packed(all, 20), ...further],
    Buffer.alloc(length, 'x'),
  ])
  const page = {
    kind: 'data',
    bytes: gzipSync(bytes),
    claimed: bytes.length,
    values: count,
    encoding: ENCODING.deltaBytes,
  } as const
  const same = (name: string): Column => ({
    name,
    pages: [
      DICTIONARY,
      {
        kind: 'data',
        bytes: sameIndex(count),
        claimed: sameIndex(count).length,
        values: count,
        encoding: ENCODING.dictionary,
      },
    ],
  })
  const columns = [{ name: 'prompt', codec: CODEC.gzip, pages: [page] }, same('chosen'), same('rejected')]
  expect(await read(columns, count)).toMatch(/decodes to 1[78]\d,\d{3},\d{3},\d{3} bytes/)
})

it.each([
  ['more rows than bytes make', 'Name one.', 2_000_000, /it says 2,000,000 rows in/],
  ['a long text that is that of every row', 'x'.repeat(900_000), 10_000, /bytes hold more than 1,000 characters each/],
] as const)('%s', async (_, text, rows, says) => {
  const same = (name: string, value: string): Column => {
    const [dictionary, index] = [plainTexts(value), sameIndex(rows)]
    return {
      name,
      codec: CODEC.gzip,
      pages: [
        { kind: 'dictionary', bytes: gzipSync(dictionary), claimed: dictionary.length, values: 1 },
        { kind: 'data', bytes: gzipSync(index), claimed: index.length, values: rows, encoding: ENCODING.dictionary },
      ],
    }
  }
  expect(await read([same('prompt', text), same('chosen', 'CCO'), same('rejected', 'CC')], rows)).toMatch(says)
})

it('three columns that decode to 250 MiB each are refused before the third', async () => {
  const text = Buffer.alloc(250 * 2 ** 20 + 4, 'x')
  text.writeUInt32LE(text.length - 4)
  const bytes = gzipSync(text, { level: 9 })
  const page = { kind: 'data', bytes, claimed: text.length, values: 1 } as const
  const columns = ['prompt', 'chosen', 'rejected'].map((name) => ({ name, codec: CODEC.gzip, pages: [page] }))
  expect(await read(columns)).toMatch(/say that they decode to 524,288,008/)
})
