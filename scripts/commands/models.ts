import { type ParseArgsConfig, parseArgs } from 'node:util'
import { printText } from '../../src/cli/screen.ts'
import { UsageError } from '../../src/errors.ts'
import { supportedArchitectures } from '../../src/model/archs/index.ts'
import { headNames } from '../../src/model/heads/index.ts'
import { packageVersion } from '../../src/package.ts'
import { textTable } from '../../src/report/table.ts'
import { type KnownModel, knownModels } from '../../src/setup/known-models.ts'
import { BUILT_IN_TEMPLATES } from '../../src/text/templates.ts'

const HELP = `[options]

Lists what a model may be made of: architectures (model_type of config.json), heads, chat templates that --chat-template takes by name,
and models that are known by name, with what RewardBench 2 published of them (per cent).

  --json   One object: {architectures, heads, templates, models}
  --help, --version
`

export const OPTIONS = {
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const satisfies ParseArgsConfig['options']

/**
 * The whole command; returns the exit code.
 * @param name the command as the user called it
 */
export async function models(argv: readonly string[], name = 'models'): Promise<number> {
  const values = parseOptions(argv, name)
  if (values.help) return say(`${name} ${HELP}`)
  if (values.version) return say(`${packageVersion}\n`)
  const found = {
    architectures: [...supportedArchitectures],
    heads: [...headNames],
    templates: ['tokenizer', 'pair', ...Object.keys(BUILT_IN_TEMPLATES)],
    models: knownModels(),
  }
  return say(values.json ? `${JSON.stringify(found, null, 2)}\n` : listed(found))
}

function listed(found: {
  readonly architectures: readonly string[]
  readonly heads: readonly string[]
  readonly templates: readonly string[]
  readonly models: readonly KnownModel[]
}): string {
  const rows = found.models.map((m) => [
    m.name,
    m.command,
    m.architecture,
    m.head ?? '–',
    m.chatTemplate ?? '–',
    m.rewardBench2?.toFixed(1) ?? '–',
  ])
  const said = (models: readonly KnownModel[], what: (model: KnownModel) => string | null): string[] =>
    models.map((model) => `  ${model.name}: ${what(model)}`)
  const noted = found.models.filter(({ refused, note }) => refused === null && note !== null)
  const refused = found.models.filter(({ refused }) => refused !== null)
  const line = (title: string, names: readonly string[]): string => `${title}\n  ${names.join(', ')}\n`
  return [
    line('architectures', found.architectures),
    line('heads', found.heads),
    line('chat templates', found.templates),
    textTable(['model', 'command', 'architecture', 'head', 'chat template', 'RewardBench 2, %'], rows),
    '',
    'notes',
    ...said(noted, ({ note }) => note),
    '',
    `not run: ${refused.length} of these ${found.models.length}; every other checkpoint opens by what is in its files`,
    ...said(refused, ({ refused }) => refused),
    '',
  ].join('\n')
}

function say(text: string): number {
  printText(text)
  return 0
}

function parseOptions(argv: readonly string[], name: string) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS }).values
  } catch (cause) {
    throw new UsageError((cause as Error).message, 'command line', `See ${name} --help.`, { cause })
  }
}
