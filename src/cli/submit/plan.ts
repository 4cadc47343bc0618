import { join, resolve } from 'node:path'
import { stringify } from 'yaml'
import { UsageError } from '../../errors.ts'
import type { JobCommand, TableRow } from './table.ts'

export const ENGINES = ['slurm', 'kubernetes', 'beaker'] as const
export type Engine = (typeof ENGINES)[number]

/** What the scheduler is asked for, the same for every run of the table. */
export interface Resources {
  /** Of each shard; null: 1, and 0 where the run names the CPU or has no model. */
  readonly gpus: number | null
  readonly cpus: number
  /** As the engine writes it. @example '16G' */
  readonly memory: string
  readonly time: string | null
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
  }: { readonly shards: number; readonly outputDir: string; readonly resources: Resources },
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
    const gpus = resources.gpus ?? (row.command === 'run-verify' || row.config.device === 'cpu' ? 0 : 1)
    return {
      name: runName(`${String(i + 1).padStart(width, '0')}-${row.command}-${row.scorer}-${row.dataset}`),
      command: row.command,
      // the verifiable rewards have no shards
      shards: row.command === 'run-verify' ? 1 : shards,
      gpus,
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
  return { engine, outputDir: absolute, workDir, resources, runs }
}

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
