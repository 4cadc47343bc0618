import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { parse } from 'yaml'
import type { OPTIONS } from '../../../scripts/submit-eval-jobs.ts'
import { call, type Done } from '../../command.ts'
import { fakeSlurm } from '../fake-slurm.ts'
import { all, newFolder, type Rows } from './shown.ts'

const TABLE = '- device: cpu\n- command: run-verify\n- {name: other, device: cuda}\n'

interface Written extends Done {
  readonly outputDir: string
  file(path: string): string
}
async function written(args: readonly string[], table = TABLE): Promise<Written> {
  const outputDir = newFolder()
  const path = join(outputDir, 'runs.yaml')
  writeFileSync(path, table)
  const own = (flag: string): boolean => args.includes(flag)
  const done = await call('submit-eval-jobs', [
    ...(own('--runs') ? [] : ['--runs', path]),
    ...(own('--engine') ? [] : ['--engine', 'slurm']),
    ...(own('--output-dir') ? [] : ['--output-dir', outputDir]),
    ...args,
  ])
  return { ...done, outputDir, file: (name) => readFileSync(join(outputDir, 'jobs', name), 'utf8') }
}
const RM = '01-run-rm-demo-demo-pairs'
const VERIFY = '02-run-verify-verifiable-demo-pairs'
const CUDA = '03-run-rm-other-demo-pairs'

/** An option is a line of the shards' script, and there is none without it. */
const line =
  (args: readonly string[], wanted: string, without: RegExp = new RegExp(`^${wanted}$`, 'm')) =>
  async (): Promise<void> => {
    expect((await written(args)).file(`${RM}/shards.sbatch`)).toContain(`\n${wanted}\n`)
    expect((await written([])).file(`${RM}/shards.sbatch`)).not.toMatch(without)
  }
const refuses =
  (args: readonly string[], message: string, table = TABLE) =>
  async (): Promise<void> => {
    const done = await written(args, table)
    expect(done).toMatchObject({ code: 2, stdout: '' })
    expect(done.stderr).toContain(message)
    expect(existsSync(join(done.outputDir, 'jobs'))).toBe(false)
  }

export const SUBMIT_ROWS: Rows<keyof typeof OPTIONS> = {
  runs: all(
    async () => {
      const { code, stdout } = await written([])
      expect(code).toBe(0)
      for (const name of [RM, VERIFY, CUDA]) expect(stdout).toContain(`/jobs/${name}/options.yaml`)
    },
    refuses(['--runs', '/nowhere/runs.yaml'], '/nowhere/runs.yaml: cannot be read'),
  ),
  model: all(
    async () => {
      const table = '- {model: org/a, device: cpu}\n- {model: org/b, device: cpu}\n'
      const done = await written(['--model', 'org/b'], table)
      expect(done.stdout).toContain('01-run-rm-org-b-demo-pairs')
      expect(done.stdout).not.toContain('org-a')
    },
    refuses(['--model', 'org/none'], '--model org/none: no row has this model'),
  ),
  dataset: async () => {
    const done = await written(['--dataset', 'demo-groups'], '- device: cpu\n- {device: cpu, dataset: demo-pairs}\n')
    const of = (name: string): unknown => parse(done.file(`${name}/options.yaml`)).dataset
    expect([of('01-run-rm-demo-demo-groups'), of('02-run-rm-demo-demo-pairs')]).toEqual(['demo-groups', 'demo-pairs'])
  },
  'output-dir': async () => {
    const other = newFolder()
    const done = await written(['--output-dir', other])
    expect(existsSync(join(done.outputDir, 'jobs'))).toBe(false)
    expect(parse(readFileSync(join(other, 'jobs', RM, 'options.yaml'), 'utf8'))).toMatchObject({ 'output-dir': other })
  },
  engine: all(
    async () =>
      expect((await written(['--engine', 'slurm'])).file(`${RM}/shards.sbatch`)).toContain('#SBATCH --requeue'),
    refuses(['--engine', 'cron'], '--engine: "cron" is none of'),
  ),
  shards: async () => {
    const done = await written(['--shards', '8'])
    expect(done.file(`${RM}/shards.sbatch`)).toContain('#SBATCH --array=1-8\n')
    expect(done.file(`${RM}/shards.sbatch`)).toContain('--shard "$part/8" --merge never &')
    expect(done.file(`${RM}/merge.sbatch`)).toContain('--shard 1/8 --merge only &')
    expect(done.file(`${VERIFY}/shards.sbatch`)).not.toContain('--shard ')
    expect(done.stderr).toContain('run-verify has no shards, it is one job')
    expect((await written([])).file(`${RM}/shards.sbatch`)).toContain('#SBATCH --array=1-1\n')
  },
  submit: async () => {
    const slurm = fakeSlurm()
    const outputDir = newFolder()
    const table = join(outputDir, 'runs.yaml')
    writeFileSync(table, TABLE)
    const args = ['--runs', table, '--engine', 'slurm', '--output-dir', outputDir]
    expect(await call('submit-eval-jobs', args, slurm.env)).toMatchObject({ code: 0 })
    expect(slurm.calls()).toEqual([])
    expect(await call('submit-eval-jobs', [...args, '--submit'], slurm.env)).toMatchObject({ code: 0, stdout: '' })
    expect(slurm.calls()).toHaveLength(4)
  },
  gpus: async () => {
    const usual = await written([])
    expect(usual.file(`${RM}/shards.sbatch`)).not.toContain('--gres')
    expect(usual.file(`${CUDA}/shards.sbatch`)).toContain('#SBATCH --gres=gpu:1\n')
    expect((await written(['--gpus', '2'])).file(`${RM}/shards.sbatch`)).toContain('#SBATCH --gres=gpu:2\n')
    expect((await written(['--gpus', '0'])).file(`${CUDA}/shards.sbatch`)).not.toContain('--gres')
  },
  cpus: async () => {
    const done = await written(['--cpus', '3'])
    expect(done.file(`${RM}/shards.sbatch`)).toContain('#SBATCH --cpus-per-task=3\n')
    expect(parse(done.file(`${RM}/options.yaml`))).toMatchObject({ threads: 3 })
    expect(parse(done.file(`${CUDA}/options.yaml`))).not.toHaveProperty('threads')
    expect(parse((await written([])).file(`${RM}/options.yaml`))).toMatchObject({ threads: 4 })
  },
  memory: all(
    line(['--memory', '7G'], '#SBATCH --mem=7G'),
    refuses(['--memory', '7G\n#SBATCH --uid=0'], '--memory: "7G'),
  ),
  time: all(
    line(['--time', '1-02:00:00'], '#SBATCH --time=1-02:00:00', /--time/),
    refuses(['--time', '$(id)'], '--time: "$(id)"'),
  ),
  partition: line(['--partition', 'gpu'], '#SBATCH --partition=gpu', /--partition/),
  account: line(['--account', 'chem'], '#SBATCH --account=chem', /--account/),
  'engine-option': all(
    line(['--engine-option=--constraint=a100|h100'], '#SBATCH --constraint=a100|h100', /--constraint/),
    refuses(['--engine-option=rm -rf'], '--engine-option: "rm -rf" is not one option with its value'),
  ),
  image: all(
    async () => {
      const args = ['--engine', 'kubernetes', '--volume-claim', 'results', '--image', 'lab/chemherm:1']
      expect((await written(args)).file(`${RM}/job.yaml`)).toContain('image: lab/chemherm:1\n')
      const beaker = await written(['--engine', 'beaker', '--image', 'lab/chemherm'])
      expect(beaker.file(`${RM}/beaker.yaml`)).toContain('beaker: lab/chemherm\n')
      expect((await written(['--image', 'lab/chemherm'])).stderr).toContain(
        '--image changes nothing here: slurm is not',
      )
    },
    refuses(['--engine', 'kubernetes', '--volume-claim', 'results'], '--image: is needed'),
    refuses(['--engine', 'beaker'], '--image: is needed'),
  ),
  'volume-claim': all(
    async () => {
      const args = ['--engine', 'kubernetes', '--image', 'a', '--volume-claim', 'my-results']
      expect((await written(args)).file(`${RM}/job.yaml`)).toContain('claimName: my-results\n')
    },
    refuses(['--engine', 'kubernetes', '--image', 'a'], '--volume-claim: is needed'),
    refuses(['--engine', 'kubernetes', '--image', 'a', '--volume-claim', 'A_b'], '"A_b" is no name in Kubernetes'),
  ),
  namespace: async () => {
    const args = ['--engine', 'kubernetes', '--image', 'a', '--volume-claim', 'results']
    expect((await written([...args, '--namespace', 'chem'])).file(`${RM}/job.yaml`)).toContain('namespace: chem\n')
    expect((await written(args)).file(`${RM}/job.yaml`)).not.toContain('namespace:')
  },
  quiet: async () => {
    expect((await written([])).stderr).toContain('nothing is submitted without --submit')
    expect((await written(['--quiet'])).stderr).toBe('')
  },
}
