import type { Options } from 'yargs'
import { flagOf, type Given, type Option, type OptionTable, type RunBin } from '../setup/option.ts'
import { OPTIONS, type RunOption } from '../setup/options.ts'

/** A table by flag. */
export const byFlag = (table: OptionTable): OptionTable =>
  Object.fromEntries(Object.entries(table).map(([name, option]) => [flagOf(name), option]))

/** An option as yargs takes it. Defaults are shown alone: what yargs returns was given. */
export function yargsOption({ type, describe, group, choices, shown, default: fallback }: Option): Options {
  return {
    type,
    describe,
    ...(group !== undefined && { group }),
    ...(choices !== undefined && { choices }),
    ...(type === 'array' && { string: true }),
    ...(type !== 'boolean' && { requiresArg: true }),
    defaultDescription: shown ?? (fallback === null ? undefined : JSON.stringify(fallback)),
  }
}

const optionsOf = (bin: RunBin): OptionTable =>
  Object.fromEntries(
    Object.entries<Option>(OPTIONS).flatMap(([name, option]) =>
      option.bins?.includes(bin) ? [[name, { ...option, ...option.in?.[bin] }]] : [],
    ),
  )

/** The options of each bin that makes a run. */
export const BIN_OPTIONS: Readonly<Record<RunBin, OptionTable>> = {
  'run-rm': optionsOf('run-rm'),
  'run-dpo': optionsOf('run-dpo'),
  'run-verify': optionsOf('run-verify'),
  'run-process': optionsOf('run-process'),
  'run-generate': optionsOf('run-generate'),
}

/** Of the flags that print something and stop, only the first of these is heard. */
export function unusedModes(given: Given<RunOption>): string[] {
  const modes = (['printConfig', 'dumpRendered', 'dryRun'] as const)
    .filter((mode) => (given[mode] ?? false) !== false)
    .map(flagOf)
  return modes.slice(1).map((mode) => `--${mode} changes nothing here: --${modes[0]} prints and stops`)
}

/** For a flag that one bin does not know and others do. @example otherBins('beta', 'run-rm') // 'It is a flag of run-dpo.' */
export function otherBins(flag: string, bin: string): string {
  const bins = Object.entries(BIN_OPTIONS).flatMap(([name, table]) =>
    name !== bin && flag in byFlag(table) ? [name] : [],
  )
  return bins.length === 0 ? '' : `It is a flag of ${bins.join(' and ')}.`
}

export const EXIT_CODE_HELP =
  'Exit codes: 0 done · 2 usage · 3 data, or output that cannot be written · 4 done, but some rows could not be read or scored, or findings of --validate and verify-results · 5 model files · 6 device · 7 network · 130 interrupted · 1 a bug'
