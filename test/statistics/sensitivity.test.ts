import { expect, it } from 'vitest'
import { type DistantPair, sensitivity } from '../../src/agreement/invariance/sensitivity.ts'
import { prng } from '../../src/prng.ts'
import { sensitivityBeside } from '../../src/statistics/sensitivity.ts'

const random = prng(1)
const pairs = Array.from({ length: 300 }, (_, i): DistantPair => {
  const known = i % 7 !== 0
  return {
    subset: i % 2 === 0 ? 'a' : 'b',
    cluster: `prompt ${i >> 1}`,
    margin: i % 11 === 0 ? null : random() - 0.4,
    tanimoto: known ? random() : null,
    edits: known ? Math.floor(20 * random()) : null,
  }
})
const settings = { seed: 2, resamples: 100 }

it('is the same in a thread of its own, and where that dies', async () => {
  const here = sensitivity(pairs, settings)
  expect(here.curve.length).toBeGreaterThan(5)
  expect(await sensitivityBeside(pairs, settings, { threads: 2, fewPairs: 0 })).toEqual(here)
  const answers = (code: string): URL => new URL(`data:text/javascript,${code}`)
  const died = { threads: 2, fewPairs: 0, worker: answers('process.exit(1)') }
  expect(await sensitivityBeside(pairs, settings, died)).toEqual(here)
})

it('has no thread for few pairs, nor where there is one processor', async () => {
  const here = sensitivity(pairs, settings)
  const worker = new URL(
    "data:text/javascript,import { parentPort } from 'node:worker_threads'; parentPort.postMessage('a thread was asked')",
  )
  expect(await sensitivityBeside(pairs, settings, { threads: 2, fewPairs: 0, worker })).toBe('a thread was asked')
  expect(await sensitivityBeside(pairs, settings, { threads: 2, worker })).toEqual(here)
  expect(await sensitivityBeside(pairs, settings, { threads: 1, fewPairs: 0, worker })).toEqual(here)
})
