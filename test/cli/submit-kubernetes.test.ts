import { execFile } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { containerScript } from '../../src/cli/submit/container.ts'
import { call, type Done } from '../command.ts'

const root = mkdtempSync(join(tmpdir(), 'chemherm-kubernetes-'))
afterAll(() => rmSync(root, { recursive: true }))
let folders = 0
const RUN = '01-run-rm-demo-demo-pairs'

interface Cluster {
  readonly folder: string
  readonly env: Record<string, string>
  readonly calls: () => string[]
  /** What `kubectl get job <name>` prints. */
  job(name: string, status: object): void
}
/** A kubectl that notes how it is called and prints what it is told. */
function cluster(): Cluster {
  const folder = join(root, String(++folders))
  const bin = join(folder, 'bin')
  mkdirSync(bin, { recursive: true })
  writeFileSync(
    join(bin, 'kubectl'),
    `#!/bin/sh\nprintf '%s\\n' "$*" >> '${folder}/calls'\ncase "$1" in get) cat "${folder}/$3.json" 2>/dev/null; exit 0;; logs) echo 'last words';; esac\n`,
  )
  chmodSync(join(bin, 'kubectl'), 0o755)
  writeFileSync(join(folder, 'runs.yaml'), '- device: cpu\n- {name: gpu, device: cuda}\n')
  return {
    folder,
    env: { PATH: `${bin}:${process.env.PATH}` },
    calls: () => readFileSync(join(folder, 'calls'), 'utf8').trimEnd().split('\n'),
    job: (name, status) => writeFileSync(join(folder, `${name}.json`), JSON.stringify({ status })),
  }
}
const CONTAINERS = ['--image', 'lab/chemherm:1', '--volume-claim', 'results']
const submitted = ({ folder, env }: Cluster, engine = 'kubernetes', ...more: string[]): Promise<Done> =>
  call(
    'submit-eval-jobs',
    [
      ...['--runs', join(folder, 'runs.yaml'), '--engine', engine, '--output-dir', folder, '--shards', '4'],
      ...CONTAINERS,
      // else it is estimated
      ...(more.some((flag) => ['--memory', '--time'].includes(flag)) ? [] : ['--memory', '1G']),
      ...more,
    ],
    env,
  )

describe('Kubernetes', () => {
  it('a run is an Indexed Job with its option file; a GPU where it asks for one', async () => {
    const one = cluster()
    expect(await submitted(one, 'kubernetes', '--time', '1-02:00:00')).toMatchObject({ code: 0 })
    const read = (run: string) =>
      parseAllDocuments(readFileSync(join(one.folder, 'jobs', run, 'job.yaml'), 'utf8')).map((each) => each.toJS())
    const [config, job] = read(RUN)
    expect(parse(config.data['options.yaml'])).toMatchObject({ device: 'cpu', threads: 4, 'output-dir': one.folder })
    expect(job.spec).toMatchObject({
      completionMode: 'Indexed',
      completions: 4,
      activeDeadlineSeconds: 93_600,
      template: { spec: { restartPolicy: 'Never' } },
    })
    const [container] = job.spec.template.spec.containers
    expect(container.volumeMounts[0]).toEqual({ name: 'results', mountPath: one.folder })
    // the demo's own: a process, its batch and its rows
    expect(container.resources.limits).toEqual({ cpu: '4', memory: '1024M' })
    const [gpu] = read('02-run-rm-gpu-demo-pairs')[1].spec.template.spec.containers
    expect(gpu.resources.limits).toMatchObject({ 'nvidia.com/gpu': '1' })
    for (const { metadata } of [config, job]) expect(metadata.name.length + '-9999'.length).toBeLessThanOrEqual(63)
  })

  it('what is submitted, its state by index, and the failed shards alone again', async () => {
    const one = cluster()
    expect(await submitted(one, 'kubernetes', '--submit')).toMatchObject({ code: 0 })
    expect(one.calls()[0]).toBe(`apply -f ${one.folder}/jobs/${RUN}/job.yaml`)
    one.job(`chemherm-${RUN}`, { completedIndexes: '0-1', failedIndexes: '3', active: 1 })
    one.job('chemherm-02-run-rm-gpu-demo-pairs', { completedIndexes: '0-3' })
    const status = await call('submit-eval-jobs', ['status', '--output-dir', one.folder], one.env)
    expect(status.code).toBe(4)
    expect(status.stdout).toMatch(/shard 2\/4 +done/)
    expect(status.stdout).toMatch(/shard 3\/4 +running/)
    expect(status.stdout).toMatch(/shard 4\/4 +failed/)
    expect(status.stdout).toContain(`${RUN}, shard 4/4 failed; its last lines:\n  last words\n`)
    const again = await call('submit-eval-jobs', ['resubmit', '--output-dir', one.folder], one.env)
    expect(again).toMatchObject({ code: 0 })
    expect(one.calls().at(-1)).toBe(`apply -f ${one.folder}/jobs/${RUN}/job-2.yaml`)
    const [, job] = parseAllDocuments(readFileSync(join(one.folder, 'jobs', RUN, 'job-2.yaml'), 'utf8'))
    expect(job!.toJS()).toMatchObject({ metadata: { name: `chemherm-${RUN}-r2` }, spec: { completions: 1 } })
    one.job(`chemherm-${RUN}-r2`, { completedIndexes: '0' })
    const then = await call('submit-eval-jobs', ['status', '--output-dir', one.folder], one.env)
    expect(then.code).toBe(0)
    expect(then.stdout).toMatch(/-r2 +shard 4\/4 +done/)
  })

  it('the analysis is a Job of its own, to be applied when status says so', async () => {
    const one = cluster()
    const { stderr } = await submitted(one, 'kubernetes', '--submit', '--memory', '3G')
    const path = `${one.folder}/jobs/analyze.yaml`
    expect(stderr).toContain(`when all are done: kubectl apply -f ${path}`)
    expect(one.calls().join('\n')).not.toContain('analyze.yaml')
    const [container] = parse(readFileSync(path, 'utf8')).spec.template.spec.containers
    expect(container).toMatchObject({
      command: ['chemherm', 'analyze', '--output-dir', one.folder],
      resources: { limits: { memory: '3G' } },
    })
    const say = async (): Promise<string> =>
      (await call('submit-eval-jobs', ['status', '--output-dir', one.folder], one.env)).stdout
    one.job(`chemherm-${RUN}`, { completedIndexes: '0-3' })
    one.job('chemherm-02-run-rm-gpu-demo-pairs', { completedIndexes: '0-2', active: 1 })
    expect(await say()).not.toContain('all are done')
    one.job('chemherm-02-run-rm-gpu-demo-pairs', { completedIndexes: '0-3' })
    expect(await say()).toContain(`all are done; to compare them: kubectl apply -f ${path}`)
  })

  it('a Job that is gone or was ended has failed', async () => {
    const one = cluster()
    await submitted(one, 'kubernetes', '--submit')
    one.job(`chemherm-${RUN}`, { conditions: [{ type: 'Failed', status: 'True', reason: 'DeadlineExceeded' }] })
    const { stdout } = await call('submit-eval-jobs', ['status', '--output-dir', one.folder], one.env)
    expect(stdout).toContain('failed (DeadlineExceeded)')
    expect(stdout).toContain('failed (ended without a word')
  })

  it.each([
    [['--memory', '16'], null],
    [['--memory', '16GB'], '"16GB" is no quantity of memory in Kubernetes'],
    [['--time', '90'], '"90" is no time such as 12:00:00'],
  ])('%j', async (args, message) => {
    const done = await submitted(cluster(), 'kubernetes', ...args)
    if (message === null) expect(done.code).toBe(0)
    else expect(done).toMatchObject({ code: 2, stderr: expect.stringContaining(message) })
  })

  it('says of what is on this machine that a container does not see it', async () => {
    const one = cluster()
    writeFileSync(join(one.folder, 'runs.yaml'), `- {device: cpu, dataset: ${join(root)}}`)
    expect((await submitted(one)).stderr).toContain('which is all that a container sees of it')
    expect((await submitted(one, 'kubernetes', '--partition', 'gpu')).stderr).toContain(
      '--partition changes nothing here: kubernetes is not asked for it',
    )
  })
})

describe('what a container runs', () => {
  const script = containerScript({ command: 'run-rm', name: RUN, shards: 8 } as never, '/etc/options.yaml', 'INDEX')
  /** In a shell, with a chemherm that says how it was called. */
  async function run(body: string, env: Record<string, string>): Promise<{ code: number; stdout: string }> {
    const bin = join(root, String(++folders))
    mkdirSync(bin)
    writeFileSync(join(bin, 'chemherm'), `#!/bin/sh\n${body}\n`)
    chmodSync(join(bin, 'chemherm'), 0o755)
    const path = `${bin}:${process.env.PATH}`
    return promisify(execFile)('/bin/sh', ['-c', script], { env: { ...env, PATH: path } }).then(
      ({ stdout }) => ({ code: 0, stdout }),
      (error: { code: number; stdout: string }) => ({ code: error.code, stdout: error.stdout }),
    )
  }
  it('the shard whose turn it is', async () => {
    expect(await run('echo "$CHEMHERM_TASK: $*"', { SHARDS: '3 7', INDEX: '1' })).toEqual({
      code: 0,
      stdout: `${RUN} shard 7 of 8: run-rm --config /etc/options.yaml --shard 7/8\n`,
    })
    expect(await run('echo not called', { SHARDS: '3 7' })).toEqual({ code: 2, stdout: '' })
  })
  it('its exit code, but that rows without a score are no failure', async () => {
    for (const [code, ends] of [
      [0, 0],
      [4, 0],
      [3, 3],
      [130, 130],
    ] as const)
      expect(await run(`exit ${code}`, { SHARDS: '1', INDEX: '0' })).toMatchObject({ code: ends })
  })
  it('a stop reaches the run, which ends its batch first', async () => {
    const stops = `trap 'echo stopped; exit 130' TERM\nkill -TERM $PPID\ni=0; while [ $i -lt 50 ]; do sleep 0.1; i=$((i+1)); done`
    expect(await run(stops, { SHARDS: '1', INDEX: '0' })).toEqual({ code: 130, stdout: 'stopped\n' })
  })
})

describe('Beaker', () => {
  it("a run is an experiment in RewardBench's form, a task each shard; it is not handed over", async () => {
    const one = cluster()
    expect(await submitted(one, 'beaker', '--partition', 'org/cluster')).toMatchObject({ code: 0 })
    const spec = parse(readFileSync(join(one.folder, 'jobs', RUN, 'beaker.yaml'), 'utf8'))
    expect(spec).toMatchObject({ version: 'v2', description: RUN })
    expect(spec.tasks).toHaveLength(4)
    expect(spec.tasks[2]).toMatchObject({
      name: `${RUN}-3`,
      image: { beaker: 'lab/chemherm:1' },
      command: ['/bin/sh', '-c'],
      context: { cluster: 'org/cluster' },
    })
    const refused = await submitted(one, 'beaker', '--submit')
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('no Beaker could be had to test it') })
  })
})
