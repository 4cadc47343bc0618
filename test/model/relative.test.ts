import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { distanceRows, logBucket } from '../../src/model/relative.ts'
import { packagePath } from '../../src/package.ts'

interface Buckets {
  /** The largest distance that was asked for. */
  readonly last: number
  /** By rising distance: a distance and its bucket, where the bucket changes. */
  readonly tables: readonly { readonly count: number; readonly farthest: number; readonly starts: [number, number][] }[]
}
const { last, tables } = JSON.parse(readFileSync(packagePath('test/data/models/log-buckets.json'), 'utf8')) as Buckets

describe.each(tables)('$count buckets up to $farthest', ({ count, farthest, starts }) => {
  it('every distance, either way, has the bucket that transformers gives it', () => {
    starts.forEach(([from, bucket], i) => {
      const end = starts[i + 1]?.[0] ?? last + 1
      for (let distance = from; distance < end; distance++) {
        expect(logBucket(distance, count, farthest), String(distance)).toBe(bucket)
        expect(logBucket(-distance, count, farthest) + bucket, String(-distance)).toBe(0)
      }
    })
  })
})

describe('rows of the table for a row of 3 tokens', () => {
  const spec = { table: '', norm: null, layers: [] }
  it('without buckets: distance + span, within the table', () => {
    const { queryRows, keyRows } = distanceRows({ ...spec, span: 2, buckets: null }, 3)
    expect([...queryRows]).toEqual([3, 3, 2, 1, 0, 0])
    expect([...keyRows]).toEqual([0, 1, 2, 3, 3, 3])
  })
})
