import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { UsageError } from '../errors.ts'
import { parseDevice } from '../model/device.ts'
import { checkDtype, type DtypeChoice } from '../model/dtype.ts'
import { type ColumnNames, checkColumnNames, NAMED_PARTS } from '../pairs/columns.ts'
import { typeFilter } from '../pairs/filters.ts'
import { parseShard, type Shard } from '../pairs/shard.ts'
import { checkHead } from '../score/head.ts'

/** Checked flags by name: those of a bin's table, so that a name that is in no table is a type error where it is read. */
export type Args<K extends string = string> = { readonly [P in K]?: unknown }

/** The flags that `toRunConfig` reads, of all bins. What a bin reads itself (`--dry-run` …) is not among them. */
export type RunOption =
  | 'model'
  | 'ref-model'
  | 'revision'
  | 'ref-revision'
  | 'tokenizer'
  | 'chat-template'
  | 'device'
  | 'dtype'
  | 'torch-dtype'
  | 'graph'
  | 'onnx-file'
  | 'head'
  | 'pooling'
  | 'beta'
  | 'ref-free-type'
  | 'dataset'
  | 'pref-sets'
  | 'split'
  | 'dataset-config'
  | 'prompt-column'
  | 'chosen-column'
  | 'rejected-column'
  | 'id-column'
  | 'subset-column'
  | 'filter'
  | 'limit'
  | 'debug'
  | 'force-truncation'
  | 'shard'
  | 'max-length'
  | 'truncation'
  | 'reasoning'
  | 'herm-compat'
  | 'batch-tokens'
  | 'batch-size'
  | 'threads'
  | 'extraction'
  | 'require-reasoning'
  | 'soft'
  | 'good-molecule-bonus'
  | 'rings-bloom'
  | 'fingerprints-bloom'
  | 'purchasable-bloom'
  | 'oracles'
  | 'verify'
  | 'verify-workers'
  | 'output-dir'
  | 'name'
  | 'resume'
  | 'seed'
  | 'resamples'
  | 'offline'
  | 'quiet'
  | 'log-format'

/** The resolved options of a run, as run.json keeps them and `--print-config` shows them by flag. */
export interface RunConfig {
  readonly bin: 'run-rm' | 'run-dpo' | 'run-verify'
  readonly models: readonly ModelChoice[]
  readonly tokenizer: string | null
  readonly chatTemplate: string
  readonly device: string
  readonly dtype: DtypeChoice
  /** Where the graph comes from; null: built from the checkpoint where it has safetensors, else its ONNX export. */
  readonly graph: 'checkpoint' | 'onnx' | null
  /** Which export; null = that of full precision. */
  readonly onnxFile: string | null
  readonly head: string | null
  readonly pooling: 'hf' | 'mask'
  readonly beta: number
  readonly refFreeType: 'avg' | 'sum' | 'norm'
  readonly dataset: string
  readonly split: string | null
  readonly datasetConfig: string | null
  /** Columns that were named for a part of the row. */
  readonly columns: ColumnNames
  readonly filter: readonly string[]
  readonly limit: number | null
  readonly shard: Shard
  readonly maxLength: number | null
  /** Null = not said: skip, or left with --herm-compat. */
  readonly truncation: 'skip' | 'left' | 'right' | 'error' | null
  readonly reasoning: 'keep' | 'strip'
  readonly hermCompat: boolean
  readonly batchTokens: number | null
  readonly batchSize: number | null
  readonly threads: number | null
  readonly verification: VerificationChoice
  readonly outputDir: string
  readonly name: string | null
  readonly resume: boolean
  readonly seed: number
  readonly resamples: number
  readonly offline: boolean
  readonly quiet: boolean
  readonly logFormat: 'text' | 'json'
}
/** What is asked of a model; `name` null = the embedded demo. */
export interface ModelChoice {
  readonly role: 'rm' | 'policy' | 'reference'
  readonly name: string | null
  readonly revision: string
}
export interface VerificationChoice {
  readonly enabled: boolean
  readonly extraction: 'strict' | 'loose'
  readonly requireReasoning: boolean
  readonly soft: boolean
  readonly goodMoleculeBonus: number
  readonly ringsBloom: string | null
  readonly fingerprintsBloom: string | null
  readonly purchasableBloom: string | null
  readonly oracles: 'embedded' | 'remote' | 'none' | null
  readonly workers: number
}

const TORCH_DTYPES: Readonly<Record<string, RunConfig['dtype']>> = {
  float32: 'fp32',
  float16: 'fp16',
  bfloat16: 'bf16',
}

/** `--pref-sets`: RewardBench's collection of older preference sets. */
const PREF_SETS = 'allenai/preference-test-sets'
/** `--force-truncation` without `--max-length`: the default of RewardBench's command. */
export const FORCED_MAX_LENGTH = 512

/** Their distributions are held in memory, 8 bytes a resample and statistic. */
export const MAX_RESAMPLES = 1_000_000

/** Turns checked flags into a RunConfig; combinations that make no sense are refused here. */
export function toRunConfig(bin: RunConfig['bin'], args: Args<RunOption>): RunConfig {
  const text = (key: RunOption): string | null => {
    const value = args[key]
    return value === undefined || value === null ? null : String(value)
  }
  const whole = (key: RunOption, least: number, most?: number): number | null => wholeNumber(args, key, least, most)
  const flag = (key: RunOption): boolean => args[key] === true
  const limit = whole('limit', 1)
  const dataset = text('dataset') ?? 'demo-pairs'
  const torchDtype = text('torch-dtype')
  if (torchDtype !== null && text('dtype') !== 'auto' && text('dtype') !== TORCH_DTYPES[torchDtype])
    throw new UsageError(`contradicts --dtype ${text('dtype')}`, `--torch-dtype ${torchDtype}`, 'Give one of them.')
  if (bin === 'run-dpo' && flag('herm-compat') && text('truncation') !== null)
    throw new UsageError(
      'cannot be combined with --herm-compat',
      '--truncation',
      'For log-probabilities HERM cuts in its own way: a prompt to its last 128 tokens, then the longest completion.',
    )
  // A flag of HERM that stands for two of ours must not be overruled in silence.
  const contradicts = (ours: string, given: unknown, theirs: string): never => {
    throw new UsageError(`contradicts --${ours} ${String(given)}`, theirs, 'Give one of them.')
  }
  if (flag('debug') && limit !== null && limit !== 10) contradicts('limit', limit, '--debug (which is --limit 10)')
  if (flag('pref-sets') && dataset !== 'demo-pairs' && dataset !== PREF_SETS)
    contradicts('dataset', dataset, `--pref-sets (which is --dataset ${PREF_SETS})`)
  // RewardBench cuts a policy's texts by rules of its own, whatever this flag says.
  const forced = flag('force-truncation') && bin === 'run-rm'
  if (forced && text('truncation') !== null && text('truncation') !== 'left')
    contradicts('truncation', text('truncation'), '--force-truncation (which is --truncation left)')
  const soft = flag('soft')
  if (soft && text('extraction') === 'loose')
    throw new UsageError(
      'cannot be combined with --extraction loose',
      '--soft',
      'ether0 defines soft rewards for the training rule (strict) only.',
    )
  const dtype = torchDtype === null ? ((text('dtype') ?? 'auto') as DtypeChoice) : TORCH_DTYPES[torchDtype]!
  const device = text('device') ?? 'auto'
  parseDevice(device)
  checkDtype(dtype, device)
  checkHead(text('head'))
  const filter = ((args.filter as unknown[] | undefined) ?? []).map(String)
  typeFilter(filter)
  return {
    bin,
    models: modelChoices(bin, text),
    tokenizer: text('tokenizer'),
    chatTemplate: text('chat-template') ?? 'tokenizer',
    device,
    dtype,
    ...graphChoice(text),
    head: text('head'),
    pooling: (text('pooling') ?? 'hf') as RunConfig['pooling'],
    beta: positive(args.beta as number | undefined, '--beta') ?? 0.1,
    refFreeType: (text('ref-free-type') ?? 'avg') as RunConfig['refFreeType'],
    dataset: flag('pref-sets') ? PREF_SETS : dataset,
    split: text('split'),
    datasetConfig: text('dataset-config'),
    columns: columnNames(text),
    filter,
    limit: flag('debug') ? 10 : limit,
    shard: parseShard(text('shard') ?? '1/1'),
    maxLength: whole('max-length', 1) ?? (forced ? FORCED_MAX_LENGTH : null),
    truncation: forced ? 'left' : (text('truncation') as RunConfig['truncation']),
    reasoning: (text('reasoning') ?? 'keep') as RunConfig['reasoning'],
    hermCompat: flag('herm-compat'),
    batchTokens: whole('batch-tokens', 1),
    batchSize: whole('batch-size', 1),
    threads: whole('threads', 1),
    verification: {
      enabled: args.verify !== false,
      extraction: (text('extraction') ?? 'strict') as 'strict' | 'loose',
      requireReasoning: args['require-reasoning'] !== false,
      soft,
      goodMoleculeBonus: (args['good-molecule-bonus'] as number | undefined) ?? 0,
      ringsBloom: text('rings-bloom'),
      fingerprintsBloom: text('fingerprints-bloom'),
      purchasableBloom: text('purchasable-bloom'),
      oracles: text('oracles') as VerificationChoice['oracles'],
      workers: whole('verify-workers', 1) ?? Math.max(1, Math.floor(availableParallelism() / 2)),
    },
    outputDir: text('output-dir') ?? 'results',
    name: folderName(text('name')),
    resume: args.resume !== false,
    seed: whole('seed', 0) ?? 0,
    resamples: whole('resamples', 100, MAX_RESAMPLES) ?? 2000,
    offline: flag('offline') || ['1', 'true', 'yes', 'on'].includes((process.env.HF_HUB_OFFLINE ?? '').toLowerCase()),
    quiet: flag('quiet'),
    logFormat: (text('log-format') ?? 'text') as RunConfig['logFormat'],
  }
}

/** A file that is named is one that is to be run. */
function graphChoice(text: (key: RunOption) => string | null): Pick<RunConfig, 'graph' | 'onnxFile'> {
  const onnxFile = text('onnx-file')
  const graph = text('graph') as RunConfig['graph']
  if (onnxFile !== null && graph === 'checkpoint')
    throw new UsageError('contradicts --graph checkpoint', `--onnx-file ${onnxFile}`, 'Give one of them.')
  return { graph: graph ?? (onnxFile === null ? null : 'onnx'), onnxFile }
}

function modelChoices(bin: RunConfig['bin'], text: (key: RunOption) => string | null): ModelChoice[] {
  const model = text('model')
  const revision = text('revision') ?? inlineRevision(model)
  if (bin === 'run-verify') return []
  if (bin === 'run-rm') return [{ role: 'rm', name: model, revision }]
  const reference = text('ref-model')
  if (model === null && reference !== null)
    throw new UsageError(
      'needs --model too',
      '--ref-model',
      'Name the policy with --model, or give neither for the embedded demo.',
    )
  const policy: ModelChoice = { role: 'policy', name: model, revision }
  if (model !== null && reference === null) return [policy]
  return [policy, { role: 'reference', name: reference, revision: text('ref-revision') ?? inlineRevision(reference) }]
}

/** @example inlineRevision('org/name@v1') // 'v1', unless there is a folder of that name */
function inlineRevision(name: string | null): string {
  const revision = /^[\w.-]+\/[\w.-]+@(.+)$/.exec(name ?? '')?.[1]
  return revision === undefined || existsSync(name!) ? 'main' : revision
}

function columnNames(text: (key: RunOption) => string | null): ColumnNames {
  const given = NAMED_PARTS.map((part) => [part, text(`${part}-column`)] as const)
  const names: ColumnNames = Object.fromEntries(given.filter(([, name]) => name !== null))
  checkColumnNames(names)
  return names
}

/** A flag's whole number; null where it is not given. */
export function wholeNumber<K extends string>(
  args: Args<K>,
  key: NoInfer<K>,
  least: number,
  most = Number.MAX_SAFE_INTEGER,
): number | null {
  const value = args[key] as number | undefined
  if (value === undefined) return null
  if (!Number.isInteger(value) || value < least)
    throw new UsageError(`${value} is not a whole number of at least ${least}`, `--${key}`)
  if (value > most) throw new UsageError(`${value} is above ${most.toLocaleString('en')}`, `--${key}`)
  return value
}

/** `--name` is one folder of the output folder, so that runs do not land beside it or in each other. */
function folderName(name: string | null): string | null {
  if (name !== null && (/[/\\]/.test(name) || name === '.' || name === '..'))
    throw new UsageError(`"${name}" is not the name of a folder`, '--name', 'Where results go is --output-dir.')
  return name
}

function positive(value: number | undefined, flag: string): number | null {
  if (value === undefined) return null
  if (!(value > 0)) throw new UsageError(`${value} is not above 0`, flag)
  return value
}
