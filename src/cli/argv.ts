import { UsageError } from '../errors.ts'
import type { OptionTable } from '../setup/option.ts'

/**
 * HERM's users paste snake_case flags: `--batch_size 8` means `--batch-size 8`. Only the flag's name changes, never a value;
 * what follows `--` is left alone.
 * @example kebabFlags(['--chat_template', 'a_b', '--no_resume']) // ['--chat-template', 'a_b', '--no-resume']
 */
export function kebabFlags(argv: readonly string[]): string[] {
  const end = argv.indexOf('--')
  return argv.map((arg, i) => {
    if ((end >= 0 && i >= end) || !arg.startsWith('--')) return arg
    const eq = arg.indexOf('=')
    const name = eq < 0 ? arg : arg.slice(0, eq)
    return name.replaceAll('_', '-') + (eq < 0 ? '' : arg.slice(eq))
  })
}

/**
 * Command lines that yargs would take for something else than they say: `--quiet=yes` (false there), `--no-model` (a model called
 * "false"), `--model=` (a model called ""). A switch may be followed by Python's True and False.
 * @param table by flag
 * @example exactFlags(['--soft', 'True', '--limit', '3'], table) // ['--soft=true', '--limit', '3']
 */
export function exactFlags(flags: readonly string[], table: OptionTable): string[] {
  const exact: string[] = []
  const switches = new Map<string, boolean>()
  /** yargs takes the last one of `--verify --no-verify`: which of them is meant cannot be told. */
  const switched = (name: string, value: boolean): void => {
    if (switches.get(name) === !value) throw new UsageError('is given and negated', `--${name}`, 'Give one of them.')
    switches.set(name, value)
  }
  const end = flags.indexOf('--')
  const last = end < 0 ? flags.length : end
  for (let i = 0; i < last; i++) {
    const arg = flags[i]!
    const [, name, given] = /^--([^=]+)(?:=([\s\S]*))?$/.exec(arg) ?? []
    // names that every object has, and yargs' own, are no flags
    if (name !== undefined && (name.replace(/^no-/, '') in Object.prototype || name === '$0' || name === '_'))
      throw new UsageError('unknown flag', `--${name}`)
    const own = (flag: string): OptionTable[string] | undefined =>
      Object.hasOwn(table, flag) ? table[flag] : undefined
    const negated = name !== undefined && own(name) === undefined && name.startsWith('no-') ? name.slice(3) : null
    const option = name === undefined ? undefined : own(negated ?? name)
    if (option === undefined) {
      if (name !== undefined && /^(?:no-)?(?:help|version)$/.test(name) && (negated !== null || given !== undefined))
        throw new UsageError('takes no value', `--${name}`, 'It is --help, or --version, alone.')
      if (/^-?[\u2010-\u2015\u2212]/.test(arg))
        throw new UsageError('starts with a dash that is no hyphen, as word processors write it', arg, 'Type -- anew.')
      exact.push(arg)
      continue
    }
    const next = i + 1 < last ? flags[i + 1] : undefined
    if (negated !== null) {
      if (option.type !== 'boolean') throw new UsageError('is no switch', `--no-${negated}`, `Leave --${negated} out.`)
      if (given !== undefined) throw new UsageError('takes no value', `--no-${negated}`)
      switched(negated, false)
      exact.push(arg)
    } else if (option.type === 'boolean') {
      const spaced = given === undefined && next !== undefined && /^(true|false)$/i.test(next)
      const value = (spaced ? next : given)?.toLowerCase()
      if (value !== undefined && value !== 'true' && value !== 'false')
        throw new UsageError(`is "${given}", expected true or false`, `--${name}`, `Or --${name} and --no-${name}.`)
      switched(name!, value !== 'false')
      exact.push(value === undefined ? arg : `--${name}=${value}`)
      if (spaced) i++
    } else {
      const value = given ?? next
      if (value === undefined || value === '' || (given === undefined && value.startsWith('--')))
        throw new UsageError('needs a value', `--${name}`)
      exact.push(arg)
      if (given === undefined) {
        exact.push(value)
        i++
      }
    }
  }
  return [...exact, ...flags.slice(last)]
}
