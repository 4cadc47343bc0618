/**
 * Seconds and memory of `analyze` on runs of N pairs in 12 subsets, two pairs a prompt.
 * `npx tsx scripts/bench/analyze.ts [--pairs 100000] [--runs 2] [--levels 2] [--keep DIR] [--only-write]`
 * Writes seeded runs (scores.csv, pairs.csv, as run-rm writes them), analyses them with the built bin in a process of its own, and prints
 * wall and CPU seconds and the largest resident size. `--levels 5`: verifiable rewards with partial credit.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { prng } from '../../src/prng.ts'
import { type Cell, openCsv } from '../../src/report/csv.ts'
import { PAIR_COLUMNS, SCORE_COLUMNS, TEXT_COLUMNS } from '../../src/report/scores.ts'

const { values } = parseArgs({
  options: {
    pairs: { type: 'string', default: '100000' },
    runs: { type: 'string', default: '2' },
    levels: { type: 'string', default: '2' },
    keep: { type: 'string' },
    'only-write': { type: 'boolean', default: false },
  },
})
const SUBSETS = 12
const PAIRS_A_PROMPT = 2

const hash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16)

/** One side of a pair. Rewards follow the label nine times of ten; scores follow the reward. */
async function writeRun(folder: string, pairs: number, seed: number, levels: number): Promise<void> {
  mkdirSync(folder, { recursive: true })
  // the data of all runs are the same, the scores of each its own
  const [data, model] = [prng(1), prng(100 + seed)]
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - model())) * Math.cos(2 * Math.PI * model())
  const scores = openCsv(join(folder, 'scores.csv'), [...SCORE_COLUMNS, ...TEXT_COLUMNS])
  const pairsFile = openCsv(join(folder, 'pairs.csv'), PAIR_COLUMNS)
  const reward = (right: boolean): number => {
    const pass = data() < (right ? 0.9 : 0.1)
    return pass ? 1 : levels === 2 ? 0 : Math.floor(data() * (levels - 1)) / (levels - 1)
  }
  for (let i = 0; i < pairs; i++) {
    const prompt = Math.floor(i / PAIRS_A_PROMPT)
    const [id, subset, cluster] = [String(i + 1), `subset ${prompt % SUBSETS}`, hash(`prompt ${prompt}`)]
    const sides = (['chosen', 'rejected'] as const).map((role) => {
      const verdict = reward(role === 'chosen')
      return {
        role,
        verdict,
        status: verdict >= 1 ? 'pass' : verdict > 0 ? 'partial' : 'fail',
        reason: verdict >= 1 ? null : 'wrong_formula',
        score: Math.fround(normal() + verdict),
        tokens: Math.floor(40 + 60 * data()),
        chars: Math.floor(100 + 300 * data()),
        text: hash(`${id} ${role}`),
      }
    })
    const [c, r] = sides as [(typeof sides)[0], (typeof sides)[0]]
    for (const s of sides) {
      const row: Cell[] = [
        id,
        subset,
        s.role,
        0,
        s.score,
        null,
        s.verdict,
        s.status,
        s.reason,
        1,
        60,
        s.tokens,
        0,
        60 + s.tokens - 1,
      ]
      await scores.write([...row, s.text.repeat(4), cluster, s.text])
    }
    const margin = c.score - r.score
    const outcome = (m: number): string => (m > 0 ? 'win' : m === 0 ? 'tie' : 'loss')
    const verified = outcome(c.verdict - r.verdict)
    const agree = verified === 'tie' || margin === 0 ? null : Number(verified === outcome(margin))
    const start: Cell[] = [
      id,
      subset,
      0,
      c.score,
      r.score,
      margin,
      outcome(margin),
      c.verdict,
      r.verdict,
      verified,
      agree,
    ]
    const counts: Cell[] = [c.reason, r.reason, c.tokens, r.tokens, c.chars, r.chars, 0, cluster, 'task']
    await pairsFile.write([...start, ...counts, c.status, r.status, c.text, r.text])
  }
  await scores.close()
  await pairsFile.close()
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

const [pairs, runs, levels] = [values.pairs, values.runs, values.levels].map(Number) as [number, number, number]
const folder = values.keep ?? mkdtempSync(join(tmpdir(), 'bench-analyze-'))
for (let run = 0; run < runs; run++) {
  const path = join(folder, `model-${run + 1}`, 'pairs')
  if (!existsSync(join(path, 'pairs.csv'))) await writeRun(path, pairs, run, levels)
}
if (!values['only-write']) {
  const { wall, cpu, peakMib, code } = await measured(folder)
  const rows = `${runs} runs of ${pairs.toLocaleString('en-US')} pairs in ${SUBSETS} subsets, ${levels} levels of reward`
  console.log(
    `${rows}: ${wall.toFixed(1)} s wall, ${cpu.toFixed(1)} s CPU, peak ${peakMib.toFixed(0)} MiB, exit ${code}`,
  )
  console.log(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`)
}
if (values.keep === undefined) rmSync(folder, { recursive: true, force: true })
