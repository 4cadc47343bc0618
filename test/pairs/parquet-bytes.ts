/**
 * A Parquet file, byte by byte, that may say of itself what is not so: what a page or a column claims is given apart from what it holds.
 * Names and numbers are those of parquet.thrift (apache/parquet-format), in Thrift's compact protocol.
 */

type Value =
  | { readonly i: number }
  | { readonly l: number }
  | { readonly s: string }
  | { readonly list: readonly Value[] }
  | { readonly struct: Fields }
type Fields = Readonly<Record<number, Value>>
/** 32 bits. */
const i = (value: number): Value => ({ i: value })
/** 64 bits. */
const l = (value: number): Value => ({ l: value })
const s = (value: string): Value => ({ s: value })
const list = (...values: Value[]): Value => ({ list: values })
const struct = (fields: Fields): Value => ({ struct: fields })

function varint(value: bigint): number[] {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, value)
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128)
  return [...bytes, Number(rest)]
}
const zigzag = (value: bigint): bigint => (value << 1n) ^ (value >> 63n)
const typeOf = (value: Value): number =>
  'i' in value ? 5 : 'l' in value ? 6 : 's' in value ? 8 : 'list' in value ? 9 : 12
function encoded(value: Value): number[] {
  if ('i' in value || 'l' in value) return varint(zigzag(BigInt('i' in value ? value.i : value.l)))
  if ('s' in value) return [...varint(BigInt(Buffer.byteLength(value.s))), ...Buffer.from(value.s)]
  if ('struct' in value) return structBytes(value.struct)
  const { length } = value.list
  const type = length === 0 ? 5 : typeOf(value.list[0]!)
  return [
    ...(length < 15 ? [(length << 4) | type] : [0xf0 | type, ...varint(BigInt(length))]),
    ...value.list.flatMap(encoded),
  ]
}
function structBytes(fields: Fields): number[] {
  let last = 0
  const bytes: number[] = []
  for (const [id, value] of Object.entries(fields)) {
    bytes.push(((Number(id) - last) << 4) | typeOf(value), ...encoded(value))
    last = Number(id)
  }
  return [...bytes, 0]
}

export const CODEC = { none: 0, snappy: 1, gzip: 2, brotli: 4, lz4: 5, zstd: 6, lz4Raw: 7 } as const
export const ENCODING = { plain: 0, rle: 3, deltaBinary: 5, deltaLength: 6, deltaBytes: 7, dictionary: 8 } as const
export interface Page {
  readonly kind: 'data' | 'dictionary'
  /** As it lies in the file. */
  readonly bytes: Uint8Array
  /** What it says that it decodes to. */
  readonly claimed: number
  readonly values: number
  readonly encoding?: number
}
export interface Column {
  readonly name: string
  readonly codec?: number
  readonly pages: readonly Page[]
  /** Default: of the data pages together. */
  readonly values?: number
  /** Default: what the pages claim together. */
  readonly claimed?: number
  /** PLAIN texts unless a number says otherwise (parquet.thrift, Type). */
  readonly type?: number
}

/** One row group. @param rows that it and the file claim */
export function parquetBytes(columns: readonly Column[], rows: number): Buffer {
  const parts: Uint8Array[] = [Buffer.from('PAR1')]
  let at = 4
  const chunks = columns.map(({ name, codec = CODEC.none, pages, values, claimed, type = 6 }) => {
    const start = at
    let dataAt: number | null = null
    for (const page of pages) {
      const common = { 1: i(page.kind === 'data' ? 0 : 2), 2: i(page.claimed), 3: i(page.bytes.length) }
      const encoding = i(page.encoding ?? ENCODING.plain)
      const header = structBytes(
        page.kind === 'data'
          ? { ...common, 5: struct({ 1: i(page.values), 2: encoding, 3: i(ENCODING.rle), 4: i(ENCODING.rle) }) }
          : { ...common, 7: struct({ 1: i(page.values), 2: encoding }) },
      )
      if (page.kind === 'data') dataAt ??= at
      parts.push(Buffer.from(header), page.bytes)
      at += header.length + page.bytes.length
    }
    const sum = (of: (page: Page) => number): number => pages.reduce((all, page) => all + of(page), 0)
    return struct({
      2: l(start),
      3: struct({
        1: i(type),
        2: list(i(ENCODING.plain)),
        3: list(s(name)),
        4: i(codec),
        5: l(values ?? sum(({ kind, values: of }) => (kind === 'data' ? of : 0))),
        6: l(claimed ?? sum((page) => page.claimed)),
        7: l(at - start),
        9: l(dataAt ?? start),
        ...(pages[0]?.kind === 'dictionary' ? { 11: l(start) } : {}),
      }),
    })
  })
  const leaf = ({ name, type = 6 }: Column): Value =>
    struct({ 1: i(type), 3: i(0), 4: s(name), ...(type === 6 ? { 6: i(0) } : {}) })
  const footer = Buffer.from(
    structBytes({
      1: i(1),
      2: list(struct({ 4: s('schema'), 5: i(columns.length) }), ...columns.map(leaf)),
      3: l(rows),
      4: list(struct({ 1: list(...chunks), 2: l(at), 3: l(rows) })),
    }),
  )
  const length = Buffer.alloc(4)
  length.writeUInt32LE(footer.length)
  return Buffer.concat([...parts, footer, length, Buffer.from('PAR1')])
}

/** Texts as PLAIN has them. */
export const plainTexts = (...texts: readonly string[]): Buffer =>
  Buffer.concat(
    texts.map((text) => {
      const bytes = Buffer.alloc(4 + Buffer.byteLength(text))
      bytes.writeUInt32LE(Buffer.byteLength(text))
      bytes.write(text, 4)
      return bytes
    }),
  )
/** One index again and again, as RLE_DICTIONARY has it: bits of an index, length of the run, the index. */
export const sameIndex = (times: number, bits = 1): Buffer =>
  Buffer.from([bits, ...varint(BigInt(times) << 1n), ...Array.from({ length: Math.ceil(bits / 8) }, () => 0)])
export const uvarint = (value: number | bigint): Buffer => Buffer.from(varint(BigInt(value)))
