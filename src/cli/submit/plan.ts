import { join, resolve } from 'node:path'
import { stringify } from 'yaml'
import { UsageError } from '../../errors.ts'
import { DEFAULT_MEMORY, memoryText, type RunEstimate, timeText } from './estimate.ts'
import type { JobCommand, TableRow } from './table.ts'

export const ENGINES = ['slurm', 'kubernetes', 'beaker'] as const
export type Engine = (typeof ENGINES)[number]

/** What the scheduler is asked for, the same for every run of the table. */
export interface Resources {
  /** Of each shard; null: 1, and 0 where the run names the CPU or has no model. */
  readonly gpus: number | null
  readonly cpus: number
  /** As the engine writes it; null: from the estimate of each run. @example '16G' */
  readonly memory: string | null
  /** null: from the estimate where `--tokens-per-second` says what it rests on, else the scheduler's own. */
  readonly time: string | null
  /** Folder on a node's disk for the measurements of a shard, or a variable of the job that names one; null: they are written to the shared folder. */
  readonly localStore: string | null
  readonly partition: string | null
  readonly account: string | null
  /** Further lines for the engine, one option each. @example '--constraint=a100' */
  readonly engineOptions: readonly string[]
  /** Container image, of Kubernetes and Beaker. */
  readonly image: string | null
  /** Of Kubernetes: the volume claim that the output folder lies on, and the namespace. */
  readonly volumeClaim: string | null
  readonly namespace: string | null
}

/** One run as jobs. */
export interface JobRun {
  /** Name of its jobs and of its folder under `jobs/`: [a-z0-9-], at most 40 characters. */
  readonly name: string
  readonly command: JobCommand
  readonly shards: number
  readonly gpus: number
  /** Memory of a shard, and of what merges them; the time limit of a shard, null: the scheduler's own. As the engine writes them. */
  readonly memory: string
  readonly wholeMemory: string
  readonly time: string | null
  /** What they rest on; in words why there is none. */
  readonly estimate: RunEstimate | string
  /** Option file of the run, for `--config`; of output-dir alone the place is added. */
  readonly options: Readonly<Record<string, unknown>>
  /** Folders that its results will have under the output folder. */
  readonly scorer: string
  readonly dataset: string
  /** Tells its stores from those of the table's other runs. */
  readonly key: string
}

export interface JobPlan {
  readonly engine: Engine
  /** Absolute. */
  readonly outputDir: string
  /** In the name of every job, so that one whose number was lost is found again: 8 hex digits. */
  readonly token: string
  /** Folder that relative paths of the table start from: where the plan was made. */
  readonly workDir: string
  readonly resources: Resources
  readonly runs: readonly JobRun[]
}

/** Characters that a batch script's `#SBATCH` lines cannot carry safely in a path. */
const UNSAFE_PATH = /["'`$\\\n\r\0%]/

/** @throws UsageError for a path that no job script can name safely */
export function planJobs(
  engine: Engine,
  rows: readonly TableRow[],
  {
    shards,
    outputDir,
    resources,
    token,
    estimates,
  }: {
    readonly shards: number
    readonly outputDir: string
    readonly resources: Resources
    readonly token: string
    /** Of each row. */
    readonly estimates: readonly (RunEstimate | string)[]
  },
): JobPlan {
  const [absolute, workDir] = [resolve(outputDir), process.cwd()]
  for (const [where, path] of [
    ['--output-dir', absolute],
    ['working folder', workDir],
  ] as const)
    if (UNSAFE_PATH.test(path))
      throw new UsageError('has a character that job scripts cannot name safely (" \' ` $ \\ % or a line break)', where)
  const width = Math.max(2, String(rows.length).length)
  const runs = rows.map((row, i): JobRun => {
    const gpus = gpusOf(row, resources)
    const estimate = estimates[i]!
    const known = typeof estimate === 'string' ? null : estimate
    const memory = (bytes: number | undefined): string =>
      resources.memory ?? (bytes === undefined ? DEFAULT_MEMORY : memoryText(bytes))
    return {
      name: runName(`${String(i + 1).padStart(width, '0')}-${row.command}-${row.scorer}-${row.dataset}`),
      command: row.command,
      // the verifiable rewards have no shards
      shards: shardsOf(row, shards),
      gpus,
      memory: memory(known?.shardBytes),
      wholeMemory: memory(known === null ? undefined : Math.max(known.wholeBytes, known.shardBytes)),
      time:
        resources.time ??
        (engine === 'slurm' && known?.rate?.source === 'given' && known.seconds !== null
          ? timeText(known.seconds)
          : null),
      estimate,
      options: {
        ...row.options,
        // without a device of its own a model computes on the cores that the job is given, not on all that the node has
        ...(gpus === 0 &&
          row.command !== 'run-verify' &&
          row.options.threads === undefined && { threads: resources.cpus }),
      },
      scorer: row.scorer,
      dataset: row.dataset,
      key: runKey(row.config),
    }
  })
  return { engine, outputDir: absolute, token, workDir, resources, runs }
}

export const gpusOf = ({ command, config }: TableRow, { gpus }: Pick<Resources, 'gpus'>): number =>
  gpus ?? (command === 'run-verify' || config.device === 'cpu' ? 0 : 1)
export const shardsOf = ({ command }: TableRow, shards: number): number => (command === 'run-verify' ? 1 : shards)

/** @example runName('01-run-rm-org__Model-demo') // '01-run-rm-org-model-demo' */
const runName = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
    .replace(/^-+|-+$/g, '')

/** What tells the store of one run of a table from another's: command, models, data, name. The first line of a store has them. */
export function runKey(config: unknown): string {
  const { bin, models, dataset, split, datasetConfig, name } = (config ?? {}) as Record<string, unknown>
  return JSON.stringify([bin, models, dataset, split, datasetConfig, name])
}

/** Option file of a run. */
export const optionsYaml = (run: JobRun, outputDir: string): string =>
  `# ${run.command} of ${run.name}\n${stringify({ ...run.options, 'output-dir': outputDir })}`

/** Folder of a run's job files. */
export const jobFolder = (outputDir: string, run: { readonly name: string }): string =>
  join(outputDir, 'jobs', run.name)

/** @example allShards({ shards: 3 }) // [1, 2, 3] */
export const allShards = ({ shards }: Pick<JobRun, 'shards'>): number[] =>
  Array.from({ length: shards }, (_, i) => i + 1)
