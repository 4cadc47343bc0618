import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { relative, resolve, sep } from 'node:path'
import { type Log, screenLog } from '../../src/cli/log.ts'
import { type BinHelp, parseArgs } from '../../src/cli/parse.ts'
import { printText } from '../../src/cli/screen.ts'
import { SCHEDULERS } from '../../src/cli/submit/engines.ts'
import { DEFAULT_MEMORY, estimateRun, NOT_ASKED, type RunEstimate } from '../../src/cli/submit/estimate.ts'
import { jobFiles, writeJobFiles } from '../../src/cli/submit/job-files.ts'
import { analyzePath, checkKubernetes } from '../../src/cli/submit/kubernetes.ts'
import {
  ENGINES,
  type Engine,
  gpusOf,
  type JobPlan,
  planJobs,
  type Resources,
  shardsOf,
} from '../../src/cli/submit/plan.ts'
import { planTable } from '../../src/cli/submit/plan-table.ts'
import { checkResources } from '../../src/cli/submit/slurm.ts'
import { type JobState, lockState, readState, statePath, writeState } from '../../src/cli/submit/state.ts'
import { statusText, type Unit, unitsOf } from '../../src/cli/submit/status.ts'
import { readTable, type TableRow } from '../../src/cli/submit/table.ts'
import { DataError, UsageError } from '../../src/errors.ts'
import {
  aboveZero,
  choice,
  flagOf,
  type Given,
  list,
  number,
  readOptions,
  section,
  text,
  toggle,
  type Values,
  whole,
} from '../../src/setup/option.ts'
import { changesNothing } from '../../src/setup/unused.ts'

const HELP: BinHelp = {
  name: 'submit-eval-jobs',
  summary:
    "Turns a table of runs (models and data sets) into jobs of a cluster's scheduler: shards, what merges them, and the analysis of all. Writes the job files to <output-dir>/jobs and prints them; --submit hands them over. The table is a list of option sets with the keys of --config and command: run-rm, run-dpo or run-verify, or RewardBench's eval_configs.yaml. Then: status says how far each shard is, resubmit submits the failed ones alone.",
  examples: [
    ['submit-eval-jobs --runs runs.yaml --engine slurm --shards 8', 'writes the job files, to look at'],
    ['submit-eval-jobs --runs runs.yaml --engine slurm --shards 8 --submit', 'and submits them'],
    ['submit-eval-jobs status --output-dir results', 'state, rows measured and last words of each shard'],
    ['submit-eval-jobs resubmit --output-dir results', 'the failed shards again, and the merging'],
  ],
  positional: 'status or resubmit',
}
export const OPTIONS = {
  ...section(
    { group: 'Runs' },
    {
      runs: text('Table of runs, a YAML file', null),
      model: list('Rows of this model alone, repeatable', { shown: 'all' }),
      dataset: text("Data set of the rows that name none (RewardBench's form names none)", null, {
        shown: 'demo-pairs',
      }),
      outputDir: text('Folder of all results; the job files stand in its folder jobs', 'results'),
    },
  ),
  ...section(
    { group: 'Jobs' },
    {
      engine: choice(ENGINES, 'Scheduler that the jobs are for', null),
      shards: whole([1, 10_000], 'Parts that each run with a model is cut into', 1),
      submit: toggle('Hand the jobs to the scheduler', false),
    },
  ),
  ...section(
    { group: 'Resources of each job' },
    {
      gpus: whole([0, 16], 'GPUs; a run computes on one', null, {
        shown: '1; 0 where the row says device: cpu, and for run-verify',
      }),
      cpus: whole([1, 1024], "CPU cores; also the model's threads where it has no GPU", 4),
      memory: text("Memory of the host, as the scheduler writes it; Slurm's --mem", null, {
        shown: 'estimated for each run; 16G where its model or data are not on this machine',
      }),
      time: text('Time limit, as Slurm writes it, such as 1-12:00:00', null, {
        shown: "estimated where --tokens-per-second is given, else the scheduler's own",
      }),
      tokensPerSecond: number('Tokens that one job computes in a second, as run.json of an earlier run has it', null, {
        shown: 'assumed from the size of the model, for the table alone',
        check: aboveZero,
      }),
      localStore: text(
        "Folder on a node's disk where shards write, or '$VARIABLE' of the job that names one; copied to --output-dir (see run-rm --local-store)",
        null,
      ),
      partition: text("Slurm's partition; Beaker's cluster", null, { shown: "the scheduler's own" }),
      account: text("Slurm's account; Beaker's budget", null, { shown: "the scheduler's own" }),
      engineOption: list('Another option for Slurm, such as --engine-option=--constraint=a100, repeatable'),
    },
  ),
  ...section(
    { group: 'Containers' },
    {
      image: text('Image that the containers run, of Kubernetes and Beaker', null),
      volumeClaim: text(
        'Of Kubernetes: claim of the volume that --output-dir lies on, written by several pods at once (ReadWriteMany)',
        null,
      ),
      namespace: text("Kubernetes' namespace", null, { shown: "kubectl's own" }),
    },
  ),
  ...section({ group: 'Run' }, { quiet: toggle('Say nothing but results and warnings', false) }),
}
type Options = Values<typeof OPTIONS>

const ACTIONS = ['status', 'resubmit'] as const

/**
 * The whole command; returns the exit code.
 * @param name the command as the user called it
 */
export async function submitEvalJobs(argv: readonly string[], name: string = HELP.name): Promise<number> {
  const action = ACTIONS.find((one) => one === argv[0]) ?? null
  const words = action === null ? argv : argv.slice(1)
  // a word that is no action is refused as one
  const { positional: _, ...help } = HELP
  const given = await parseArgs({ ...help, name }, OPTIONS, argv.length === 0 ? ['--help'] : words)
  if (given === null) return 0
  const options = readOptions(OPTIONS, given)
  const log = screenLog(name, options)
  if (action === null) return submit(options, given, log)
  const unused = Object.keys(given).filter((option) => !['outputDir', 'quiet'].includes(option))
  if (unused.length > 0) log.warn(changesNothing(unused.map(flagOf), `${action} goes by what was submitted`))
  const seen = readState(options.outputDir)
  // what only looks disturbs nobody, but where a submission was cut off it writes what became of it
  const looks = action === 'status' && seen.asked == null
  const release = looks ? () => {} : lockState(options.outputDir)
  try {
    const kept = looks ? seen : readState(options.outputDir)
    const state = await SCHEDULERS[kept.plan.engine].recovered(kept, log)
    const units = await unitsOf(state, await SCHEDULERS[state.plan.engine].states(state))
    return await (action === 'status' ? status(state, units) : resubmit(state, units, log))
  } finally {
    release()
  }
}

/** What a scheduler does not read. */
const UNREAD: Readonly<Record<Engine, readonly (keyof Options)[]>> = {
  slurm: ['image', 'volumeClaim', 'namespace'],
  kubernetes: ['partition', 'account', 'engineOption'],
  beaker: ['time', 'tokensPerSecond', 'localStore', 'engineOption', 'volumeClaim', 'namespace'],
}

async function submit(options: Options, given: Given<keyof Options>, log: Log): Promise<number> {
  const { runs, engine, shards, outputDir, gpus, cpus, memory, time, partition, account, localStore } = options
  if (runs === null) throw new UsageError('is needed', '--runs', 'Name the table of runs, a YAML file.')
  if (engine === null) throw new UsageError('is needed', '--engine', `One of ${ENGINES.join(', ')}.`)
  const { engineOption: engineOptions, image, volumeClaim, namespace } = options
  const resources = {
    gpus, cpus, memory, time, partition, account, engineOptions, image, volumeClaim, namespace, localStore,
  } // biome-ignore format: one line says it
  const unread = UNREAD[engine].filter((option) => given[option] !== undefined)
  if (unread.length > 0) log.warn(changesNothing(unread.map(flagOf), `${engine} is not asked for it`))
  checkResources(resources)
  const rows = sound(readTable({ path: runs, models: options.model, dataset: options.dataset }), runs, log)
  const estimates = await estimated(rows, resources, options)
  const token = randomBytes(4).toString('hex')
  const plan = planJobs(engine, rows, { shards, outputDir, resources, token, estimates })
  if (engine === 'kubernetes') checkKubernetes(plan)
  if (engine === 'beaker' && image === null) throw new UsageError('is needed', '--image', 'Name an image of Beaker.')
  if (engine === 'beaker' && options.submit) await SCHEDULERS.beaker.submit({ plan, submissions: [] }, log)
  const release = lockState(plan.outputDir)
  try {
    return await handOver({ plan, rows, engine, options, log })
  } finally {
    release()
  }
}

/** Writes the job files and submits them, while nobody else does. */
async function handOver({
  plan,
  rows,
  engine,
  options: { submit: asked, shards, memory, outputDir },
  log,
}: {
  readonly plan: JobPlan
  readonly rows: readonly TableRow[]
  readonly engine: Engine
  readonly options: Options
  readonly log: Log
}): Promise<number> {
  checkNothingSubmitted(plan.outputDir)
  if (engine !== 'slurm') for (const line of notMounted(rows, plan.outputDir)) log.warn(line)
  for (const { where, remarks } of rows) for (const remark of remarks) log.warn(`${where}: ${remark}`)
  for (const run of plan.runs) if (run.shards < shards) log.info(`${run.name}: run-verify has no shards, it is one job`)
  for (const { where, estimate } of plan.runs.map((run, i) => ({ where: rows[i]!.where, ...run })))
    if (typeof estimate === 'string' && estimate !== NOT_ASKED)
      log.warn(`${where}: no estimate, ${memory ?? `${DEFAULT_MEMORY} of memory is assumed`} (${estimate})`)
  const table = planTable(plan)
  if (asked) for (const line of table.split('\n')) log.info(line)
  else printText(`${table}\n\n`)
  const files = jobFiles(plan)
  writeJobFiles(plan, files)
  const state: JobState = { plan, submissions: [] }
  writeState(state)
  if (!asked) {
    for (const { path, text } of files) printText(`# ${path}\n${text}\n`)
    log.info(
      `${plan.runs.length} run${plan.runs.length === 1 ? '' : 's'}, ${files.length} files in ${plan.outputDir}/jobs; nothing is submitted without --submit`,
    )
    return 0
  }
  await SCHEDULERS[engine].submit(state, log)
  if (engine !== 'slurm')
    log.info(`when all are done: kubectl apply -f ${analyzePath(plan)}, or analyze --output-dir ${outputDir}`)
  return 0
}

/** Of each row; nothing is read where nothing hangs on it. */
async function estimated(
  rows: readonly TableRow[],
  resources: Resources,
  { shards, tokensPerSecond }: Options,
): Promise<(RunEstimate | string)[]> {
  const found: (RunEstimate | string)[] = []
  for (const row of rows)
    found.push(
      resources.memory !== null && (resources.time !== null || tokensPerSecond === null)
        ? NOT_ASKED
        : await estimateRun(row, {
            shards: shardsOf(row, shards),
            gpus: gpusOf(row, resources),
            cpus: resources.cpus,
            tokensPerSecond,
          }),
    )
  return found
}

/** The rows, if nothing is wrong with any. */
function sound({ rows, errors }: ReturnType<typeof readTable>, path: string, log: Log): readonly TableRow[] {
  if (errors.length === 0) return rows
  if (errors.length === 1) throw errors[0]
  for (const { where, message, hint } of errors) log.warn(`${where}: ${message}${hint === null ? '' : ` (${hint})`}`)
  throw new UsageError(
    `${errors.length} of ${errors.length + rows.length} rows cannot be run`,
    path,
    'Mend them, or choose the others with --model. Nothing was written.',
  )
}

/** A container sees the output folder, and nothing else of this machine. */
const notMounted = (rows: readonly TableRow[], outputDir: string): string[] =>
  rows.flatMap(({ where, config }) =>
    [config.dataset, config.tokenizer, ...config.models.map(({ name }) => name)].flatMap((name) =>
      name === null || !existsSync(name) || relative(outputDir, resolve(name)).split(sep)[0] !== '..'
        ? []
        : [
            `${where}: ${name} is on this machine, and not below --output-dir, which is all that a container sees of it`,
          ],
    ),
  )

/** Jobs that were submitted go on writing here. */
function checkNothingSubmitted(outputDir: string): void {
  let submissions: readonly unknown[]
  try {
    const { submissions: known, asked } = readState(outputDir)
    submissions = asked == null ? known : [...known, asked]
  } catch (error) {
    if (error instanceof UsageError) return
    throw error
  }
  if (submissions.length > 0)
    throw new DataError(
      `${submissions.length} jobs were submitted from here already`,
      statePath(outputDir),
      'See submit-eval-jobs status; submit the failed ones with submit-eval-jobs resubmit, or give another --output-dir.',
    )
}

async function status(state: JobState, units: readonly Unit[]): Promise<number> {
  printText(await statusText(state, units, SCHEDULERS[state.plan.engine].logOf))
  if (state.plan.engine === 'kubernetes' && units.every(({ state }) => state === 'done'))
    printText(`\nall are done; to compare them: kubectl apply -f ${analyzePath(state.plan)}\n`)
  return units.some(({ state }) => state === 'failed') ? 4 : 0
}

async function resubmit(state: JobState, units: readonly Unit[], log: Log): Promise<number> {
  if (state.submissions.length === 0)
    throw new UsageError('nothing was submitted yet', statePath(state.plan.outputDir), 'Submit with --submit.')
  if ((await SCHEDULERS[state.plan.engine].resubmit(state, units, log)) === state)
    log.info('no job has failed: nothing is submitted')
  return 0
}
