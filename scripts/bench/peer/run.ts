/**
 * chemherm beside RewardBench and transformers on this machine's CPU: every row of the README's table of speeds.
 *
 *   npx tsx scripts/bench/peer/run.ts [--rounds 3] [--threads 2] [--python python3.11] [--work FOLDER] [--rows name,name]
 *
 * After `npm run build`. Makes a Python environment of requirements.txt once (some 7 GB with torch's CUDA libraries, in --work), the
 * seeded models and the pairs; then both sides alternately, `rounds` times. Prints the table and writes what each round took, with the
 * machine and the versions, to results/ beside this file. Ten minutes on two cores, once the environment is made. CPU time is that of all threads.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { packagePath, packageVersion } from '../../../src/package.ts'
import { cliRow } from './cli-row.ts'
import { type Row, rowOf, type ScoreBench, tableOf } from './table.ts'

const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    threads: { type: 'string' },
    python: { type: 'string', default: 'python3.11' },
    work: { type: 'string', default: join(tmpdir(), 'chemherm-peer') },
    rows: { type: 'string' },
  },
})
const rounds = Number(flags.rounds)
const threads = flags.threads === undefined ? availableParallelism() : Number(flags.threads)
const here = packagePath('scripts/bench/peer')
const work = flags.work

/** The interpreter of the pinned environment, made where it is not there. */
function environment(): string {
  const folder = join(work, 'venv')
  const python = join(folder, 'bin/python')
  const finished = join(folder, 'finished')
  if (!existsSync(finished)) {
    console.error(`making ${folder} of requirements.txt`)
    rmSync(folder, { recursive: true, force: true })
    execFileSync(flags.python, ['-m', 'venv', folder], { stdio: 'inherit' })
    execFileSync(python, ['-m', 'pip', 'install', '--quiet', '-r', join(here, 'requirements.txt')], {
      stdio: 'inherit',
    })
    writeFileSync(finished, '')
  }
  return python
}

mkdirSync(work, { recursive: true })
const python = environment()

/** score.ts on one shape: both sides on the same weights and token ids. */
function scoreRow(title: string, args: readonly string[]): Row {
  const json = join(work, 'score.json')
  const script = packagePath('scripts/bench/score.ts')
  const all = ['--import', 'tsx', script, ...args, '--rounds', String(rounds), '--threads', String(threads)]
  const { status } = spawnSync(process.execPath, [...all, '--peer', python, '--json', json], { stdio: 'inherit' })
  if (status !== 0) throw new Error(`score.ts ${args.join(' ')} ended with ${status}`)
  return rowOf(title, JSON.parse(readFileSync(json, 'utf8')) as ScoreBench)
}

/** Both command lines from process start to last file, on models of the demo's data. */
const cli = (title: string, kind: 'rm' | 'dpo'): Row => cliRow({ title, kind, python, work, here, rounds, threads })

const ROWS: Readonly<Record<string, () => Row>> = {
  'rm-135m': () => scoreRow('RM 135M, 2 completions per prompt', ['--shape', '135m', '--pairs', '24']),
  'rm-135m-8': () =>
    scoreRow('RM 135M, 8 completions per prompt', ['--shape', '135m', '--pairs', '6', '--completions', '8']),
  'dpo-135m': () =>
    scoreRow('DPO 135M, policy and reference', ['--shape', '135m', '--pairs', '12', '--head', 'logProb']),
  'rm-0.5b': () => scoreRow('RM 0.5B, 2 completions per prompt', ['--shape', '0.5b', '--pairs', '12']),
  'cli-rm': () => cli('`rewardbench` against `run-rm`, demo model, 300 pairs, start to end', 'rm'),
  'cli-dpo': () => cli('`rewardbench --ref_model` against `run-dpo`, demo models, 300 pairs, start to end', 'dpo'),
}
const wanted = flags.rows?.split(',') ?? Object.keys(ROWS)
const load = loadavg()[0]!
const rows = wanted.map((name) => {
  const row = ROWS[name]
  if (row === undefined) throw new Error(`--rows ${name} is none of ${Object.keys(ROWS).join(', ')}`)
  return row()
})
const processor = cpus()[0]?.model ?? 'unknown'
const versions = execFileSync(python, ['-m', 'pip', 'list', '--format', 'json'], { encoding: 'utf8' })
const version = (name: string): string =>
  (JSON.parse(versions) as { name: string; version: string }[]).find((one) => one.name === name)?.version ?? 'none'
const machine = {
  processor,
  cores: cpus().length,
  threads,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  loadBefore: load,
  node: process.version,
  chemherm: packageVersion,
  onnxruntime: (
    JSON.parse(readFileSync(packagePath('package.json'), 'utf8')) as { dependencies: Record<string, string> }
  ).dependencies['onnxruntime-node'],
  python: Object.fromEntries(
    ['rewardbench', 'torch', 'transformers', 'tokenizers'].map((name) => [name, version(name)]),
  ),
}
const results = join(here, 'results')
mkdirSync(results, { recursive: true })
const name = `${new Date().toISOString().slice(0, 10)}-${processor.replaceAll(/[^A-Za-z0-9]+/g, '-').toLowerCase()}.json`
const file = join(results, name)
const before = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { rows: Row[] }).rows : []
/** Of the same machine and day: rows that were measured now take the place of theirs. */
const all = [...before.filter(({ title }) => rows.every((row) => row.title !== title)), ...rows]
writeFileSync(file, `${JSON.stringify({ machine, rounds, rows: all }, null, 1)}\n`)
console.log(tableOf(all))
console.log(`\n${processor}, ${threads} threads, load ${load.toFixed(1)} before; written to ${file}`)
