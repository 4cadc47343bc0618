import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { quote } from '../../src/cli/submit/slurm.ts'
import { rangesOf } from '../../src/cli/submit/slurm-jobs.ts'
import { type JobState, lockState } from '../../src/cli/submit/state.ts'
import { packagePath } from '../../src/package.ts'
import { call, type Done, start } from '../command.ts'
import { type FakeSlurm, fakeSlurm } from './fake-slurm.ts'

const root = mkdtempSync(join(tmpdir(), 'chemherm-submit-'))
afterAll(() => rmSync(root, { recursive: true }))
let folders = 0
function folderWith(table: string): { readonly folder: string; readonly table: string } {
  const folder = join(root, String(++folders))
  mkdirSync(folder)
  writeFileSync(join(folder, 'runs.yaml'), table)
  return { folder, table: join(folder, 'runs.yaml') }
}
async function written(table: string, ...args: string[]): Promise<Done & { readonly folder: string }> {
  const { folder, table: path } = folderWith(table)
  const all = ['--runs', path, '--engine', 'slurm', '--output-dir', folder, '--memory', '1G', ...args]
  return { ...(await call('submit-eval-jobs', all)), folder }
}

it('without arguments it prints its help', async () => {
  const done = await call('submit-eval-jobs', [])
  expect(done).toMatchObject({ code: 0, stderr: '' })
  expect(done.stdout).toMatch(/^submit-eval-jobs \[options\]/)
})

describe('the table', () => {
  it.each([
    ['- {model: org/rm, dtpye: fp16}', 'row 1: unknown key "dtpye"', 'Did you mean dtype'],
    ['- {model: org/rm}\n- {command: run-bon}', 'row 2: command: "run-bon" is none of run-rm, run-dpo, run-verify', ''],
    ['- {dtype: fp7}', 'row 1: --dtype: "fp7" is none of', ''],
    ['- {model: "not a model!"}', 'row 1', ''],
    ['- {dataset: ./nowhere.jsonl}', 'row 1: ./nowhere.jsonl: there is no such file or folder', ''],
    ['- {command: run-verify, beta: 1}', 'row 1: unknown key "beta"', ''],
    ['- {output-dir: elsewhere}', 'row 1: output-dir: is the same for all runs', ''],
    ['- {shard: 1/2}', 'row 1: shard: is set by each job', ''],
    ['- {resume: false}', 'row 1: resume: false: would forget what was measured', ''],
    ['- {name: Jobs}', 'row 1: name: "Jobs" is a folder of --output-dir that is no run', ''],
    [
      '- {dtype: fp32}\n- {dtype: fp16}',
      'row 2: name: would write into demo/demo-pairs, as',
      'Give one of them a name',
    ],
    ['- just text', 'row 1: is not a mapping', ''],
    ['model: org/rm', 'is no table of runs', ''],
    ['[]', 'has no rows', ''],
  ])('%j is refused before anything is written', async (table, message, hint) => {
    const { code, stdout, stderr, folder } = await written(table)
    expect({ code, stdout }).toMatchObject({ stdout: '' })
    expect([2, 3]).toContain(code)
    expect(stderr).toContain(message)
    expect(stderr).toContain(hint)
    expect(() => readFileSync(join(folder, 'jobs/state.json'))).toThrow('ENOENT')
  })

  it('names every row that cannot be run', async () => {
    const { code, stderr } = await written('- {dtype: fp7}\n- {name: a}\n- {shard: 1/2}\n')
    expect(code).toBe(2)
    expect(stderr).toMatch(/row 1: --dtype: .*\n.*row 3: shard: /)
    expect(stderr).toContain('2 of 3 rows cannot be run')
  })

  it('takes the example that ships', async () => {
    const done = await call('submit-eval-jobs', [
      ...['--runs', packagePath('configs/runs.yaml'), '--engine', 'slurm', '--output-dir', folderWith('').folder],
    ])
    expect(done).toMatchObject({ code: 0, stderr: expect.stringContaining('3 runs, 8 files in ') })
  })

  it("takes RewardBench's form: policies by run-dpo, the others by run-rm", async () => {
    const models = ['allenai/tulu-2-dpo-7b', 'Skywork/Skywork-Reward-Gemma-2-27B']
    const herm = readFileSync(packagePath('configs/eval_configs.yaml'), 'utf8')
    const { code, folder } = await written(herm, ...models.flatMap((model) => ['--model', model]))
    expect(code).toBe(0)
    const { plan } = JSON.parse(readFileSync(join(folder, 'jobs/state.json'), 'utf8')) as {
      plan: { runs: { name: string; command: string }[] }
    }
    const options = plan.runs.map(({ name, command }) => ({
      command,
      ...(parse(readFileSync(join(folder, 'jobs', name, 'options.yaml'), 'utf8')) as object),
    }))
    expect(options).toContainEqual(
      expect.objectContaining({ command: 'run-dpo', model: models[0], 'ref-model': 'allenai/tulu-2-7b' }),
    )
    expect(options).toContainEqual(
      expect.objectContaining({ command: 'run-rm', model: models[1], 'torch-dtype': 'bfloat16' }),
    )
  })

  it('a job reads the same options as the row has, whatever text is in them', async () => {
    const name = `it's "x" $(id) \`id\` #é`
    const { code, folder, stdout } = await written(
      `- {name: ${JSON.stringify(name)}, revision: 1.10, filter: ["!a", "!b"]}`,
    )
    expect(code).toBe(0)
    const [path] = /\S+options.yaml/.exec(stdout)!
    expect(parse(readFileSync(path, 'utf8'))).toMatchObject({ name, revision: '1.10', filter: ['!a', '!b'] })
    // the script has none of it
    const script = readFileSync(path.replace('options.yaml', 'shards.sbatch'), 'utf8')
    expect(script).not.toContain('$(id)')
    const printed = await call('run-rm', ['--config', path, '--print-config'])
    expect(parse(printed.stdout)).toMatchObject({ name, 'output-dir': folder })
    expect(printed.stdout).toContain('\nrevision: 1.10\n')
  })

  it('an output folder that job scripts cannot name is refused', async () => {
    const done = await call('submit-eval-jobs', [
      '--runs',
      folderWith('- device: cpu').table,
      '--engine',
      'slurm',
      '--output-dir',
      join(root, 'a$(id)'),
    ])
    expect(done).toMatchObject({ code: 2, stderr: expect.stringContaining('--output-dir: has a character') })
  })

  it('quotes a word for the shell', () => {
    expect(quote("it's $HOME")).toBe("'it'\\''s $HOME'")
  })
})

describe('submitted to Slurm', () => {
  const RUN = '01-run-rm-demo-demo-pairs'
  const exitOf = (folder: string, what: string, code: number): void =>
    writeFileSync(join(folder, 'jobs', RUN, 'exit', what), `${code}\n`)
  async function submitted(slurm: FakeSlurm, shards = 4): Promise<string> {
    const { folder, table } = folderWith('- device: cpu')
    const args = [
      '--runs',
      table,
      '--engine',
      'slurm',
      '--output-dir',
      folder,
      '--shards',
      String(shards),
      '--memory',
      '1G',
      '--submit',
    ]
    expect(await call('submit-eval-jobs', args, slurm.env)).toMatchObject({ code: 0 })
    return folder
  }
  const status = (folder: string, slurm: FakeSlurm): Promise<Done> =>
    call('submit-eval-jobs', ['status', '--output-dir', folder], slurm.env)
  const resubmit = (folder: string, slurm: FakeSlurm): Promise<Done> =>
    call('submit-eval-jobs', ['resubmit', '--output-dir', folder], slurm.env)

  /** Without the names of the jobs, of which every submission has another. */
  const callsOf = (slurm: FakeSlurm): string[] => slurm.calls().map((line) => line.replace(/ --job-name=\S+/, ''))

  describe('cut off between sbatch and its answer', () => {
    /** Dies when Slurm has the merging, before it knows its number. */
    async function cutOff(): Promise<{ readonly slurm: FakeSlurm; readonly folder: string; readonly name: string }> {
      const slurm = fakeSlurm()
      const { folder, table } = folderWith('- device: cpu')
      slurm.killCaller('merge.sbatch')
      const args = [
        '--runs',
        table,
        '--engine',
        'slurm',
        '--output-dir',
        folder,
        '--shards',
        '2',
        '--memory',
        '1G',
        '--submit',
      ]
      expect((await start('submit-eval-jobs', args, slurm.env).done).code).toBeNull()
      slurm.killCaller(null)
      const { submissions, asked } = stateOf(folder)
      expect(submissions).toEqual([{ run: RUN, kind: 'shards', job: '101', shards: [1, 2] }])
      expect(asked).toMatchObject({ run: RUN, kind: 'merge', shards: [] })
      return { slurm, folder, name: asked!.name }
    }
    const stateOf = (folder: string): JobState => JSON.parse(readFileSync(join(folder, 'jobs/state.json'), 'utf8'))

    it.each([
      ['in the queue', ({ name }: { name: string }) => ({ queue: [`999|other`, `102|${name}`] })],
      ['in the accounts', ({ name }: { name: string }) => ({ accounts: [`102|${name}`] })],
      [
        'by what it left',
        ({ name, folder }: { name: string; folder: string }) => {
          writeFileSync(join(folder, 'jobs', RUN, 'exit/merge.job'), `${name} 102\n`)
          return {}
        },
      ],
    ])('the job is found %s', async (_, known) => {
      const { slurm, folder, name } = await cutOff()
      // it is not submitted anew
      const args = ['--runs', join(folder, 'runs.yaml'), '--engine', 'slurm', '--output-dir', folder]
      const anew = await call('submit-eval-jobs', args, slurm.env)
      expect(anew.stderr).toContain('2 jobs were submitted from here already')
      slurm.named(known({ name, folder }))
      slurm.queue(['101_1|RUNNING|None', '101_2|RUNNING|None', '102|PENDING|Dependency'])
      const done = await status(folder, slurm)
      expect(done.stderr).toContain(`${name}: submitting it was cut off; Slurm has it as job 102`)
      expect(done.stdout).toMatch(/102 +merge +pending/)
      expect(stateOf(folder)).toMatchObject({
        asked: null,
        submissions: [{ job: '101' }, { kind: 'merge', job: '102' }],
      })
      await resubmit(folder, slurm)
      expect(
        callsOf(slurm)
          .filter((line) => line.startsWith('sbatch'))
          .slice(2),
      ).toEqual([`sbatch --parsable --dependency=afterany:102 ${folder}/jobs/analyze.sbatch`])
    })

    it('where Slurm never had it, it is said, and submitted under another name', async () => {
      const { slurm, folder, name } = await cutOff()
      slurm.queue(['101_1|RUNNING|None', '101_2|RUNNING|None'])
      const done = await status(folder, slurm)
      expect(done.stderr).toContain(`${name}: submitting it was cut off before Slurm had it`)
      expect(done.stdout).toMatch(/merge +not submitted/)
      await resubmit(folder, slurm)
      const names = slurm.calls().flatMap((line) => / --job-name=(\S+)/.exec(line)?.[1] ?? [])
      expect(names).toHaveLength(4)
      expect(new Set(names).size).toBe(4)
    })
  })

  it('the merging waits for the shards, the analysis for the merging; what Slurm was asked is kept', async () => {
    const slurm = fakeSlurm()
    const folder = await submitted(slurm)
    const names = slurm.calls().map((line) => / --job-name=(\S+)/.exec(line)?.[1])
    expect(new Set(names).size).toBe(3)
    for (const [i, name] of [RUN, `${RUN}-merge`, 'chemherm-analyze'].entries())
      expect(names[i]).toMatch(new RegExp(`^${name}\\.[0-9a-f]{8}-${i + 1}$`))
    expect(callsOf(slurm)).toEqual([
      `sbatch --parsable --array=1-4 ${folder}/jobs/${RUN}/shards.sbatch`,
      `sbatch --parsable --dependency=afterok:101 --kill-on-invalid-dep=yes ${folder}/jobs/${RUN}/merge.sbatch`,
      `sbatch --parsable --dependency=afterany:102 ${folder}/jobs/analyze.sbatch`,
    ])
    const { submissions } = JSON.parse(readFileSync(join(folder, 'jobs/state.json'), 'utf8'))
    expect(submissions).toEqual([
      { run: RUN, kind: 'shards', job: '101', shards: [1, 2, 3, 4] },
      { run: RUN, kind: 'merge', job: '102', shards: [] },
      { run: null, kind: 'analyze', job: '103', shards: [] },
    ])
    const again = await call(
      'submit-eval-jobs',
      ['--runs', join(folder, 'runs.yaml'), '--engine', 'slurm', '--output-dir', folder, '--submit'],
      slurm.env,
    )
    expect(again).toMatchObject({ code: 3, stderr: expect.stringContaining('3 jobs were submitted from here already') })
    expect(slurm.calls()).toHaveLength(3)
  })

  it('status: the queue, the exit codes that jobs leave, the accounts, and the last lines of what failed', async () => {
    const slurm = fakeSlurm()
    const folder = await submitted(slurm)
    slurm.queue(['101_1|RUNNING|None', '102|PENDING|Dependency', '103|PENDING|Dependency'])
    slurm.accounts(['101_4|TIMEOUT', '101_3|FAILED'])
    exitOf(folder, 'shard-2', 4)
    exitOf(folder, 'shard-3', 137)
    const log = join(folder, 'jobs', RUN, 'logs/shard-3.log')
    writeFileSync(log, `${Array.from({ length: 9 }, (_, i) => `line ${i}`).join('\n')}\n\u001b[2Jlast\n`)
    const { code, stdout } = await status(folder, slurm)
    expect(code).toBe(4)
    expect(stdout).toMatch(/shard 1\/4 +running/)
    expect(stdout).toMatch(/shard 2\/4 +done .* 4$/m)
    expect(stdout).toMatch(/shard 3\/4 +failed \(failed\) .* 137$/m)
    expect(stdout).toMatch(/shard 4\/4 +failed \(timeout\)/)
    expect(stdout).toMatch(/merge +pending \(Dependency\)/)
    expect(stdout).toContain(`shard 3/4 failed; its last lines:\n  ${log}:\n  line 5\n`)
    expect(stdout).toContain('  \\u001b[2Jlast\n')
    expect(stdout).not.toContain('line 4')
  })

  it('resubmit: the failed shards alone; the merging waits for them and for those under way', async () => {
    const slurm = fakeSlurm()
    const folder = await submitted(slurm)
    slurm.queue(['101_1|RUNNING|None', '102|PENDING|DependencyNeverSatisfied', '103|PENDING|Dependency'])
    exitOf(folder, 'shard-2', 0)
    exitOf(folder, 'shard-3', 137)
    expect(await resubmit(folder, slurm)).toMatchObject({ code: 0 })
    const calls = callsOf(slurm).filter((line) => !/^(squeue|sacct)/.test(line))
    expect(calls.slice(3)).toEqual([
      'scancel 102',
      `sbatch --parsable --array=3-4 ${folder}/jobs/${RUN}/shards.sbatch`,
      `sbatch --parsable --dependency=afterok:101_1:104 --kill-on-invalid-dep=yes ${folder}/jobs/${RUN}/merge.sbatch`,
      'scancel 103',
      `sbatch --parsable --dependency=afterany:105 ${folder}/jobs/analyze.sbatch`,
    ])
    // Slurm has forgotten the first job; the marks of an earlier start are gone
    slurm.queue(['104_3|RUNNING|None', '104_4|PENDING|Resources', '105|PENDING|Dependency', '106|PENDING|Dependency'])
    exitOf(folder, 'shard-1', 0)
    const { code, stdout } = await status(folder, slurm)
    expect(code).toBe(0)
    expect(stdout).toMatch(/104 +shard 3\/4 +running/)
    expect((await resubmit(folder, slurm)).stderr).toContain('no job has failed')
  })

  it('where the merging alone failed, it alone is submitted, and waits for nothing', async () => {
    const slurm = fakeSlurm()
    const folder = await submitted(slurm, 2)
    for (const shard of ['shard-1', 'shard-2']) exitOf(folder, shard, 0)
    exitOf(folder, 'merge', 3)
    writeFileSync(join(folder, 'jobs/exit/analyze'), '3\n')
    await resubmit(folder, slurm)
    const calls = callsOf(slurm).filter((line) => line.startsWith('sbatch'))
    expect(calls.slice(3)).toEqual([
      `sbatch --parsable --kill-on-invalid-dep=yes ${folder}/jobs/${RUN}/merge.sbatch`,
      `sbatch --parsable --dependency=afterany:104 ${folder}/jobs/analyze.sbatch`,
    ])
  })

  it('a controller that did not answer in time may have the job: it is looked for before it is submitted anew', async () => {
    const slurm = fakeSlurm()
    const { folder, table } = folderWith('- device: cpu')
    slurm.refuseAfter(1, 'Batch job submission failed: Socket timed out on send/recv operation')
    const args = ['--runs', table, '--engine', 'slurm', '--output-dir', folder, '--memory', '1G', '--submit']
    expect(await call('submit-eval-jobs', args, slurm.env)).toMatchObject({ code: 2 })
    const { asked } = JSON.parse(readFileSync(join(folder, 'jobs/state.json'), 'utf8')) as JobState
    slurm.named({ queue: [`102|${asked!.name}`] })
    slurm.queue(['101_1|RUNNING|None', '102|PENDING|Dependency'])
    expect((await status(folder, slurm)).stdout).toMatch(/102 +analyze +pending/)
  })

  it('names shards as ranges', () => {
    expect(rangesOf([1])).toBe('1')
    expect(rangesOf([1, 2, 3, 7, 9, 10])).toBe('1-3,7,9-10')
  })

  it('where Slurm refuses one of several jobs, the others are known, and resubmit goes on', async () => {
    const slurm = fakeSlurm()
    const { folder, table } = folderWith('- device: cpu\n- {device: cpu, name: b}')
    const args = ['--runs', table, '--engine', 'slurm', '--output-dir', folder, '--memory', '1G', '--submit']
    slurm.refuseAfter(1)
    const refused = await call('submit-eval-jobs', args, slurm.env)
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('sbatch --parsable: Invalid account') })
    slurm.queue(['101_1|RUNNING|None'])
    const { stdout } = await status(folder, slurm)
    expect(stdout).toMatch(/^01-\S+ +101 +shard 1\/1 +running/m)
    expect(stdout).toMatch(/^02-\S+ +– +shard 1\/1 +not submitted/m)
    slurm.refuseAfter(null)
    await resubmit(folder, slurm)
    const calls = callsOf(slurm).filter((line) => line.startsWith('sbatch'))
    expect(calls.slice(2)).toEqual([
      expect.stringMatching(/--array=1 \S+\/02-run-rm-b-demo-pairs\/shards.sbatch$/),
      `sbatch --parsable --dependency=afterany:101:102 ${folder}/jobs/analyze.sbatch`,
    ])
  })

  it('of two at once one is refused: every job is handed over once', async () => {
    const slurm = fakeSlurm()
    const { folder, table } = folderWith('- device: cpu')
    const args = ['--runs', table, '--engine', 'slurm', '--output-dir', folder, '--memory', '1G']
    mkdirSync(join(folder, 'jobs'))
    const release = lockState(folder)
    const refused = await call('submit-eval-jobs', [...args, '--submit'], slurm.env)
    expect(refused).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/jobs\/state\.json: is in use by process \d+ on .+\n +Wait for it, or look with/),
    })
    expect(slurm.calls()).toEqual([])
    release()
    expect(await call('submit-eval-jobs', [...args, '--submit'], slurm.env)).toMatchObject({ code: 0 })
    slurm.queue(['101_1|RUNNING|None', '102|PENDING|Dependency'])
    const again = lockState(folder)
    // looking disturbs nobody
    expect(await status(folder, slurm)).toMatchObject({ code: 0, stdout: expect.stringContaining('running') })
    expect(await resubmit(folder, slurm)).toMatchObject({ code: 3, stderr: expect.stringContaining('is in use by') })
    again()
    expect(readdirSync(join(folder, 'jobs')).filter((name) => name.includes('.lock'))).toEqual([])
  })

  it('says so where there is no Slurm, and where nothing was submitted', async () => {
    const { folder, table } = folderWith('- device: cpu')
    const args = ['--runs', table, '--engine', 'slurm', '--output-dir', folder, '--memory', '1G']
    const none = await call('submit-eval-jobs', [...args, '--submit'], { PATH: '/nonexistent' })
    expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining('sbatch: is not there') })
    const slurm = fakeSlurm()
    expect((await status(folder, slurm)).stdout).toContain('not submitted')
    expect((await resubmit(folder, slurm)).stderr).toContain('nothing was submitted yet')
    const nowhere = await status(join(root, 'nowhere'), slurm)
    expect(nowhere).toMatchObject({ code: 2, stderr: expect.stringContaining('has no jobs') })
    const word = await call('submit-eval-jobs', ['state'])
    expect(word).toMatchObject({ code: 2, stderr: expect.stringContaining('"state" is not a flag') })
  })

  it('status goes by what was submitted', async () => {
    const slurm = fakeSlurm()
    const folder = await submitted(slurm, 2)
    const done = await call('submit-eval-jobs', ['status', '--output-dir', folder, '--shards', '9'], slurm.env)
    expect(done.stderr).toContain('--shards changes nothing here: status goes by what was submitted')
    writeFileSync(join(folder, 'jobs/state.json'), '{"version": 9}')
    expect(await status(folder, slurm)).toMatchObject({ code: 3 })
  })

  it('counts what the stores of its shards hold', async () => {
    const slurm = fakeSlurm()
    const folder = await submitted(slurm, 2)
    const options = join(folder, 'jobs', RUN, 'options.yaml')
    await call('run-rm', ['--config', options, '--shard', '1/2', '--merge', 'never', '--filter', 'simple-formula'])
    exitOf(folder, 'shard-1', 0)
    const { stdout } = await status(folder, slurm)
    expect(stdout).toMatch(/shard 1\/2 +done +(\d+) +\1 +0/)
    expect(stdout).toMatch(/shard 2\/2 +failed \(ended without a word.*\) +– +–/)
  })
})
