import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { parse } from 'yaml'
import type { OPTIONS } from '../../../scripts/commands/submit-eval-jobs.ts'
import { call, type Done } from '../../command.ts'
import { fakeSlurm } from '../fake-slurm.ts'
import { all, newFolder, type Rows } from './shown.ts'

const TABLE = '- device: cpu\n- command: run-verify\n- {name: other, device: cuda}\n'

interface Written extends Done {
  readonly outputDir: string
  file(path: string): string
}
/** @param memory given, so that nothing is estimated; null: estimated */
async function written(args: readonly string[], table = TABLE, memory: string | null = '1G'): Promise<Written> {
  const outputDir = newFolder()
  const path = join(outputDir, 'runs.yaml')
  writeFileSync(path, table)
  const own = (flag: string): boolean => args.includes(flag)
  const done = await call('submit-eval-jobs', [
    ...(own('--runs') ? [] : ['--runs', path]),
    ...(own('--engine') ? [] : ['--engine', 'slurm']),
    ...(own('--memory') || memory === null ? [] : ['--memory', memory]),
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
    refuses(['--runs', '/nowhere/runs.yaml'], '/nowhere/runs.yaml: no such file'),
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
    async () => {
      // of the demo's 815,000 parameters and 600 completions: what a process takes, and room
      const done = await written(['--shards', '2'], TABLE, null)
      expect(done.file(`${RM}/shards.sbatch`)).toMatch(/#SBATCH --mem=1024M\n/)
      expect(done.file(`${RM}/merge.sbatch`)).toMatch(/#SBATCH --mem=1024M\n/)
      expect(done.stdout).toMatch(new RegExp(`^${RM} +2 +300 +[\\d,]+ +[\\d,]+ \\(assumed\\)`, 'm'))
      const unknown = await written([], '- {model: org/none, device: cpu}\n', null)
      expect(unknown.stderr).toContain('row 1: no estimate, 16G of memory is assumed (')
      expect(unknown.file('01-run-rm-org-none-demo-pairs/shards.sbatch')).toContain('#SBATCH --mem=16G\n')
    },
    refuses(['--memory', '7G\n#SBATCH --uid=0'], '--memory: "7G'),
  ),
  time: all(
    line(['--time', '1-02:00:00'], '#SBATCH --time=1-02:00:00', /SBATCH --time/),
    refuses(['--time', '$(id)'], '--time: "$(id)"'),
  ),
  'tokens-per-second': all(
    async () => {
      const slow = await written(['--tokens-per-second', '1'])
      const script = slow.file(`${RM}/shards.sbatch`)
      const [, tokens, minutes] =
        /# estimated: (\d+) tokens in the heaviest shard, at 1 tokens\/s \(given\) (\d+) min/.exec(script)!
      expect(Number(minutes)).toBe(Math.ceil((60 + Number(tokens)) / 60))
      // twice as long
      const [, hours, rest] = /#SBATCH --time=(\d\d):(\d\d):00\n/.exec(script)!
      const limit = 60 * Number(hours) + Number(rest)
      expect(limit).toBeGreaterThanOrEqual((2 * (60 + Number(tokens))) / 60)
      expect(limit).toBeLessThan((2 * (60 + Number(tokens))) / 60 + 5)
      expect(slow.stdout).toContain('1 (given)')
      // the shards of it have less to do
      const half = await written(['--tokens-per-second', '1', '--shards', '2'])
      const own = Number(/# estimated: (\d+) tokens/.exec(half.file(`${RM}/shards.sbatch`))![1])
      expect(own / Number(tokens)).toBeGreaterThan(0.49)
      expect(own / Number(tokens)).toBeLessThan(0.51)
      const assumed = (await written([], TABLE, null)).file(`${RM}/shards.sbatch`)
      expect(assumed).toMatch(/tokens\/s \(assumed\)/)
      expect(assumed).not.toContain('--time=')
    },
    refuses(['--tokens-per-second', '0'], '--tokens-per-second'),
  ),
  'local-store': all(
    async () => {
      const done = await written(['--local-store', '$SLURM_TMPDIR/me', '--shards', '2'])
      const script = done.file(`${RM}/shards.sbatch`)
      expect(script).toContain(`--merge never --local-store "\${SLURM_TMPDIR:?is not set on this node}/me" &\n`)
      expect(done.file(`${RM}/merge.sbatch`)).not.toContain('--local-store')
      expect(done.file(`${VERIFY}/shards.sbatch`)).not.toContain('--local-store')
      const args = ['--engine', 'kubernetes', '--image', 'a', '--volume-claim', 'b', '--local-store', '/scratch']
      const manifest = (await written(args)).file(`${RM}/job.yaml`)
      expect(manifest).toContain('--local-store "/scratch" &')
      expect(manifest).toContain('emptyDir: {}')
      expect((await written(args.slice(0, -2))).file(`${RM}/job.yaml`)).not.toContain('emptyDir')
    },
    refuses(['--local-store', 'here'], '--local-store: "here" is neither an absolute folder nor a variable of the job'),
    refuses(['--local-store', '/a;id'], '--local-store: "/a;id"'),
    refuses(
      ['--engine', 'kubernetes', '--image', 'a', '--volume-claim', 'b', '--local-store', '$TMPDIR'],
      '--local-store: "$TMPDIR" is no folder',
    ),
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
