/**
 * What it costs that threads of a session spin while they wait for each other: CPU and wall seconds by number of threads, asleep and spinning.
 *
 *   npx tsx scripts/bench/threads.ts [--shape tiny|135m|0.5b|demo] [--pairs 40] [--rounds 5] [--steps 0]
 *
 * Seeded pairs (prompts of 60–120 tokens, two completions of 20–120 each) in the run's own batches; all ways stand interleaved in every round, and the
 * numbers that they give are compared bit by bit. With --steps the demo's policy continues 16 texts by so many tokens instead. Model time alone:
 * nothing else of a run is in it.
 */
import { parseArgs } from 'node:util'
import { openCheckpoint } from '../../src/model/checkpoint.ts'
import { startDecoder } from '../../src/model/decoder.ts'
import { openModel } from '../../src/model/open.ts'
import { startSession } from '../../src/model/session.ts'
import { packagePath } from '../../src/package.ts'
import { below, prng } from '../../src/prng.ts'
import { planBatches, planOptionsFor } from '../../src/score/plan.ts'
import type { Sequence } from '../../src/types.ts'
import { seededModel } from './seeded-model.ts'

const { values: flags } = parseArgs({
  options: {
    shape: { type: 'string', default: '135m' },
    pairs: { type: 'string', default: '40' },
    rounds: { type: 'string', default: '5' },
    steps: { type: 'string', default: '0' },
  },
})
const steps = Number(flags.steps)
const random = prng(1)

/** A way to compute all of it; its numbers as text. */
type Compute = () => Promise<string>
const WAYS = [1, 2].flatMap((threads) => [false, true].map((spinning) => ({ threads, spinning })))

async function scoring(): Promise<Compute[]> {
  const dir =
    flags.shape === 'demo'
      ? packagePath('src/embedded/demo/demo-reward-model')
      : seededModel(flags.shape, 'score', 'f32')
  const model = openModel(openCheckpoint(dir), { kind: 'head', device: 'cpu', dtype: 'auto' })
  const ids = (n: number): number[] =>
    Array.from({ length: n }, () => 1 + below(random, model.description.vocabSize - 1))
  const sequences = Array.from({ length: Number(flags.pairs) }, (_, group) => {
    const prompt = ids(60 + below(random, 61))
    return Array.from({ length: 2 }, (): Sequence => {
      const all = Int32Array.from([...prompt, ...ids(20 + below(random, 101))])
      return { ids: all, typeIds: null, positionStart: 0, reads: Int32Array.of(all.length - 1), group }
    })
  }).flat()
  const batches = planBatches(sequences, planOptionsFor(model.batching))
  return Promise.all(
    WAYS.map(async (way): Promise<Compute> => {
      const runner = await startSession(model, way)
      return async () => {
        const scores: number[] = []
        for (const batch of batches) for (const [score] of await runner.run(batch, sequences)) scores.push(score!)
        return scores.join()
      }
    }),
  )
}

async function generating(): Promise<Compute[]> {
  const checkpoint = openCheckpoint(packagePath('src/embedded/demo/demo-policy-dpo'))
  const model = openModel(checkpoint, { kind: 'logProb', device: 'cpu', dtype: 'auto', generates: true })
  const prompts = Array.from({ length: 16 }, () =>
    Int32Array.from({ length: 40 }, () => 1 + below(random, model.description.vocabSize - 1)),
  )
  return Promise.all(
    WAYS.map(async (way): Promise<Compute> => {
      const decoder = await startDecoder(model, way)
      return async () => {
        const table = decoder.table()
        const prefixes = await decoder.prefill(prompts)
        for (const prefix of prefixes) table.add(prefix)
        const sums: number[] = []
        for (let step = 0; step < steps; step++) {
          const next = await table.step(Int32Array.from(prompts, (prompt) => prompt[step % prompt.length]!))
          sums.push(next[0]!.logSumExp)
        }
        return sums.join()
      }
    }),
  )
}

const computes = steps > 0 ? await generating() : await scoring()
const taken = WAYS.map(() => ({ cpu: [] as number[], wall: [] as number[], numbers: '' }))
// the first round warms up
for (let round = 0; round <= Number(flags.rounds); round++)
  for (const [i, compute] of computes.entries()) {
    const began = performance.now()
    const before = process.cpuUsage()
    const numbers = await compute()
    const { user, system } = process.cpuUsage(before)
    taken[i]!.numbers = numbers
    if (round === 0) continue
    taken[i]!.cpu.push((user + system) / 1e6)
    taken[i]!.wall.push((performance.now() - began) / 1000)
  }

/** Median and range. */
function summary(values: readonly number[]): string {
  const sorted = [...values].sort((a, b) => a - b)
  const [least, middle, most] = [sorted[0]!, sorted[sorted.length >> 1]!, sorted.at(-1)!].map((s) => s.toFixed(2))
  return `${middle} [${least}..${most}]`
}
console.log('| threads | waiting | CPU s | wall s | numbers |\n| ---: | --- | ---: | ---: | --- |')
for (const [i, { threads, spinning }] of WAYS.entries()) {
  const { cpu, wall, numbers } = taken[i]!
  const same = numbers === taken[0]!.numbers ? 'equal' : 'differ'
  console.log(`| ${threads} | ${spinning ? 'spinning' : 'asleep'} | ${summary(cpu)} | ${summary(wall)} | ${same} |`)
}
