import { describe, expect, it } from 'vitest'
import {
  type Blocks,
  blocksOf,
  logProbRows,
  packBatch,
  rowBlocksOf,
  scoreRows,
  takenOver,
} from '../../src/model/packing.ts'
import { below, prng } from '../../src/prng.ts'
import { planBatches } from '../../src/score/plan.ts'
import type { Sequence } from '../../src/types.ts'

/** Groups of completions that share a prompt, and prompts that begin alike. */
function sequencesOf(seed: number): Sequence[] {
  const random = prng(seed)
  const ids = (n: number): number[] => Array.from({ length: n }, () => below(random, 4))
  const template = ids(3)
  return Array.from({ length: 6 }, (_, group) => {
    const prompt = [...template, ...ids(below(random, 9))]
    return Array.from({ length: 1 + below(random, 3) }, (): Sequence => {
      const all = Int32Array.from([...prompt, ...ids(1 + below(random, 12))])
      return { ids: all, typeIds: null, positionStart: 0, reads: Int32Array.of(all.length - 1), group }
    })
  }).flat()
}

/** Of every query, the places that it sees: its block's keys up to the stairs of the mask [longest, before + longest]. */
function seenBy({ table, count, keys, longest, before }: Blocks, most: number): Map<number, number[]> {
  expect(table).toHaveLength(8 * count)
  expect(longest).toBeLessThanOrEqual(most)
  const seen = new Map<number, number[]>()
  for (let b = 0; b < count; b++) {
    const [first, last, from, to, row0, column0, row1, column1] = table.subarray(8 * b, 8 * b + 8)
    // the block's part of the mask is as large as its scores
    expect([row1! - row0!, column1! - column0!]).toEqual([last! - first!, to! - from!])
    expect(row0! >= 0 && row1! <= longest && column0! >= 0 && column1! <= before + longest).toBe(true)
    for (let q = first!; q < last!; q++) {
      expect(seen.has(q)).toBe(false)
      const row = row0! + q - first!
      seen.set(
        q,
        [...keys.subarray(from, to)].filter((_, column) => column0! + column <= before + row),
      )
    }
  }
  return seen
}

describe.each([1, 2, 3])('blocks of queries (seed %i)', (seed) => {
  const sequences = sequencesOf(seed)
  const batches = planBatches(sequences, { layout: 'shared', packed: true, batchTokens: 60, batchSize: 100 })

  it.each([1, 3, 128])('of %i at most: every place once, which sees its own path up to itself', (most) => {
    for (const batch of batches) {
      const packed = packBatch(batch, sequences, true)
      const seen = seenBy(blocksOf(packed, takenOver(batch), most), most)
      expect([...seen.keys()].sort((a, b) => a - b)).toEqual([...packed.ids.keys()])
      for (const path of packed.paths)
        path.forEach((place, t) => {
          // a carried token is no query
          if (place < 0) return
          expect(seen.get(place)).toEqual([...path.subarray(0, t + 1)])
        })
    }
  })

  it.each([1, 3, 128])('of %i rows of a head at most: every row once, which sees the path up to its token', (most) => {
    for (const batch of batches) {
      const packed = packBatch(batch, sequences, true)
      const chosen = batch.sequences.map((index) => sequences[index]!)
      const { carried = 0 } = batch
      // several places, next to one another and apart, as steps have; and the completion's tokens
      const apart = chosen.map((one) => ({
        ...one,
        reads: Int32Array.of(0, 1, 3)
          .map((t) => t + carried)
          .filter((t) => t < one.ids.length),
      }))
      const behind = chosen.map((one) => ({ ...one, reads: Int32Array.of(Math.min(3 + carried, one.ids.length - 1)) }))
      for (const head of [scoreRows(packed, apart), logProbRows(packed, behind)]) {
        const seen = seenBy(rowBlocksOf(packed, head, most), most)
        const expected = head.tokens.flatMap((read, i) =>
          Array.from(read, (t) => [...packed.paths[i]!.subarray(0, t + 1)]),
        )
        expect(expected).toHaveLength(head.rows.length)
        expect(Array.from(head.rows, (_, row) => seen.get(row))).toEqual(expected)
        expect(expected.map((places) => places.at(-1))).toEqual([...head.rows])
      }
    }
  })
})
