import { UsageError } from '../errors.ts'
import { nearest } from '../nearest.ts'
import { type RunConfig, toRunConfig } from '../setup/config.ts'
import type { Given, Option, OptionTable } from '../setup/option.ts'
import { OPTIONS, type RunOption } from '../setup/options.ts'
import type { ScoreOptions } from './options.ts'

/** What is said of an option here. */
export interface Row {
  readonly types: readonly string[]
  readonly choices?: readonly string[]
}
/** Options that no bin has. */
const OWN: Readonly<Record<'kind' | 'window' | 'signal' | 'onNote', Row>> = {
  kind: { types: ['string'], choices: ['rm', 'dpo'] },
  window: { types: ['number'] },
  signal: { types: ['object'] },
  onNote: { types: ['function'] },
}
const TABLE: OptionTable = OPTIONS
const ROWS: Readonly<Record<string, Row>> = {
  ...OWN,
  ...Object.fromEntries(
    Object.entries(TABLE).flatMap(([name, option]) => (option.library === undefined ? [] : [[name, rowOf(option)]])),
  ),
}
export function rowOf({ type, library, choices }: Option): Row {
  return { types: library === 'or number' ? [type, 'number'] : [type], ...(choices !== undefined && { choices }) }
}
/** Why an option of reward models is none of a policy. */
const NOT_OF_A_POLICY: Readonly<Record<string, string>> = {
  head: 'A policy has no labels.',
  pooling: 'Of a policy every token of the completion counts.',
  rawOutputs: 'A policy has no head of several outputs.',
  stepAggregate: 'A policy scores no steps.',
  stepSeparator: 'A policy scores no steps.',
  stepTokens: 'A policy scores no steps.',
}

/** The configuration of the run that the options describe, and what was given for it. @throws UsageError for an option that is unknown or makes no sense */
export function configOf(
  model: string | null,
  options: ScoreOptions,
): { readonly config: RunConfig; readonly given: Given<RunOption> } {
  const { kind = 'rm' } = options
  if (model !== null && typeof model !== 'string')
    throw new UsageError(`is a ${typeof model}`, 'scoreCompletions: model', 'Give a hub id, a folder, or null.')
  for (const [name, value] of Object.entries(options)) checkOption('scoreCompletions', ROWS, name, value)
  const bin = kind === 'dpo' ? 'run-dpo' : 'run-rm'
  const given = Object.entries({ ...options, model: model ?? undefined }).filter(
    ([name, value]) => value !== undefined && !Object.hasOwn(OWN, name),
  )
  for (const [name] of given)
    if (!TABLE[name]!.bins!.includes(bin))
      throw new UsageError(
        `is for ${kind === 'dpo' ? 'reward models' : 'DPO'}`,
        `scoreCompletions: ${name}`,
        NOT_OF_A_POLICY[name] ?? `Set kind to '${kind === 'dpo' ? 'rm' : 'dpo'}', or leave ${name} out.`,
      )
  return { config: toRunConfig(bin, Object.fromEntries(given)), given: Object.fromEntries(given) }
}

/**
 * @param caller the function whose option it is
 * @param rows all that it has
 * @throws UsageError
 */
export function checkOption(caller: string, rows: Readonly<Record<string, Row>>, name: string, value: unknown): void {
  const where = `${caller}: ${name}`
  const row = Object.hasOwn(rows, name) ? rows[name]! : null
  if (row === null) {
    const meant = nearest(name, Object.keys(rows))
    throw new UsageError('is no option', where, meant === null ? null : `Is ${meant} meant?`)
  }
  if (value === undefined) return
  if (name.endsWith('Column') && value === '')
    throw new UsageError('is empty', where, 'Give the name of a key of the rows.')
  const { types, choices } = row
  if (!types.includes(typeof value) || value === null)
    throw new UsageError(
      `is ${value === null ? 'null' : `a ${typeof value}`}, expected a ${types.join(' or a ')}`,
      where,
    )
  if (choices !== undefined && !choices.some((choice) => choice === value))
    throw new UsageError(`is ${JSON.stringify(value)}`, where, `Give one of ${choices.join(', ')}.`)
  if (name === 'window' && !(Number.isInteger(value) && Number(value) >= 1))
    throw new UsageError(`is ${String(value)}, expected a whole number of at least 1`, where)
}
