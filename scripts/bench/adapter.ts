/**
 * What an adapter costs: time to open, peak memory and speed of a seeded model, with and without a LoRA on all its linear layers.
 *
 *   npx tsx scripts/bench/adapter.ts [--shape 135m|0.5b|1.5b] [--stored bf16|f32] [--rank 16] [--rounds 3] [--tokens 1024]
 *     [--threads 2]
 *
 * Each of the two is opened in a process of its own, one after the other; memory is the process's peak (VmHWM: Linux). Speed: one
 * sequence, median of the rounds. The model is written once to the temporary folder.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { applyAdapter, openAdapter } from '../../src/model/adapter.ts'
import { openCheckpoint } from '../../src/model/checkpoint.ts'
import { openModel } from '../../src/model/open.ts'
import { startSession } from '../../src/model/session.ts'
import { below, prng } from '../../src/prng.ts'
import { SHAPES, seededAdapter, seededModel } from './seeded-model.ts'

const { values: flags } = parseArgs({
  options: {
    shape: { type: 'string', default: '135m' },
    stored: { type: 'string', default: 'bf16' },
    rank: { type: 'string', default: '16' },
    rounds: { type: 'string', default: '3' },
    tokens: { type: 'string', default: '1024' },
    threads: { type: 'string', default: String(availableParallelism()) },
    base: { type: 'string' },
    adapter: { type: 'string' },
  },
})

if (flags.base === undefined) {
  const base = seededModel(flags.shape, 'score', flags.stored as 'f32' | 'bf16')
  const adapter = seededAdapter(flags.shape, base, Number(flags.rank))
  for (const more of [[], ['--adapter', adapter]]) {
    const args = [...process.execArgv, process.argv[1]!, ...process.argv.slice(2), '--base', base, ...more]
    spawnSync(process.execPath, args, { stdio: 'inherit' })
  }
} else await measureOne(flags.base, flags.adapter ?? null)

async function measureOne(base: string, adapter: string | null): Promise<void> {
  const started = performance.now()
  const plain = openCheckpoint(base)
  const checkpoint = adapter === null ? plain : applyAdapter(plain, openAdapter(adapter))
  const model = openModel(checkpoint, { kind: 'head', device: 'cpu', dtype: 'fp32' })
  const runner = await startSession(model, { threads: Number(flags.threads) })
  const openMs = performance.now() - started
  const opened = megabytes('VmHWM')
  const tokens = Number(flags.tokens)
  const random = prng(3)
  const ids = Int32Array.from({ length: tokens }, () => 1 + below(random, SHAPES[flags.shape]!.vocab - 1))
  const sequence = { ids, typeIds: null, positionStart: 0, reads: Int32Array.of(tokens - 1), group: 0 }
  const times: number[] = []
  for (let i = 0; i <= Number(flags.rounds); i++) {
    const from = performance.now()
    await runner.run({ layout: 'shared', sequences: [0], prefix: 0, tokens }, [sequence])
    if (i > 0) times.push(performance.now() - from)
  }
  const ms = times.sort((a, b) => a - b)[Math.floor(times.length / 2)]!
  await runner.release()
  console.log(
    `${flags.shape} ${flags.stored} ${adapter === null ? 'base' : `base + LoRA r ${flags.rank}`}: open ${(openMs / 1000).toFixed(1)} s, peak ${opened} MB when open, ${megabytes('VmHWM')} MB after running, ${((tokens / ms) * 1000).toFixed(0)} tokens/s`,
  )
}

/** A line of /proc/self/status, in MB (10⁶ bytes). */
function megabytes(key: string): string {
  const kib = new RegExp(`${key}:\\s+(\\d+) kB`).exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
  return kib === undefined ? '?' : ((Number(kib) * 1024) / 1e6).toFixed(0)
}
