/**
 * What a run takes beside its model: the model alone, the whole run with its verdicts and report, and the same beside a device that computes as
 * long but takes no processor time. Alternating rounds; the medians of wall and processor seconds.
 *
 *   npm run build && npx tsx scripts/bench/overlap.ts [--rows 10000] [--rounds 3] [--gpu-seconds 5]
 *
 * The rows are pairs of the demo, a number in front of each prompt, and the wrong answer of another row each time, so that no two molecules are
 * compared twice. The model is the demo's, the commands are the compiled ones. Wall seconds mean something on a quiet machine alone.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { resolveDevice } from '../../src/model/device.ts'
import { packagePath } from '../../src/package.ts'
import { isFailure } from '../../src/pairs/failure.ts'
import { measure } from '../../src/score/measure.ts'
import { planBatches } from '../../src/score/plan.ts'
import { Window } from '../../src/score/window.ts'
import { planOf } from '../../src/setup/choices.ts'
import { toRunConfig } from '../../src/setup/config.ts'
import { openDataset, rowsOf } from '../../src/setup/dataset.ts'
import { loadModels } from '../../src/setup/models.ts'
import { subjectOf } from '../../src/setup/subject.ts'
import type { Batch, Row, Sequence } from '../../src/types.ts'
import { isUnscored } from '../../src/unscored.ts'

const { values: flags } = parseArgs({
  options: {
    rows: { type: 'string', default: '10000' },
    rounds: { type: 'string', default: '3' },
    /** How long the device computes that takes no processor time. */
    'gpu-seconds': { type: 'string', default: '5' },
    /** Of the process that measures the model alone: the data. */
    alone: { type: 'string' },
  },
})

/** Wall and processor seconds, and the memory at its peak. */
interface Taken {
  readonly wall: number
  readonly cpu: number
  readonly mb: number
  /** Seconds inside the model. */
  readonly model: number
}

/** Every window planned as a run plans it, then the model's time alone. */
async function modelAlone(dataset: string): Promise<void> {
  const config = toRunConfig('run-rm', { dataset, device: 'cpu' })
  const device = await resolveDevice('cpu', 'fp32')
  const data = await openDataset(config, () => {})
  const models = await loadModels(config, device, () => {})
  const subject = await subjectOf(models[0]!, config, device, new Date(0), () => {})
  const plan = planOf(config, models)
  const windows: { readonly batches: readonly Batch[]; readonly sequences: readonly Sequence[] }[] = []
  let [extent, sequences] = [new Window(plan), [] as Sequence[]]
  const flush = (): void => {
    windows.push({ batches: planBatches(sequences, plan), sequences })
    sequences = []
    extent = extent.next()
  }
  for await (const row of rowsOf(config, data)) {
    if (isFailure(row)) continue
    const group = extent.groupOf(row.prompt)
    for (const prepared of subject.prepare(row)) {
      if (isUnscored(prepared)) continue
      sequences.push({ ...prepared, group })
      extent.add(prepared.ids.length)
    }
    if (extent.full) flush()
  }
  flush()
  const runner = await subject.open()
  const [began, used] = [performance.now(), process.cpuUsage()]
  for (const { batches, sequences } of windows) for await (const _ of measure(runner, batches, sequences));
  const wall = (performance.now() - began) / 1000
  const { user, system } = process.cpuUsage(used)
  await runner.release()
  const taken: Taken = { wall, cpu: (user + system) / 1e6, mb: process.resourceUsage().maxRSS / 1024, model: wall }
  console.log(JSON.stringify(taken))
}

/** The command as its bin starts it; what is said at the end is what it took. */
const command = (args: readonly string[], before: string): string => `
  ${before}
  const { runModel } = await import('./dist/src/cli/run-model.js')
  const { readFileSync } = await import('node:fs')
  const [folder, ...args] = ${JSON.stringify(args)}
  const code = await runModel('run-rm', ['--output-dir', folder, '--quiet', ...args])
  if (code !== 0) process.exit(code)
  const { models } = JSON.parse(readFileSync(folder + '/demo-reward-model/data/run.json', 'utf8'))
  const wall = performance.now() / 1000
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
  console.log(JSON.stringify({ wall, cpu: (userCPUTime + systemCPUTime) / 1e6, mb: maxRSS / 1024, model: models[0].work.modelMs / 1000 }))`

/** In place of ONNX Runtime a device that answers by the clock, run after run, as many milliseconds a token as make up the seconds. */
const deviceOf = (seconds: number, tokens: number): string => `
  const ort = await import('onnxruntime-node')
  const { modelThread } = await import('./dist/src/model/threaded.js')
  modelThread.own = false
  let [last, free, busy] = [Promise.resolve(), 0, 0]
  const run = async (feeds, asked) => {
    const ms = feeds.ids.size * ${(1000 * seconds) / tokens}
    // a timer's millisecond is too coarse for one batch: what it overshoots is the next one's
    free = Math.max(free, asked) + ms
    if (free - performance.now() > 1) await new Promise((done) => setTimeout(done, free - performance.now()))
    busy += ms
    const [rows, kept] = [feeds.rows.size, feeds.kept.size]
    // what a later run takes over of this one
    const left = Object.entries(feeds).flatMap(([name, { dims: [, width] }]) =>
      name.startsWith('carried_') ? [[name.replace('carried', 'kept'), { data: new Float32Array(kept * width), dims: [kept, width] }]] : [])
    return {
      scores: { data: Float32Array.from({ length: rows }, (_, i) => ((feeds.ids.size * 31 + i * 17) % 97) / 10), dims: [rows, 1] },
      ...Object.fromEntries(left),
    }
  }
  ort.InferenceSession.create = async () => ({
    run: (feeds) => {
      const asked = performance.now()
      return (last = last.then(() => run(feeds, asked)))
    },
    release: async () => {},
    busyMs: () => busy,
  })`

async function taken(args: readonly string[]): Promise<Taken> {
  const child = spawn(process.execPath, [...args], { stdio: ['ignore', 'pipe', 'inherit'], cwd: packagePath() })
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`${args.at(-1)!.slice(0, 200)} ended with ${code}`)
  return JSON.parse(said.trim().split('\n').at(-1)!) as Taken
}

async function writeData(path: string, rows: number): Promise<void> {
  const config = toRunConfig('run-rm', { dataset: 'demo-pairs', device: 'cpu' })
  const demo: Row[] = []
  for await (const row of rowsOf(config, await openDataset(config, () => {}))) if (!isFailure(row)) demo.push(row)
  const lines = Array.from({ length: rows }, (_, i) => {
    const { prompt, completions, solution, subset } = demo[i % demo.length]!
    const other = demo[(i + 7 * Math.floor(i / demo.length)) % demo.length]!
    const text = typeof prompt === 'string' ? prompt : prompt.map(({ content }) => content).join('\n')
    const [chosen, rejected] = [completions[0]!.text, other.completions[1]!.text]
    return JSON.stringify({ id: `r${i}`, subset, prompt: `${i}: ${text}`, chosen, rejected, solution })
  })
  writeFileSync(path, `${lines.join('\n')}\n`)
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'chemherm-overlap-'))
  try {
    const data = join(folder, 'data.jsonl')
    await writeData(data, Number(flags.rows))
    const found: Record<'alone' | 'whole' | 'device', Taken[]> = { alone: [], whole: [], device: [] }
    const whole = (name: string, before = ''): Promise<Taken> =>
      taken(['--input-type=module', '-e', command([join(folder, name), '--dataset', data, '--device', 'cpu'], before)])
    // tokens that the graph computes, for the device by the clock
    const { tokens } = await planned(data)
    for (let round = 0; round < Number(flags.rounds); round++) {
      found.alone.push(await taken(['--import', 'tsx', import.meta.filename, '--alone', data]))
      found.whole.push(await whole(`whole-${round}`))
      found.device.push(await whole(`device-${round}`, deviceOf(Number(flags['gpu-seconds']), tokens)))
    }
    const line = (name: string, all: readonly Taken[]): string => {
      const of = (what: keyof Taken): number => median(all.map((one) => one[what]))
      const beside = median(all.map(({ wall, model }) => wall - model))
      return `| ${name} | ${of('wall').toFixed(1)} | ${of('cpu').toFixed(1)} | ${of('model').toFixed(1)} | ${beside.toFixed(1)} | ${of('mb').toFixed(0)} |`
    }
    const extra = median(found.whole.map(({ wall }, i) => wall - found.alone[i]!.wall))
    console.log(`${flags.rows} pairs, ${tokens} tokens, ${availableParallelism()} cores, ${flags.rounds} rounds, medians\n
| | wall s | CPU s | in the model, wall s | beside it, wall s | peak MB |
| --- | ---: | ---: | ---: | ---: | ---: |
${line('model alone', found.alone)}
${line('whole run', found.whole)}
${line('beside a device by the clock', found.device)}

whole run − model alone, of the same round: ${extra.toFixed(1)} s of wall time`)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Tokens of all batches, as --dry-run counts them. */
async function planned(data: string): Promise<{ tokens: number }> {
  const { estimatePlan } = await import('../../src/score/estimate.ts')
  const config = toRunConfig('run-rm', { dataset: data, device: 'cpu' })
  const device = await resolveDevice('cpu', 'fp32')
  const models = await loadModels(config, device, () => {})
  const subject = await subjectOf(models[0]!, config, device, new Date(0), () => {})
  const { computed } = await estimatePlan(
    rowsOf(config, await openDataset(config, () => {})),
    subject,
    planOf(config, models),
    models[0]!.description.size,
  )
  return { tokens: computed }
}

await (flags.alone === undefined ? main() : modelAlone(flags.alone))
