import { UsageError } from '../errors.ts'
import { DTYPE_CHOICES } from '../model/dtype.ts'
import { nearest } from '../pairs/nearest.ts'
import { type RunConfig, toRunConfig } from '../setup/config.ts'
import type { ScoreOptions } from './options.ts'

const CHOICES: Readonly<Record<string, readonly string[]>> = {
  kind: ['rm', 'dpo'],
  dtype: DTYPE_CHOICES,
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

/** @example kebab('refFreeType') // 'ref-free-type' */
const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
