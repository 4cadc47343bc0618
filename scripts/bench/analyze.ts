/**
 * Seconds and memory of `analyze` on runs of N pairs in 12 subsets, two pairs a prompt.
 * `npx tsx scripts/bench/analyze.ts [--pairs 100000] [--runs 2] [--levels 2] [--group 0] [--keep DIR] [--only-write]`
 * Writes seeded runs (scores.csv, pairs.csv, as run-rm writes them), analyses them with the built bin in a process of its own, and prints
 * wall and CPU seconds and the largest resident size. `--levels 5`: verifiable rewards with partial credit. `--group 8`: groups of 8 completions
 * in place of pairs, half of them mostly right. An `analyze` that does not end with 0 is an error of the bench.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { prng } from '../../src/prng.ts'
import { type Cell, openCsv } from '../../src/report/csv.ts'
import { PAIR_COLUMNS, SCORE_COLUMNS, TEXT_COLUMNS, VERDICT_COLUMNS } from '../../src/report/scores.ts'

const { values } = parseArgs({
  options: {
    pairs: { type: 'string', default: '100000' },
    runs: { type: 'string', default: '2' },
    levels: { type: 'string', default: '2' },
    group: { type: 'string', default: '0' },
    keep: { type: 'string' },
    'only-write': { type: 'boolean', default: false },
  },
})
const SUBSETS = 12
const PAIRS_A_PROMPT = 2

interface Shape {
  readonly pairs: number
  /** Values of the verifiable reward. */
  readonly levels: number
  /** Completions of a group; 0 = pairs. */
  readonly group: number
}

const hash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16)

type Row<Columns extends readonly string[]> = Readonly<Record<Columns[number], Cell>>
/** The cells in the order of their columns: a column that is missing here is an error of types. */
const cellsOf = <Columns extends readonly string[]>(columns: Columns, row: Row<Columns>): Cell[] =>
  columns.map((name) => row[name as Columns[number]])

const RUN_COLUMNS = [...SCORE_COLUMNS, ...TEXT_COLUMNS, ...VERDICT_COLUMNS] as const
const FAULTS = ['near_miss', 'wrong', 'invalid'] as const

interface Side {
  readonly role: 'chosen' | 'rejected' | 'completion'
  readonly index: number
  readonly verdict: number
  readonly score: number
  readonly tokens: number
  readonly chars: number
  readonly hash: string
}
const statusOf = (verdict: number): string => (verdict >= 1 ? 'pass' : verdict > 0 ? 'partial' : 'fail')
const reasonOf = (verdict: number): string | null => (verdict >= 1 ? null : 'wrong_formula')

const scoreRow = (id: string, subset: string, cluster: string, side: Side): Cell[] =>
  cellsOf(RUN_COLUMNS, {
    id,
    subset,
    role: side.role,
    index: side.index,
    score: side.score,
    score_reason: null,
    verifiable_reward: side.verdict,
    verifiable_status: statusOf(side.verdict),
    verifiable_reason: reasonOf(side.verdict),
    format_reward: 1,
    prompt_tokens: 60,
    completion_tokens: side.tokens,
    truncated: 0,
    scored_token_index: 60 + side.tokens - 1,
    text_sha256: side.hash.repeat(4),
    cluster,
    completion_hash: side.hash,
    verdict_cause: side.verdict >= 1 ? null : 'answer',
    hinges_on: null,
  })

function pairRow(id: string, subset: string, cluster: string, [c, r]: readonly [Side, Side], fault: string): Cell[] {
  const outcome = (m: number): string => (m > 0 ? 'win' : m === 0 ? 'tie' : 'loss')
  const [margin, verified] = [c.score - r.score, outcome(c.verdict - r.verdict)]
  const wrong = r.verdict < 1
  return cellsOf(PAIR_COLUMNS, {
    id,
    subset,
    rejected_index: 0,
    chosen_score: c.score,
    rejected_score: r.score,
    margin,
    outcome: outcome(margin),
    chosen_reward: c.verdict,
    rejected_reward: r.verdict,
    verifiable_outcome: verified,
    agree: verified === 'tie' || margin === 0 ? null : Number(verified === outcome(margin)),
    chosen_reason: reasonOf(c.verdict),
    rejected_reason: reasonOf(r.verdict),
    chosen_tokens: c.tokens,
    rejected_tokens: r.tokens,
    chosen_chars: c.chars,
    rejected_chars: r.chars,
    chosen_index: 0,
    cluster,
    problem_type: 'task',
    chosen_status: statusOf(c.verdict),
    rejected_status: statusOf(r.verdict),
    chosen_hash: c.hash,
    rejected_hash: r.hash,
    rejected_fault: wrong ? fault : 'right',
    well_formed: wrong && fault === 'invalid' ? 0 : 1,
    tanimoto: wrong && fault !== 'invalid' ? (fault === 'near_miss' ? 0.5 : 0.125) : null,
  })
}

/** Rewards follow the label nine times of ten; scores follow the reward. */
async function writeRun(folder: string, { pairs, seed, levels, group }: Shape & { seed: number }): Promise<void> {
  mkdirSync(folder, { recursive: true })
  // the data of all runs are the same, the scores of each its own
  const [data, model] = [prng(1), prng(100 + seed)]
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - model())) * Math.cos(2 * Math.PI * model())
  const scores = openCsv(join(folder, 'scores.csv'), RUN_COLUMNS)
  const pairsFile = group > 0 ? null : openCsv(join(folder, 'pairs.csv'), PAIR_COLUMNS)
  const reward = (right: boolean): number => {
    const pass = data() < (right ? 0.9 : 0.1)
    return pass ? 1 : levels === 2 ? 0 : Math.floor(data() * (levels - 1)) / (levels - 1)
  }
  const side = (id: string, role: Side['role'], index: number): Side => {
    const verdict = reward(role === 'completion' ? index % 2 === 0 : role === 'chosen')
    return {
      role,
      index,
      verdict,
      score: Math.fround(normal() + verdict),
      tokens: Math.floor(40 + 60 * data()),
      chars: Math.floor(100 + 300 * data()),
      hash: hash(`${id} ${role} ${index}`),
    }
  }
  for (let i = 0; i < pairs; i++) {
    const prompt = Math.floor(i / PAIRS_A_PROMPT)
    const [id, subset, cluster] = [String(i + 1), `subset ${prompt % SUBSETS}`, hash(`prompt ${prompt}`)]
    const sides =
      group > 0
        ? Array.from({ length: group }, (_, k) => side(id, 'completion', k))
        : [side(id, 'chosen', 0), side(id, 'rejected', 0)]
    for (const one of sides) await scores.write(scoreRow(id, subset, cluster, one))
    await pairsFile?.write(pairRow(id, subset, cluster, sides as unknown as [Side, Side], FAULTS[i % FAULTS.length]!))
  }
  await scores.close()
  await pairsFile?.close()
}

/** Runs the built `analyze` and reads what the kernel says of it. */
async function measured(folder: string): Promise<{ wall: number; cpu: number; peakMib: number; code: number | null }> {
  const start = process.hrtime.bigint()

  const before = childCpu()
  let peak = 0
  const child = spawn(process.execPath, ['dist/scripts/analyze.js', '--output-dir', folder], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  // VmHWM grows only: the last reading before the end is the peak but for what the very last moments add
  const status = `/proc/${child.pid}/status`
  const timer = setInterval(() => {
    if (existsSync(status)) peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(readFileSync(status, 'utf8'))?.[1] ?? 0))
  }, 50)
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  clearInterval(timer)

  return { wall: Number(process.hrtime.bigint() - start) / 1e9, cpu: childCpu() - before, peakMib: peak / 1024, code }
}

/** CPU seconds of children that have ended: fields 16 and 17 of /proc/self/stat, in hundredths. */
function childCpu(): number {
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]!.split(' ')
  return (Number(fields[13]) + Number(fields[14])) / 100
}

const [pairs, runs, levels, group] = [values.pairs, values.runs, values.levels, values.group].map(Number) as [
  number,
  number,
  number,
  number,
]
const folder = values.keep ?? mkdtempSync(join(tmpdir(), 'bench-analyze-'))
for (let run = 0; run < runs; run++) {
  const path = join(folder, `model-${run + 1}`, 'pairs')
  if (!existsSync(join(path, 'scores.csv'))) await writeRun(path, { pairs, seed: run, levels, group })
}
if (!values['only-write']) {
  const { wall, cpu, peakMib, code } = await measured(folder)
  const what = group > 0 ? `groups of ${group}` : 'pairs'
  const rows = `${runs} runs of ${pairs.toLocaleString('en-US')} ${what} in ${SUBSETS} subsets, ${levels} levels of reward`
  console.log(
    `${rows}: ${wall.toFixed(1)} s wall, ${cpu.toFixed(1)} s CPU, peak ${peakMib.toFixed(0)} MiB, exit ${code}`,
  )
  console.log(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`)
  process.exitCode = code ?? 1
}
if (values.keep === undefined) rmSync(folder, { recursive: true, force: true })
