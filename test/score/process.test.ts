import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { resolveDevice } from '../../src/model/device.ts'
import { packagePath } from '../../src/package.ts'
import { parseStepRecord, type StepRow } from '../../src/pairs/steps.ts'
import { checkAnnotations } from '../../src/score/annotations.ts'
import { measure } from '../../src/score/measure.ts'
import { planBatches } from '../../src/score/plan.ts'
import { choose, contextLines, DECAY, draw, heuristicScore, stepLogProb } from '../../src/score/process.ts'
import type { Prepared } from '../../src/score/subject.ts'
import { toRunConfig } from '../../src/setup/config.ts'
import { loadStepModels, openChannels } from '../../src/setup/step-channels.ts'
import { isUnscored } from '../../src/unscored.ts'

describe('the decayed log-likelihood', () => {
  it('weighs token i with 0.9^i and divides by the tokens, not by the weights', () => {
    expect(stepLogProb([-1, -2, -4])).toEqual({
      tokens: 3,
      sum: -7,
      mean: -7 / 3,
      decayedSum: -1 - 2 * DECAY - 4 * DECAY * DECAY,
      decayedMean: (-1 - 2 * DECAY - 4 * DECAY * DECAY) / 3,
    })
  })
  it('one token: all are the token', () => {
    expect(stepLogProb([-0.25])).toEqual({ tokens: 1, sum: -0.25, mean: -0.25, decayedSum: -0.25, decayedMean: -0.25 })
  })
  it('world_model chooses by the decayed mean, world_model_no_length and trajectory by the mean', () => {
    const facts = { logProb: stepLogProb([-1, -2]), reward: 3 }
    expect(heuristicScore('world_model', facts)).toBe(facts.logProb.decayedMean)
    expect(heuristicScore('world_model_no_length', facts)).toBe(-1.5)
    expect(heuristicScore('trajectory', facts)).toBe(-1.5)
    expect(heuristicScore('reward', facts)).toBe(3)
    expect(heuristicScore('random', facts)).toBeNull()
  })
})

describe('a choice', () => {
  it.each([
    [[-2, -1, -3], { index: 1, margin: 1, tied: 0 }],
    [[-1, -3, -1], { index: 0, margin: 0, tied: 2 }],
    [[0, 0, 0], { index: 0, margin: 0, tied: 3 }],
    [[-1, null], null],
    [[], null],
  ])('%j', (scores, want) => {
    expect(choose(scores)).toEqual(want)
  })
  it('a draw depends on the row and the seed alone, and is uniform', () => {
    expect(draw(1, 'a', 4)).toEqual(draw(1, 'a', 4))
    const counts = [0, 0, 0, 0]
    for (let i = 0; i < 8000; i++) counts[draw(0, `row ${i}`, 4).index]!++
    for (const count of counts) expect(Math.abs(count - 2000)).toBeLessThan(4 * Math.sqrt(8000 * (3 / 16)))
    expect(new Set([0, 1, 2, 3, 4, 5, 6, 7].map((seed) => draw(seed, 'a', 4).index)).size).toBeGreaterThan(1)
  })
})

it('the lines of a layout', () => {
  expect(contextLines(['a', 'b'], 'r', 'rationale-first')).toEqual(['r', 'a', 'b'])
  expect(contextLines(['a', 'b'], 'r', 'rationale-last')).toEqual(['a', 'b', 'r'])
  expect(contextLines(['a', 'b'], 'r', 'none')).toEqual(['a', 'b'])
  expect(contextLines(['a', 'b'], null, 'rationale-first')).toEqual(['a', 'b'])
})

describe('annotated texts', () => {
  it('edits count characters, not UTF-16 units', () => {
    const { editDistance, similarity } = checkAnnotations('🧪🧪🧪🧪a', '🧪🧪🧪🧫a')
    expect([editDistance, similarity]).toEqual([1, 0.8])
    // characters that share a surrogate are as different as others
    expect(checkAnnotations('🧪b', 'c🧫').editDistance).toBe(2)
  })
  it('a rationale that was put in is taken out again', () => {
    const word = fc.string({ unit: fc.constantFrom(...'abcÜ→🧪.'), minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(
        fc.array(word, { minLength: 1, maxLength: 8 }),
        fc.array(word, { maxLength: 5 }),
        (words, thoughts) => {
          const annotated = words
            .map((one, i) => (i < thoughts.length ? `${one} <R>${thoughts[i]}<EOT>` : one))
            .join(' ')
          const found = checkAnnotations(words.join(' '), annotated)
          expect(found).toMatchObject({ editDistance: 0, similarity: 1, pass: true })
          const marks = Math.min(words.length, thoughts.length)
          expect(found.triples.map(({ rationale }) => rationale)).toEqual(thoughts.slice(0, marks))
        },
      ),
      { numRuns: 100, seed: 4 },
    )
  })
})

interface Golden {
  readonly rows: readonly {
    readonly id: string
    readonly layouts: Readonly<
      Record<
        'none' | 'rationale-first' | 'rationale-last',
        {
          readonly context_ids: readonly number[]
          readonly candidates: readonly {
            readonly start: number
            readonly token_ids: readonly number[]
            readonly token_logprobs: readonly number[]
          }[]
        }
      >
    >
  }[]
}

describe.each(['none', 'rationale-first', 'rationale-last'] as const)('token by token, --layout %s', (layout) => {
  const data = (name: string): string => packagePath('test/data/process', name)
  const golden = JSON.parse(gunzipSync(readFileSync(data('expected.json.gz'))).toString('utf8')) as Golden
  const rows = readFileSync(data('rows.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line, i) => parseStepRecord(JSON.parse(line), { where: `rows.jsonl:${i + 1}`, number: i + 1 }) as StepRow)

  it('ids are the golden ones, log-probabilities within 1e-4', async () => {
    const config = toRunConfig('run-process', { layout, device: 'cpu' })
    const device = await resolveDevice('cpu', 'fp32')
    const models = await loadStepModels(config, device, () => {})
    const [channel] = await openChannels(['candidates'], models, config, device, new Date(0), () => {})
    const { subject, plan } = channel!
    const prepared = rows.map((row) => subject.prepare(row) as Prepared[])
    expect(prepared.flat().some(isUnscored)).toBe(false)
    const sequences = prepared.flatMap((row, group) => row.map((one) => ({ ...one, group })))
    const runner = await subject.open()
    const found: (readonly number[])[] = []
    for await (const { results } of measure(runner, planBatches(sequences, plan), sequences))
      for (const { index, measurement } of results)
        found[index] = measurement?.kind === 'logProb' ? measurement.logProbs! : []
    await runner.release()
    let i = 0
    let largest = 0
    for (const [r, row] of golden.rows.entries()) {
      const want = row.layouts[layout] ?? row.layouts.none
      for (const [c, candidate] of want.candidates.entries()) {
        const one = prepared[r]![c]!
        expect([...one.ids.subarray(0, candidate.start)]).toEqual(want.context_ids.slice(0, candidate.start))
        expect([...one.ids.subarray(candidate.start)]).toEqual(candidate.token_ids)
        expect(one.start).toBe(candidate.start)
        const own = found[i++]!
        expect(own).toHaveLength(candidate.token_logprobs.length)
        for (const [t, logProb] of candidate.token_logprobs.entries())
          largest = Math.max(largest, Math.abs(own[t]! - logProb))
      }
    }
    expect(largest).toBeLessThan(1e-4)
  })
})
