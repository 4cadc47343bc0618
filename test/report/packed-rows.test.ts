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

it('holds a row of eight numbers and a repeated word in 68 bytes', () => {
  const packed = new PackedRows(9)
  for (let i = 0; i < 10_000; i++) packed.push([...Array.from({ length: 8 }, (_, k) => i + k / 8 + 0.1), 'word'])
  const { columns, words } = packed.parts()
  expect(columns.reduce((n, column) => n + column!.byteLength, 0)).toBe(10_000 * (8 * 8 + 4))
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
