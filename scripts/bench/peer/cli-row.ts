import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { packagePath } from '../../../src/package.ts'
import type { Row } from './table.ts'

export interface CliRequest {
  readonly title: string
  readonly kind: 'rm' | 'dpo'
  /** Interpreter of the pinned environment. */
  readonly python: string
  readonly work: string
  readonly here: string
  readonly rounds: number
  readonly threads: number
}
interface Timed {
  readonly wall: number
  readonly cpu: number
  readonly peakMb: number
  readonly code: number
}

/**
 * RewardBench's command and ours on the embedded demo, whole processes, alternately. Ours also verifies every completion, computes the
 * statistics and writes the report; both read the same chat template and the same pairs. Scores are compared row by row.
 */
export function cliRow(request: CliRequest): Row {
  const { title, kind, python, work, here, rounds, threads } = request
  const folder = join(work, `cli-${kind}`)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const demo = packagePath('src/embedded/demo')
  // RewardBench writes beside a model that is named by an absolute path
  for (const name of ['demo-reward-model', 'demo-policy-dpo', 'demo-ref-sft']) {
    const link = join(folder, name)
    if (!existsSync(link)) symlinkSync(join(demo, name), link)
  }
  const pairs = readFileSync(join(demo, 'pairs.jsonl'), 'utf8').trim().split('\n')
  writeFileSync(join(folder, 'pairs.jsonl'), pairs.map((line) => `${asMessages(line)}\n`).join(''))
  // the same pairs, with what the verifier needs
  mkdirSync(join(folder, 'solved'))
  writeFileSync(join(folder, 'solved/pairs.jsonl'), pairs.map((line) => `${asMessages(line, ['solution'])}\n`).join(''))
  const model = kind === 'rm' ? 'demo-reward-model' : 'demo-policy-dpo'
  const theirs = [
    ...[python, join(here, 'rewardbench-cpu.py'), `--model=${model}`, '--dataset=pairs.jsonl', '--load_json'],
    ...['--batch_size=8', '--torch_dtype=float32', '--not_quantized', '--output_dir=theirs/', '--save_all'],
    ...(kind === 'dpo' ? ['--ref_model=demo-ref-sft'] : []),
  ]
  const bin = packagePath('dist/scripts', kind === 'rm' ? 'run-rm.js' : 'run-dpo.js')
  const ours = [
    ...[process.execPath, bin, '--dataset', 'solved/pairs.jsonl', '--model', model, '--herm-compat', '--no-resume'],
    ...['--output-dir', 'ours', '--name', 'bench', '--threads', String(threads), '--quiet'],
    // RewardBench's implicit reward has no β
    ...(kind === 'dpo' ? ['--ref-model', 'demo-ref-sft', '--beta', '1'] : []),
  ]
  const timed = (command: readonly string[]): Timed => {
    const out = join(folder, 'timed.json')
    const env = {
      ...process.env,
      OMP_NUM_THREADS: String(threads),
      HF_HUB_OFFLINE: '1',
      HF_DATASETS_OFFLINE: '1',
      TRANSFORMERS_VERBOSITY: 'error',
    }
    spawnSync(python, [join(here, 'timed.py'), out, ...command], { cwd: folder, env, stdio: ['ignore', 2, 2] })
    const spent = JSON.parse(readFileSync(out, 'utf8')) as Timed
    if (spent.code !== 0) throw new Error(`${command.join(' ')} ended with ${spent.code}`)
    return spent
  }
  timed(theirs)
  timed(ours)
  const each = Array.from({ length: rounds }, () => ({ theirs: timed(theirs), ours: timed(ours) }))
  const { worst, flips } = compare(folder, model, join(folder, 'ours/bench/pairs/scores.csv'))
  const ratio = (clock: 'cpu' | 'wall') => each.map((round) => round.theirs[clock] / round.ours[clock])
  const most = (side: 'theirs' | 'ours') => Math.max(...each.map((round) => round[side].peakMb))
  return {
    title,
    againstRewardBench: ratio('cpu'),
    againstSorted: null,
    ofPeak: null,
    peakMb: { ours: most('ours'), peer: most('theirs') },
    worstDifference: worst,
    flips,
    wall: ratio('wall'),
    raw: each,
  }
}

/** RewardBench reads whole conversations. @param more columns that stay */
function asMessages(line: string, more: readonly string[] = []): string {
  const row = JSON.parse(line) as Record<string, unknown>
  const { id, subset, prompt, chosen, rejected } = row
  const ending = (content: unknown): unknown[] => [...(prompt as unknown[]), { role: 'assistant', content }]
  const kept = Object.fromEntries(more.map((name) => [name, row[name]]))
  return JSON.stringify({ id, subset, prompt, chosen: ending(chosen), rejected: ending(rejected), ...kept })
}

/** Largest difference of two scores, and pairs of which the two sides prefer other completions. */
function compare(folder: string, model: string, scores: string): { worst: number; flips: number } {
  const theirs = readFileSync(join(folder, 'theirs', `${model}_all.jsonl`), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<'chosen' | 'rejected', number | [number]>)
  const rows = parse(readFileSync(scores), { columns: true }) as Record<string, string>[]
  const of = (role: string): number[] => rows.filter((row) => row.role === role).map((row) => Number(row.score))
  const [chosen, rejected] = [of('chosen'), of('rejected')]
  if (theirs.length !== chosen.length || theirs.length !== rejected.length)
    throw new Error(`${theirs.length} pairs of theirs, ${chosen.length} of ours`)
  let [worst, flips] = [0, 0]
  for (const [i, pair] of theirs.entries()) {
    const [a, b] = [Number(pair.chosen), Number(pair.rejected)]
    worst = Math.max(worst, Math.abs(a - chosen[i]!), Math.abs(b - rejected[i]!))
    if (a > b !== chosen[i]! > rejected[i]!) flips++
  }
  return { worst, flips }
}
