import { existsSync } from 'node:fs'
import { basename } from 'node:path'
import { isMap, isScalar, isSeq, type Pair, type YAMLMap } from 'yaml'
import { HarnessError, UsageError } from '../../errors.ts'
import { checkAhead } from '../../setup/ahead.ts'
import { type RunConfig, toRunConfig } from '../../setup/config.ts'
import { checkDatasetName, stem } from '../../setup/dataset.ts'
import { flagOf, type Given, type OptionTable } from '../../setup/option.ts'
import type { RunOption } from '../../setup/options.ts'
import { unusedOptions } from '../../setup/unused.ts'
import { visibleName } from '../../visible-text.ts'
import { hermEntry, isHermConfigs } from '../herm-configs.ts'
import { BIN_OPTIONS, byFlag } from '../options.ts'
import { parseYaml, readOptionMap } from '../yaml.ts'

/** The commands that a table of runs may name. */
export const JOB_COMMANDS = ['run-rm', 'run-dpo', 'run-verify'] as const
export type JobCommand = (typeof JOB_COMMANDS)[number]

/** One run of the table, checked as the run itself checks it before anything is opened. */
export interface TableRow {
  /** Where it stands, for messages. @example 'runs.yaml: row 3' */
  readonly where: string
  readonly command: JobCommand
  /** By flag, as given; `--config` reads the same. */
  readonly options: Readonly<Record<string, unknown>>
  readonly config: RunConfig
  /** What it says that changes nothing. */
  readonly remarks: readonly string[]
  /** Folders of its results under the output folder, before digits may be appended. */
  readonly scorer: string
  readonly dataset: string
}

export interface TableRequest {
  readonly path: string
  /** Rows of these models alone; empty: all. */
  readonly models: readonly string[]
  /** Data set of the rows that name none; null: the command's own default. */
  readonly dataset: string | null
}

const EXPECTED =
  'Expected a list of option sets ("- model: org/name" …, with command: run-rm, run-dpo or run-verify), or RewardBench\'s eval_configs.yaml.'

/** Options that the jobs set themselves, or that would undo what an earlier start of a job has done. */
const REFUSED: Readonly<Record<string, string>> = {
  'output-dir': 'is the same for all runs: give --output-dir',
  shard: 'is set by each job: give --shards',
  merge: 'is set by each job',
  config: 'is not read in a table: write its keys into the row',
  'dry-run': 'does no run',
  'print-config': 'does no run',
  'dump-rendered': 'does no run',
}

/**
 * Reads a table of runs.
 * @returns the rows that can be run, and what is wrong with the others, in the order of the table
 * @throws UsageError for a file that is no table, or one without the models that are asked for
 */
export function readTable({ path, models, dataset }: TableRequest): {
  readonly rows: readonly TableRow[]
  readonly errors: readonly HarnessError[]
} {
  const { contents } = parseYaml(path)
  const entries = isSeq(contents)
    ? contents.items.map((item, i) => ownEntry(item, `${path}: row ${i + 1}`))
    : isMap(contents) && isHermConfigs(contents.items as Pair[])
      ? hermEntries(contents as YAMLMap, path)
      : null
  if (entries === null) throw new UsageError('is no table of runs', path, EXPECTED)
  const asked = entries.filter(({ model }) => models.length === 0 || (model !== null && models.includes(model)))
  for (const model of models)
    if (!entries.some((entry) => entry.model === model))
      throw new UsageError('no row has this model', `--model ${visibleName(model)}`, `The table is ${path}.`)
  if (asked.length === 0) throw new UsageError('has no rows', path, EXPECTED)
  const rows: TableRow[] = []
  const errors: HarnessError[] = []
  for (const { where, read } of asked)
    try {
      const row = checked(where, ...read(), dataset)
      const same = rows.find((other) => other.scorer === row.scorer && other.dataset === row.dataset)
      if (same !== undefined)
        throw new UsageError(
          `would write into ${row.scorer}/${row.dataset}, as ${same.where} does`,
          'name',
          'Give one of them a name of its own (name: …), or leave one out.',
        )
      rows.push(row)
    } catch (error) {
      if (!(error instanceof HarnessError)) throw error
      errors.push(
        error.where.startsWith(where) ? error : new UsageError(error.message, `${where}: ${error.where}`, error.hint),
      )
    }
  return { rows, errors }
}

interface Entry {
  readonly where: string
  readonly model: string | null
  readonly read: () => readonly [JobCommand, Record<string, unknown>]
}

/** A row of our own form. */
function ownEntry(item: unknown, where: string): Entry {
  const model = isMap(item) ? item.get('model') : null
  return {
    where,
    model: typeof model === 'string' ? model : null,
    read() {
      if (!isMap(item)) throw new UsageError('is not a mapping', where, EXPECTED)
      const pairs = item.items as Pair[]
      const isCommand = ({ key }: Pair): boolean => isScalar(key) && key.value === 'command'
      const named = pairs.find(isCommand)?.value
      const name = named === undefined ? 'run-rm' : isScalar(named) ? named.value : named
      const command = JOB_COMMANDS.find((one) => one === name)
      if (command === undefined)
        throw new UsageError(
          `${visibleName(JSON.stringify(name) ?? 'null')} is none of ${JOB_COMMANDS.join(', ')}`,
          `${where}: command`,
        )
      const table = byFlag(BIN_OPTIONS[command])
      return [
        command,
        readOptionMap(
          pairs.filter((pair) => !isCommand(pair)),
          where,
          table,
        ),
      ]
    },
  }
}

/** RewardBench's form: a model each, a policy where it says `dpo`. */
const hermEntries = (contents: YAMLMap, path: string): Entry[] =>
  (contents.items as Pair[]).map(({ key, value }) => {
    const model = isScalar(key) ? String(key.value) : String(key)
    const command = isMap(value) && value.get('dpo') === true ? 'run-dpo' : 'run-rm'
    return {
      where: `${path}: ${visibleName(model)}`,
      model,
      read: () => [
        command,
        {
          model,
          ...Object.fromEntries(
            hermEntry(contents.items as Pair[], path, model, byFlag(BIN_OPTIONS[command])).map(([flag, given]) => [
              flag,
              isScalar(given) ? given.value : given,
            ]),
          ),
        },
      ],
    }
  })

function checked(
  where: string,
  command: JobCommand,
  own: Readonly<Record<string, unknown>>,
  dataset: string | null,
): TableRow {
  for (const [flag, why] of Object.entries(REFUSED))
    if (own[flag] !== undefined) throw new UsageError(why, flag, 'Leave it out of the table.')
  if (own.resume === false)
    throw new UsageError(
      'would forget what was measured whenever a job is started again',
      'resume: false',
      'Leave it out, and give another --output-dir to measure anew.',
    )
  const options = { ...own, ...(dataset !== null && own.dataset === undefined && !own['pref-sets'] && { dataset }) }
  const given = givenOf(options, BIN_OPTIONS[command])
  const config = toRunConfig(command, given)
  if (!config.verification.enabled && command === 'run-verify') throw new UsageError('leaves nothing to do', 'verify')
  if (command !== 'run-verify') checkAhead(config)
  checkDatasetName(config.dataset)
  const scorer = scorerOf(config)
  if (['jobs', 'analysis'].includes(scorer.toLowerCase()))
    throw new UsageError(`"${scorer}" is a folder of --output-dir that is no run's`, 'name', 'Give it another name.')
  return {
    where,
    command,
    options,
    config,
    remarks: unusedOptions(config, given),
    scorer,
    dataset: existsSync(config.dataset) ? stem(config.dataset) : config.dataset.split('@')[0]!.replaceAll('/', '__'),
  }
}

/** By flag → by the name in the code. */
function givenOf(options: Readonly<Record<string, unknown>>, table: OptionTable): Given<RunOption> {
  const all = Object.keys(table).map((name) => [name, options[flagOf(name)]] as const)
  return Object.fromEntries(all.filter(([, value]) => value !== undefined)) as Given<RunOption>
}

/** The scorer's folder as the run will derive it; models of this machine by their folder's name, those of the hub by their id. */
function scorerOf({ name, bin, models }: RunConfig): string {
  if (name !== null) return name
  const [first, second] = models.map((model) => {
    if (model.name === null) return 'demo'
    return existsSync(model.name) ? basename(model.name) : model.name.split('@')[0]!.replaceAll('/', '__')
  })
  if (first === undefined) return 'verifiable'
  if (bin === 'run-rm') return first
  return second === undefined ? `${first}__ref-free` : `${first}__vs__${second}`
}
