import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { UsageError } from '../errors.ts'
import { devicesOf } from '../model/device-list.ts'
import { checkDtype, type DtypeChoice } from '../model/dtype.ts'
import { type ColumnNames, checkColumnNames, NAMED_PARTS } from '../pairs/columns.ts'
import { LETTERS } from '../score/head.ts'
import { OF_LIKELIHOOD } from '../score/process.ts'
import type { StepAggregate } from '../score/steps.ts'
import { type Given, type RunBin, readOptions, type Values } from './option.ts'
import {
  CHECKPOINTS,
  COLUMNS,
  DATA,
  FORCED_MAX_LENGTH,
  GENERATION,
  GRPO,
  HERM,
  MODEL,
  ROWS,
  RUN,
  type RunOption,
  SCORING,
  SCREEN,
  STEPS,
  VERIFICATION,
} from './options.ts'

/** The options that stand in a RunConfig under their own names. */
const OWN = { ...GENERATION, ...STEPS, ...MODEL, ...DATA, ...ROWS, ...SCORING, ...GRPO, ...RUN, ...SCREEN }
/** What a run reads without --dataset. */
const DATASETS: Readonly<Record<RunBin, string>> = {
  'run-rm': 'demo-pairs',
  'run-dpo': 'demo-pairs',
  'run-verify': 'demo-pairs',
  'run-process': 'demo-steps',
  'run-generate': 'demo-prompts',
}

/** The resolved options of a run, as run.json keeps them and `--print-config` shows them by flag. */
export interface RunConfig extends Omit<Values<typeof OWN>, 'dataset' | 'stepAggregate' | 'n' | 'temperature'> {
  readonly n: number
  readonly temperature: number
  readonly dataset: string
  readonly stepAggregate: StepAggregate
  readonly bin: RunBin
  readonly models: readonly ModelChoice[]
  /** Columns that were named for a part of the row. */
  readonly columns: ColumnNames
  readonly verification: VerificationChoice
}
/** What is asked of a model; `name` null = the embedded demo. */
export interface ModelChoice {
  readonly role: 'rm' | 'policy' | 'reference'
  readonly name: string | null
  readonly revision: string
}
export interface VerificationChoice extends Omit<Values<typeof VERIFICATION>, 'verify' | 'verifyWorkers'> {
  readonly enabled: boolean
  readonly workers: number
}

const TORCH_DTYPES = { float32: 'fp32', float16: 'fp16', bfloat16: 'bf16' } as const satisfies Record<
  string,
  DtypeChoice
>
/** `--pref-sets`: RewardBench's collection of older preference sets. */
const PREF_SETS = 'allenai/preference-test-sets'

/** Turns what was given into a RunConfig; combinations that make no sense are refused here. */
export function toRunConfig(bin: RunBin, given: Given<RunOption>): RunConfig {
  const own = readOptions(OWN, given)
  const { verify, verifyWorkers, ...verification } = readOptions(VERIFICATION, given)
  const { torchDtype, debug, prefSets, forceTruncation } = readOptions(HERM, given)
  const { limit, truncation } = own
  const { generate } = own
  const dataset = own.dataset ?? (generate ? DATASETS['run-generate'] : DATASETS[bin])
  // a run that proposes steps chooses by one of them
  const heuristic = generate && given.heuristic === undefined ? (['world_model'] as const) : own.heuristic
  // RATIONALYST's agent proposes three steps at 0.7
  const n = own.n ?? (bin === 'run-process' ? 3 : 1)
  const temperature = own.temperature ?? (bin === 'run-process' ? 0.7 : 0)
  const dtype = torchDtype === null ? own.dtype : TORCH_DTYPES[torchDtype]
  if (own.dtype !== 'auto' && own.dtype !== dtype)
    throw new UsageError(`contradicts --dtype ${own.dtype}`, `--torch-dtype ${torchDtype}`, 'Give one of them.')
  if (bin === 'run-dpo' && own.hermCompat && truncation !== null)
    throw new UsageError(
      'cannot be combined with --herm-compat',
      '--truncation',
      'For log-probabilities HERM cuts in its own way: a prompt to its last 128 tokens, then the longest completion.',
    )
  // A flag of HERM that stands for two of ours must not be overruled in silence.
  const contradicts = (ours: string, value: string | number, theirs: string): never => {
    throw new UsageError(`contradicts --${ours} ${value}`, theirs, 'Give one of them.')
  }
  if (debug && limit !== null && limit !== 10) contradicts('limit', limit, '--debug (which is --limit 10)')
  if (prefSets && dataset !== 'demo-pairs' && dataset !== PREF_SETS)
    contradicts('dataset', dataset, `--pref-sets (which is --dataset ${PREF_SETS})`)
  // RewardBench cuts a policy's texts by rules of its own, whatever this flag says.
  const forced = forceTruncation && bin === 'run-rm'
  if (forced && truncation !== null && truncation !== 'left')
    contradicts('truncation', truncation, '--force-truncation (which is --truncation left)')
  if (verification.soft && verification.extraction === 'loose')
    throw new UsageError(
      'cannot be combined with --extraction loose',
      '--soft',
      'ether0 defines soft rewards for the training rule (strict) only.',
    )
  if (bin === 'run-process' && (own.head === 'all' || own.head === LETTERS))
    throw new UsageError('gives no reward of one trajectory', `--head ${own.head}`, 'Name one label.')
  if (own.onnxFile !== null && own.graph === 'checkpoint')
    contradicts('graph', own.graph, `--onnx-file ${own.onnxFile}`)
  if (generate) checkLoop({ ...own, heuristic })
  if (n > 1 && temperature === 0)
    throw new UsageError(
      `${n} greedy completions of a prompt would all be the same`,
      `--n ${n}`,
      'Give a --temperature above 0, or leave --n out.',
    )
  checkDevices(bin, own)
  checkDtype(dtype, own.device)
  if (own.filterRationales !== null && own.verifySteps !== null)
    throw new UsageError('cannot be combined with --filter-rationales', '--verify-steps', 'Make two runs of them.')
  if (own.drift !== null && own.drift > 0 && dtype === 'tf32')
    throw new UsageError(
      'cannot be combined with --dtype tf32',
      '--drift',
      'A process that computes in TF32 has no float32: compare two runs with chemherm analyze, in drift.csv.',
    )
  return {
    bin,
    models: modelChoices(bin, readOptions(CHECKPOINTS, given), { ...own, heuristic }),
    ...own,
    heuristic,
    n,
    temperature,
    // of candidates for one step the steps before are the same
    stepAggregate: own.stepAggregate ?? (bin === 'run-process' ? 'last' : 'min'),
    // a file that is named is one that is to be run
    graph: own.graph ?? (own.onnxFile === null ? null : 'onnx'),
    dtype,
    dataset: prefSets ? PREF_SETS : dataset,
    limit: debug ? 10 : limit,
    maxLength: own.maxLength ?? (forced ? FORCED_MAX_LENGTH : null),
    truncation: forced ? 'left' : truncation,
    offline: own.offline || ['1', 'true', 'yes', 'on'].includes((process.env.HF_HUB_OFFLINE ?? '').toLowerCase()),
    columns: columnNames(readOptions(COLUMNS, given)),
    verification: {
      enabled: verify,
      ...verification,
      workers: verifyWorkers ?? Math.max(1, Math.floor(availableParallelism() / 2)),
    },
  }
}

/** Several devices are a process each, which is a shard: other commands have none, and a shard has one device. */
function checkDevices(
  bin: RunBin,
  { device, shard, merge, certify }: Pick<RunConfig, 'device' | 'shard' | 'merge' | 'certify'>,
): void {
  if (devicesOf(device).length === 1) return
  const refuse = (message: string, hint: string): never => {
    throw new UsageError(message, `--device ${device}`, hint)
  }
  if (bin !== 'run-rm' && bin !== 'run-dpo')
    refuse(`several devices are for run-rm and run-dpo, not ${bin}`, 'Name one.')
  if (shard.count > 1 || merge !== 'auto')
    refuse('several devices are shards by themselves', 'Leave --shard and --merge out, or give each shard one device.')
  if (certify) refuse('one device is certified at a time', 'Run --certify --limit 1 with each of them first.')
}

/** What a loop of proposing and choosing cannot do. */
function checkLoop({
  heuristic,
  filterRationales,
  verifySteps,
}: Pick<Values<typeof STEPS>, 'heuristic' | 'filterRationales' | 'verifySteps'>): void {
  const other = filterRationales !== null ? 'filter-rationales' : verifySteps !== null ? 'verify-steps' : null
  if (other !== null) throw new UsageError(`cannot be combined with --${other}`, '--generate', 'Give one of them.')
  if (heuristic.length !== 1)
    throw new UsageError(
      `one heuristic chooses the next step, not ${heuristic.join(' and ')}`,
      '--heuristic',
      'Name one, and start a run for each.',
    )
  if (heuristic[0] === 'trajectory_greedy')
    throw new UsageError(
      'is for candidates that are there; with --generate the rationale is written before they are chosen from',
      '--heuristic trajectory_greedy',
      'Use trajectory.',
    )
}

function modelChoices(
  bin: RunBin,
  { model, refModel, refRevision, revision, rewardModel, rewardRevision }: Values<typeof CHECKPOINTS>,
  {
    heuristic,
    filterRationales,
    verifySteps,
    generate,
  }: Pick<Values<typeof STEPS>, 'heuristic' | 'filterRationales' | 'verifySteps' | 'generate'>,
): ModelChoice[] {
  if (bin === 'run-verify') return []
  const first = { name: model, revision: revision ?? inlineRevision(model) }
  if (bin === 'run-rm') return [{ role: 'rm', ...first }]
  if (bin === 'run-generate') return [{ role: 'policy', ...first }]
  if (bin === 'run-process') {
    if (verifySteps !== null) return []
    const wanted = filterRationales !== null ? ['world_model'] : heuristic
    const likelihood = generate || wanted.some((name) => OF_LIKELIHOOD.includes(name))
    const reward = wanted.includes('reward')
    const policy: ModelChoice = { role: 'policy', ...first }
    if (!reward) return likelihood ? [policy] : []
    const own: ModelChoice = {
      role: 'rm',
      name: rewardModel,
      revision: rewardRevision ?? inlineRevision(rewardModel),
    }
    if (!likelihood) return [rewardModel === null ? { role: 'rm', ...first } : own]
    if (rewardModel === null && model !== null)
      throw new UsageError(
        'needs --reward-model beside the other heuristics, which read --model as a causal language model',
        '--heuristic reward',
        'Name the reward model, or ask for --heuristic reward alone.',
      )
    return [policy, own]
  }
  if (model === null && refModel !== null)
    throw new UsageError(
      'needs --model too',
      '--ref-model',
      'Name the policy with --model, or give neither for the embedded demo.',
    )
  const policy: ModelChoice = { role: 'policy', ...first }
  if (model !== null && refModel === null) return [policy]
  return [policy, { role: 'reference', name: refModel, revision: refRevision ?? inlineRevision(refModel) }]
}

/** @example inlineRevision('org/name@v1') // 'v1', unless there is a folder of that name */
function inlineRevision(name: string | null): string {
  const revision = /^[\w.-]+\/[\w.-]+@(.+)$/.exec(name ?? '')?.[1]
  return revision === undefined || existsSync(name!) ? 'main' : revision
}

function columnNames(columns: Values<typeof COLUMNS>): ColumnNames {
  const given = NAMED_PARTS.map((part) => [part, columns[`${part}Column`]] as const)
  const names: ColumnNames = Object.fromEntries(given.filter(([, name]) => name !== null))
  checkColumnNames(names)
  return names
}
