import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Digest, DigestMap } from '../../src/digest-map.ts'
import { identityDigest, type MeasurementIdentity, measurementKey, planName } from '../../src/store/key.ts'

const IDENTITY: MeasurementIdentity = {
  kind: 'head',
  weightsSha256: 'a'.repeat(64),
  dtype: 'fp32',
  device: 'cpu',
  tokenizerSha256: 'b'.repeat(64),
  templateSha256: null,
  truncation: 'skip',
  head: 'hf',
}
const SEQUENCE = { ids: Int32Array.of(1, 2, 3), typeIds: null, positionStart: 0, reads: Int32Array.of(2) }

describe('measurementKey', () => {
  it('is the same for the same number, whatever the order of the options and the group', () => {
    const key = measurementKey(identityDigest({ ...IDENTITY, options: { a: 1, b: null } }), SEQUENCE)
    expect(key).toMatch(/^[0-9a-f]{32}$/)
    expect(
      measurementKey(identityDigest({ options: { b: null, a: 1 }, ...IDENTITY }), {
        ...SEQUENCE,
        ids: Int32Array.of(0, 1, 2, 3).subarray(1),
      }),
    ).toBe(key)
    const grouped = { ...SEQUENCE, group: 3 }
    expect(measurementKey(identityDigest(IDENTITY), grouped)).toBe(measurementKey(identityDigest(IDENTITY), SEQUENCE))
  })
  it('is fixed: stores of this version stay readable', () => {
    expect(measurementKey(identityDigest(IDENTITY), SEQUENCE)).toMatchInlineSnapshot(
      `"cedc3730b2958f4596c08655c940677d"`,
    )
  })
  it('differs for whatever moves the number', () => {
    const changes: Partial<MeasurementIdentity>[] = [
      {},
      { kind: 'logProb' },
      { weightsSha256: 'c'.repeat(64) },
      { dtype: 'bf16' },
      { device: 'cuda' },
      { device: 'cuda', floatProducts: 'fp32' },
      { device: 'cuda', floatProducts: 'tf32' },
      { tokenizerSha256: 'c'.repeat(64) },
      { templateSha256: 'b'.repeat(64) },
      { truncation: 'left:512' },
      { head: null },
      { options: { hermCompat: true } },
      { options: { hermCompat: false } },
    ]
    const sequences = [
      {},
      { ids: Int32Array.of(1, 2) },
      { ids: Int32Array.of(1, 2, 4) },
      { typeIds: Int32Array.of(0, 0, 0) },
      { typeIds: Int32Array.of(0, 0, 1) },
      { typeIds: new Int32Array() },
      { positionStart: 1 },
      { reads: Int32Array.of(1) },
      { reads: Int32Array.of(2, 1) },
      { reads: Int32Array.of(2, 0) },
      { positionStart: 2, reads: Int32Array.of(0) },
    ]
    const keys = changes.flatMap((change) =>
      sequences.map((sequence) =>
        measurementKey(identityDigest({ ...IDENTITY, ...change }), { ...SEQUENCE, ...sequence }),
      ),
    )
    expect(new Set(keys).size).toBe(changes.length * sequences.length)
  })
})

it('names a plan by its keys and their order', () => {
  expect(planName(['a', 'b'])).toMatch(/^[0-9a-f]{32}$/)
  expect(planName(['a', 'b'])).not.toBe(planName(['b', 'a']))
})

describe('DigestMap', () => {
  it('does what a Map does, with colliding first words too', () => {
    const word = fc.integer({ min: 0, max: 3 }).map((n) => [0, 1, 1024, 2 ** 32 - 1][n]!)
    const digest = fc.tuple(word, word, word, word)
    fc.assert(
      fc.property(fc.array(fc.tuple(digest, fc.integer({ min: 0, max: 2 ** 52 })), { maxLength: 200 }), (entries) => {
        const map = new DigestMap()
        const expected = new Map<string, number>()
        for (const [key, value] of entries) {
          map.set(key, value)
          expected.set(key.join(), value)
        }
        expect(map.size).toBe(expected.size)
        for (const [key] of entries) expect(map.get(key)).toBe(expected.get(key.join()))
        expect(map.get([7, 7, 7, 7])).toBeNull()
      }),
    )
  })
  it('holds a million digests in 69 bytes each at most, and finds them', () => {
    const n = 1_000_000
    const map = new DigestMap()
    const word = (i: number): number => Math.imul(i ^ 0x5bd1e995, 0x9e3779b1) >>> 0
    const digest = (i: number): Digest => [word(i), word(i + 1), i, 0]
    const before = process.memoryUsage().arrayBuffers
    for (let i = 0; i < n; i++) map.set(digest(i), i * 100)
    expect(map.size).toBe(n)
    expect(map.bytes / n).toBeLessThanOrEqual(24 / 0.35)
    // the memory of the process agrees: the old tables are garbage at most once more
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2.2 * map.bytes)
    for (let i = 0; i < n; i += 997) expect(map.get(digest(i))).toBe(i * 100)
    expect(map.get(digest(n))).toBeNull()
  })
})
