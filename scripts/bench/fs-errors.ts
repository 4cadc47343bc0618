/**
 * Commands on a file system that answers one call with an error, as a server of files may (NFS): each ends as exit 3 that names a file, in words,
 * or does without, and the same command ends in the files of an undisturbed run once the file system answers again.
 *
 *   npx tsx scripts/bench/fs-errors.ts [--points 200] [--codes EXDEV,ENOTSUP,ESTALE,EIO,EPERM] [--seed 1] [--only run-rm,analyze] [--at-once 2]
 *     (after `npm run build`)
 *
 * A point is a kind of call (open to write, write, close, fsync, truncate, rename, link, mkdir, remove), a code, and the n-th call of that kind on
 * files of the folder, uniform over those of an undisturbed run.
 */
import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import pLimit from 'p-limit'
import { packagePath } from '../../src/package.ts'
import { namedPrng } from '../../src/prng.ts'
import { textTable } from '../../src/report/table.ts'
import { type Call, chosen, type Scenario, scenariosIn, snapshot, unlike } from './kill-scenarios.ts'

const { values: flags } = parseArgs({
  options: {
    points: { type: 'string', default: '200' },
    codes: { type: 'string', default: 'EXDEV,ENOTSUP,ESTALE,EIO,EPERM' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    'at-once': { type: 'string', default: '2' },
  },
})
const codes = flags.codes.split(',')
const top = mkdtempSync(join(tmpdir(), 'fs-errors-'))
const PRELOAD = packagePath('scripts/bench/fs-errors-preload.cjs')

interface Ended {
  readonly code: number | null
  readonly said: string
}
function run([command, ...args]: Call, errors: Readonly<Record<string, unknown>> | null): Promise<Ended> {
  return new Promise((resolve) => {
    const before = errors === null ? [] : ['--require', PRELOAD]
    const child = spawn(process.execPath, [...before, packagePath('dist/scripts', `${command}.js`), ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: process.env.PATH ?? '', HOME: '/nonexistent', FS_ERRORS: JSON.stringify(errors) },
    })
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
    child.once('close', (code) => resolve({ code, said }))
  })
}

async function scenario({ name, before, calls }: Scenario, points: number): Promise<string[]> {
  const base = join(top, name.replace(/\W+/g, '-'))
  const [out, start, counts] = ['out', 'start', 'counts.json'].map((part) => join(base, part)) as [
    string,
    string,
    string,
  ]
  mkdirSync(out, { recursive: true })
  for (const call of before(out)) await run(call, null)
  cpSync(out, start, { recursive: true })
  const reset = (): void => {
    rmSync(out, { recursive: true, force: true })
    cpSync(start, out, { recursive: true })
  }
  const of: Record<string, number>[] = []
  for (const call of calls(out)) {
    const { code, said } = await run(call, { folder: out, counts })
    if (code !== 0) throw new Error(`${name}: exit ${code}: ${said}`)
    of.push(JSON.parse(readFileSync(counts, 'utf8')) as Record<string, number>)
  }
  const whole = snapshot(out)
  const troubles: string[] = []
  const row = { refused: 0, without: 0, equal: 0 }
  for (let i = 0; i < points; i++) {
    reset()
    const random = namedPrng(Number(flags.seed), `${name} ${i}`)
    const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!
    const disturbed = Math.floor(random() * of.length)
    const call = pick(Object.entries(of[disturbed]!).filter(([, n]) => n > 0))
    const errors = { folder: out, call: call[0], code: pick(codes), at: 1 + Math.floor(random() * call[1]) }
    const trouble = (what: string): void =>
      void troubles.push(`${errors.code} from ${errors.call} ${errors.at}: ${what}`)
    let ended: Ended = { code: 0, said: '' }
    for (const [k, one] of calls(out).entries()) {
      ended = await run(one, k === disturbed ? errors : null)
      if (ended.code !== 0) break
    }
    const raw = /\bat .*:\d+:\d+\b|\bE[A-Z]{4,}\b|something went wrong, /.exec(ended.said)
    if (ended.code === 0) row.without++
    else if (ended.code === 3 && raw === null) row.refused++
    else trouble(`exit ${ended.code}: ${ended.said}`)
    const left = readdirSync(out, { recursive: true, encoding: 'utf8' }).filter((file) =>
      /\.(lock|new|stale)$/.test(file),
    )
    // a file that could not be removed is there
    if (left.length > 0 && errors.call !== 'rmSync') trouble(`left ${left.join(', ')}`)
    // those before it have come to their end; what could not be taken away goes with the next start
    for (const one of ended.code === 0 && errors.call !== 'rmSync' ? [] : calls(out).slice(disturbed)) {
      const { code, said } = await run(one, null)
      if (code !== 0) trouble(`again: exit ${code}: ${said}`)
    }
    const different = unlike(whole, snapshot(out))
    if (different.length === 0) row.equal++
    else trouble(`again: ${different.join('; ')}`)
  }
  rmSync(base, { recursive: true, force: true })
  for (const line of troubles) process.stderr.write(`  ${name}: ${line}\n`)
  if (troubles.length > 0) process.exitCode = 4
  const cells = [name, row.refused, row.without, row.equal, points].map(String)
  process.stderr.write(`${cells.join(' ')}\n`)
  return cells
}

const asked = chosen(scenariosIn(top), flags.only)
const turn = pLimit(Number(flags['at-once']))
try {
  const each = Math.ceil(Number(flags.points) / asked.length)
  const rows = await Promise.all(asked.map((one) => turn(() => scenario(one, each))))
  process.stdout.write(
    `${codes.join(', ')}, seed ${flags.seed}\n\n${textTable(['command', 'exit 3', 'ran whole', 'equal afterwards', 'of'], rows)}\n`,
  )
} finally {
  rmSync(top, { recursive: true, force: true })
}
