import type { OptionTable } from '../setup/option.ts'
import { FORCED_MAX_LENGTH } from '../setup/options.ts'

type Config = Readonly<Record<string, unknown>>

/** Flags of RewardBench, and which of ours each stands for. */
const STANDS_FOR: Readonly<Record<string, string>> = {
  'torch-dtype': 'dtype',
  'force-truncation': 'truncation',
  debug: 'limit',
  'pref-sets': 'dataset',
}

/**
 * A `--config` file without what the command line says under its other spelling, so that the flag wins whichever of the two it uses.
 * Two spellings on the same level stay, and contradict.
 * @param flags the command line, exact (argv.ts)
 * @example withoutOverruled({ 'torch-dtype': 'bfloat16' }, ['--dtype', 'fp32'], table) // {}
 */
export function withoutOverruled(config: Config, flags: readonly string[], table: OptionTable): Config {
  const said = new Set(flags.filter((flag) => !flag.endsWith('=false')).map((flag) => /^--([^=]+)/.exec(flag)?.[1]))
  const left: Record<string, unknown> = { ...config }
  for (const [theirs, ours] of Object.entries(STANDS_FOR)) {
    // of a policy RewardBench cuts nothing by it
    if (theirs === 'force-truncation' && Object.hasOwn(table, 'ref-model')) continue
    if (said.has(theirs)) delete left[ours]
    if (!said.has(ours) || left[theirs] === undefined) continue
    delete left[theirs]
    // the rest of what it stands for
    if (theirs === 'force-truncation' && config[theirs] === true) left['max-length'] ??= FORCED_MAX_LENGTH
  }
  return left
}
