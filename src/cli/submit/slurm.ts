import { UsageError } from '../../errors.ts'
import { packagePath } from '../../package.ts'
import { visibleName } from '../../visible-text.ts'
import { NOT_ASKED } from './estimate.ts'
import { largestMemory } from './memory.ts'
import { type JobPlan, type JobRun, jobFolder, type Resources } from './plan.ts'

/** Seconds before the time limit at which a task is told to stop (USR1). A node that is taken away sends TERM, with the partition's own grace. */
const NOTICE_S = 120

/**
 * The job scripts of Slurm. A run is an array job of its shards, and a job that merges them and writes the analyses, which is to start with
 * `--dependency=afterok:<array>`: Slurm cancels it where a shard fails (`--kill-on-invalid-dep=yes`), so that it never waits for ever.
 * `#SBATCH` lines hold what was checked alone; nothing of the table is read by a shell, it stands in the option file.
 */

/** Array job of a run's shards. */
export function shardsScript(plan: JobPlan, run: JobRun): string {
  const folder = jobFolder(plan.outputDir, run)
  const part = run.shards === 1 ? '' : ` --shard "$part/${run.shards}" --merge never`
  const local = plan.resources.localStore === null ? '' : ` --local-store "${localFolder(plan.resources.localStore)}"`
  const stores = run.shards === 1 ? 'measurements.jsonl' : `measurements.shard-$part-of-${run.shards}.jsonl`
  return script(
    [
      `--job-name="${run.name}"`,
      `--array=1-${run.shards}`,
      `--output="${folder}/logs/shard-%a.log"`,
      ...asked(plan, run.gpus, run.memory),
      ...(run.time === null ? [] : [`--time=${run.time}`]),
    ],
    [
      ...remark(run),
      ...(run.shards === 1 ? [HEAP] : []),
      `part="\${SLURM_ARRAY_TASK_ID:?is set by sbatch}"`,
      ...task({
        mark: `${folder}/exit/shard-$part`,
        name: `${run.name} shard $part of ${run.shards}`,
        command: `${chemherm} ${run.command} --config ${quote(`${folder}/options.yaml`)}${part}${run.command === 'run-verify' ? '' : local}`,
        // of any run: nothing of the table stands in a script
        measured: `stat -c %s ${quote(plan.outputDir)}/*/*/"${stores}" 2>/dev/null | { sum=0; while read -r n; do sum=$((sum + n)); done; echo "$sum"; }`,
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
      ...asked(plan, run.gpus, run.wholeMemory),
      ...(plan.resources.time === null ? [] : [`--time=${plan.resources.time}`]),
    ],
    [
      HEAP,
      ...task({
        mark: `${folder}/exit/merge`,
        name: `${run.name} merge`,
        command: `${chemherm} ${run.command} --config ${quote(`${folder}/options.yaml`)} --shard 1/${run.shards} --merge only`,
      }),
    ],
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
      ...asked(plan, 0, plan.resources.memory ?? largestMemory(plan.runs)),
      ...(plan.resources.time === null ? [] : [`--time=${plan.resources.time}`]),
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

/** What the numbers of a script rest on, for who reads it. */
function remark({ estimate, memory }: JobRun): string[] {
  if (typeof estimate === 'string')
    return [`# ${memory} of memory: ${estimate === NOT_ASKED ? 'given' : 'assumed, there is no estimate'}`]
  const { shardTokens, rate, seconds } = estimate
  return [
    `# estimated: ${(estimate.shardBytes / 1e9).toFixed(2)} GB of memory`,
    ...(rate === null || seconds === null
      ? []
      : [
          `# estimated: ${shardTokens} tokens in the heaviest shard, at ${rate.tokensPerSecond.toFixed(0)} tokens/s (${rate.source}) ${Math.ceil(seconds / 60)} min`,
        ]),
  ]
}

/** Node bounds its heap at 4 GB where nobody says otherwise; of a job that has more, three quarters. */
const HEAP = `[ "\${SLURM_MEM_PER_NODE:-0}" -gt 6000 ] && export NODE_OPTIONS="--max-old-space-size=$((SLURM_MEM_PER_NODE * 3 / 4))"`

/** A folder, or a variable of the job. @example localFolder('$SLURM_TMPDIR/x') // '${SLURM_TMPDIR:?is not set}/x' */
const localFolder = (text: string): string =>
  text.replace(/^\$(\w+)/, (_, name) => `\${${name}:?is not set on this node}`)

function asked({ workDir, resources }: JobPlan, gpus: number, memory: string): string[] {
  const { cpus, partition, account, engineOptions } = resources
  return [
    `--chdir="${workDir}"`,
    '--open-mode=append',
    '--requeue',
    `--signal=B:USR1@${NOTICE_S}`,
    '--nodes=1',
    '--ntasks=1',
    `--cpus-per-task=${cpus}`,
    `--mem=${memory}`,
    ...(gpus > 0 ? [`--gres=gpu:${gpus}`] : []),
    ...(partition === null ? [] : [`--partition=${partition}`]),
    ...(account === null ? [] : [`--account=${account}`]),
    ...engineOptions,
  ]
}

const script = (options: readonly string[], lines: readonly string[]): string =>
  ['#!/bin/bash', ...options.map((option) => `#SBATCH ${option}`), '', 'set -u', ...lines, ''].join('\n')

interface Task {
  readonly mark: string
  readonly name: string
  readonly command: string
  /** Prints how many bytes were measured, of a task that goes on where it was; left out: it does not. */
  readonly measured?: string
}

/**
 * The command as a child, so that a signal that Slurm sends to the script reaches it and it ends as by Ctrl-C: 130, what was measured is
 * kept. Its exit code is left in `mark`, also where the cluster keeps no accounts, and its number beside it before it begins. 4 (done, some
 * rows have no score) is no failure: a job that depends on this one starts.
 *
 * TERM (preemption, scancel) ends it; where Slurm puts a preempted job back, that is Slurm's. USR1, shortly before the time limit, puts the
 * task back into the queue if something was measured since it began; else the limit is too short, and it fails.
 */
const task = ({ mark, name, command, measured }: Task) => [
  `mark="${mark}"`,
  'rm -f "$mark"',
  `echo "\${SLURM_JOB_NAME:-} \${SLURM_ARRAY_JOB_ID:-\${SLURM_JOB_ID:-none}}" > "$mark.job"`,
  `export CHEMHERM_TASK="${name}"`,
  `echo "--- $(date -u +%FT%TZ) job \${SLURM_JOB_ID:-none} on $(hostname), started again \${SLURM_RESTART_COUNT:-0} times"`,
  'stop= child= limit=',
  `trap 'stop=1; [ -n "$child" ] && kill -TERM "$child"' TERM`,
  `trap 'limit=1; stop=1; [ -n "$child" ] && kill -TERM "$child"' USR1`,
  ...(measured === undefined ? [] : [`measured() { ${measured}; }`, 'before=$(measured)']),
  `${command} &`,
  'child=$!',
  // a stop that came before its number was known
  '[ -n "$stop" ] && kill -TERM "$child"',
  'wait "$child"',
  'while kill -0 "$child" 2>/dev/null; do wait "$child"; done',
  'wait "$child"',
  'code=$?',
  ...(measured === undefined
    ? []
    : [
        'if [ -n "$limit" ] && [ "$code" -eq 130 ]; then',
        '  if [ "$(measured)" -gt "$before" ]; then',
        '    echo "--- $(date -u +%FT%TZ) the time limit is near: back into the queue, it goes on where it was"',
        '    scontrol requeue "$SLURM_JOB_ID" && { sleep 60; exit 130; }',
        '  else',
        '    echo "--- nothing was measured within the time limit: give a longer --time" >&2',
        '  fi',
        'fi',
      ]),
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
/** @example '/scratch/me', '$SLURM_TMPDIR', '$TMPDIR/me' */
const LOCAL_FOLDER = /^(\$[A-Z_][A-Z0-9_]*|\/[A-Za-z0-9._-]+)(\/[A-Za-z0-9._-]+)*$/
const ENGINE_OPTION = /^--[a-z][a-z0-9-]*(=[A-Za-z0-9._:,@/+&|*[\]()=-]+)?$/

/** @throws UsageError for what would be more than a value in a job script */
export function checkResources(resources: Resources): void {
  const { memory, time, partition, account, engineOptions, image, namespace, localStore } = resources
  if (localStore !== null && !LOCAL_FOLDER.test(localStore))
    throw new UsageError(
      `"${visibleName(localStore)}" is neither an absolute folder nor a variable of the job`,
      '--local-store',
      "For example --local-store /scratch, or --local-store '$SLURM_TMPDIR'.",
    )
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
