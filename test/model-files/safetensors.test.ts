import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ModelError } from '../../src/errors.ts'
import { readSafetensorsHeader, type TensorRef } from '../../src/model/safetensors.ts'
import { halfToFloat, readTensor, tensorBlocks } from '../../src/model/tensor-values.ts'
import { duplicateKey } from '../../src/unique-keys.ts'
import { floats, safetensorsBytes } from './write.ts'

let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'safetensors-'))
})
afterAll(() => rmSync(dir, { recursive: true }))

let count = 0
function read(bytes: Uint8Array): TensorRef[] {
  const path = join(dir, `${count++}.safetensors`)
  writeFileSync(path, bytes)
  return readSafetensorsHeader(path)
}
const entry = (dtype: string, shape: unknown, offsets: unknown): string =>
  JSON.stringify({ w: { dtype, shape, data_offsets: offsets } })
const file = (header: string, dataBytes: number): Buffer =>
  Buffer.concat([safetensorsBytes([], header), Buffer.alloc(dataBytes)])

describe('a valid file', () => {
  it('gives every tensor its absolute byte range', () => {
    const bytes = safetensorsBytes([floats('a', [2, 1], [1, 2]), floats('b', [], [3])])
    const [a, b] = read(bytes)
    const start = bytes.length - 12 // 3 floats at the end
    expect(a).toMatchObject({ name: 'a', dtype: 'F32', shape: [2, 1], offset: start, length: 8 })
    expect(b).toMatchObject({ name: 'b', dtype: 'F32', shape: [], offset: start + 8, length: 4 })
    expect([...readTensor(a!)]).toEqual([1, 2])
    expect([...readTensor(b!)]).toEqual([3])
  })
  it('may have empty tensors, metadata, trailing spaces, sub-byte dtypes and entries out of order', () => {
    const header = `{"__metadata__":{"format":"pt"},"late":{"dtype":"F4","shape":[4],"data_offsets":[2,4]},"empty":{"dtype":"F32","shape":[0,7],"data_offsets":[2,2]},"early":{"dtype":"BF16","shape":[1],"data_offsets":[0,2]}}   `
    expect(read(file(header, 4)).map(({ name, length }) => [name, length])).toEqual([
      ['late', 2],
      ['empty', 0],
      ['early', 2],
    ])
  })
  it('keeps __proto__ and constructor as ordinary names', () => {
    const header =
      '{"__proto__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"constructor":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}'
    expect(read(file(header, 2)).map(({ name }) => name)).toEqual(['__proto__', 'constructor'])
  })
  it('reads 100,000 tensors', () => {
    const header: Record<string, unknown> = {}
    for (let i = 0; i < 100_000; i++) header[`t${i}`] = { dtype: 'U8', shape: [1], data_offsets: [i, i + 1] }
    expect(read(file(JSON.stringify(header), 100_000))).toHaveLength(100_000)
  })
})

describe('a faulty file is one ModelError that says what is wrong', () => {
  const huge = Buffer.alloc(64)
  huge.writeBigUInt64LE(2n ** 63n)
  const overCap = Buffer.alloc(64)
  overCap.writeBigUInt64LE(100_000_001n)
  const f32 = entry('F32', [2], [0, 8])
  const two = (a: string, b: string): string => `{"a":${a},"b":${b}}`
  const at = (begin: number, end: number): string =>
    `{"dtype":"U8","shape":[${end - begin}],"data_offsets":[${begin},${end}]}`
  it.each<[string, Buffer, RegExp]>([
    ['empty', Buffer.alloc(0), /has 0 bytes/],
    ['header length 2^63', huge, /9223372036854775808 bytes; the format allows at most 100,000,000/],
    ['header length over the cap', overCap, /100000001 bytes; the format allows at most 100,000,000/],
    [
      'header longer than the file',
      safetensorsBytes([], f32).subarray(0, 20),
      /header ends at byte \d+, the file has 20 bytes/,
    ],
    ['Git LFS pointer', Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:…'), /Git LFS pointer/],
    ['not JSON', file('{"w":', 0), /not valid JSON/],
    ['a JSON list', file('[]', 0), /does not start with "\{"/],
    ['not UTF-8', Buffer.concat([Buffer.from([3, 0, 0, 0, 0, 0, 0, 0]), Buffer.from([0x7b, 0xff, 0x7d])]), /UTF-8/],
    ['duplicate name', file(`{"w":${at(0, 1)},"\\u0077":${at(1, 2)}}`, 2), /names "w" twice/],
    [
      'duplicate key in an entry',
      file('{"w":{"dtype":"U8","dtype":"I8","shape":[1],"data_offsets":[0,1]}}', 1),
      /names "dtype" twice/,
    ],
    ['unknown dtype', file(entry('Q4_0', [2], [0, 8]), 8), /dtype "Q4_0" is unknown/],
    ['inherited dtype', file(entry('toString', [2], [0, 8]), 8), /unknown/],
    ['entry is null', file('{"w":null}', 0), /not an object/],
    ['negative dimension', file(entry('F32', [-2], [0, 8]), 8), /shape is not a list of integers/],
    ['fractional dimension', file(entry('F32', [0.5, 4], [0, 8]), 8), /shape is not a list of integers/],
    ['shape is a string', file(entry('F32', '2', [0, 8]), 8), /shape is not a list/],
    ['shape overflows', file(entry('F32', [2 ** 40, 2 ** 40], [0, 8]), 8), /too many elements/],
    ['shape overflows before a zero', file(entry('F32', [2 ** 40, 2 ** 40, 0], [0, 0]), 0), /too many elements/],
    ['shape and offsets disagree', file(entry('F32', [3], [0, 8]), 8), /takes 12 bytes, data_offsets span 8/],
    ['half a byte', file(entry('F4', [1], [0, 1]), 1), /takes 0.5 bytes, data_offsets span 1/],
    ['offsets reversed', file(entry('F32', [0], [8, 0]), 8), /data_offsets/],
    ['three offsets', file(entry('F32', [2], [0, 8, 9]), 8), /data_offsets/],
    ['offset past the end', file(f32, 7), /tensors end at byte \d+, the file has \d+ bytes/],
    ['bytes after the tensors', file(f32, 9), /the format allows nothing after them/],
    ['overlap', file(two(at(0, 4), at(2, 6)), 6), /"b" overlaps "a"/],
    ['hole', file(two(at(0, 2), at(4, 6)), 6), /"b" leaves a hole of 2 bytes after "a"/],
    ['hole at the start', file(`{"a":${at(1, 2)}}`, 2), /hole of 1 bytes after the header/],
    ['metadata not strings', file('{"__metadata__":{"a":1}}', 0), /__metadata__/],
  ])('%s', (_, bytes, message) => {
    expect(() => read(bytes)).toThrow(message)
    expect(() => read(bytes)).toThrow(ModelError)
  })
  it('missing file or a folder', () => {
    expect(() => readSafetensorsHeader(join(dir, 'none.safetensors'))).toThrow(/no such file/)
    expect(() => readSafetensorsHeader(dir)).toThrow(/is a folder/)
  })
  it('shows names from the file without control characters', () => {
    expect(() => read(file('{"\\u001b[2J":{"dtype":"no"}}', 0))).toThrow(/"�\[2J"/)
  })
})

describe('any damage', () => {
  const valid = safetensorsBytes([floats('a', [3], [1, 2, 3]), floats('b', [1, 2], [4, 5])])
  const mutation = fc.record({
    edits: fc.array(fc.tuple(fc.nat(valid.length - 1), fc.integer({ min: 0, max: 255 })), {
      minLength: 1,
      maxLength: 8,
    }),
    keep: fc.option(fc.nat(valid.length), { nil: undefined }),
    extra: fc.uint8Array({ maxLength: 9 }),
  })
  it('is accepted with ranges inside the file, or a ModelError; nothing else', () => {
    fc.assert(
      fc.property(mutation, ({ edits, keep, extra }) => {
        const bytes = Buffer.from(valid)
        for (const [at, value] of edits) bytes[at] = value
        const damaged = Buffer.concat([bytes.subarray(0, keep), extra])
        try {
          for (const ref of read(damaged)) {
            expect(ref.offset + ref.length).toBeLessThanOrEqual(damaged.length)
            if (ref.dtype === 'F32') expect(readTensor(ref)).toHaveLength(ref.length / 4)
          }
        } catch (error) {
          expect(error).toBeInstanceOf(ModelError)
        }
      }),
      { numRuns: 2000 },
    )
  })
})

describe('values', () => {
  it('widens F16 exactly', () => {
    // 1, −2, smallest subnormal 2⁻²⁴, largest 65504, ±∞, NaN, −0
    const bits = [0x3c00, 0xc000, 0x0001, 0x7bff, 0x7c00, 0xfc00, 0x7e00, 0x8000]
    expect(bits.map(halfToFloat)).toEqual([1, -2, 2 ** -24, 65504, Infinity, -Infinity, NaN, -0])
    const data = new Uint8Array(new Uint16Array(bits).buffer)
    const [ref] = read(safetensorsBytes([{ name: 'h', dtype: 'F16', shape: [8], data }]))
    expect([...readTensor(ref!)]).toEqual([1, -2, 2 ** -24, 65504, Infinity, -Infinity, NaN, -0])
  })
  it('widens BF16 exactly', () => {
    // 0x3f80 = 1, 0xc000 = −2, 0x4049 = 3.140625, 0x7f80 = ∞
    const data = new Uint8Array(new Uint16Array([0x3f80, 0xc000, 0x4049, 0x7f80]).buffer)
    const [ref] = read(safetensorsBytes([{ name: 'h', dtype: 'BF16', shape: [4], data }]))
    expect([...readTensor(ref!)]).toEqual([1, -2, 3.140625, Infinity])
  })
  it('streams in blocks, the last one short', () => {
    const [ref] = read(safetensorsBytes([floats('a', [5], [1, 2, 3, 4, 5])]))
    expect([...tensorBlocks(ref!, 2)].map((block) => [...block])).toEqual([[1, 2], [3, 4], [5]])
  })
  it('refuses other dtypes as weights', () => {
    const [ref] = read(file(entry('F8_E5M2', [2], [0, 2]), 2))
    expect(() => readTensor(ref!)).toThrow(/"w" is F8_E5M2; weights must be F64, F32, F16 or BF16/)
  })
})

describe('duplicateKey', () => {
  it.each([
    ['{"a":1,"a":2}', 'a'],
    ['{"a":{"a":1},"b":["a","a"]}', null],
    ['{"a":{"b":1,"\\u0062":2}}', 'b'],
    ['{"a\\"":1,"a":2,"a\\"" :3}', 'a"'],
    ['[{"x":1},{"x":2}]', null],
    ['{"k":"v\\\\","k":1}', 'k'],
  ])('%s → %s', (json, key) => expect(duplicateKey(json)).toBe(key))
})
