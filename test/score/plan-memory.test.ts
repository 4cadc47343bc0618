import { describe, expect, it } from 'vitest'
import { openCheckpoint } from '../../src/model/checkpoint.ts'
import { openModelIn } from '../../src/model/open.ts'
import { packagePath } from '../../src/package.ts'
import type { ModelSize, PlanOptions } from '../../src/score/plan.ts'
import { batchBytes, fitted } from '../../src/score/plan-memory.ts'

/** Llama 3.1 8B in bfloat16 on a GPU. */
const LARGE: ModelSize = {
  hidden: 4096,
  inner: 14_336,
  heads: 32,
  logits: 0,
  weightBytes: 15e9,
  numberBytes: 2,
  scores: 'mask',
}
const PLAN: PlanOptions = { layout: 'shared', packed: false, rowMultiple: 8, batchTokens: 8192, batchSize: 512 }

describe('one batch', () => {
  it('takes the stream, the MLP and the masks', () => {
    expect(batchBytes(PLAN, LARGE)).toBe(8192 * (6 * 4096 + 3 * 14_336) * 2 + 2 * 8192 * 2048)
  })
  it('takes the scores of all heads where a kernel keeps them', () => {
    const more = batchBytes(PLAN, { ...LARGE, scores: 'rows' }) - batchBytes(PLAN, { ...LARGE, scores: 'none' })
    expect(more).toBe(4 * 32 * 8192 * 2048)
  })
})

describe('a plan', () => {
  it('stays as it is where it fits', () => {
    expect(fitted(PLAN, [LARGE], 80e9)).toEqual(PLAN)
  })
  it.each([
    [17.5e9, 4096],
    [17e9, 2048],
    [16.68e9, 64],
  ])('is halved until it fits in %d bytes: %i tokens', (free, tokens) => {
    const { batchTokens } = fitted(PLAN, [LARGE], free)
    expect(batchTokens).toBe(tokens)
    if (tokens > 64) expect(LARGE.weightBytes + batchBytes({ batchTokens }, LARGE)).toBeLessThan(free)
  })
  it('is that of the model that takes most: policy and reference are in memory one after the other', () => {
    const small = { ...LARGE, weightBytes: 1e9 }
    expect(fitted(PLAN, [small, LARGE], 17.5e9)).toEqual(fitted(PLAN, [LARGE], 17.5e9))
    expect(fitted(PLAN, [LARGE, LARGE], 17.5e9)).toEqual(fitted(PLAN, [LARGE], 17.5e9))
  })
  it('stays as it is where the weights themselves do not fit: smaller batches would not help', () => {
    expect(fitted(PLAN, [LARGE], 10e9)).toEqual(PLAN)
  })
})

it.each([
  ['cpu', 'fp32', 'split', 4, 'block'],
  ['cuda', 'bf16', 'attention', 2, 'mask'],
  ['cuda', 'fp32', 'attention', 4, 'rows'],
  ['cuda', 'bf16', 'prompts', 2, 'none'],
  ['cuda', 'fp32', 'prompts', 4, 'rows'],
  ['cpu', 'fp32', 'plain', 4, 'rows'],
] as const)('%s in %s with %s: %i bytes a number, %s', (device, dtype, attention, numberBytes, scores) => {
  const checkpoint = openCheckpoint(packagePath('test/data/parity/llama-gqa'))
  const { description } = openModelIn(checkpoint, { kind: 'head', device, attention }, dtype)
  expect(description.size).toMatchObject({ numberBytes, scores, weightBytes: numberBytes * description.parameters! })
})
