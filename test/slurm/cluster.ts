import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { packagePath } from '../../src/package.ts'

/** submit-eval-jobs on a real Slurm of one node. What is written for it is what the cluster reads; nothing is faked. */

const CLUSTER = packagePath('scripts/slurm-single-node.sh')
const root = mkdtempSync(join(tmpdir(), 'chemherm-slurm-'))
/** One completion a batch and one thread: then the bytes of a score do not depend on what is computed beside it. */
const TABLE = '- {device: cpu, batch-size: 1, threads: 1}\n'
const RUN = '01-run-rm-demo-demo-pairs'
/** Of a run that can be stopped in its middle. */
const LONG = join(root, 'long.jsonl')
const LONG_TABLE = `- {device: cpu, batch-size: 1, threads: 1, verify: false, dataset: ${LONG}}\n`
const LONG_RUN = '01-run-rm-demo-long'
const logOf = (folder: string, shard: string): string =>
  readFileSync(join(folder, 'jobs', LONG_RUN, `logs/shard-${shard}.log`), 'utf8')
/** How often a shard went on where it was, and with how many measurements. */
const wentOn = (log: string): number[] =>
  [...log.matchAll(/(\d+) measurements of an earlier run/g)].map((match) => Number(match[1]))
const FILES = ['scores.csv', 'pairs.csv', 'agreement.csv']
const there = spawnSync('sinfo', []).status === 0
const started = there || spawnSync('bash', [CLUSTER, 'start'], { stdio: 'inherit' }).status === 0
if (!started) console.warn('skipped: Slurm cannot be installed or started here (it takes Debian and root)')

const chemherm = (...args: string[]) =>
  spawnSync(process.execPath, [packagePath('dist/scripts/chemherm.js'), ...args], { cwd: root, encoding: 'utf8' })
const slurm = (program: string, ...args: string[]): string => execFileSync(program, args, { encoding: 'utf8' })
const status = (folder: string) => chemherm('submit-eval-jobs', 'status', '--output-dir', folder)

function submit(name: string, shards: number, more: readonly string[] = [], table = TABLE): string {
  const folder = join(root, name)
  mkdirSync(folder)
  writeFileSync(join(folder, 'runs.yaml'), table)
  const done = chemherm(
    ...['submit-eval-jobs', '--runs', join(folder, 'runs.yaml'), '--engine', 'slurm', '--shards', String(shards)],
    ...['--cpus', '1', '--memory', '500M', '--output-dir', folder, '--submit', ...more],
  )
  expect(done, done.stderr).toMatchObject({ status: 0 })
  return folder
}
const filesOf = (folder: string, name: RegExp): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => name.test(path))
    .map((path) => join(folder, path))
const jobOf = (folder: string): string =>
  JSON.parse(readFileSync(join(folder, 'jobs/state.json'), 'utf8')).submissions[0].job

const measuredIn = (path: string): number => readFileSync(path, 'latin1').split('"kind":').length - 1

async function until(what: string, holds: () => boolean, everyMs = 500): Promise<void> {
  const end = Date.now() + 300_000
  while (!holds()) {
    if (Date.now() > end) throw new Error(`waited in vain: ${what}\n${slurm('squeue')}`)
    await pause(everyMs)
  }
}
const allEnded = (): Promise<void> => until('no job is left', () => slurm('squeue', '--noheader') === '')
/** The next shard that measures: its number and its process. */
async function measuring(folder: string): Promise<{ readonly shard: string; readonly pid: number }> {
  let found = { shard: '', pid: 0 }
  const isThere = (): boolean => {
    const [path] = filesOf(folder, /measurements\.shard-[^/]*\.lock$/)
    const shard = /shard-(\d+)-of/.exec(path ?? '')?.[1]
    if (path === undefined || shard === undefined) return false
    try {
      found = { shard, pid: JSON.parse(readFileSync(path, 'utf8')).pid }
      return true
    } catch {
      return false
    }
  }
  await until('a shard measures', isThere, 2)
  return found
}
function expectAsOne(folder: string, dataset = 'demo-pairs'): void {
  const [own, single] = [folder, join(root, 'single')].map((path) => join(path, 'demo-reward-model', dataset))
  for (const file of FILES)
    expect(readFileSync(join(own!, file)).equals(readFileSync(join(single!, file))), file).toBe(true)
  expect(filesOf(folder, /scores\.csv$/)).toEqual([join(own!, 'scores.csv')])
}

beforeAll(() => {
  if (!started) return
  const args = ['--device', 'cpu', '--batch-size', '1', '--threads', '1', '--output-dir', join(root, 'single')]
  expect(chemherm('run-rm', ...args)).toMatchObject({ status: 0 })
  const demo = readFileSync(packagePath('src/embedded/demo/pairs.jsonl'), 'utf8').trim().split('\n')
  const long = [0, 1, 2, 3].flatMap((k) =>
    demo.map((line) => {
      const row = JSON.parse(line) as { id: string; prompt: string }
      return JSON.stringify({ ...row, id: `${row.id}-${k}`, prompt: `${k}: ${row.prompt}` })
    }),
  )
  writeFileSync(LONG, `${long.join('\n')}\n`)
  expect(chemherm('run-rm', ...args, '--no-verify', '--dataset', LONG)).toMatchObject({ status: 0 })
})
afterAll(() => {
  rmSync(root, { recursive: true })
  if (started && !there) spawnSync('bash', [CLUSTER, 'stop'], { stdio: 'inherit' })
})

it.runIf(started)(
  '8 shards, one killed and submitted again, the node drained and resumed: the bytes of one run',
  async () => {
    const folder = submit('eight', 8)
    const { shard, pid } = await measuring(folder)
    process.kill(pid, 'SIGKILL')
    await allEnded()
    const failed = status(folder)
    expect(failed.status).toBe(4)
    expect(failed.stdout).toContain(`${RUN}, shard ${shard}/8 failed; its last lines:`)
    expect(failed.stdout).toMatch(new RegExp(`shard ${shard}/8 +failed.* 137$`, 'm'))
    expect(failed.stdout.match(/shard \d\/8 +done/g)).toHaveLength(7)
    expect(failed.stdout).toContain('failed (cancelled: a shard failed)')
    expect(filesOf(folder, /scores\.csv$/)).toEqual([])

    slurm('scontrol', 'update', `nodename=${hostname().split('.')[0]}`, 'state=drain', 'reason=test')
    try {
      const again = chemherm('submit-eval-jobs', 'resubmit', '--output-dir', folder)
      expect(again.stderr).toContain('1 of 8 shards submitted')
      await pause(3000)
      expect(status(folder).stdout).toMatch(new RegExp(`shard ${shard}/8 +pending`))
    } finally {
      slurm('scontrol', 'update', `nodename=${hostname().split('.')[0]}`, 'state=resume')
    }
    await allEnded()
    const done = status(folder)
    expect(done, done.stdout).toMatchObject({ status: 0 })
    expectAsOne(folder)
    expect(existsSync(join(folder, 'analysis/demo-pairs/leaderboard.csv'))).toBe(true)
  },
)

it.runIf(started)('requeued while it measures, as by preemption, a shard goes on where it was', async () => {
  const folder = submit('requeued', 2)
  const { shard } = await measuring(folder)
  slurm('scontrol', 'requeue', `${jobOf(folder)}_${shard}`)
  await allEnded()
  expect(readFileSync(join(folder, 'jobs', RUN, `logs/shard-${shard}.log`), 'utf8')).toContain('started again 1 times')
  expect(status(folder)).toMatchObject({ status: 0 })
  expectAsOne(folder)
})

it.runIf(started)('told to stop, a shard ends as by Ctrl-C: 130, and what was measured is kept', async () => {
  const folder = submit('stopped', 2)
  const { shard } = await measuring(folder)
  slurm('scancel', '--signal=TERM', '--batch', `${jobOf(folder)}_${shard}`)
  await allEnded()
  const { stdout } = status(folder)
  const line = new RegExp(`shard ${shard}/2 +failed.* (\\d+) +(\\d+) +130$`, 'm').exec(stdout)
  expect(line, stdout).not.toBeNull()
  expect(Number(line![1])).toBeLessThan(Number(line![2]))
  expect(chemherm('submit-eval-jobs', 'resubmit', '--output-dir', folder)).toMatchObject({ status: 0 })
  await allEnded()
  expectAsOne(folder)
})

it.runIf(started)('near its time limit a shard goes back into the queue, and goes on where it was', async () => {
  const folder = submit('limit', 2, ['--local-store', join(root, 'node-disk')], LONG_TABLE)
  const { shard } = await measuring(folder)
  await until(
    'some are measured',
    () => filesOf(join(root, 'node-disk'), /shard-\d.*jsonl$/).some((path) => measuredIn(path) > 20),
    5,
  )
  // as Slurm does two minutes before the limit (--signal=B:USR1@120)
  slurm('scancel', '--signal=USR1', '--batch', `${jobOf(folder)}_${shard}`)
  await allEnded()
  const log = logOf(folder, shard)
  expect(log).toContain('the time limit is near: back into the queue, it goes on where it was')
  expect(log).toContain('started again 1 times')
  expect(wentOn(log)[0]).toBeGreaterThan(0)
  expect(status(folder)).toMatchObject({ status: 0 })
  expectAsOne(folder, 'long')
  expect(filesOf(join(root, 'node-disk'), /./)).toEqual([])
})

const hasUrgent = started && slurm('sinfo', '--noheader', '--format=%P').includes('urgent')
it.runIf(hasUrgent)(
  'preempted by a job of another partition, a shard is put back by Slurm and goes on where it was',
  async () => {
    const folder = submit('preempted', 2, ['--partition', 'main'], LONG_TABLE)
    const { shard } = await measuring(folder)
    await until('some are measured', () => filesOf(folder, /shard-\d.*jsonl$/).some((path) => measuredIn(path) > 20), 5)
    slurm(
      'sbatch',
      '--partition=urgent',
      '--exclusive',
      '--mem=0',
      `--output=${join(root, 'urgent.log')}`,
      '--wrap=sleep 2',
    )
    await allEnded()
    const log = logOf(folder, shard)
    expect(log).toContain('DUE TO PREEMPTION')
    expect(log).toContain('ended with exit code 130')
    expect(log).toContain('started again 1 times')
    expect(wentOn(log)[0]).toBeGreaterThan(0)
    expect(status(folder)).toMatchObject({ status: 0 })
    expectAsOne(folder, 'long')
  },
)

it.runIf(started)('submitting that dies after sbatch: status finds the job by its name', async () => {
  const folder = join(root, 'cut-off')
  mkdirSync(folder)
  writeFileSync(join(folder, 'runs.yaml'), TABLE)
  // the real sbatch, and then the end of who called it
  const bin = join(folder, 'bin')
  mkdirSync(bin)
  writeFileSync(join(bin, 'sbatch'), `#!/bin/sh\n${slurm('which', 'sbatch').trim()} "$@"\nkill -9 $PPID\n`, {
    mode: 0o755,
  })
  const args = [
    'submit-eval-jobs',
    '--runs',
    join(folder, 'runs.yaml'),
    '--engine',
    'slurm',
    '--shards',
    '2',
    '--submit',
  ]
  const died = spawnSync(
    process.execPath,
    [packagePath('dist/scripts/chemherm.js'), ...args, '--cpus', '1', '--memory', '500M', '--output-dir', folder],
    { cwd: root, encoding: 'utf8', env: { ...process.env, PATH: `${bin}:${process.env.PATH}` } },
  )
  expect(died.signal).toBe('SIGKILL')
  const found = status(folder)
  expect(found.stderr).toMatch(/submitting it was cut off; Slurm has it as job \d+/)
  expect(found.stdout).toMatch(/\d+ +shard 1\/2 +(pending|running|done)/)
  expect(chemherm('submit-eval-jobs', 'resubmit', '--output-dir', folder)).toMatchObject({ status: 0 })
  await allEnded()
  expectAsOne(folder)
})
