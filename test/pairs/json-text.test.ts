import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseJsonText } from '../../src/pairs/json-text.ts'
import { parseRecord } from '../../src/pairs/parse.ts'
import { parseJson } from '../../src/pairs/raw.ts'
import { duplicateKey } from '../../src/unique-keys.ts'
import { shownJson } from '../../src/visible-text.ts'

const raw = (text: string) => parseJson(Buffer.from(text), 3)

describe('JSON as Python writes it', () => {
  it('NaN, Infinity and -Infinity are numbers, outside of strings only', () => {
    expect(parseJsonText('{"a":NaN,"b":[Infinity,-Infinity, NaN],"c":"NaN, \\"Infinity\\" -Infinity"}')).toEqual({
      a: Number.NaN,
      b: [Infinity, -Infinity, Number.NaN],
      c: 'NaN, "Infinity" -Infinity',
    })
  })
  it.each([
    '{"a":NaNs}',
    '{"a":xNaN}',
    '{NaN:1}',
    '{"a":+Infinity}',
    '{"a":--Infinity}',
    '{"a":nan}',
    '{"a":NaN',
    '"NaN',
  ])('%s is still no JSON', (text) => {
    expect(() => parseJsonText(text)).toThrow(SyntaxError)
  })
  it('keeps integers that a double would round, and no other number', () => {
    // 2^53 = 9007199254740992 is the first whose neighbour is lost
    expect(
      parseJsonText(
        '[9007199254740991,9007199254740993,-12345678901234567890,9007199254740993.5,1234567890123456789e2]',
      ),
    ).toEqual([
      9007199254740991,
      9007199254740993n,
      -12345678901234567890n,
      Number('9007199254740993.5'),
      Number('1234567890123456789e2'),
    ])
    expect(parseJsonText('{"x":"9007199254740993"}')).toEqual({ x: '9007199254740993' })
  })
  it('is JSON.parse for everything that JSON.parse takes', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        // the same but for integers beyond 2^53
        const rounded = JSON.stringify(parseJsonText(text), (_, v) => (typeof v === 'bigint' ? Number(v) : v))
        expect(rounded).toEqual(JSON.stringify(JSON.parse(text)))
      }),
    )
    const strings = fc.array(fc.string({ unit: fc.constantFrom(...'\\"NaN Infinity-1234567890123456789,:{}[]') }))
    fc.assert(
      fc.property(strings, (list) => {
        expect(parseJsonText(JSON.stringify(list))).toEqual(list)
      }),
    )
  })
})

describe('a record of JSON', () => {
  it('fails alone where it is deeper, or of more parts, or a number longer than is read; numbers are no parts', () => {
    const reasonOf = (text: string): string | null => {
      const record = raw(text)
      return 'reason' in record ? `${record.reason}: ${record.message}` : null
    }
    expect(reasonOf(`{"x":${'['.repeat(1e5)}${']'.repeat(1e5)}}`)).toBe(
      'nested_too_deep: the record is nested more than 1000 deep',
    )
    expect(reasonOf(`{"x":"${'['.repeat(2000)}"}`)).toBeNull()
    expect(reasonOf(`{"x":[${Array(500_001).fill('""').join()}]}`)).toContain('too_many_parts')
    expect(reasonOf(`{"x":[${Array(600_000).fill('-1.5').join()}]}`)).toBeNull()
    expect(reasonOf(`{"x":${'9'.repeat(4300)}}`)).toBeNull()
    expect(reasonOf(`{"x":-${'9'.repeat(4301)}}`)).toContain('a whole number of 4,301 digits')
  })
  it('digits behind a million others take no time by their square', () => {
    const digits = '9'.repeat(1_000_000)
    const start = process.cpuUsage()
    expect(raw(`[${digits}.5,${digits}e-1000000]`)).toMatchObject({ value: [Infinity, 1] })
    expect(process.cpuUsage(start).user).toBeLessThan(2_000_000)
  })
  it('a message about a value of it holds integers beyond 2^53', () => {
    const message = [{ role: 'user', content: [{ type: 9007199254740993n }] }]
    expect(parseRecord({ prompt: message, chosen: 'a', rejected: 'b' }, { where: 'x:1', number: 1 })).toMatchObject({
      reason: 'image_content',
      message: expect.stringContaining('of type 9007199254740993'),
    })
    expect(shownJson({ a: 9007199254740993n, b: '\u001b' })).toBe('{"a":"9007199254740993","b":"\\u001b"}')
  })
  it('is refused where a key stands twice: which one counts cannot be told', () => {
    for (const text of ['{"prompt":"a","prompt":"b"}', '{"a":[{"b":1,"\\u0062":NaN}]}'])
      expect(raw(text)).toMatchObject({ at: 3, reason: 'duplicate_key' })
    expect(raw('{"a":{"b":1},"b":{"a":"\\"b\\":"}}')).toEqual({ at: 3, value: { a: { b: 1 }, b: { a: '"b":' } } })
    expect(duplicateKey('{"a\\\\":1,"b\\"":2,"a\\\\":3}')).toBe('a\\')
  })
  it('says how to mend what is nearly JSON', () => {
    expect(raw("{'prompt': 'a'}")).toMatchObject({
      reason: 'invalid_json',
      hint: expect.stringContaining('json.dumps'),
    })
    expect(raw('{"prompt": "a"},')).toMatchObject({ hint: 'Take the comma behind the record off.' })
  })
})
