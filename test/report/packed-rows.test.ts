import fc from 'fast-check'
import { expect, it } from 'vitest'
import { MadeRows, PackedRows } from '../../src/report/packed-rows.ts'

const double = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, -0, -(2 ** 31), 2 ** 31 - 1, 2 ** 31, 2 ** 53, 5e-324),
)
const cell = { word: fc.option(fc.string()), whole: fc.option(fc.integer()), double: fc.option(double) }
const table = fc.array(fc.constantFrom('word', 'whole', 'double'), { minLength: 1, maxLength: 5 }).chain((kinds) =>
  fc.array(fc.tuple(...kinds.map((kind) => cell[kind as keyof typeof cell] as fc.Arbitrary<string | number | null>)), {
    maxLength: 300,
  }),
)

it('gives back what was put in, to the last bit, also on the other side of a thread', () => {
  fc.assert(
    fc.property(table, (rows) => {
      const packed = PackedRows.of(rows[0]?.length ?? 1, rows)
      expect(packed.length).toBe(rows.length)
      expect([...packed]).toStrictEqual(rows)
      const sent = new PackedRows(rows[0]?.length ?? 1, structuredClone(packed.parts()))
      expect(sent.map((row) => row)).toStrictEqual(rows)
      for (const row of rows) sent.push(row)
      expect([...sent]).toStrictEqual([...rows, ...rows])
    }),
  )
})

it('refuses a NaN, an infinity, and a number among words', () => {
  const packed = PackedRows.of(1, [[1]])
  expect(() => packed.push([Number.NaN])).toThrow('a NaN in a table')
  expect(() => packed.push([Number.POSITIVE_INFINITY])).toThrow('absent values are null with a reason')
  expect(() => packed.push(['one'])).toThrow('column 0 holds words and numbers')
})

it('holds columns that begin, change their kind and go on where a piece ends', () => {
  const of = (i: number): (string | number | null)[] => [
    i,
    i < 70_000 ? null : i,
    i === 66_000 ? 0.5 : i % 7 === 0 ? null : i,
    i < 140_000 ? null : `w${i % 3}`,
    i === 3 ? 1 : null,
  ]
  const rows = Array.from({ length: 150_000 }, (_, i) => of(i))
  const packed = PackedRows.of(5, rows.slice(0, 131_072))
  const sent = new PackedRows(5, structuredClone(packed.parts()))
  for (const row of rows.slice(131_072)) sent.push(row)
  let wrong = 0
  for (const [i, row] of rows.entries()) if (JSON.stringify(sent.row(i)) !== JSON.stringify(row)) wrong++
  expect([sent.length, wrong]).toEqual([150_000, 0])
  expect([sent.cell(66_000, 2), sent.cell(140_001, 3), sent.cell(150_000, 0)]).toEqual([0.5, 'w0', null])
})

it('holds a row of eight numbers and a repeated word in 68 bytes', () => {
  const packed = new PackedRows(9)
  for (let i = 0; i < 10_000; i++) packed.push([...Array.from({ length: 8 }, (_, k) => i + k / 8 + 0.1), 'word'])
  const { columns, words } = packed.parts()
  expect(columns.flatMap((column) => column ?? []).reduce((n, piece) => n + piece.byteLength, 0)).toBe(
    10_000 * (8 * 8 + 4),
  )
  expect(words).toEqual(['word'])
})

it('makes rows anew at every reading', () => {
  let made = 0
  const rows = new MadeRows(2, function* () {
    made++
    yield ['a', 1]
    yield ['b', null]
  })
  expect([[...rows], rows.map(([name]) => name), rows.length, made]).toEqual([
    [
      ['a', 1],
      ['b', null],
    ],
    ['a', 'b'],
    2,
    2,
  ])
})
