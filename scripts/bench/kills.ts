/**
 * Commands that are killed at random points and started again: every file must be that of a run that nobody disturbed.
 *
 *   npx tsx scripts/bench/kills.ts [--points 200] [--signal KILL|TERM|INT] [--seed 1] [--only run-rm,analyze] [--at-once 2] [--folder DIR]
 *     (after `npm run build`; --only: names of kill-scenarios.ts, separated by commas)
 *
 * Half of the points are moments (uniform over the time that the command takes), half are changes in its folder (the n-th, uniform over
 * those of an undisturbed run), which lie where files are written. One in four is killed once more when it is started again. Then the same command
 * runs to its end, and the folder is compared, names and bytes; of run.json and what shows it, all but when, how long and what was left to do.
 * With TERM or INT it is also seen that the command ended as 130 (or had ended by itself), and left no half file and no lock.
 */
import { spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, watch } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import pLimit from 'p-limit'
import { packagePath } from '../../src/package.ts'
import { namedPrng, type Prng } from '../../src/prng.ts'
import { textTable } from '../../src/report/table.ts'
import { type Call, chosen, type Scenario, scenariosIn, snapshot, unlike } from './kill-scenarios.ts'

const { values: flags } = parseArgs({
  options: {
    points: { type: 'string', default: '200' },
    signal: { type: 'string', default: 'KILL' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    'at-once': { type: 'string', default: String(Math.min(2, availableParallelism())) },
    folder: { type: 'string' },
  },
})
const signal = `SIG${flags.signal}` as NodeJS.Signals
const top = flags.folder ?? mkdtempSync(join(tmpdir(), 'kills-'))

interface Ended {
  readonly code: number | null
  readonly by: NodeJS.Signals | null
  readonly said: string
  readonly ms: number
  /** Changes seen in the folder. */
  readonly changes: number
  /** From the signal to the end; null where it came too late. */
  readonly endingMs: number | null
}

/** When to kill: after so many milliseconds, or so many changes of the folder. */
type Point = { readonly ms: number } | { readonly changes: number } | null

function run([command, ...args]: Call, out: string, point: Point): Promise<Ended> {
  return new Promise((resolve) => {
    const began = performance.now()
    const child = spawn(process.execPath, [packagePath('dist/scripts', `${command}.js`), ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: process.env.PATH ?? '', HOME: '/nonexistent' },
    })
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
    let changes = 0
    let sent: number | null = null
    const kill = (): void => {
      if (sent === null && child.kill(signal)) sent = performance.now()
    }
    const watcher = watch(out, { recursive: true }, () => {
      changes++
      if (point !== null && 'changes' in point && changes >= point.changes) kill()
    })
    const timer = point !== null && 'ms' in point ? setTimeout(kill, point.ms) : undefined
    child.once('close', (code, by) => {
      clearTimeout(timer)
      watcher.close()
      const now = performance.now()
      resolve({ code, by, said, ms: now - began, changes, endingMs: sent === null ? null : now - sent })
    })
  })
}

interface Row {
  readonly name: string
  points: number
  late: number
  early: number
  stopped: number
  finished: number
  slowestMs: number
  equal: number
  readonly troubles: string[]
}

async function scenario({ name, before, calls }: Scenario, points: number): Promise<Row> {
  const row: Row = { name, points: 0, late: 0, early: 0, stopped: 0, finished: 0, slowestMs: 0, equal: 0, troubles: [] }
  const base = join(top, name.replace(/\W+/g, '-'))
  const [out, start, kept] = ['out', 'start', 'kept'].map((part) => join(base, part)) as [string, string, string]
  rmSync(base, { recursive: true, force: true })
  mkdirSync(out, { recursive: true })
  for (const call of before(out)) await run(call, out, null)
  cpSync(out, start, { recursive: true })
  const alone: Ended[] = []
  for (const call of calls(out)) {
    const ended = await run(call, out, null)
    if (ended.code !== 0) throw new Error(`${name}, undisturbed: exit ${ended.code}: ${ended.said}`)
    alone.push(ended)
  }
  const whole = snapshot(out)
  for (let i = 0; i < points; i++) {
    const random = namedPrng(Number(flags.seed), `${name} ${i}`)
    rmSync(out, { recursive: true, force: true })
    cpSync(start, out, { recursive: true })
    const of = Math.floor(random() * alone.length)
    const trouble = (what: string): void => {
      row.troubles.push(`point ${i}: ${what}`)
      cpSync(out, `${kept}-${i}`, { recursive: true })
    }
    row.points++
    for (const [k, call] of calls(out).entries()) {
      let again = k === of ? (random() < 0.25 ? 2 : 1) : 0
      for (;;) {
        const point = again > 0 ? pointOf(alone[k]!, random) : null
        const ended = await run(call, out, point)
        if (again > 0) {
          seen(ended, row, out, trouble, call)
          if (ended.endingMs === null) break
          again--
          continue
        }
        if (ended.code !== 0) trouble(`started again: exit ${ended.code}: ${ended.said}`)
        break
      }
    }
    const different = unlike(whole, snapshot(out))
    if (different.length === 0) row.equal++
    else trouble(different.join('; '))
  }
  process.stderr.write(`${name}: ${row.equal} of ${row.points} equal\n`)
  for (const line of row.troubles) process.stderr.write(`  ${name}: ${line}\n`)
  return row
}

const pointOf = ({ ms, changes }: Ended, random: Prng): Point =>
  random() < 0.5 ? { ms: random() * ms } : { changes: 1 + Math.floor(random() * Math.max(1, changes)) }

/** How a command ended that was sent the signal. */
function seen(ended: Ended, row: Row, out: string, trouble: (what: string) => void, call: Call): void {
  const { code, by, said, endingMs } = ended
  if (endingMs === null) {
    row.late++
    return
  }
  row.slowestMs = Math.max(row.slowestMs, endingMs)
  if (signal === 'SIGKILL') {
    if (by === signal) row.stopped++
    else row.finished++
    return
  }
  if (by === signal && said === '') row.early++
  else if (code === 130 && /interrupted/.test(said) && /kept|again|half/.test(said)) row.stopped++
  else if (code === 0) row.finished++
  else trouble(`${call[0]} ended with ${code ?? by}: ${said}`)
  const left = existsSync(out)
    ? readdirSync(out, { recursive: true, encoding: 'utf8' }).filter((n) => /\.(partial|lock|new|tmp|stale)$/.test(n))
    : []
  const kept = left.filter((name) => !/(completions|trajectories)\.jsonl\.partial$/.test(name))
  if (kept.length > 0) trouble(`left ${kept.join(', ')}`)
}

mkdirSync(top, { recursive: true })
const asked = chosen(scenariosIn(top), flags.only)
const each = Math.ceil(Number(flags.points) / asked.length)
const turn = pLimit(Number(flags['at-once']))
const began = performance.now()
const rows = await Promise.all(asked.map((one) => turn(() => scenario(one, each))))
process.stdout.write(
  `${signal}, seed ${flags.seed}, ${((performance.now() - began) / 60_000).toFixed(0)} min\n\n${textTable(
    ['command', 'points', 'stopped', 'before its first line', 'ended by itself', 'longest to end, ms', 'then equal'],
    rows.map((r) =>
      [r.name, r.points, r.stopped, r.early, r.finished + r.late, r.slowestMs.toFixed(0), r.equal].map(String),
    ),
  )}\n`,
)
process.exitCode = rows.some(({ troubles }) => troubles.length > 0) ? 4 : 0
