import { UsageError } from '../errors.ts'
import { DTYPE_CHOICES } from '../model/dtype.ts'
import { nearest } from '../pairs/nearest.ts'
import { type Args, type RunConfig, type RunOption, toRunConfig } from '../setup/config.ts'
import type { Given } from '../setup/unused.ts'
import type { ScoreOptions } from './options.ts'

const CHOICES: Readonly<Record<string, readonly string[]>> = {
  kind: ['rm', 'dpo'],
  dtype: DTYPE_CHOICES,
  pooling: ['hf', 'mask'],
  graph: ['checkpoint', 'onnx'],
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
  graph: ['string'],
  onnxFile: ['string'],
  head: ['string', 'number'],
  pooling: ['string'],
  maxLength: ['number'],
  truncation: ['string'],
  reasoning: ['string'],
  hermCompat: ['boolean'],
  promptColumn: ['string'],
  chosenColumn: ['string'],
  rejectedColumn: ['string'],
  idColumn: ['string'],
  subsetColumn: ['string'],
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
type Own = 'kind' | 'window' | 'signal' | 'onNote'
/** The flag that each option is; a record, so that a misspelt or forgotten one is a type error. */
const FLAGS: Readonly<Record<Exclude<keyof ScoreOptions, Own>, RunOption>> = {
  refModel: 'ref-model',
  revision: 'revision',
  refRevision: 'ref-revision',
  tokenizer: 'tokenizer',
  chatTemplate: 'chat-template',
  device: 'device',
  dtype: 'dtype',
  graph: 'graph',
  onnxFile: 'onnx-file',
  head: 'head',
  pooling: 'pooling',
  maxLength: 'max-length',
  truncation: 'truncation',
  reasoning: 'reasoning',
  hermCompat: 'herm-compat',
  beta: 'beta',
  refFreeType: 'ref-free-type',
  batchTokens: 'batch-tokens',
  batchSize: 'batch-size',
  threads: 'threads',
  offline: 'offline',
  promptColumn: 'prompt-column',
  chosenColumn: 'chosen-column',
  rejectedColumn: 'rejected-column',
  idColumn: 'id-column',
  subsetColumn: 'subset-column',
}
/** Options of one kind of model alone, and why they are none of the other. */
const ONLY: Readonly<Record<'rm' | 'dpo', Partial<Record<keyof ScoreOptions, string>>>> = {
  rm: { head: 'A policy has no labels.', pooling: 'Of a policy every token of the completion counts.' },
  dpo: {
    refModel: "Set kind to 'dpo', or leave refModel out.",
    refRevision: "Set kind to 'dpo', or leave refRevision out.",
    beta: "Set kind to 'dpo', or leave beta out.",
    refFreeType: "Set kind to 'dpo', or leave refFreeType out.",
  },
}

/** The configuration of the run that the options describe, and which of its flags they are. @throws UsageError for an option that is unknown or makes no sense */
export function configOf(
  model: string | null,
  options: ScoreOptions,
): { readonly config: RunConfig; readonly args: Args<RunOption>; readonly given: Given } {
  const kind = options.kind ?? 'rm'
  if (model !== null && typeof model !== 'string')
    throw new UsageError(`is a ${typeof model}`, 'scoreCompletions: model', 'Give a hub id, a folder, or null.')
  const args: { -readonly [K in RunOption]?: unknown } = {}
  if (model !== null) args.model = model
  for (const [name, value] of Object.entries(options)) {
    checkOption(name, value)
    const flag = Object.hasOwn(FLAGS, name) ? FLAGS[name as keyof typeof FLAGS] : undefined
    if (value !== undefined && flag !== undefined) args[flag] = value
  }
  const other = kind === 'dpo' ? 'rm' : 'dpo'
  for (const [name, hint] of Object.entries(ONLY[other]))
    if (options[name as keyof ScoreOptions] !== undefined)
      throw new UsageError(`is for ${other === 'dpo' ? 'DPO' : 'reward models'}`, `scoreCompletions: ${name}`, hint)
  const config = toRunConfig(kind === 'dpo' ? 'run-dpo' : 'run-rm', args)
  return { config, args, given: new Set(Object.keys(args)) }
}

function checkOption(name: string, value: unknown): void {
  const where = `scoreCompletions: ${name}`
  const types = Object.hasOwn(TYPES, name) ? TYPES[name as keyof ScoreOptions] : undefined
  if (types === undefined) {
    const meant = nearest(name, Object.keys(TYPES))
    throw new UsageError('is no option', where, meant === null ? null : `Is ${meant} meant?`)
  }
  if (value === undefined) return
  if (name.endsWith('Column') && value === '')
    throw new UsageError('is empty', where, 'Give the name of a key of the rows.')
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
