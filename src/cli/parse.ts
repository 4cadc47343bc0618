import yargs from 'yargs'
import { UsageError } from '../errors.ts'
import { packageVersion } from '../package.ts'
import { meant } from '../setup/meant.ts'
import { flagOf, type Given, type OptionTable } from '../setup/option.ts'
import { exactFlags, kebabFlags } from './argv.ts'
import { asCalled } from './command.ts'
import { didYouMean } from './did-you-mean.ts'
import { refuseHermFlags } from './herm-flags.ts'
import { byFlag, EXIT_CODE_HELP, otherBins, yargsOption } from './options.ts'
import { withoutOverruled } from './over-file.ts'
import { printText } from './screen.ts'
import { readConfig } from './yaml.ts'

export interface BinHelp {
  /** As the user called it: `run-rm`, or `chemherm run-rm`. */
  readonly name: string
  readonly summary: string
  /** Real commands on shipped data: [command, what it does]. */
  readonly examples: readonly (readonly [string, string])[]
  readonly positional?: string
}

/** What one bin's command line gives, and its `--config`, over which flags win. Prints and returns null for --help and --version. */
export async function parseArgs<T extends OptionTable>(
  help: BinHelp,
  options: T,
  argv: readonly string[],
): Promise<Given<keyof T> | null> {
  const spelt = kebabFlags(argv)
  const table = byFlag(options)
  if (Object.hasOwn(table, 'not-quantized')) refuseHermFlags(spelt)
  const flags = exactFlags(spelt, table)
  let stopped = false
  const parser = yargs(flags)
    .scriptName(help.name)
    .usage(`$0 [options]\n\n${help.summary}`)
    .options(Object.fromEntries(Object.entries(table).map(([flag, option]) => [flag, yargsOption(option)])))
    .parserConfiguration({
      'strip-aliased': true,
      'camel-case-expansion': false,
      // else --name.x makes an object of the name
      'dot-notation': false,
      'greedy-arrays': false,
    })
    .version(packageVersion)
    .help()
    .alias('help', 'h')
    .wrap(Math.min(120, process.stdout.columns ?? 100))
    .epilogue(EXIT_CODE_HELP)
    .exitProcess(false)
    .fail((message, error) => {
      throw error instanceof UsageError ? error : usageError(message ?? String(error), help)
    })
  for (const [command, what] of help.examples) parser.example(asCalled(command, help.name), asCalled(what, help.name))
  const configPath = flagValue(flags, 'config')
  if (configPath !== null) {
    const config = readConfig(configPath, table, flagValue(flags, 'model'))
    parser.config(withoutOverruled(config, flags, table))
  }
  const args = (await parser.parseAsync(flags, {}, (_error, _argv, output) => {
    if (output !== '') {
      stopped = true
      printText(`${output}\n`)
    }
  })) as Record<string, unknown>
  if (stopped) return null
  checkNames(args, Object.keys(table), help)
  checkValues(args, table, flags)
  const given = Object.keys(options).map((name) => [name, args[flagOf(name)]])
  return Object.fromEntries(given.filter(([, value]) => value !== undefined)) as Given<keyof T>
}

/** yargs' own complaints in our words: the flag first. */
function usageError(message: string, { name }: BinHelp): UsageError {
  const hint = `See ${name} --help.`
  const choice = /Argument: (\S+), Given: (.*), Choices: (.*)$/m.exec(message)
  if (choice !== null) {
    const [, flag, given, choices] = choice as unknown as [string, string, string, string]
    const unquoted = (text: string): string => text.replace(/^"(.*)"$/, '$1')
    const [word, known] = [unquoted(given), choices.split(', ').map(unquoted)]
    const better = meant(word, known) ?? didYouMean(word, known, '')
    return new UsageError(`${given} is none of ${choices}`, `--${flag}`, [better, hint].filter(Boolean).join(' '))
  }
  const bare = /^Not enough arguments following: (\S+)$/.exec(message)
  if (bare !== null) return new UsageError('needs a value', `--${bare[1]}`, hint)
  return new UsageError(message, 'command line', hint)
}

function flagValue(flags: readonly string[], name: string): string | null {
  for (const [i, flag] of flags.entries()) {
    if (flag === `--${name}`) return flags[i + 1] ?? null
    if (flag.startsWith(`--${name}=`)) return flag.slice(name.length + 3)
  }
  return null
}

function checkNames(args: Record<string, unknown>, known: readonly string[], help: BinHelp): void {
  const own = new Set([...known, '_', '$0', 'help', 'version'])
  for (const key of Object.keys(args)) {
    if (own.has(key)) continue
    throw new UsageError(
      'unknown flag',
      `${key.length === 1 ? '-' : '--'}${key}`,
      [otherBins(key, help.name) || didYouMean(key, known, '--'), `See ${help.name} --help.`].filter(Boolean).join(' '),
    )
  }
  const words = args._ as readonly unknown[]
  if (words.length > 0 && help.positional === undefined)
    throw new UsageError(
      `"${String(words[0])}" is not a flag`,
      'command line',
      `${known.includes('dataset') && /\.\w+$/.test(String(words[0])) ? `Is --dataset ${String(words[0])} meant? ` : ''}Flags start with --; see ${help.name} --help.`,
    )
}

function checkValues(args: Record<string, unknown>, table: OptionTable, flags: readonly string[]): void {
  for (const [key, option] of Object.entries(table)) {
    const value = args[key]
    if (option.type !== 'array' && Array.isArray(value)) throw new UsageError('is given twice', `--${key}`)
    if (option.type !== 'number' || value === undefined) continue
    if (typeof value === 'number' && Number.isFinite(value)) continue
    // yargs gives NaN for what is none
    const given = typeof value === 'number' ? (flagValue(flags, key) ?? String(value)) : value
    throw new UsageError(`expects a number, not ${JSON.stringify(given)}`, `--${key}`)
  }
}
