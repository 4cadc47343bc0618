import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ModelError } from '../../src/errors.ts'
import { openCheckpoint } from '../../src/model/checkpoint.ts'
import { packagePath } from '../../src/package.ts'
import { below, type Prng, prng } from '../../src/prng.ts'
import { type Measured, measure } from '../../src/score/measure.ts'
import { type PlanOptions, planBatches } from '../../src/score/plan.ts'
import type { Batch, Measurement, Runner, RunnerInfo, Sequence } from '../../src/types.ts'
import { openRunner } from '../model/runner.ts'

async function measureAll(runner: Runner, batches: readonly Batch[], sequences: readonly Sequence[]) {
  const all: Measured[] = []
  for await (const { results } of measure(runner, batches, sequences)) all.push(...results)
  return all.sort((a, b) => a.index - b.index)
}

const PACKED: PlanOptions = { layout: 'shared', packed: true, batchTokens: 1024, batchSize: 256 }
const PLANS: readonly (PlanOptions & { name: string })[] = [
  { ...PACKED, name: 'shared' },
  { ...PACKED, name: 'shared, small', batchTokens: 150 },
  { ...PACKED, name: 'shared, pairs', batchSize: 2 },
  { ...PACKED, name: 'padded', layout: 'padded' },
  { ...PACKED, name: 'padded, small', layout: 'padded', batchTokens: 200, batchSize: 3 },
]

/** Groups with prompts of every length, completions from one token up, duplicates and prefixes of each other. */
function randomSequences(random: Prng, vocab: number): Sequence[] {
  const ids = (n: number): number[] => Array.from({ length: n }, () => 3 + below(random, vocab - 3))
  const template = ids(4)
  return Array.from({ length: 8 }, (_, group) => {
    const prompt = [...template, ...ids(below(random, 90))]
    const completions = Array.from({ length: 1 + below(random, 4) }, () => ids(1 + below(random, 60)))
    return [...completions, completions[0]!, completions[0]!.slice(0, 1)].map((completion) => ({
      ids: Int32Array.from([...prompt, ...completion]),
      typeIds: null,
      positionStart: 0,
      reads: Int32Array.of(prompt.length),
      group,
    }))
  }).flat()
}

const MODELS = [
  { name: 'llama-gqa', kind: 'head' },
  { name: 'mistral-swa', kind: 'head' },
  { name: 'gpt2', kind: 'head' },
  { name: 'dpo-mistral/policy', kind: 'logProb' },
  { name: 'dpo-gpt2/policy', kind: 'logProb' },
  { name: 'dpo-qwen2/policy', kind: 'logProb' },
] as const

describe.each(MODELS)('$name: a measurement does not depend on', ({ name, kind }) => {
  let runner: Runner
  let sequences: Sequence[]
  let alone: Measured[]
  beforeAll(async () => {
    const checkpoint = openCheckpoint(packagePath('test/data/parity', name))
    runner = await openRunner(checkpoint, { kind, device: 'cpu', dtype: 'auto' })
    sequences = randomSequences(prng(5), 300)
    alone = await measureAll(runner, planBatches(sequences, { ...PACKED, layout: 'padded', batchSize: 1 }), sequences)
  })
  afterAll(() => runner.release())

  it.each(PLANS)('the batch: $name', async (options) => {
    const together = await measureAll(runner, planBatches(sequences, options), sequences)
    together.forEach(({ measurement }, i) => {
      expectSame(measurement!, alone[i]!.measurement!)
    })
  })

  it('the order', async () => {
    const order = sequences.map((_, i) => i).reverse()
    const turned = order.map((i) => sequences[i]!)
    const results = await measureAll(runner, planBatches(turned, PACKED), turned)
    results.forEach(({ measurement }, i) => {
      expectSame(measurement!, alone[order[i]!]!.measurement!)
    })
  })

  it('the run: twice the same bytes', async () => {
    const batches = planBatches(sequences, PACKED)
    expect(await measureAll(runner, batches, sequences)).toEqual(await measureAll(runner, batches, sequences))
  })
})

/** 2e-5 absolute + 1e-5 relative; sums × tokens. */
function expectSame(got: Measurement, want: Measurement): void {
  if (got.kind === 'head' && want.kind === 'head') {
    expect(got.scoredTokenIndex).toBe(want.scoredTokenIndex)
    got.values.forEach((value, i) => {
      expectWithin(value, want.values[i]!, 1)
    })
  } else if (got.kind === 'logProb' && want.kind === 'logProb') {
    expect(got.tokens).toBe(want.tokens)
    expectWithin(got.sum, want.sum, got.tokens)
  } else throw new Error('kinds differ')
}
function expectWithin(got: number, want: number, tokens: number): void {
  expect(Math.abs(got - want)).toBeLessThanOrEqual(tokens * 2e-5 + 1e-5 * Math.abs(want))
}

describe('a faked model', () => {
  const info = { kind: 'head' } as RunnerInfo
  const sequence = (ids: readonly number[], at = ids.length - 1): Sequence => ({
    ids: Int32Array.from(ids),
    typeIds: null,
    positionStart: 0,
    reads: Int32Array.of(at),
    group: 0,
  })
  /** Scores the last id; 99 spoils every sequence of its batch, 98 only its own. */
  const fake = (kind: RunnerInfo['kind'] = 'head', checkWeights?: () => Promise<void>): Runner => ({
    info: { ...info, kind },
    run: async (batch, all) => {
      const chosen = batch.sequences.map((index) => all[index]!)
      const spoilt = chosen.some(({ ids }) => ids.includes(99))
      return chosen.map(({ ids }) => Float32Array.of(spoilt || ids.includes(98) ? Number.NaN : ids.at(-1)!))
    },
    ...(checkWeights && { checkWeights }),
    release: async () => {},
  })
  const plan = (sequences: readonly Sequence[]) => planBatches(sequences, PACKED)

  it('leaves a row without a finite output unscored, and no other', async () => {
    const sequences = [sequence([1, 2]), sequence([1, 99]), sequence([1, 98]), sequence([1, 3])]
    const results = await measureAll(fake(), plan(sequences), sequences)
    expect(results.map(({ measurement, unscored }) => unscored?.reason ?? measurement)).toEqual([
      { kind: 'head', values: [2], scoredTokenIndex: 1 },
      'non_finite',
      'non_finite',
      { kind: 'head', values: [3], scoredTokenIndex: 1 },
    ])
  })
  it('stops where the weights are to blame', async () => {
    const blame = () => Promise.reject(new ModelError('tensor "w" holds NaN', 'model.safetensors'))
    const sequences = [sequence([1, 98])]
    await expect(measureAll(fake('head', blame), plan(sequences), sequences)).rejects.toThrow('tensor "w" holds NaN')
  })
  it('does not run what the model says it cannot read as it was prepared', async () => {
    const unreadable = ({ reads }: Sequence) => (reads[0] === 0 ? { reason: 'pooled_otherwise', message: 'x' } : null)
    const sequences = [sequence([1, 2], 0), sequence([1, 2])]
    const results = await measureAll({ ...fake(), unreadable }, plan(sequences), sequences)
    expect(results.map(({ measurement, unscored }) => unscored?.reason ?? measurement)).toEqual([
      'pooled_otherwise',
      { kind: 'head', values: [2], scoredTokenIndex: 1 },
    ])
  })
  it('says that weights are finite only where they were looked at', async () => {
    const sequences = [sequence([1, 98])]
    const of = async (runner: Runner) => (await measureAll(runner, plan(sequences), sequences))[0]!.unscored!.message
    expect(await of(fake())).toBe('the model gives NaN for this text')
    expect(await of(fake('head', async () => {}))).toBe('the model gives NaN for this text; its weights are finite')
  })
  it('does not run what it cannot read', async () => {
    const sequences = [sequence([], 0), sequence([1, 2], 2), sequence([1, 2], 0), sequence([1, 2], 1)]
    const results = await measureAll(fake('logProb'), plan(sequences), sequences)
    expect(results.map(({ measurement, unscored }) => unscored?.reason ?? measurement)).toEqual([
      'no_tokens',
      'empty_span',
      'no_context',
      { kind: 'logProb', sum: 2, tokens: 1, sumSquares: 4 },
    ])
  })
})
