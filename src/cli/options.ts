import type { Options } from 'yargs'
import { DTYPE_CHOICES } from '../model/dtype.ts'
import type { Args, RunOption } from '../setup/config.ts'
import { type HERM_ACCEPTED, hermOptions } from './herm-flags.ts'

/**
 * Every flag of the bins, in the groups of `--help`. A flag is here only if it differs between two runs on one machine.
 * `describe` starts with a verb or the thing itself and names units; defaults that depend on the device say so.
 */
export type OptionTable<K extends string = string> = Readonly<Record<K, Options>>

const group = <K extends string>(name: string, table: OptionTable<K>): OptionTable<K> => {
  const options = Object.entries<Options>(table).map(([key, option]) => [key, { ...option, group: name }] as const)
  return Object.fromEntries(options) as Record<K, Options>
}

const number = (describe: string, extra: Options = {}): Options => ({
  type: 'number',
  requiresArg: true,
  describe,
  ...extra,
})
const string = (describe: string, extra: Options = {}): Options => ({
  type: 'string',
  requiresArg: true,
  describe,
  ...extra,
})
const boolean = (describe: string, extra: Options = {}): Options => ({ type: 'boolean', describe, ...extra })

const commonModel = {
  revision: string('Branch, tag or commit of the model on the hub', { defaultDescription: 'main' }),
  tokenizer: string('Hub id or folder of another tokenizer', { defaultDescription: "the model's own" }),
  'chat-template': string('tokenizer, raw, pair (encoders), a built-in name, or a Jinja file', {
    default: 'tokenizer',
  }),
  device: string('auto, cpu, cuda, cuda:N or webgpu', { default: 'auto' }),
  dtype: string('Number format: fp32 (never TF32), tf32 (CUDA), fp16, bf16', {
    default: 'auto',
    choices: DTYPE_CHOICES,
  }),
  graph: string('Where the graph comes from: built from the checkpoint, or a ready-made ONNX export (onnx)', {
    defaultDescription: 'checkpoint where there are safetensors',
    choices: ['checkpoint', 'onnx'],
  }),
  'onnx-file': string(
    'ONNX export to run, by path or name in the model: model_quantized.onnx, onnx/model_fp16.onnx …',
    {
      defaultDescription: 'model.onnx, else onnx/model.onnx',
    },
  ),
} satisfies OptionTable

export const rmModelOptions = group('Model', {
  model: string('Reward model: hub id or folder', { defaultDescription: 'the embedded demo reward model' }),
  ...commonModel,
  head: string('Label to read: 0, 1, …, softmax:K or all', { defaultDescription: 'the single one' }),
  pooling: string('Token that the head reads: hf (rightmost id that is not the pad id) or mask (the last one)', {
    default: 'hf',
    choices: ['hf', 'mask'],
  }),
})

export const dpoModelOptions = group('Model', {
  model: string('Policy: hub id or folder', { defaultDescription: 'the embedded demo policy' }),
  'ref-model': string('Reference: hub id or folder; left out with --model = reference-free', {
    defaultDescription: 'the embedded demo reference',
  }),
  'ref-revision': string('Branch, tag or commit of the reference on the hub', { defaultDescription: 'main' }),
  ...commonModel,
  beta: number('Scale of the implicit reward; changes no measurement', { default: 0.1 }),
  'ref-free-type': string('Reward of a policy alone, per token (avg), whole (sum) or -L2 norm (norm)', {
    default: 'avg',
    choices: ['avg', 'sum', 'norm'],
  }),
})

export const dataOptions = group('Data', {
  dataset: string(
    'demo-pairs, demo-groups, a file (.jsonl .json .csv .tsv .parquet, also .gz; .arrow), a folder, or a hub id org/name[@revision]',
    {
      default: 'demo-pairs',
    },
  ),
  split: string('Split of the data set', { defaultDescription: 'the only one' }),
  'dataset-config': string('Configuration of a hub data set', { defaultDescription: 'default' }),
  'prompt-column': string('Column of the prompt', {
    defaultDescription: 'prompt, else question, query, instruction (with input), input, problem',
  }),
  'chosen-column': string('Column of the preferred completion', { defaultDescription: 'chosen' }),
  'rejected-column': string('Column of the other completions', { defaultDescription: 'rejected' }),
  'id-column': string('Column of the ids', { defaultDescription: 'id, else the number of the row' }),
  'subset-column': string('Column of the subsets', { defaultDescription: 'subset, else the problem type' }),
  filter: {
    type: 'array',
    string: true,
    requiresArg: true,
    describe: 'Problem types or subsets: name, !name, re:pattern; repeatable',
    defaultDescription: 'all',
  },
  limit: number('Use only the first N rows', { defaultDescription: 'all' }),
  shard: string('Do part i of n, as i/n; the last part to finish merges all', { default: '1/1' }),
})

export const scoringOptions = group('Scoring', {
  'max-length': number('Longest sequence, in tokens', { defaultDescription: "the model's own maximum" }),
  truncation: string('What happens to longer rows: skip (not scored, exit 4), left, right, error (stops first)', {
    defaultDescription: 'skip',
    choices: ['skip', 'left', 'right', 'error'],
  }),
  reasoning: string('strip cuts the thought before a model sees the completion', {
    default: 'keep',
    choices: ['keep', 'strip'],
  }),
  'herm-compat': boolean('Prepare texts and tokens exactly as HERM (RewardBench) does', { default: false }),
  'batch-tokens': number('Upper bound of a batch, in padded tokens', { defaultDescription: 'by device' }),
  'batch-size': number('Upper bound of a batch, in completions', { defaultDescription: 'no bound' }),
  threads: number('CPU threads of the model', { defaultDescription: 'one per core' }),
})

export const verifyOptions = group('Verifiable rewards', {
  extraction: string('How the answer is found: strict (whole format) or loose (last <answer>)', {
    default: 'strict',
    choices: ['strict', 'loose'],
  }),
  'require-reasoning': boolean('Demand thought tags', { default: true }),
  soft: boolean('Give partial credit', { default: false }),
  'good-molecule-bonus': number('Bonus λ for a right and clean molecule', { default: 0 }),
  'rings-bloom': string('Ring systems, a molbloom file', { defaultDescription: 'embedded' }),
  'fingerprints-bloom': string('Morgan environments, a molbloom file', { defaultDescription: 'embedded' }),
  'purchasable-bloom': string('Purchasable molecules, a molbloom file', { defaultDescription: 'embedded' }),
  oracles: string('embedded, remote (ETHER0_REMOTES_API_BASE_URL) or none', {
    defaultDescription: 'remote where its variables are set, else embedded',
    choices: ['embedded', 'remote', 'none'],
  }),
  verify: boolean('--no-verify leaves the verifiable columns empty', { default: true }),
  'verify-workers': number('Worker threads for verification', { defaultDescription: 'half the cores' }),
})

export const runOptions = group('Run', {
  'output-dir': string('Folder of all results', { default: 'results' }),
  name: string("Name of the scorer's folder in it", { defaultDescription: 'from the model' }),
  resume: boolean('--no-resume forgets earlier measurements of this run', { default: true }),
  seed: number('Seed of the bootstrap and of the random null scorer', { default: 0 }),
  resamples: number('Bootstrap resamples', { default: 2000 }),
  offline: boolean('Use only what is already in the hub cache (also HF_HUB_OFFLINE=1)', { default: false }),
  config: string('YAML file with these keys; flags win'),
  'dry-run': boolean('Print the plan and stop', { default: false }),
  'print-config': boolean('Print the resolved options, as a file for --config, and stop', { default: false }),
  'dump-rendered': number('Print rendered text and ids of the first N rows and stop'),
  quiet: boolean('Only warnings and errors', { default: false }),
  'log-format': string('text or json (one object a line)', { default: 'text', choices: ['text', 'json'] }),
})

function without<K extends string, L extends K>(
  table: OptionTable<K>,
  names: readonly L[],
): OptionTable<Exclude<K, L>> {
  const left = Object.entries<Options>(table).filter(([name]) => !(names as readonly string[]).includes(name))
  return Object.fromEntries(left) as Record<Exclude<K, L>, Options>
}

const modelRunOptions = {
  ...dataOptions,
  ...scoringOptions,
  ...verifyOptions,
  ...runOptions,
  ...hermOptions,
}

/** The flags of each bin that makes a run. */
export const BIN_OPTIONS = {
  'run-rm': { ...rmModelOptions, ...modelRunOptions },
  'run-dpo': { ...dpoModelOptions, ...modelRunOptions },
  'run-verify': {
    ...without({ ...dataOptions, ...verifyOptions, ...runOptions }, ['shard', 'dump-rendered', 'resume']),
    name: { ...runOptions.name, defaultDescription: 'verifiable' },
  },
} satisfies Readonly<Record<string, OptionTable>>

/** The flags that the bins read themselves; all others are `toRunConfig`'s. */
type OwnOption = 'config' | 'dry-run' | 'print-config' | 'dump-rendered' | keyof typeof HERM_ACCEPTED
type BinOption = { [B in keyof typeof BIN_OPTIONS]: keyof (typeof BIN_OPTIONS)[B] }[keyof typeof BIN_OPTIONS]
/** A type error here names a flag that stands in a table and is read by nobody, or is read and stands in no table. */
true satisfies Mismatch<BinOption, RunOption | OwnOption>
type Mismatch<A, B> = [Exclude<A, B> | Exclude<B, A>] extends [never] ? true : Exclude<A, B> | Exclude<B, A>

/** Of the flags that print something and stop, only the first of these is heard. */
export function unusedModes(args: Args<'print-config' | 'dump-rendered' | 'dry-run'>): string[] {
  const modes = (['print-config', 'dump-rendered', 'dry-run'] as const).filter(
    (mode) => (args[mode] ?? false) !== false,
  )
  return modes.slice(1).map((mode) => `--${mode} changes nothing here: --${modes[0]} prints and stops`)
}

/** For a flag that one bin does not know and others do. @example otherBins('beta', 'run-rm') // 'It is a flag of run-dpo.' */
export function otherBins(flag: string, bin: string): string {
  const bins = Object.entries<OptionTable>(BIN_OPTIONS).flatMap(([name, table]) =>
    name !== bin && flag in table ? [name] : [],
  )
  return bins.length === 0 ? '' : `It is a flag of ${bins.join(' and ')}.`
}

export const EXIT_CODE_HELP =
  'Exit codes: 0 done · 2 usage · 3 data, or output that cannot be written · 4 done, but some rows could not be read or scored · 5 model files · 6 device · 7 network · 130 interrupted · 1 a bug'
