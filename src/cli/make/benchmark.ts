import { UsageError } from '../../errors.ts'
import { BENCHMARKS } from '../../make/benchmarks.ts'
import { packagePath } from '../../package.ts'
import { flagOf } from '../../setup/option.ts'
import { changesNothing } from '../../setup/unused.ts'
import type { Log } from '../log.ts'
import { make } from './make.ts'
import type { GivenMakeOptions, MakeOptions } from './make-pairs.ts'

/** What a benchmark fixes. */
const FIXED = [
  'kinds',
  'problems',
  'n',
  'seed',
  'without',
  'ringsBloom',
  'fingerprintsBloom',
  'purchasableBloom',
] as const

/** `make-pairs --benchmark NAME`: the pairs that ship under that name, made anew from the molecules that ship. Returns the exit code. */
export async function makeBenchmark(options: MakeOptions, asked: GivenMakeOptions, log: Log): Promise<number> {
  const name = options.benchmark!
  const benchmark = BENCHMARKS.get(name)
  if (benchmark === undefined)
    throw new UsageError(`is none of ${[...BENCHMARKS.keys()].join(', ')}`, `--benchmark ${name}`)
  const { molecules, without, kinds, n, seed, sha256 } = benchmark
  const unused = FIXED.filter((option) => asked[option] !== undefined).map(flagOf)
  if (unused.length > 0) log.warn(changesNothing(unused, `${name} says it itself`))
  const own: MakeOptions = {
    ...options,
    problems: [],
    kinds,
    n,
    seed,
    without: without.map((path) => packagePath(path)),
    ringsBloom: null,
    fingerprintsBloom: null,
    purchasableBloom: null,
  }
  const rest = Object.fromEntries(
    Object.entries(asked).filter(([option]) => !(FIXED as readonly string[]).includes(option)),
  )
  const made = await make(own, packagePath(molecules), rest, log)
  if (made.sha256 === null) return made.code
  if (made.sha256 !== sha256) {
    log.warn(`${options.output}: SHA-256 ${made.sha256}, and ${name} that ships has ${sha256}`)
    return 4
  }
  log.info(`${options.output}: byte for byte the ${name} that ships`)
  return made.code
}
