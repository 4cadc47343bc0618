/**
 * Commands on disks that are too small (tmpfs; Linux, root): every size ends as exit 3 with the file that is missing, or as a whole run; no
 * half file is there, and with room the same command ends in the files of an undisturbed run.
 *
 *   npx tsx scripts/bench/full-disk.ts [--kb 4,8,16,…] [--inodes 2,3,…] [--read-only] [--only run-rm,analyze] [--at-once 2]      (after `npm run build`)
 *
 * serve-rewards is sent requests: each is answered, or refused in words, and with room those that were refused are sent again; then every one is kept
 * once, with the scores that its client was told.
 *
 * --kb: sizes of the disk. --inodes: numbers of files that it takes, with room enough: what a quota of files does, also when a file is renamed.
 * --read-only: a disk with room that is mounted read-only once what the command begins with lies on it.
 */
import { execFileSync, spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import pLimit from 'p-limit'
import { packagePath } from '../../src/package.ts'
import { textTable } from '../../src/report/table.ts'
import { type Call, chosen, type Scenario, scenariosIn, snapshot, unlike } from './kill-scenarios.ts'
import { serveOnDisk } from './serve-on-disk.ts'

const { values: flags } = parseArgs({
  options: {
    kb: { type: 'string', default: '4,8,12,16,24,32,48,64,96,128,192,256,384,512,768,1024,1536,2048' },
    inodes: { type: 'string', default: '' },
    'read-only': { type: 'boolean', default: false },
    only: { type: 'string' },
    'at-once': { type: 'string', default: '2' },
  },
})
const numbers = (text: string): number[] => text.split(',').filter(Boolean).map(Number)
const ROOMY = 'size=256m,nr_inodes=100000'
const READ_ONLY = 'read-only'
const disks = [
  ...numbers(flags.kb).map((kb) => ({ name: `${kb} kB`, options: `size=${kb}k` })),
  ...numbers(flags.inodes).map((n) => ({ name: `${n} files`, options: `size=64m,nr_inodes=${n}` })),
  ...(flags['read-only'] ? [{ name: READ_ONLY, options: ROOMY }] : []),
]
const top = mkdtempSync(join(tmpdir(), 'full-disk-'))

interface Ended {
  readonly code: number | null
  readonly said: string
}
function run([command, ...args]: Call, temporary: string): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [packagePath('dist/scripts', `${command}.js`), ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: process.env.PATH ?? '', HOME: '/nonexistent', TMPDIR: temporary },
    })
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
    child.once('close', (code) => resolve({ code, said }))
  })
}

/** verify-results writes nothing into the folder of the run, but below TMPDIR. */
const VERIFY: Scenario = {
  name: 'verify-results',
  before: (out) => [['run-verify', '--limit', '15', '--resamples', '100', '--output-dir', join(out, '..', 'run')]],
  calls: (out) => [['chemherm', 'verify-results', join(out, '..', 'run')]],
}

/** A server: it has no end of its own. */
const SERVE: Scenario = { name: 'serve-rewards', before: () => [], calls: () => [] }

async function served(): Promise<string[]> {
  const out = join(top, 'serve', 'out')
  mkdirSync(out, { recursive: true })
  const counts = { whole: 0, refused: 0, equal: 0 }
  for (const disk of disks) {
    execFileSync('mount', ['-t', 'tmpfs', '-o', disk.options, 'tmpfs', out])
    try {
      if (disk.name === READ_ONLY) execFileSync('mount', ['-o', 'remount,ro', out])
      const troubles: string[] = []
      const room = (): void => void execFileSync('mount', ['-o', `remount,rw,${ROOMY}`, out])
      const { answered, refused, unopened } = await serveOnDisk(out, room, (what) => troubles.push(what))
      if (refused > 0 || unopened) counts.refused++
      else counts.whole++
      if (troubles.length === 0) counts.equal++
      else process.exitCode = 4
      process.stderr.write(
        `  serve-rewards, ${disk.name}: ${unopened ? 'not opened' : `${answered} answered, ${refused} refused`}\n`,
      )
      for (const line of troubles) process.stderr.write(`  serve-rewards, ${disk.name}: ${line}\n`)
    } finally {
      execFileSync('umount', [out])
    }
  }
  return [SERVE.name, counts.whole, counts.refused, counts.equal, counts.whole + counts.refused].map(String)
}

async function scenario({ name, before, calls }: Scenario): Promise<string[]> {
  if (name === SERVE.name) return served()
  const base = join(top, name.replace(/\W+/g, '-'))
  const [out, start] = [join(base, 'out'), join(base, 'start')]
  mkdirSync(out, { recursive: true })
  const mount = (options: string): void => void execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', out])
  const unmount = (): void => void execFileSync('umount', [out])
  const temporary = (): string => (name === VERIFY.name ? out : tmpdir())
  const troubles: string[] = []
  const counts = { whole: 0, refused: 0, equal: 0 }
  mount(ROOMY)
  try {
    for (const call of before(out)) await run(call, tmpdir())
    cpSync(out, start, { recursive: true })
    for (const call of calls(out)) {
      const { code, said } = await run(call, temporary())
      if (code !== 0) throw new Error(`${name}: exit ${code}: ${said}`)
    }
    const whole = snapshot(out)
    for (const disk of disks) {
      unmount()
      mount(disk.options)
      try {
        cpSync(start, out, { recursive: true })
      } catch {
        continue // what it begins with has no room
      }
      if (disk.name === READ_ONLY) execFileSync('mount', ['-o', 'remount,ro', out])
      const trouble = (what: string): void => void troubles.push(`${disk.name}: ${what}`)
      let ended: Ended = { code: 0, said: '' }
      for (const call of calls(out)) {
        ended = await run(call, temporary())
        if (ended.code !== 0) break
      }
      if (ended.code === 0) counts.whole++
      else if (
        ended.code === 3 &&
        /cannot be written|disk is full/.test(ended.said) &&
        !/\bat .*:\d+:\d+\b|E[A-Z]{4,}:/.test(ended.said)
      )
        counts.refused++
      else trouble(`exit ${ended.code}: ${ended.said}`)
      const half = halfFiles(out, whole)
      if (half.length > 0) trouble(`left ${half.join(', ')}`)
      execFileSync('mount', ['-o', `remount,rw,${ROOMY}`, out])
      for (const call of calls(out)) {
        const { code, said } = await run(call, temporary())
        if (code !== 0) trouble(`with room: exit ${code}: ${said}`)
      }
      const different = unlike(whole, snapshot(out))
      if (different.length === 0) counts.equal++
      else trouble(`with room: ${different.join('; ')}`)
    }
  } finally {
    unmount()
    rmSync(base, { recursive: true, force: true })
  }
  for (const line of troubles) process.stderr.write(`  ${name}: ${line}\n`)
  if (troubles.length > 0) process.exitCode = 4
  const row = [name, counts.whole, counts.refused, counts.equal, counts.whole + counts.refused].map(String)
  process.stderr.write(`${row.join(' ')}\n`)
  return row
}

/** Files whose name says that they are whole, and that are neither grown (logs, pairs) nor those of a whole run. */
function halfFiles(out: string, whole: ReadonlyMap<string, string>): string[] {
  const names = readdirSync(out, { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(join(out, name)).isFile(),
  )
  return names.filter((name) => {
    if (/(measurements[^/]*|pairs)\.jsonl$|(completions|trajectories)\.jsonl\.partial$/.test(name)) return false
    if (/(\.partial|\.lock|\.new|\.tmp|\.stale)$/.test(name)) return true
    if (/\.json$|report\.html$/.test(name)) return name.endsWith('.json') && !isJson(join(out, name))
    const there = readFileSync(join(out, name), 'latin1')
    return whole.has(name) && whole.get(name) !== there
  })
}

function isJson(path: string): boolean {
  try {
    JSON.parse(readFileSync(path, 'utf8'))
    return true
  } catch {
    return false
  }
}

const asked = chosen([...scenariosIn(top), VERIFY, SERVE], flags.only)
const turn = pLimit(Number(flags['at-once']))
try {
  const rows = await Promise.all(asked.map((one) => turn(() => scenario(one))))
  process.stdout.write(
    `${disks.map(({ name }) => name).join(', ')}\n\n${textTable(['command', 'ran whole', 'exit 3', 'equal with room', 'of'], rows)}\n`,
  )
} finally {
  rmSync(top, { recursive: true, force: true })
}
