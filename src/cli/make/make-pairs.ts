import { UsageError } from '../../errors.ts'
import { flagOf, type Given, readOptions, type Values } from '../../setup/option.ts'
import { changesNothing } from '../../setup/unused.ts'
import { type Log, screenLog } from '../log.ts'
import { type BinHelp, parseArgs } from '../parse.ts'
import { OPTIONS } from './options.ts'

export type MakeOptions = Values<typeof OPTIONS>
export type GivenMakeOptions = Given<keyof typeof OPTIONS>

const HELP: BinHelp = {
  name: 'make-pairs',
  summary:
    'Makes preference pairs whose truth is known: each chosen answer verifies to 1 and each rejected one to 0, by the verifier that ships. From molecules, reactions, pairs, ether0 rows, or recorded rollouts. --validate checks a file of pairs.',
  examples: [
    [
      'make-pairs --from molecules.smi --kinds stereo_inversion,ch2 --n 1000 --seed 0 --output pairs.jsonl',
      'two kinds of minimal pairs',
    ],
    ['make-pairs --from rollouts.jsonl --output pairs.jsonl', 'right against wrong rollouts of each prompt'],
    [
      'make-pairs --invariance pairs.jsonl --output invariance.jsonl',
      'answers rewritten at equal chemistry, and changed',
    ],
    [
      'make-pairs --validate pairs.jsonl --against train.jsonl --card card.md',
      'leakage, duplicates, giveaways; and a card',
    ],
  ],
}

/** What a call of `make-pairs` does: the first option that is given says it. One line per mode. */
const MODES: readonly (readonly [
  option: keyof typeof OPTIONS,
  run: (options: MakeOptions, given: GivenMakeOptions, log: Log) => Promise<number>,
])[] = [
  ['listKinds', async () => (await import('./kinds.ts')).listKinds()],
  ['validate', async (options, given, log) => (await import('./validate.ts')).validatePairs(options, given, log)],
  ['benchmark', async (options, given, log) => (await import('./benchmark.ts')).makeBenchmark(options, given, log)],
  ['invariance', async (options, given, log) => (await import('./invariance.ts')).makeInvariance(options, given, log)],
  ['from', async (options, given, log) => (await import('./make.ts')).makeFromFile(options, given, log)],
]

/**
 * The whole command; returns the exit code.
 * @param name the command as the user called it
 */
export async function makePairs(argv: readonly string[], name: string = HELP.name): Promise<number> {
  const given = await parseArgs({ ...HELP, name }, OPTIONS, argv.length === 0 ? ['--help'] : argv)
  if (given === null) return 0
  const options = readOptions(OPTIONS, given)
  const log = screenLog(name, options)
  const asked = MODES.filter(([option]) => (given[option] ?? false) !== false)
  if (asked.length > 1)
    throw new UsageError(
      `cannot be given together with --${flagOf(asked[1]![0])}`,
      `--${flagOf(asked[0]![0])}`,
      'Each asks for another thing.',
    )
  const mode = asked[0]
  if (mode === undefined)
    throw new UsageError(
      `one of ${MODES.map(([option]) => `--${flagOf(option)}`).join(', ')} is needed`,
      'command line',
      `See ${name} --help.`,
    )
  if (given.transformations !== undefined && mode[0] !== 'invariance')
    log.warn(changesNothing(['transformations'], 'it goes with --invariance'))
  return mode[1](options, given, log)
}
