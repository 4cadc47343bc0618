import { packageVersion } from '../package.ts'
import { type RunConfig, toRunConfig } from '../setup/config.ts'
import { flagOf } from '../setup/option.ts'
import type { HERM, MODES, RunOption } from '../setup/options.ts'
import { BIN_OPTIONS } from './options.ts'

type Value = string | number | boolean | readonly string[] | null

/** A resolved configuration as the options that give it; null or an empty list where one is not given. */
function optionsOf({ bin: _, models, columns, shard, verification, ...own }: RunConfig) {
  const reference = models.find(({ role }) => role === 'reference')
  const [first, second] = models
  // beside a policy; alone it is --model as well as --reward-model
  const reward = second?.role === 'rm' ? second : undefined
  const { enabled, workers, ...rules } = verification
  return {
    model: first?.name ?? null,
    revision: first?.revision ?? null,
    refModel: reference?.name ?? null,
    refRevision: reference?.revision ?? null,
    rewardModel: reward?.name ?? null,
    rewardRevision: reward?.revision ?? null,
    promptColumn: columns.prompt ?? null,
    chosenColumn: columns.chosen ?? null,
    rejectedColumn: columns.rejected ?? null,
    idColumn: columns.id ?? null,
    subsetColumn: columns.subset ?? null,
    shard: `${shard.index}/${shard.count}`,
    verify: enabled,
    verifyWorkers: workers,
    ...rules,
    ...own,
  } satisfies Readonly<Record<Exclude<RunOption, keyof typeof MODES | keyof typeof HERM>, Value>>
}

/**
 * What `--print-config` prints: a YAML file that gives the same configuration as `--config`. An option stands in it where it is not at
 * its default, the others as comments: what is at its default would else count as given, and be warned of where it changes nothing.
 */
export function configText(config: RunConfig): string {
  const values: Readonly<Record<string, Value>> = optionsOf(config)
  const usual: Readonly<Record<string, Value>> = optionsOf(toRunConfig(config.bin, {}))
  const [set, left]: [string[], string[]] = [[], []]
  for (const [name, option] of Object.entries(BIN_OPTIONS[config.bin])) {
    const value = values[name]
    if (value === undefined) continue
    // the table's default first: the environment may have set a switch (--offline)
    const normal = option.default ?? usual[name]!
    const own = line(flagOf(name), value)
    if (JSON.stringify(value) !== JSON.stringify(normal)) set.push(own)
    // one line stands in every file, which would else be no mapping
    else if (name === 'dataset') set.push(`${own} # the default`)
    else
      left.push(`# ${own}${option.shown === undefined || option.shown === String(value) ? '' : ` # ${option.shown}`}`)
  }
  return [
    `# ${config.bin} of chemherm ${packageVersion}: the options that are not at their default. --config reads this file.`,
    ...set,
    '',
    '# At their default:',
    ...left,
    '',
  ].join('\n')
}

/** One line of YAML: text is quoted as in JSON, of which YAML is a superset, unless it is a plain word. */
function line(name: string, value: Value): string {
  if (value === null || (Array.isArray(value) && value.length === 0)) return `${name}:`
  const text = (part: string): string => (PLAIN.test(part) && !/^null$/i.test(part) ? part : JSON.stringify(part))
  if (Array.isArray(value)) return `${name}: [${value.map(text).join(', ')}]`
  return `${name}: ${typeof value === 'string' ? text(value) : String(value)}`
}
const PLAIN = /^[A-Za-z0-9/][\w./@-]*$/
