import { type RunConfig, toRunConfig } from '../cli/config.ts'
import { UsageError } from '../errors.ts'
import { nearest } from '../pairs/nearest.ts'

/** The flags of `run-rm` and `run-dpo` that change a score, by the same names and with the same defaults. */
export interface ScoreOptions {
  /** `rm`: a reward model's head. `dpo`: a policy and `refModel`, or without one the policy alone. Default rm. */
  readonly kind?: 'rm' | 'dpo'
  /** Hub id or folder of the reference. */
  readonly refModel?: string
  /** Branch, tag or commit on the hub. Default main. */
  readonly revision?: string
  readonly refRevision?: string
  /** Hub id or folder of another tokenizer. */
  readonly tokenizer?: string
  /** `tokenizer`, `raw`, `pair`, a built-in name or a file of Jinja. Default tokenizer. */
  readonly chatTemplate?: string
  /**
   * `auto`, `cpu`, `cuda`, `cuda:N` or `webgpu`. Default auto. CUDA's libraries must be on LD_LIBRARY_PATH when node starts: the bins see
   * to that, a library cannot.
   */
  readonly device?: string
  /** Default auto: fp32 on the CPU, the checkpoint's own half type on a GPU. */
  readonly dtype?: RunConfig['dtype']
  /** Label to read: its index, `softmax:K` or `all`. Default: the only one. */
  readonly head?: number | string
  /** Token that the head reads. Default hf. */
  readonly pooling?: RunConfig['pooling']
  /** Tokens. Default: the model's own maximum. */
  readonly maxLength?: number
  /** Default skip. */
  readonly truncation?: 'skip' | 'left' | 'right' | 'error'
  /** `strip` cuts the thought before the model sees a completion. Default keep. */
  readonly reasoning?: RunConfig['reasoning']
  readonly hermCompat?: boolean
  /** Scale of the implicit reward. Default 0.1. */
  readonly beta?: number
  /** Default avg. */
  readonly refFreeType?: RunConfig['refFreeType']
  /** Upper bounds of a batch: tokens, padding included, and completions. Default: by device. */
  readonly batchTokens?: number
  readonly batchSize?: number
  /** CPU threads. Default: one a core. */
  readonly threads?: number
  /** Nothing is fetched. Default: HF_HUB_OFFLINE. */
  readonly offline?: boolean
  /** Completions that are read before they are scored together; more make better batches. Default 1,024. */
  readonly window?: number
  /** Ends the iteration with its reason, after the batch in hand. */
  readonly signal?: AbortSignal
  /** Called with what the bins say on screen: the device and why, files that were missing, a template that shows the date. */
  readonly onNote?: (note: string) => void
}

const CHOICES: Readonly<Record<string, readonly string[]>> = {
  kind: ['rm', 'dpo'],
  dtype: ['auto', 'fp32', 'fp16', 'bf16', 'q8'],
  pooling: ['hf', 'mask'],
  truncation: ['skip', 'left', 'right', 'error'],
  reasoning: ['keep', 'strip'],
  refFreeType: ['avg', 'sum', 'norm'],
}
/** Type of each option; a record, so that one that is added cannot be forgotten. */
const TYPES: Readonly<Record<keyof ScoreOptions, readonly string[]>> = {
  kind: ['string'],
  refModel: ['string'],
  revision: ['string'],
  refRevision: ['string'],
  tokenizer: ['string'],
  chatTemplate: ['string'],
  device: ['string'],
  dtype: ['string'],
  head: ['string', 'number'],
  pooling: ['string'],
  maxLength: ['number'],
  truncation: ['string'],
  reasoning: ['string'],
  hermCompat: ['boolean'],
  beta: ['number'],
  refFreeType: ['string'],
  batchTokens: ['number'],
  batchSize: ['number'],
  threads: ['number'],
  offline: ['boolean'],
  window: ['number'],
  signal: ['object'],
  onNote: ['function'],
}
const OWN: ReadonlySet<string> = new Set(['kind', 'window', 'signal', 'onNote'])

/** The configuration of the run that the options describe. @throws UsageError for an option that is unknown or makes no sense */
export function configOf(model: string | null, options: ScoreOptions): RunConfig {
  const dpo = options.kind === 'dpo'
  if (model !== null && typeof model !== 'string')
    throw new UsageError(`is a ${typeof model}`, 'scoreCompletions: model', 'Give a hub id, a folder, or null.')
  const args: Record<string, unknown> = model === null ? {} : { model }
  for (const [name, value] of Object.entries(options)) {
    checkOption(name, value)
    if (value !== undefined && !OWN.has(name)) args[kebab(name)] = value
  }
  if (!dpo && options.refModel !== undefined)
    throw new UsageError('is for DPO', 'scoreCompletions: refModel', "Set kind to 'dpo', or leave refModel out.")
  if (dpo && options.head !== undefined)
    throw new UsageError('is for reward models', 'scoreCompletions: head', 'A policy has no labels.')
  return toRunConfig(dpo ? 'run-dpo' : 'run-rm', args)
}

function checkOption(name: string, value: unknown): void {
  const where = `scoreCompletions: ${name}`
  const types = Object.hasOwn(TYPES, name) ? TYPES[name as keyof ScoreOptions] : undefined
  if (types === undefined) {
    const meant = nearest(name, Object.keys(TYPES))
    throw new UsageError('is no option', where, meant === null ? null : `Is ${meant} meant?`)
  }
  if (value === undefined) return
  if (!types.includes(typeof value) || value === null)
    throw new UsageError(
      `is ${value === null ? 'null' : `a ${typeof value}`}, expected a ${types.join(' or a ')}`,
      where,
    )
  const choices = CHOICES[name]
  if (choices !== undefined && !choices.includes(value as string))
    throw new UsageError(`is ${JSON.stringify(value)}`, where, `Give one of ${choices.join(', ')}.`)
  if (name === 'window' && !(Number.isInteger(value) && (value as number) >= 1))
    throw new UsageError(`is ${String(value)}, expected a whole number of at least 1`, where)
}

/** @example kebab('refFreeType') // 'ref-free-type' */
const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
