/**
 * Opening, memory and speed of weights in few bits beside float32, on a seeded random model.
 *
 *   npx tsx scripts/bench/few-bits.ts [--shape 1.5b|0.5b|135m|tiny] [--head score|logProb] [--dtypes fp32,q8,q4] [--rounds 3]
 *     [--tokens 1024] [--threads 1]
 *
 * Each measurement is a process of its own, which opens the model and scores one batch of so many tokens twice; the second counts. The
 * formats take turns. Speed is per CPU second, since others use the machine, too; ratios are median and range over the rounds. The first
 * opening of q8 and q4 makes the file of weights, in CHEMHERM_QUANTISED_DIR. The model (bfloat16) goes to the temporary folder, once.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { openCheckpoint } from '../../src/model/checkpoint.ts'
import type { DtypeChoice } from '../../src/model/dtype.ts'
import { openModel } from '../../src/model/open.ts'
import { startSession } from '../../src/model/session.ts'
import { packagePath } from '../../src/package.ts'
import { below, prng } from '../../src/prng.ts'
import { measure } from '../../src/score/measure.ts'
import { planBatches, planOptionsFor } from '../../src/score/plan.ts'
import type { Sequence } from '../../src/types.ts'
import { SHAPES, seededModel } from './seeded-model.ts'

const { values: flags } = parseArgs({
  options: {
    shape: { type: 'string', default: '1.5b' },
    head: { type: 'string', default: 'score' },
    dtypes: { type: 'string', default: 'fp32,q8,q4' },
    rounds: { type: 'string', default: '3' },
    tokens: { type: 'string', default: '1024' },
    threads: { type: 'string', default: '1' },
    only: { type: 'string' },
  },
})
interface Measured {
  readonly openSeconds: number
  readonly openPeakMb: number
  readonly peakMb: number
  /** Of it, pages of mapped files, which the system can drop and read again. */
  readonly mappedMb: number
  readonly tokensPerCpuSecond: number
  readonly fileMb: number
  readonly made: boolean
}
const status = (field: string): number =>
  Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync('/proc/self/status', 'utf8'))![1]) / 1000

const shape = SHAPES[flags.shape]!
const dir = seededModel(flags.shape, flags.head as 'score' | 'logProb', 'bf16')

async function one(dtype: DtypeChoice): Promise<Measured> {
  const kind = flags.head === 'score' ? 'head' : 'logProb'
  const model = openModel(openCheckpoint(dir), { kind, device: 'cpu', dtype })
  const lines: string[] = []
  const options = { threads: Number(flags.threads), say: (line: string): void => void lines.push(line) }
  const runner = await startSession(model, options)
  const openPeakMb = status('VmHWM')
  const random = prng(4)
  const length = Number(flags.tokens) / 4
  const sequences = Array.from({ length: 4 }, (_, group): Sequence => {
    const ids = Int32Array.from({ length }, () => 1 + below(random, shape.vocab - 1))
    return {
      ids,
      typeIds: null,
      positionStart: 0,
      reads: Int32Array.of(kind === 'head' ? length - 1 : length / 2),
      group,
    }
  })
  const batches = planBatches(sequences, planOptionsFor(model.batching))
  let cpu = 0
  for (let turn = 0; turn < 2; turn++) {
    const before = process.cpuUsage()
    for await (const _ of measure(runner, batches, sequences));
    const { user, system } = process.cpuUsage(before)
    cpu = (user + system) / 1e6
  }
  const measured = {
    openSeconds: runner.info.openMs / 1e3,
    openPeakMb,
    peakMb: status('VmHWM'),
    mappedMb: status('RssFile'),
    tokensPerCpuSecond: Number(flags.tokens) / cpu,
    fileMb: (runner.info.quantisation?.bytes ?? 0) / 1e6,
    made: lines.length > 0,
  }
  await runner.release()
  return measured
}

if (flags.only !== undefined) {
  console.log(JSON.stringify(await one(flags.only as DtypeChoice)))
} else {
  const dtypes = flags.dtypes.split(',')
  const found = new Map<string, Measured[]>(dtypes.map((dtype) => [dtype, []]))
  for (let round = 0; round < Number(flags.rounds); round++)
    for (const dtype of dtypes) {
      const own = ['shape', 'head', 'tokens', 'threads'] as const
      const args = own.flatMap((name) => [`--${name}`, flags[name]])
      const script = packagePath('scripts/bench/few-bits.ts')
      const output = execFileSync('npx', ['tsx', script, ...args, '--only', dtype], {
        encoding: 'utf8',
        maxBuffer: 1e8,
      })
      const measured = JSON.parse(output.trim().split('\n').at(-1)!) as Measured
      found.get(dtype)!.push(measured)
      console.error(dtype, JSON.stringify(measured))
    }
  const median = (xs: readonly number[]): number => [...xs].sort((a, b) => a - b)[xs.length >> 1]!
  const base = found.get(dtypes[0]!)!
  console.table(
    Object.fromEntries(
      dtypes.map((dtype) => {
        const all = found.get(dtype)!
        const ratios = all.map((one, i) => one.tokensPerCpuSecond / base[i]!.tokensPerCpuSecond)
        const later = all.filter(({ made }) => !made)
        const made = all.find(({ made }) => made)
        return [
          dtype,
          {
            'file MB': Math.round(all[0]!.fileMb),
            'first open s': made === undefined ? '' : made.openSeconds.toFixed(1),
            'open s': later.length === 0 ? '' : median(later.map(({ openSeconds }) => openSeconds)).toFixed(1),
            'peak MB': Math.round(median(all.map(({ peakMb }) => peakMb))),
            'of it mapped MB': Math.round(median(all.map(({ mappedMb }) => mappedMb))),
            'tokens per CPU s': median(all.map(({ tokensPerCpuSecond }) => tokensPerCpuSecond)).toFixed(1),
            [`speed, ${dtypes[0]} = 1`]: `${median(ratios).toFixed(2)} [${Math.min(...ratios).toFixed(2)}..${Math.max(...ratios).toFixed(2)}]`,
          },
        ]
      }),
    ),
  )
}
