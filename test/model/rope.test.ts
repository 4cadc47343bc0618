import { expect, it } from 'vitest'
import { openCheckpoint } from '../../src/model/checkpoint.ts'
import { packBatch } from '../../src/model/packing.ts'
import { frequenciesFor, ropeOf, turnsAs } from '../../src/model/rope.ts'
import { ropeRows } from '../../src/model/rope-tables.ts'
import { packagePath } from '../../src/package.ts'
import { openRunner } from './runner.ts'

// What transformers' frequencies are is held by parity.test.ts; here is what a run makes of lengths.

const plain = { rope_theta: 10_000, partial_rotary_factor: 1 } as const
const usual = ropeOf({ ...plain, rope_type: 'default' }, 8, 64)
const dynamic = ropeOf({ ...plain, rope_type: 'dynamic', factor: 2 }, 8, 64)
const longrope = ropeOf(
  {
    ...plain,
    rope_type: 'longrope',
    short_factor: [1, 1, 1, 1],
    long_factor: [2, 2, 2, 2],
    original_max_position_embeddings: 32,
  },
  8,
  128,
)
const sequence = (length: number, positionStart = 0) => ({
  ids: Int32Array.from({ length }, (_, i) => 5 + (i % 7)),
  typeIds: null,
  positionStart,
  reads: Int32Array.of(length - 1),
  group: 0,
})

it('tells lengths that turn otherwise: dynamic each its own, longrope two kinds', () => {
  const lengths = [32, 33, 64, 65, 66]
  expect(lengths.map((length) => turnsAs([usual], length))).toEqual([0, 0, 0, 0, 0])
  expect(lengths.map((length) => turnsAs([usual, dynamic], length))).toEqual([0, 0, 0, 65, 66])
  expect(lengths.map((length) => turnsAs([longrope], length))).toEqual([0, 33, 33, 33, 33])
  expect(lengths.map((length) => turnsAs([longrope, dynamic], length))).toEqual([0, 33, 33, 65, 66])
  for (const rope of [usual, dynamic, longrope])
    for (const length of lengths)
      expect(frequenciesFor(rope, turnsAs([usual, dynamic, longrope], length))).toEqual(frequenciesFor(rope, length))
})

it('gives a place the row of its position in the part of its sequence', () => {
  const chosen = [sequence(3), sequence(70), sequence(64, 1), sequence(63, 1)]
  const batch = { layout: 'padded', sequences: [0, 1, 2, 3], prefix: 0, tokens: 280 } as const
  const packed = packBatch(batch, chosen, false)
  const { rows, parts } = ropeRows(packed, chosen, [dynamic], 0)
  // a first BOS that is left out counts: 1 + 64 positions are more than 64
  expect(parts).toEqual([
    { turnsAs: 0, rows: 512 },
    { turnsAs: 70, rows: 512 },
    { turnsAs: 65, rows: 512 },
  ])
  const first = packed.paths.map((path) => rows[path[0]!])
  const last = packed.paths.map((path) => rows[path.at(-1)!])
  expect(first).toEqual([0, 512, 1024 + 1, 1])
  expect(last).toEqual([2, 512 + 69, 1024 + 64, 63])
  expect(ropeRows(packed, chosen, [usual], 0).rows).toBe(packed.positions)
})

it('refuses a plan that shares tokens between lengths that turn otherwise', async () => {
  const checkpoint = openCheckpoint(packagePath('test/data/models/llama-dynamic'))
  const runner = await openRunner(checkpoint, { kind: 'head', device: 'cpu', dtype: 'auto' })
  const batch = { layout: 'shared', sequences: [0, 1], prefix: 60, reused: [0, 60], tokens: 70 } as const
  await expect(runner.run(batch, [sequence(60), sequence(70)])).rejects.toThrow(
    'sequence 1 of a batch shares tokens with one whose length turns otherwise',
  )
  await runner.release()
})
