import { describe, expect, it } from 'vitest'
import { packBatch } from '../../src/model/packing.ts'
import { packPrompts } from '../../src/model/prompt-rows.ts'
import { below, type Prng, prng } from '../../src/prng.ts'
import { estimatePeakBytes, type PlanOptions, planBatches, planOptionsFor } from '../../src/score/plan.ts'
import type { Batch, Sequence } from '../../src/types.ts'

const CPU = { device: 'cpu', causal: true, packed: true } as const

const sequence = (ids: readonly number[], group: number, positionStart = 0): Sequence => ({
  ids: Int32Array.from(ids),
  typeIds: null,
  positionStart,
  reads: Int32Array.of(ids.length - 1),
  group,
})

/** Groups of completions of one prompt; some are equal, one continues another, all prompts begin alike. */
function randomSequences(random: Prng): Sequence[] {
  const ids = (n: number): number[] => Array.from({ length: n }, () => below(random, 5))
  const template = ids(3)
  return Array.from({ length: 12 }, (_, group) => {
    const prompt = [...template, ...ids(below(random, 12))]
    return Array.from({ length: 1 + below(random, 4) }, () =>
      sequence([...prompt, ...ids(1 + below(random, 9))], group, group % 5 === 0 ? 1 : 0),
    )
  }).flat()
}

const SHAPES: Pick<PlanOptions, 'packed' | 'prompts' | 'rowMultiple'>[] = [
  { packed: true },
  { packed: false },
  { packed: false, rowMultiple: 8 },
  { packed: false, prompts: true },
  { packed: false, prompts: true, rowMultiple: 8 },
]
const OPTIONS: (PlanOptions & { name: string })[] = (['padded', 'shared'] as const).flatMap((layout) =>
  SHAPES.flatMap((shape) =>
    [20, 64, 10_000].flatMap((batchTokens) =>
      [1, 3, 100].map((batchSize) => ({ name: JSON.stringify(shape), layout, ...shape, batchTokens, batchSize })),
    ),
  ),
)

describe.each(OPTIONS)('$layout, $name, $batchTokens tokens, $batchSize sequences', (options) => {
  const pack = (batch: Batch, sequences: readonly Sequence[]) =>
    options.prompts === true
      ? packPrompts(batch, sequences, options).packed
      : packBatch(batch, sequences, options.packed, options)
  it.each([1, 2, 3, 4, 5])('holds every sequence once within the bounds (seed %i)', (seed) => {
    const sequences = randomSequences(prng(seed))
    const batches = planBatches(sequences, options)
    const seen = batches.flatMap((batch) => batch.sequences)
    expect([...seen].sort((a, b) => a - b)).toEqual(sequences.map((_, i) => i))
    for (const batch of batches) {
      expect(batch.sequences.length).toBeLessThanOrEqual(options.batchSize)
      if (batch.sequences.length > 1) expect(batch.tokens).toBeLessThanOrEqual(options.batchTokens)
    }
    expect(planBatches(sequences, options)).toEqual(batches)
  })

  it('says how many tokens the packed batch has, and every token is on its path', () => {
    const sequences = randomSequences(prng(9))
    for (const batch of planBatches(sequences, options)) {
      const packed = pack(batch, sequences)
      expect(packed.ids.length).toBe(batch.tokens)
      batch.sequences.forEach((index, i) => {
        const { ids, positionStart } = sequences[index]!
        const path = packed.paths[i]!
        // what is carried stands in no row, and counts from the end of what was kept
        const carried = path.findLastIndex((place) => place < 0) + 1
        expect(carried).toBeLessThanOrEqual(batch.carried ?? 0)
        expect([...path.subarray(0, carried)]).toEqual([...ids.keys()].slice(0, carried).map((t) => t - batch.carried!))
        const own = [...path].slice(carried)
        expect(own.map((place) => packed.ids[place])).toEqual([...ids].slice(carried))
        const positions = [...ids.keys()].map((t) => t + positionStart)
        expect(own.map((place) => packed.positions[place])).toEqual(positions.slice(carried))
      })
    }
  })

  it.skipIf(options.prompts)('lets each token see its own path and nothing else', () => {
    const sequences = randomSequences(prng(11))
    for (const batch of planBatches(sequences, options)) {
      const { paths, seq, subtreeEnd } = pack(batch, sequences)
      for (const path of paths) {
        const query = path.at(-1)!
        const row = Math.floor(query / seq)
        const seen = Array.from({ length: seq }, (_, j) => row * seq + j).filter(
          (key) => key <= query && query - row * seq < subtreeEnd[key]!,
        )
        expect(seen).toEqual([...path].filter((place) => place >= 0))
      }
    }
  })
})

const total = (batches: readonly Batch[]): number => batches.reduce((sum, { tokens }) => sum + tokens, 0)
/** Tokens of one trie over all sequences: their distinct beginnings. */
function distinct(sequences: readonly Sequence[]): number {
  const nodes = new Map<string, number>()
  for (const { ids, positionStart } of sequences) {
    let node = -1 - positionStart
    for (const id of ids) {
      const edge = `${node} ${id}`
      node = nodes.get(edge) ?? nodes.size
      nodes.set(edge, node)
    }
  }
  return nodes.size
}

describe('a trie over the window', () => {
  const random = prng(6)
  const ids = (n: number): number[] => Array.from({ length: n }, () => below(random, 50))
  const system = ids(60)
  /** Pairs and groups behind prompts of 20 to 60 tokens; the head reads from the completion's first token on. */
  const sequences = Array.from({ length: 80 }, (_, group) => {
    const prompt = [...(group % 8 === 7 ? ids(60) : system), ...ids(20 + below(random, 40))]
    return Array.from({ length: 1 + below(random, 9) }, () => ({
      ...sequence([...prompt, ...ids(1 + below(random, 80))], group),
      reads: Int32Array.of(prompt.length),
    }))
  }).flat()

  it.each([64, 200, 1024])(
    'computes every token once, but for prompts that are cut apart (%i tokens)',
    (batchTokens) => {
      const batches = planBatches(sequences, { ...planOptionsFor(CPU), batchTokens })
      let twice = 0
      batches.forEach((batch, b) => {
        const next = batches[b + 1]
        expect(batch.kept ?? 0).toBe(next?.carried ?? 0)
        if (next === undefined) return
        const [last, first] = [sequences[batch.sequences.at(-1)!]!, sequences[next.sequences[0]!]!]
        const differs = last.ids.findIndex((id, t) => id !== first.ids[t])
        const shared = differs < 0 ? last.ids.length : differs
        const { carried = 0 } = next
        expect(carried).toBeLessThanOrEqual(Math.min(shared, first.reads[0]! - 1))
        // the token that the head reads from, or a beginning too short to be worth it
        expect(shared - carried).toBeLessThan(4)
        twice += shared - carried
      })
      expect(total(batches)).toBe(distinct(sequences) + twice)
    },
  )
  it('computes a prompt of 16 completions once: 150 + 16 × 100, and its last token twice', () => {
    const prompt = ids(150)
    const group = Array.from({ length: 16 }, (_, i) => ({
      ...sequence([...prompt, ...new Array<number>(100).fill(100 + i)], 0),
      reads: Int32Array.of(150),
    }))
    const batches = planBatches(group, planOptionsFor(CPU))
    expect(batches.map(({ tokens, carried = 0 }) => [tokens, carried])).toEqual([
      [950, 0],
      [801, 149],
    ])
  })
  it('computes a prompt that fills a batch by itself once', () => {
    const prompt = ids(3000)
    const pair = [100, 101].map((own) => sequence([...prompt, ...new Array<number>(200).fill(own)], 0))
    expect(planBatches(pair, planOptionsFor(CPU)).map(({ tokens }) => tokens)).toEqual([3200, 200])
  })
  it('begins with the longest sequence, and goes down the longest branch first', () => {
    const [first] = planBatches(sequences, { ...planOptionsFor(CPU), batchTokens: 1, batchSize: 1 })
    const longest = Math.max(...sequences.map((one) => one.ids.length))
    expect(sequences[first!.sequences[0]!]!.ids).toHaveLength(longest)
  })
  it('may be as deep as a text is long', () => {
    const nested = Array.from({ length: 3000 }, (_, i) => sequence(new Array(i + 1).fill(7), i))
    const batches = planBatches(nested, { ...planOptionsFor(CPU), batchSize: 5000 })
    // 3,000 tokens in all; the longest comes first, in a batch of its own
    expect(batches.map(({ tokens }) => tokens)[0]).toBe(3000)
    expect(total(batches)).toBeLessThan(3000 + batches.length * 3)
  })
  it('carries no token that a head of the batch reads', () => {
    // the second sequence of the batch is read within what the first one carries
    const long = [...system, ...ids(40)]
    const early = { ...sequence([...system.slice(0, 30), 99], 0), reads: Int32Array.of(12) }
    const some = [sequence([...long, 1], 0), sequence([...long, 2], 0), early]
    const batches = planBatches(some, { ...planOptionsFor(CPU), batchTokens: 102, batchSize: 2 })
    for (const { carried = 0, sequences: members } of batches)
      for (const index of members) expect(some[index]!.reads[0]).toBeGreaterThanOrEqual(Math.min(carried, 13))
    expect(batches.map(({ carried = 0, sequences: members }) => [members, carried])).toEqual([
      [[0, 1], 0],
      [[2], 11],
    ])
  })
})

describe('shared prefixes', () => {
  const prompt = [1, 2, 3, 4]
  const pair = [sequence([...prompt, 5, 6], 0), sequence([...prompt, 7], 0)]
  it('are computed once: 4 + 2 + 1 tokens', () => {
    const [batch] = planBatches(pair, planOptionsFor(CPU))
    expect(batch).toEqual({ layout: 'shared', sequences: [0, 1], prefix: 4, reused: [0, 4], tokens: 7 })
  })
  it('are shared between groups where there is no padding: the template', () => {
    const other = [...pair, sequence([1, 2, 9, 9], 1)]
    const [batch] = planBatches(other, planOptionsFor(CPU))
    expect(batch).toMatchObject({ prefix: 2, reused: [0, 4, 2], tokens: 9 })
  })
  it('count once against the bound of a packed batch: 300 tokens before every question leave room for more questions', () => {
    const system = Array.from({ length: 300 }, (_, i) => i)
    const random = prng(4)
    const own = (n: number): number[] => Array.from({ length: n }, () => 1000 + below(random, 500))
    const sequences = Array.from({ length: 60 }, (_, group) => {
      const question = [...system, ...own(30)]
      return [sequence([...question, ...own(40)], group), sequence([...question, ...own(40)], group)]
    }).flat()
    const batches = planBatches(sequences, planOptionsFor(CPU))
    // the 300 and every question of 110 once in all, but for a first token or two that questions have in common
    expect(total(batches)).toBe(distinct(sequences))
    expect(300 + 60 * 110 - total(batches)).toBeLessThan(10)
    expect(batches).toHaveLength(7)
    expect(batches.slice(1).every(({ carried = 0 }) => carried >= 300)).toBe(true)
    // another system message in between shares nothing
    const other = sequences.map((one, i) => (i % 4 < 2 ? one : { ...one, ids: one.ids.map((id) => id + 5000) }))
    for (const batch of planBatches(other, planOptionsFor(CPU))) expect(batch.tokens).toBeLessThanOrEqual(1024)
  })
  it('have a row a group where rows are padded: 2 × 7', () => {
    const other = [...pair, sequence([1, 2, 9, 9], 1)]
    const [batch] = planBatches(other, planOptionsFor({ device: 'cuda', causal: true, packed: false }))
    expect(batch).toMatchObject({ reused: [0, 4, 0], tokens: 14 })
  })
  it('have rows of a multiple of 8 on CUDA, and runs of 8,192 tokens: 2 × 8', () => {
    const other = [...pair, sequence([1, 2, 9, 9], 1)]
    const options = planOptionsFor({ device: 'cuda', causal: true, packed: false, rowMultiple: 8 })
    expect(options).toEqual({ layout: 'shared', packed: false, rowMultiple: 8, batchTokens: 8192, batchSize: 512 })
    expect(planBatches(other, options)).toMatchObject([{ reused: [0, 4, 0], tokens: 16 }])
  })
  it('are none in an encoder, whose rows stand alone and are short on the CPU', () => {
    const options = planOptionsFor({ device: 'cpu', causal: false, packed: false })
    expect(options).toMatchObject({ layout: 'padded', batchTokens: 512 })
    expect(planBatches(pair, options)).toEqual([{ layout: 'padded', sequences: [0, 1], prefix: 0, tokens: 12 }])
  })
  it('need equal positions', () => {
    const [batch] = planBatches([sequence([1, 2], 0), sequence([1, 3], 0, 1)], planOptionsFor(CPU))
    expect(batch).toMatchObject({ reused: [0, 0], tokens: 4 })
  })
  it('need equal frequencies, where a length has its own', () => {
    const long = { ...sequence([1, 2, 3], 0), turnsAs: 3 }
    const sequences = [sequence([1, 2], 0), long, sequence([1, 2, 3], 0), long]
    for (const options of [planOptionsFor(CPU), planOptionsFor({ device: 'cuda', causal: true, packed: false })]) {
      const [batch] = planBatches(sequences, options)
      expect(batch!.sequences.map((i, n) => [i, batch!.reused![n]])).toEqual(
        expect.arrayContaining([
          [1, 0],
          [3, 3],
        ]),
      )
    }
    const [batch] = planBatches(sequences, planOptionsFor(CPU))
    expect(batch).toMatchObject({ sequences: [2, 0, 1, 3], reused: [0, 2, 0, 3], tokens: 6 })
  })
  it('cost nothing for equal sequences', () => {
    const [batch] = planBatches([sequence([1, 2], 0), sequence([1, 2], 0)], planOptionsFor(CPU))
    expect(batch).toMatchObject({ reused: [0, 2], tokens: 2 })
  })
})

it('puts the largest first', () => {
  const sequences = [3, 9, 5, 9].map((length, group) => sequence(new Array(length).fill(group), group))
  const batches = planBatches(sequences, { layout: 'padded', packed: true, batchTokens: 1, batchSize: 1 })
  expect(batches.flatMap((batch) => batch.sequences)).toEqual([1, 3, 2, 0])
})

it('estimates the weights and the hungriest batch', () => {
  const sequences = [sequence([1, 2, 3], 0)]
  const batches = planBatches(sequences, planOptionsFor(CPU))
  const size = { hidden: 10, inner: 20, heads: 2, logits: 100, weightBytes: 1000 }
  // 3 tokens × (6 × 10 + 3 × 20) + 2 heads × 3² + 2 × 1 row × 100 = 578 numbers
  expect(estimatePeakBytes(batches, sequences, size)).toBe(1000 + 4 * 578)
  // in half precision, with a mask in place of scores: 560 + 3²
  expect(estimatePeakBytes(batches, sequences, { ...size, numberBytes: 2, scores: 'mask' })).toBe(1000 + 2 * 569)
  expect(estimatePeakBytes(batches, sequences, { ...size, scores: 'block' })).toBe(1000 + 4 * (560 + 2 * 2 * 128 * 3))
  expect(estimatePeakBytes(batches, sequences, { ...size, scores: 'none' })).toBe(1000 + 4 * 560)
  // 7 tokens of keys and values come in and 5 go out, of 96 numbers each, twice in memory and in float32 whatever the model's type is
  const carrying = batches.map((batch) => ({ ...batch, carried: 7, kept: 5 }))
  const half = { ...size, numberBytes: 2, scores: 'none', carried: 96 } as const
  expect(estimatePeakBytes(carrying, sequences, half)).toBe(1000 + 2 * 560 + 2 * 4 * 12 * 96)
})

it('computes the prompt of 1,000 groups of 16 completions once each, whatever the layout', () => {
  // a prompt of 40 tokens, completions of 30 that differ from their first token on
  const [prompts, completions] = [40, 30]
  const sequences = Array.from({ length: 16_000 }, (_, i) => {
    const [group, own] = [Math.floor(i / 16), i % 16]
    return sequence([...new Array(prompts).fill(100 + group), ...new Array(completions).fill(own)], group)
  })
  const packed = planBatches(sequences, planOptionsFor(CPU))
  expect(packed.reduce((sum, { tokens }) => sum + tokens, 0)).toBe(1000 * prompts + 16_000 * completions)
  // 15 of 16 completions take the prompt over, from the one before or from the batch before
  const shared = packed.flatMap(({ reused, carried = 0 }) => [carried, ...reused!.slice(1)])
  expect(shared.filter((tokens) => tokens === prompts).length).toBe(15_000)
  const rows = planBatches(sequences, planOptionsFor({ device: 'cuda', causal: true, packed: false }))
  expect(rows.flatMap(({ reused }) => reused!).filter((tokens) => tokens === prompts)).toHaveLength(15_000)
})

describe('prompts as rows of their own', () => {
  const options: PlanOptions = {
    layout: 'shared',
    packed: false,
    prompts: true,
    rowMultiple: 8,
    batchTokens: 8192,
    batchSize: 512,
  }
  /** Pairs of completions of 40 to 400 tokens behind prompts of 60 to 250. */
  const pairs = (count: number, seed: number): Sequence[] => {
    const random = prng(seed)
    return Array.from({ length: count }, (_, group) => {
      const prompt = new Array<number>(60 + below(random, 191)).fill(1)
      return [2, 3].map((own) => sequence([...prompt, ...new Array<number>(40 + below(random, 361)).fill(own)], group))
    }).flat()
  }

  it('have one length in a batch, and every group has its prompt once: 4 + 2 + 1', () => {
    const prompt = [1, 2, 3, 4]
    const group = [sequence([...prompt, 5, 6], 0), sequence([...prompt, 7], 0)]
    expect(planBatches(group, options)).toEqual([
      { layout: 'shared', sequences: [0, 1], prefix: 4, reused: [0, 4], tokens: 7 },
    ])
  })
  it('are cut to the length of others where that costs less than runs of their own', () => {
    const sequences = pairs(300, 3)
    const batches = planBatches(sequences, options)
    const lengths = new Set(batches.map(({ prefix }) => prefix))
    // 300 prompts have 150 lengths or so; runs of one length each would be a seventh full
    expect(lengths.size).toBeLessThan(30)
    for (const { prefix, sequences: members, reused } of batches)
      for (const [i, index] of members.entries()) {
        expect([0, prefix]).toContain(reused![i])
        expect([...sequences[index]!.ids.subarray(0, prefix)].every((id) => id === 1)).toBe(true)
      }
  })
  it.each([300, 3000])('compute about as many tokens as trees in padded rows, with no mask (%i pairs)', (count) => {
    const sequences = pairs(count, 4)
    const trees = planBatches(sequences, { ...options, prompts: false })
    expect(total(planBatches(sequences, options))).toBeLessThan(1.02 * total(trees))
  })
  it('are not made of sequences that stand alone', () => {
    const batches = planBatches(
      pairs(50, 5).filter((_, i) => i % 2 === 0),
      options,
    )
    expect(batches.every(({ layout }) => layout === 'padded')).toBe(true)
  })
  it('need equal frequencies, as ever', () => {
    const long = { ...sequence([1, 2, 3], 0), turnsAs: 3 }
    const mixed = [sequence([1, 2, 4], 0), long, sequence([1, 2, 3], 0), { ...long, ids: Int32Array.of(1, 2, 5) }]
    const [batch] = planBatches(mixed, options)
    expect(batch!.sequences.map((index, i) => [mixed[index]!.turnsAs ?? 0, batch!.reused![i]])).toEqual([
      [3, 0],
      [3, 2],
      [0, 0],
      [0, 2],
    ])
  })
})
