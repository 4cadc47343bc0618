import { expect, it } from 'vitest'
import { decodingLine } from '../../src/cli/decoding-line.ts'
import type { OpenGeneration } from '../../src/setup/generation.ts'

const options = {
  n: 4,
  temperature: 0.7,
  topP: 0.9,
  maxNewTokens: 64,
  stop: ['\n'],
  seed: 1,
  decode: () => '<|im_end|>',
} as unknown as OpenGeneration['options']
const eos = { ids: [3], from: 'generation_config.json' } as unknown as OpenGeneration['eos']

it('says how tokens are drawn, and whose the ends are', () => {
  expect(decodingLine({ options, eos }, 'step')).toBe(
    'decoding: temperature 0.7, top-p 0.9, seed 1, 4 per step, at most 64 tokens; ends at 3 "<|im_end|>" (generation_config.json), "\\n"',
  )
  expect(decodingLine({ options: { ...options, temperature: 0, stop: [] }, eos: { ...eos, ids: [] } }, 'prompt')).toBe(
    'decoding: greedy, at most 64 tokens; ends at nothing else',
  )
})
