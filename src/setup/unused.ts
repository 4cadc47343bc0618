import { resolveKind } from '../chem/oracles/options.ts'
import { given as present } from '../given.ts'
import type { ResolvedDevice } from '../model/device.ts'
import type { Args, RunConfig, RunOption } from './config.ts'
import type { LoadedModel } from './models.ts'

/** Options as they were given: on the command line, in a YAML file or to the library; not those that have their default. */
export type Given = ReadonlySet<string>

/** Options of the verifiable rewards, whatever the data. */
const VERIFICATION = [
  'extraction',
  'require-reasoning',
  'soft',
  'good-molecule-bonus',
  'rings-bloom',
  'fingerprints-bloom',
  'purchasable-bloom',
  'oracles',
  'verify-workers',
] as const satisfies readonly RunOption[]

/** A line for every option that was given and can change nothing beside the others; known before anything is opened. */
export function unusedOptions(config: RunConfig, args: Args<RunOption>, given: Given): string[] {
  const { bin, models, verification } = config
  const lines: string[] = []
  const nothing = (options: readonly RunOption[], why: string): void => {
    const named = options.filter((option) => given.has(option))
    if (named.length > 0) lines.push(changesNothing(named, why))
  }
  if (bin === 'run-dpo' && models.length === 1) {
    nothing(['beta'], 'without --ref-model the reward is that of the policy alone, as --ref-free-type says')
    nothing(['ref-revision'], 'there is no --ref-model')
  } else if (bin === 'run-dpo')
    nothing(
      ['ref-free-type'],
      'with a reference the score is the implicit reward; the policy alone is in columns of its own',
    )
  if (args.debug === true && given.has('limit')) nothing(['debug'], `--limit ${config.limit} is given`)
  if (args['pref-sets'] === true && given.has('dataset'))
    nothing([args.dataset === config.dataset ? 'pref-sets' : 'dataset'], `the data set is ${config.dataset}`)
  if (bin !== 'run-verify' && !verification.enabled) nothing(VERIFICATION, 'with --no-verify nothing is verified')
  else {
    const kind = resolveKind(present<{ kind?: 'embedded' | 'remote' | 'none' }>({ kind: verification.oracles }))
    if (kind !== 'embedded')
      nothing(
        ['purchasable-bloom'],
        kind === 'none' ? 'with --oracles none nothing is asked' : 'a server is asked (--oracles remote)',
      )
    if (verification.extraction === 'loose')
      nothing(['require-reasoning'], '--extraction loose takes any answer; the format_reward alone depends on it')
  }
  return lines
}

/** The same where no row has a solution, so that no completion has a verifiable reward. */
export function unusedWithoutSolutions({ verification }: RunConfig, given: Given): string[] {
  const named = VERIFICATION.filter((option) => option !== 'require-reasoning' && given.has(option))
  return verification.enabled && named.length > 0 ? [changesNothing(named, 'no row has a solution')] : []
}

/** The same once the models are read and the device is known. */
export function unusedWithModels(
  config: RunConfig,
  given: Given,
  models: readonly LoadedModel[],
  { device }: ResolvedDevice,
): string[] {
  const lines = models.flatMap(({ choice, resolved, name }) => {
    const option = choice.role === 'reference' ? 'ref-revision' : 'revision'
    return resolved.source === 'folder' && given.has(option)
      ? [changesNothing([option], `${choice.name === null ? `${name} is embedded` : `${name} is a folder`}`)]
      : []
  })
  const first = models[0]?.description
  if (config.bin === 'run-rm' && first !== undefined) {
    if (config.head === 'all' && first.labels.length === 1)
      lines.push(changesNothing(['head'], `the model has one label, and its raw output is the score`))
  }
  if (given.has('drift') && models.every(({ opened }) => opened.dtype === 'fp32'))
    lines.push(changesNothing(['drift'], 'the model computes in fp32'))
  if (given.has('threads') && device !== 'cpu')
    lines.push(changesNothing(['threads'], `the model computes on ${device}`))
  return lines
}

/** @example changesNothing(['soft', 'oracles'], 'with --no-verify …') // '--soft and --oracles change nothing here: with --no-verify …' */
export function changesNothing(options: readonly string[], why: string): string {
  const names = options.map((option) => `--${option}`)
  const list = names.length === 1 ? names[0]! : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
  return `${list} ${names.length === 1 ? 'changes' : 'change'} nothing here: ${why}`
}
