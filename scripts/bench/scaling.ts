/**
 * How time and memory grow: with pairs, completions per prompt, tokens per row and threads.
 *
 *   npx tsx scripts/bench/scaling.ts [--only pairs,completions,length,threads] [--pairs 100,1000,10000,100000] [--rounds 3] [--out FOLDER]     (after `npm run build`)
 *
 * pairs: whole commands (run-rm with its defaults on the demo's rows, each prompt numbered), a process each. The others: the model alone on seeded
 * tokens in the run's own batches, SmolLM2-135M's shape, all sizes interleaved, median of the rounds. Seconds of CPU are those of all threads. With
 * `--out FOLDER` what was measured is written there: to results/ beside this file what the README states.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openCheckpoint } from '../../src/model/checkpoint.ts'
import { openModel } from '../../src/model/open.ts'
import { startSession } from '../../src/model/session.ts'
import { packagePath, packageVersion } from '../../src/package.ts'
import { below, prng } from '../../src/prng.ts'
import { measure } from '../../src/score/measure.ts'
import { planBatches, planOptionsFor } from '../../src/score/plan.ts'
import type { Sequence } from '../../src/types.ts'
import { writeDemoRows } from './demo-rows.ts'
import { SHAPES, seededModel } from './seeded-model.ts'

const { values: flags } = parseArgs({
  options: {
    only: { type: 'string', default: 'pairs,completions,length,threads' },
    pairs: { type: 'string', default: '100,1000,10000,100000' },
    rounds: { type: 'string', default: '3' },
    out: { type: 'string' },
  },
})
const rounds = Number(flags.rounds)
const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!

/** A line of a table; numbers as they were measured. */
type Line = Readonly<Record<string, number>>

async function byPairs(): Promise<Line[]> {
  const folder = mkdtempSync(join(tmpdir(), 'scaling-'))
  const lines: Line[] = []
  for (const pairs of flags.pairs.split(',').map(Number)) {
    const data = join(folder, `${pairs}.jsonl`)
    await writeDemoRows(data, pairs)
    const args = ['--dataset', data, '--output-dir', join(folder, String(pairs)), '--name', 'm', '--device', 'cpu']
    const began = performance.now()
    const child = spawn(process.execPath, [packagePath('dist/scripts/run-rm.js'), ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let measuredS = 0
    let cpuS = 0
    child.stderr.on('data', (chunk: Buffer) => {
      process.stderr.write(chunk)
      if (chunk.includes(` ${2 * pairs}/${2 * pairs} completions`) && measuredS === 0)
        measuredS = (performance.now() - began) / 1e3
    })
    const watch = setInterval(() => {
      cpuS = cpuSeconds(child.pid!) ?? cpuS
    }, 20)
    const [code] = (await once(child, 'exit')) as [number]
    clearInterval(watch)
    if (code !== 0) throw new Error(`run-rm of ${pairs} pairs ended with ${code}`)
    const wallS = (performance.now() - began) / 1e3
    const run = JSON.parse(readFileSync(join(folder, String(pairs), 'm', String(pairs), 'run.json'), 'utf8')) as {
      memory: { peak_rss_bytes: number }
    }
    lines.push({
      pairs,
      'wall s': wallS,
      'CPU s': cpuS,
      'CPU ms a pair': (1e3 * cpuS) / pairs,
      'completions/s until all are scored': (2 * pairs) / measuredS,
      'peak MiB': run.memory.peak_rss_bytes / 2 ** 20,
    })
    rmSync(join(folder, String(pairs)), { recursive: true })
  }
  rmSync(folder, { recursive: true })
  return lines
}

/** User and system, all threads, from /proc: ticks of a hundredth. */
function cpuSeconds(pid: number): number | null {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)!.split(' ')
    return (Number(fields[11]) + Number(fields[12])) / 100
  } catch {
    return null
  }
}

interface Size {
  readonly line: Line
  readonly sequences: readonly Sequence[]
  readonly threads: number
}
const random = prng(5)
const ids = (n: number): number[] => Array.from({ length: n }, () => 1 + below(random, SHAPES['135m']!.vocab - 1))
const prompts = (count: number, completions: number, promptTokens: number, tokens: number): Sequence[] =>
  Array.from({ length: count }, (_, group) => {
    const prompt = ids(promptTokens)
    return Array.from({ length: completions }, (): Sequence => {
      const all = Int32Array.from([...prompt, ...ids(tokens)])
      return { ids: all, typeIds: null, positionStart: 0, reads: Int32Array.of(all.length - 1), group }
    })
  }).flat()

/** The model alone, all sizes interleaved. */
async function timeSizes(sizes: readonly Size[]): Promise<Line[]> {
  const checkpoint = openCheckpoint(seededModel('135m', 'score', 'f32'))
  const model = openModel(checkpoint, { kind: 'head', device: 'cpu', dtype: 'auto' })
  const runners = new Map<number, Awaited<ReturnType<typeof startSession>>>()
  for (const threads of new Set(sizes.map((size) => size.threads)))
    runners.set(threads, await startSession(model, { threads }))
  const plan = planOptionsFor(model.batching)
  const spent = sizes.map(() => ({ cpu: [] as number[], wall: [] as number[], tokens: 0 }))
  for (let round = -1; round < rounds; round++)
    for (const [i, { sequences, threads }] of sizes.entries()) {
      const batches = planBatches(sequences, plan)
      const before = process.cpuUsage()
      const began = performance.now()
      for await (const _ of measure(runners.get(threads)!, batches, sequences));
      const { user, system } = process.cpuUsage(before)
      if (round < 0) continue // warm
      spent[i]!.cpu.push((user + system) / 1e6)
      spent[i]!.wall.push((performance.now() - began) / 1e3)
      spent[i]!.tokens = batches.reduce((sum, { tokens }) => sum + tokens, 0)
    }
  for (const runner of runners.values()) await runner.release()
  return sizes.map(({ line, sequences }, i) => {
    const { cpu, wall, tokens } = spent[i]!
    return {
      ...line,
      'wall s': median(wall),
      'CPU s': median(cpu),
      'tokens computed': tokens,
      'CPU ms a token': (1e3 * median(cpu)) / tokens,
      'CPU ms a completion': (1e3 * median(cpu)) / sequences.length,
    }
  })
}

const cores = availableParallelism()
const PARTS: Readonly<Record<string, () => Promise<Line[]>>> = {
  pairs: byPairs,
  completions: () =>
    timeSizes(
      [1, 2, 4, 8, 16].map((completions) => ({
        line: { 'completions per prompt': completions },
        sequences: prompts(32 / completions, completions, 150, 100),
        threads: cores,
      })),
    ),
  length: () =>
    timeSizes(
      [128, 256, 512, 1024, 2048, 4096].map((length) => ({
        line: { 'tokens a row': length },
        sequences: prompts(2, 1, 1, length - 1),
        threads: cores,
      })),
    ),
  threads: () =>
    timeSizes([1, 2].map((threads) => ({ line: { threads }, sequences: prompts(12, 2, 150, 100), threads }))),
}

const round = (value: number): string => (Number.isInteger(value) ? String(value) : value.toPrecision(3))
const load = loadavg()[0]!
const measured: Record<string, Line[]> = {}
for (const name of flags.only.split(',')) {
  const part = PARTS[name]
  if (part === undefined) throw new Error(`--only ${name} is none of ${Object.keys(PARTS).join(', ')}`)
  const lines = await part()
  measured[name] = lines
  const columns = Object.keys(lines[0]!)
  console.log(`\n| ${columns.join(' | ')} |\n| ${columns.map(() => '---:').join(' | ')} |`)
  for (const line of lines) console.log(`| ${columns.map((column) => round(line[column]!)).join(' | ')} |`)
}
const processor = cpus()[0]?.model ?? 'unknown'
console.log(`\n${processor}, ${cores} cores, load ${load.toFixed(1)} before`)
if (flags.out !== undefined) {
  mkdirSync(flags.out, { recursive: true })
  const machine = { processor, cores, loadBefore: load, node: process.version, chemherm: packageVersion }
  const name = `scaling-${new Date().toISOString().slice(0, 10)}-${processor.replaceAll(/[^A-Za-z0-9]+/g, '-').toLowerCase()}.json`
  const file = join(flags.out, name)
  writeFileSync(file, `${JSON.stringify({ machine, rounds, ...measured }, null, 1)}\n`)
  console.log(`written to ${file}`)
}
