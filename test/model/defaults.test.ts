import { expect, it } from 'vitest'
import { modelSpec } from '../../src/model/archs/index.ts'
import { openCheckpoint } from '../../src/model/checkpoint.ts'
import type { ModelSpec } from '../../src/model/spec.ts'
import { changed } from './changed.ts'

/** What transformers' configuration classes take where config.json is silent, or says it under another name; found by comparing scores. */
const spec = (name: string, change: (config: Record<string, unknown>) => void): ModelSpec =>
  modelSpec(openCheckpoint(changed(name, { config: change })))

it.each([
  ['models/cohere-causal', 500_000],
  ['models/cohere2-causal', 10_000],
  ['models/mixtral', 1_000_000],
  ['models/smollm3', 2_000_000],
  ['models/olmo2-causal', 10_000],
])('%s without a rope_theta turns by a base of %d', (name, theta) => {
  const { layers } = spec(name, (config) => {
    for (const key of ['rope_theta', 'rope_parameters', 'rope_scaling']) delete config[key]
  })
  const frequencies = layers
    .map(({ attention }) => attention.rope?.inverseFrequencies)
    .find((one) => one !== undefined)!
  expect(frequencies[1]).toBeCloseTo(theta ** (-1 / frequencies.length), 6)
})

it('modernbert: sliding_window is half of local_attention, and wins', () => {
  const windows = (sliding_window?: number): (number | null)[] =>
    spec('parity/modernbert', (config) => {
      config.local_attention = 20
      if (sliding_window !== undefined) config.sliding_window = sliding_window
    }).layers.map(({ attention }) => attention.window)
  expect(new Set(windows())).toEqual(new Set([null, 11]))
  expect(new Set(windows(7))).toEqual(new Set([null, 8]))
})
