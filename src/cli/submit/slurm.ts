import { UsageError } from '../../errors.ts'
import { packagePath } from '../../package.ts'
import { visibleName } from '../../visible-text.ts'
import { type JobPlan, type JobRun, jobFolder, type Resources } from './plan.ts'

/** Seconds before the time limit, or before the node is taken away, at which a task is told to stop. */
const NOTICE_S = 60

/**
 * The job scripts of Slurm. A run is an array job of its shards, and a job that merges them and writes the analyses, which is to start with
 * `--dependency=afterok:<array>`: Slurm cancels it where a shard fails (`--kill-on-invalid-dep=yes`), so that it never waits for ever.
 * `#SBATCH` lines hold what was checked alone; nothing of the table is read by a shell, it stands in the option file.
 */

/** Array job of a run's shards. */
export function shardsScript(plan: JobPlan, run: JobRun): string {
  const folder = jobFolder(plan.outputDir, run)
  const part = run.shards === 1 ? '' : ` --shard "$part/${run.shards}" --merge never`
  return script(
    [
      `--job-name="${run.name}"`,
      `--array=1-${run.shards}`,
      `--output="${folder}/logs/shard-%a.log"`,
      ...asked(plan, run.gpus),
    ],
    [
      `part="\${SLURM_ARRAY_TASK_ID:?is set by sbatch}"`,
      ...task({
        mark: `${folder}/exit/shard-$part`,
        name: `${run.name} shard $part of ${run.shards}`,
        command: `${chemherm} ${run.command} --config ${quote(`${folder}/options.yaml`)}${part}`,
      }),
    ],
  )
}

/**
 * Merges the shards of a run and writes its files. It asks for what a shard has: what a measurement is called depends on the device and on
 * the number format that is chosen by it, so that on another kind of node everything would be measured again.
 */
export function mergeScript(plan: JobPlan, run: JobRun): string {
  const folder = jobFolder(plan.outputDir, run)
  return script(
    [
      `--job-name="${run.name}-merge"`,
      '--kill-on-invalid-dep=yes',
      `--output="${folder}/logs/merge.log"`,
      ...asked(plan, run.gpus),
    ],
    task({
      mark: `${folder}/exit/merge`,
      name: `${run.name} merge`,
      command: `${chemherm} ${run.command} --config ${quote(`${folder}/options.yaml`)} --shard 1/${run.shards} --merge only`,
    }),
  )
}

/** Compares the runs that are there once every other job has ended, well or not (`--dependency=afterany`). */
export function analyzeScript(plan: JobPlan): string {
  const folder = `${plan.outputDir}/jobs`
  return script(
    [
      '--job-name="chemherm-analyze"',
      '--kill-on-invalid-dep=yes',
      `--output="${folder}/logs/analyze.log"`,
      ...asked(plan, 0),
    ],
    task({
      mark: `${folder}/exit/analyze`,
      name: 'analyze',
      command: `${chemherm} analyze --output-dir ${quote(plan.outputDir)}`,
    }),
  )
}

/** The same submission by hand. */
export function submitScript(plan: JobPlan): string {
  const lines = [
    '#!/bin/bash',
    '# Submits these jobs by hand; submit-eval-jobs --submit does the same and keeps their numbers.',
    'set -euo pipefail',
    'ended=""',
  ]
  for (const run of plan.runs) {
    const folder = jobFolder(plan.outputDir, run)
    lines.push(`job=$(sbatch --parsable ${quote(`${folder}/shards.sbatch`)})`)
    if (run.shards > 1)
      lines.push(`job=$(sbatch --parsable --dependency="afterok:\${job%%;*}" ${quote(`${folder}/merge.sbatch`)})`)
    lines.push(`ended="$ended:\${job%%;*}"`)
  }
  lines.push(`sbatch --dependency="afterany$ended" ${quote(`${plan.outputDir}/jobs/analyze.sbatch`)}`, '')
  return lines.join('\n')
}

function asked({ workDir, resources }: JobPlan, gpus: number): string[] {
  const { cpus, memory, time, partition, account, engineOptions } = resources
  return [
    `--chdir="${workDir}"`,
    '--open-mode=append',
    '--requeue',
    `--signal=B:TERM@${NOTICE_S}`,
    '--nodes=1',
    '--ntasks=1',
    `--cpus-per-task=${cpus}`,
    `--mem=${memory}`,
    ...(gpus > 0 ? [`--gres=gpu:${gpus}`] : []),
    ...(time === null ? [] : [`--time=${time}`]),
    ...(partition === null ? [] : [`--partition=${partition}`]),
    ...(account === null ? [] : [`--account=${account}`]),
    ...engineOptions,
  ]
}

const script = (options: readonly string[], lines: readonly string[]): string =>
  ['#!/bin/bash', ...options.map((option) => `#SBATCH ${option}`), '', 'set -u', ...lines, ''].join('\n')

/**
 * The command as a child, so that the signal that Slurm sends to the script reaches it and it ends as by Ctrl-C: 130, what was measured is
 * kept. Its exit code is left in `mark`, also where the cluster keeps no accounts. 4 (done, some rows have no score) is no failure: a job
 * that depends on this one starts.
 */
const task = ({ mark, name, command }: { readonly mark: string; readonly name: string; readonly command: string }) => [
  `mark="${mark}"`,
  'rm -f "$mark"',
  `export CHEMHERM_TASK="${name}"`,
  `echo "--- $(date -u +%FT%TZ) job \${SLURM_JOB_ID:-none} on $(hostname), started again \${SLURM_RESTART_COUNT:-0} times"`,
  'stop= child=',
  `trap 'stop=1; [ -n "$child" ] && kill -TERM "$child"' TERM`,
  `${command} &`,
  'child=$!',
  // a stop that came before its number was known
  '[ -n "$stop" ] && kill -TERM "$child"',
  'wait "$child"',
  'while kill -0 "$child" 2>/dev/null; do wait "$child"; done',
  'wait "$child"',
  'code=$?',
  'echo "$code" > "$mark.partial" && mv "$mark.partial" "$mark"',
  'echo "--- $(date -u +%FT%TZ) ended with exit code $code"',
  '[ "$code" -eq 4 ] && exit 0',
  'exit "$code"',
]

/** One word of a shell, whatever is in it. @example quote("it's") // `'it'\\''s'` */
export const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

const chemherm = `${quote(process.execPath)} ${quote(packagePath('dist/scripts/chemherm.js'))}`

/** Values that stand in a job script: words without anything that a shell or a scheduler reads otherwise. */
const WORD = /^[A-Za-z0-9][A-Za-z0-9._:,@/+-]*$/
const ENGINE_OPTION = /^--[a-z][a-z0-9-]*(=[A-Za-z0-9._:,@/+&|*[\]()=-]+)?$/

/** @throws UsageError for what would be more than a value in a job script */
export function checkResources(resources: Resources): void {
  const { memory, time, partition, account, engineOptions, image, namespace } = resources
  const words = { memory, time, partition, account, image, namespace, 'volume-claim': resources.volumeClaim }
  for (const [flag, value] of Object.entries(words))
    if (value !== null && !WORD.test(value))
      throw new UsageError(`"${visibleName(value)}" is no value of it`, `--${flag}`)
  for (const option of engineOptions)
    if (!ENGINE_OPTION.test(option))
      throw new UsageError(
        `"${visibleName(option)}" is not one option with its value`,
        '--engine-option',
        'For example --engine-option=--constraint=a100.',
      )
}
