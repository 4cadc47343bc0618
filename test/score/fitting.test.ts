import { describe, expect, it } from 'vitest'
import { DeviceError, DeviceMemoryError } from '../../src/errors.ts'
import type { AttentionForm } from '../../src/model/attention-forms.ts'
import { openCheckpoint } from '../../src/model/checkpoint.ts'
import { openModel } from '../../src/model/open.ts'
import { memoryTrouble, runFailure } from '../../src/model/out-of-memory.ts'
import { startSession } from '../../src/model/session.ts'
import { packagePath } from '../../src/package.ts'
import { below, prng } from '../../src/prng.ts'
import { type Halved, runFitting } from '../../src/score/fitting.ts'
import { halve, sizeOf } from '../../src/score/halve.ts'
import { type Measured, measure } from '../../src/score/measure.ts'
import { planBatches, planOptionsFor } from '../../src/score/plan.ts'
import type { Batch, Runner, RunnerInfo, Sequence } from '../../src/types.ts'

/** Groups of completions behind a prompt. */
function randomSequences(groups: number, each: number): Sequence[] {
  const random = prng(7)
  const ids = (n: number): number[] => Array.from({ length: n }, () => 3 + below(random, 290))
  return Array.from({ length: groups }, (_, group) => {
    const prompt = ids(5 + below(random, 40))
    return Array.from({ length: each }, () => {
      const all = [...prompt, ...ids(2 + below(random, 40))]
      return { ids: Int32Array.from(all), typeIds: null, positionStart: 0, reads: Int32Array.of(all.length - 1), group }
    })
  }).flat()
}

/** The runner where memory runs out beyond so many tokens; `ran` are the sizes that were tried. */
function short(runner: Runner, most: number, ran: number[] = []): Runner {
  return {
    info: runner.info,
    async run(batch, sequences) {
      const size = sizeOf(batch, sequences)
      ran.push(size)
      if (size > most)
        throw runFailure(new Error(`Failed to allocate memory for requested buffer of size ${size}`), 'x', 'cuda')
      return runner.run(batch, sequences)
    },
    release: () => runner.release(),
  }
}

const LAST_ID: Runner = {
  info: { kind: 'head' } as RunnerInfo,
  run: async (batch, all) => batch.sequences.map((index) => Float32Array.of(all[index]!.ids.at(-1)!)),
  release: async () => {},
}

async function measured(
  runner: Runner,
  batches: readonly Batch[],
  sequences: readonly Sequence[],
  halved: Halved[] = [],
) {
  const all: Measured[] = []
  for await (const { results } of measure(runner, batches, sequences, (one) => halved.push(one))) all.push(...results)
  return all.sort((a, b) => a.index - b.index)
}

describe('a batch that does not fit', () => {
  const sequences = randomSequences(20, 3)
  const batches = planBatches(
    sequences,
    planOptionsFor({ device: 'cuda', causal: true, packed: false, rowMultiple: 8 }),
  )

  it('is halved and repeated, and gives what it would have given', async () => {
    const halved: Halved[] = []
    const got = await measured(short(LAST_ID, 300), batches, sequences, halved)
    expect(got).toEqual(await measured(LAST_ID, batches, sequences))
    expect(halved.length).toBeGreaterThan(0)
    expect(halved[0]).toMatchObject({ completions: 60, tokens: sizeOf(batches[0]!, sequences) })
    expect(halved.at(-1)!.most).toBeLessThanOrEqual(300)
    expect(halved[0]!.message).toContain('Failed to allocate memory')
  })

  it('is the last one that is tried at this size', async () => {
    const ran: number[] = []
    const runner = short(LAST_ID, 300, ran)
    const small = planBatches(sequences, { layout: 'shared', packed: false, batchTokens: 700, batchSize: 512 })
    expect(small.length).toBeGreaterThan(3)
    await measured(runner, small, sequences)
    const failures = ran.flatMap((size, i) => (size > 300 ? [i] : []))
    // the first batch, or its halves, find the size; none of the later ones fails
    expect(Math.max(...failures)).toBeLessThan(3)
    expect(failures.length).toBeGreaterThan(0)
  })

  it('leaves a completion unscored that does not fit alone, and no other', async () => {
    const long = { ...sequences[0]!, ids: new Int32Array(500).fill(9), reads: Int32Array.of(499), group: 99 }
    const all = [...sequences, long]
    const plan = planBatches(all, planOptionsFor({ device: 'cuda', causal: true, packed: false }))
    const got = await measured(short(LAST_ID, 300), plan, all)
    expect(got.slice(0, -1)).toEqual(await measured(LAST_ID, batches, sequences))
    expect(got.at(-1)).toMatchObject({ measurement: null, unscored: { reason: 'out_of_memory' } })
    expect(got.at(-1)!.unscored!.message).toContain('500 tokens alone do not fit in memory')
  })

  it('ends the run where it failed for another reason', async () => {
    const broken: Runner = {
      ...LAST_ID,
      run: async () => Promise.reject(runFailure(new Error('illegal memory access'), 'x', 'cuda')),
    }
    await expect(measured(broken, batches, sequences)).rejects.toThrow(DeviceError)
    await expect(measured(broken, batches, sequences)).rejects.not.toThrow(DeviceMemoryError)
  })
})

describe('the halves', () => {
  const sequences = randomSequences(6, 4)
  const [batch] = planBatches(sequences, { layout: 'shared', packed: false, batchTokens: 1e5, batchSize: 100 })

  it('are cut between groups where that is near the middle, and keep every sequence in order', () => {
    const [a, b] = halve(batch!, sequences)!
    expect([...a.sequences, ...b.sequences]).toEqual(batch!.sequences)
    expect(a.sequences.length % 4).toBe(0)
    expect(b.reused![0]).toBe(0)
    expect(a.tokens + b.tokens).toBe(sizeOf(batch!, sequences))
  })
  it('compute a shared prompt twice where a group is cut', () => {
    const group = [0, 1, 2, 3].map((i) => batch!.sequences.indexOf(i)).sort((x, y) => x - y)
    const one: Batch = {
      ...batch!,
      sequences: group.map((at) => batch!.sequences[at]!),
      reused: group.map((at) => batch!.reused![at]!),
    }
    const [a, b] = halve(one, sequences)!
    expect([a.sequences.length, b.sequences.length]).toEqual([2, 2])
    expect(b.reused![0]).toBe(0)
    expect(b.reused![1]).toBeGreaterThan(0)
  })
  it('are none of one sequence', () => {
    expect(halve({ layout: 'padded', sequences: [3], prefix: 0, tokens: 9 }, sequences)).toBeNull()
  })
})

describe.each(['split', 'attention', 'plain', 'gqa', 'prompts'] as const)(
  '%s: halves give the same numbers',
  (form: AttentionForm) => {
    it.each([900, 200, 90])('beyond %i tokens', async (most) => {
      const checkpoint = openCheckpoint(packagePath('test/data/parity/llama-gqa'))
      const model = openModel(checkpoint, { kind: 'head', device: 'cpu', dtype: 'fp32', attention: form })
      const runner = await startSession(model)
      const sequences = randomSequences(8, 4)
      const options = {
        ...planOptionsFor(model.batching),
        batchTokens: 8192,
        ...(form === 'gqa' && { layout: 'padded' as const }),
      }
      const batches = planBatches(sequences, options)
      const whole = await Promise.all(batches.map((batch) => runner.run(batch, sequences)))
      const ran: number[] = []
      for (const [b, batch] of batches.entries()) {
        const got = await runFitting(short(runner, most, ran), batch, sequences)
        got.forEach((output, i) => {
          if ('tooLarge' in output) throw new Error(output.tooLarge)
          for (const [j, value] of output.entries())
            expect(Math.abs(value - whole[b]![i]![j]!)).toBeLessThanOrEqual(2e-5)
        })
      }
      if (most < 900) expect(ran.some((size) => size > most)).toBe(true)
      await runner.release()
    })
  },
)

it.each([
  [
    '[ONNXRuntimeError] : 1 : FAIL : Non-zero status code returned while running MatMul node. bfc_arena.cc:376 AllocateRawInternal Failed to allocate memory for requested buffer of size 3221225472',
    3221225472,
  ],
  ['bfc_arena.cc: Available memory of 1024 is smaller than requested bytes of 4096', 4096],
  ['BFC Arena ran out of memory trying to allocate 4096', 4096],
  ['Exception during run: std::bad_alloc', null],
  ['CUDA failure 2: out of memory ; GPU=0 ; hostname=h ; expr=cudaMalloc((void**)&p, size);', null],
  ['CUBLAS failure 3: CUBLAS_STATUS_ALLOC_FAILED ; GPU=0', null],
  ['CUDNN failure 4002: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED', null],
])('memory ran out: %s', (message, bytes) => {
  expect(memoryTrouble(message)).toEqual({ bytes })
})
it.each([
  'CUDA failure 700: an illegal memory access was encountered',
  'CUDA failure 20: x',
  'CUBLAS failure 13: CUBLAS_STATUS_EXECUTION_FAILED',
  'Non-zero status code returned while running Gather node: indices element out of data bounds',
])('memory did not run out: %s', (message) => {
  expect(memoryTrouble(message)).toBeNull()
})
