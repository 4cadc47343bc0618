import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { call } from '../command.ts'

const root = mkdtempSync(join(tmpdir(), 'submit-state-'))
const path = join(root, 'jobs/state.json')
let state: Record<string, unknown>
beforeAll(async () => {
  const runs = join(root, 'runs.yaml')
  writeFileSync(runs, '- {command: run-verify, dataset: demo-pairs}\n')
  const planned = await call('submit-eval-jobs', ['--runs', runs, '--engine', 'slurm', '--output-dir', root])
  expect(planned.code).toBe(0)
  state = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>
})
const status = (command: string) => call('submit-eval-jobs', [command, '--output-dir', root])
const job = { run: '01-run-verify-verifiable-demo-pairs', kind: 'shards', job: '12', shards: [1] }

describe.each(['status', 'resubmit'])('%s with a state.json of another kind', (command) => {
  it.each<[string, () => string, string]>([
    ['cut', () => JSON.stringify(state).slice(0, 300), 'is no JSON'],
    ['of another version', () => JSON.stringify({ ...state, version: 2 }), 'that of another version'],
    ['a list', () => '[]', 'is not the state of jobs'],
    ['without runs', () => changed('plan', { engine: 'slurm' }), 'is damaged: plan.outputDir: '],
    ['a job that is an option', () => changed('submissions', [{ ...job, job: '--wrap=x' }]), 'submissions.0.job: '],
    ['a run that is a path', () => changed('submissions', [{ ...job, run: '../../x' }]), 'submissions.0.run: '],
    ['shards that are words', () => changed('submissions', [{ ...job, shards: ['a'] }]), 'submissions.0.shards.0: '],
    ['a kind that there is not', () => changed('submissions', [{ ...job, kind: 'x' }]), 'submissions.0.kind: '],
    ['asked for half', () => changed('asked', { run: null }), 'asked.kind: '],
    ['asks below 0', () => changed('asks', -1), 'asks: '],
  ])('%s', async (_, content, says) => {
    writeFileSync(path, content())
    const { code, stderr } = await status(command)
    expect(code).toBe(3)
    expect(stderr).toContain(`${path}: `)
    expect(stderr).toContain(says)
    expect(stderr).not.toContain('a bug in chemherm')
  })
  it.skipIf(process.platform === 'win32')('a pipe is not waited for', async () => {
    rmSync(path)
    execFileSync('mkfifo', [path])
    const { code, stderr } = await status(command)
    rmSync(path)
    expect([code, stderr]).toEqual([3, expect.stringContaining('is not a regular file') as string])
  })
  it('as it was it is read', async () => {
    mkdirSync(join(root, 'jobs'), { recursive: true })
    writeFileSync(path, JSON.stringify(state))
    expect((await status('status')).code).toBe(0)
  })
})

const changed = (key: string, value: unknown): string => JSON.stringify({ ...state, [key]: value })
