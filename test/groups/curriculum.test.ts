import { describe, expect, it } from 'vitest'
import {
  type CurriculumSettings,
  type CurriculumStep,
  curriculumSteps,
  type Problem,
  simulateCurriculum,
  sustainableFraction,
} from '../../src/groups/curriculum.ts'
import { below, namedPrng, prng } from '../../src/prng.ts'

interface Draw {
  readonly problem: number
  readonly rollouts: readonly number[]
  readonly trivial: boolean
}
const settings = (more: Partial<CurriculumSettings> = {}): CurriculumSettings => ({
  fraction: 0.5,
  groupBatchSize: 8,
  numGenerations: 4,
  epochs: 5,
  order: namedPrng(3, 'order'),
  draws: namedPrng(3, 'draws'),
  ...more,
})

/** Problems with rewards 0 and 1, and every group that is drawn of them. */
function recorded(rewards: readonly (readonly number[])[]) {
  const draws: Draw[] = []
  const problems: Problem[] = rewards.map((of, problem) => ({
    rollouts: of.length,
    isTrivial: (rollouts) => {
      const trivial = rollouts.every((i) => of[i] === of[rollouts[0]!])
      draws.push({ problem, rollouts: [...rollouts], trivial })
      return trivial
    },
  }))
  return { problems, draws }
}
const random = prng(5)
const mixed = Array.from({ length: 50 }, (_, p) => {
  const rollouts = 1 + below(random, 10)
  return Array.from({ length: rollouts }, () => Number(random() < (p % 5) / 4))
})

describe.each([0, 0.25, 0.5, 1])('with %d of a batch from the buffer, the draws themselves say', (fraction) => {
  const { problems, draws } = recorded(mixed)
  const steps: CurriculumStep[] = []
  /** Of each step, its draws. */
  const batches: Draw[][] = []
  for (const step of simulateCurriculum(problems, settings({ fraction }))) {
    steps.push(step)
    batches.push(draws.splice(0))
  }

  it('what is in the buffer, and that a batch comes from it as far as it reaches', () => {
    const buffer = new Set<number>()
    for (const [s, { fromBuffer, groups, buffer: size }] of steps.entries()) {
      expect(fromBuffer).toBe(Math.min(Math.round(fraction * 8), buffer.size))
      const taken = batches[s]!.slice(0, fromBuffer).map(({ problem }) => problem)
      expect(new Set(taken).size).toBe(fromBuffer)
      for (const problem of taken) expect(buffer).toContain(problem)
      for (const { problem, trivial } of batches[s]!) trivial ? buffer.delete(problem) : buffer.add(problem)
      expect([groups, size]).toEqual([8, buffer.size])
    }
  })

  it('that the data are gone through pass by pass, each in another order', () => {
    const data = steps.flatMap(({ fromBuffer }, s) => batches[s]!.slice(fromBuffer).map(({ problem }) => problem))
    const passes = Array.from({ length: Math.floor(data.length / 50) }, (_, i) => data.slice(i * 50, (i + 1) * 50))
    for (const pass of passes) expect(new Set(pass).size).toBe(50)
    if (fraction === 0) expect(passes).toHaveLength(5)
    if (passes.length > 1) expect(passes[0]).not.toEqual(passes[1])
    const met = new Set<number>()
    const seen = steps.map(({ fromBuffer }, s) => {
      for (const { problem } of batches[s]!.slice(fromBuffer)) met.add(problem)
      return met.size
    })
    expect(steps.map((step) => step.seen)).toEqual(seen)
  })

  it('how many groups have an advantage', () => {
    for (const [s, { nonTrivial, nonTrivialFromBuffer, fromBuffer }] of steps.entries()) {
      const is = batches[s]!.map(({ trivial }) => Number(!trivial))
      expect(nonTrivial).toBe(is.reduce((a, b) => a + b, 0))
      expect(nonTrivialFromBuffer).toBe(is.slice(0, fromBuffer).reduce((a, b) => a + b, 0))
    }
  })

  it('that a group is four different rollouts, or all where there are no more', () => {
    for (const { problem, rollouts } of batches.flat()) {
      const all = mixed[problem]!.length
      expect(rollouts).toHaveLength(Math.min(4, all))
      expect(new Set(rollouts).size).toBe(rollouts.length)
      for (const i of rollouts) expect(i).toBeLessThan(all)
    }
  })
})

it('without a curriculum the share is that of drawing from an urn', () => {
  const { problems } = recorded(mixed)
  const run = [...simulateCurriculum(problems, settings({ fraction: 0, epochs: 4000 }))]
  const share = run.reduce((sum, { nonTrivial }) => sum + nonTrivial, 0) / (8 * run.length)
  const choose = (n: number, k: number): number =>
    Array.from({ length: k }, (_, i) => (n - i) / (i + 1)).reduce((a, b) => a * b, 1)
  // 1 − [C(right, 4) + C(wrong, 4)] / C(all, 4)
  const expected = mixed.map((rewards) => {
    const size = Math.min(4, rewards.length)
    const right = rewards.filter((r) => r === 1).length
    return 1 - (choose(right, size) + choose(rewards.length - right, size)) / choose(rewards.length, size)
  })
  const mean = expected.reduce((a, b) => a + b, 0) / expected.length
  // 200,000 groups: four standard errors are 0.0045 at most
  expect(Math.abs(share - mean)).toBeLessThan(0.0045)
})

it('of rollouts that are all used, a problem that is in the buffer stays: half of a batch is never trivial', () => {
  // 10 of 40 problems are not trivial: without a curriculum 1/4 of the groups, with it ½ + ½ · ¼
  const { problems } = recorded(Array.from({ length: 40 }, (_, p) => (p < 10 ? [0, 1] : [1, 1])))
  const last = (fraction: number) => [...simulateCurriculum(problems, settings({ fraction, epochs: 1000 }))].slice(100)
  const share = (steps: readonly CurriculumStep[]) =>
    steps.reduce((sum, { nonTrivial, groups }) => sum + nonTrivial / groups, 0) / steps.length
  expect(share(last(0))).toBeCloseTo(0.25, 2)
  expect(share(last(0.5))).toBeCloseTo(0.625, 2)
  expect(last(0.5).every(({ nonTrivialFromBuffer, buffer }) => nonTrivialFromBuffer === 4 && buffer === 10)).toBe(true)
})

it('the same seed gives the same steps, another does not', () => {
  const run = (seed: number) => [
    ...simulateCurriculum(
      recorded(mixed).problems,
      settings({ order: namedPrng(seed, 'order'), draws: namedPrng(seed, 'draws') }),
    ),
  ]
  expect(run(1)).toEqual(run(1))
  expect(run(1)).not.toEqual(run(2))
})

it.each([
  [0, 5, 0],
  [3, 5, 5],
  [50, 5, 32],
  [50, 0, 0],
])('%d problems, %d passes: %d steps', (count, epochs, expected) => {
  const { problems } = recorded(mixed.slice(0, count))
  const run = [...simulateCurriculum(problems, settings({ epochs }))]
  expect(run).toHaveLength(expected)
  if (count > 0) expect(curriculumSteps(count, settings({ epochs }))).toBe(expected)
  // a batch is no larger than the data
  for (const { groups } of run) expect(groups).toBe(Math.min(8, count))
})

it('the buffer lasts: ε ≤ (1 − f_D) / (1 − f_D + f_B)', () => {
  // of the data 30 % are not trivial, of the buffer 40 % become so: 0.3 / 0.7
  expect(sustainableFraction(0.7, 0.4)).toBeCloseTo(3 / 7, 12)
  expect(sustainableFraction(0.7, 0)).toBe(1)
  expect(sustainableFraction(1, 0)).toBeNaN()
})
