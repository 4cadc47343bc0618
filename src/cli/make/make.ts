import { basename } from 'node:path'
import type { DataOptions } from '../../chem/ether0/data.ts'
import { DataError, UsageError } from '../../errors.ts'
import { given } from '../../given.ts'
import { readHeldOut } from '../../make/held-out.ts'
import { KINDS } from '../../make/kinds/index.ts'
import { makePairsOf } from '../../make/make.ts'
import { type MakeState, PairFile, statePath } from '../../make/output.ts'
import { createMakePool } from '../../make/pool.ts'
import { PROBLEMS } from '../../make/problems/index.ts'
import { REACTION_PROBLEM } from '../../make/problems/reaction.ts'
import { pairsOfRollouts, ROLLOUT } from '../../make/rollouts.ts'
import { isRowFailure, readSource } from '../../make/source.ts'
import { packageVersion } from '../../package.ts'
import { hashDataset } from '../../pairs/files.ts'
import { textTable } from '../../report/table.ts'
import { flagOf } from '../../setup/option.ts'
import { changesNothing } from '../../setup/unused.ts'
import { didYouMean } from '../did-you-mean.ts'
import { watchInterrupt } from '../interrupt.ts'
import type { Log } from '../log.ts'
import { printText } from '../screen.ts'
import { FailureCount } from './failures.ts'
import { lockedOutput } from './locked-output.ts'
import type { GivenMakeOptions, MakeOptions } from './make-pairs.ts'

/** `make-pairs --from FILE`. Returns the exit code. */
export async function makeFromFile(options: MakeOptions, asked: GivenMakeOptions, log: Log): Promise<number> {
  return (await make(options, options.from!, asked, log)).code
}

/** Exit code and, of a finished file, its SHA-256. */
interface Made {
  readonly code: number
  readonly sha256: string | null
}

/** Makes the file that the options ask for. */
export function make(options: MakeOptions, path: string, asked: GivenMakeOptions, log: Log): Promise<Made> {
  const output = checkOutput(options.output)
  return lockedOutput(output, () => makeOutput(output, options, path, asked, log))
}

async function makeOutput(
  output: string,
  options: MakeOptions,
  path: string,
  asked: GivenMakeOptions,
  log: Log,
): Promise<Made> {
  const kinds = known(options.kinds, [...KINDS.keys()], '--kinds')
  const builders = problemsOf(options.problems)
  const rollouts = await holdsGroups(path)
  sayUnused(rollouts, asked, log)
  const { n, seed, perPrompt, balance } = options
  const minMargin = options.soft ? (options.minMargin ?? 0.1) : null
  const { sha256 } = await hashDataset([{ path, name: path }])
  const without = rollouts
    ? []
    : await Promise.all(options.without.map(async (one) => (await hashDataset([{ path: one, name: one }])).sha256))
  const what = rollouts ? { perPrompt, minMargin, balance } : { kinds, builders, without }
  const blooms = {
    ringsBloom: options.ringsBloom,
    fingerprintsBloom: options.fingerprintsBloom,
    purchasableBloom: options.purchasableBloom,
  }
  const identity = { version: packageVersion, source: basename(path), sha256, ...what, n, seed, ...blooms }
  // a filter that cannot be read stops the command before its file is begun; the workers start with their first job
  const pool = createMakePool(given<DataOptions>(blooms), options.verifyWorkers)
  const file = PairFile.open(output, freshState(identity, rollouts ? [ROLLOUT] : kinds, n), options.resume)
  const failures = new FailureCount(log)
  if (file.state.done) {
    log.info(`${output} is finished already: ${file.state.pairs} pairs; --no-resume makes it anew`)
    file.close()
    return ended(file.state)
  }
  if (file.state.pairs > 0) log.info(`${output}: going on behind ${file.state.pairs} pairs`)
  const interrupt = watchInterrupt(log)
  const bar = n === null ? null : log.progress('making', n, 'pairs')
  const found = file.state.pairs
  try {
    const request = {
      source: () => readSource(path),
      n,
      seed,
      pool,
      file,
      onFailure: failures.add,
      onProgress: (pairs: number) => bar?.update(pairs, found),
      stopped: interrupt.stopped,
    }
    const heldOut = await readHeldOut(options.without, pool)
    if (options.without.length > 0) log.info(`${heldOut.size.toLocaleString('en')} molecules that no pair may have`)
    const whole = rollouts
      ? await pairsOfRollouts({ ...request, perPrompt, minMargin, balance })
      : await makePairsOf({ ...request, kinds, builders, isHeldOut: heldOut.has })
    bar?.stop()
    if (!whole) {
      log.warn(`${output} is not finished: what is written is kept, and the same command goes on with it`)
      return { code: 130, sha256: null }
    }
  } finally {
    interrupt.dispose()
    file.close()
    await pool.close()
  }
  failures.say()
  printText(summary(file.state, output))
  sayShort(file.state, n, log)
  return ended(file.state)
}

const ended = ({ pairs, unreadable, sha256 }: MakeState): Made => ({
  code: pairs === 0 || Object.keys(unreadable).length > 0 ? 4 : 0,
  sha256,
})

function checkOutput(output: string | null): string {
  if (output === null) throw new UsageError('is needed', '--output', 'Name the file to write, such as pairs.jsonl.')
  if (!/\.(jsonl|ndjson)$/i.test(output))
    throw new UsageError(`${output} does not end in .jsonl`, '--output', 'Pairs are written as JSON lines.')
  return output
}

/** The names, all where none is given. @throws UsageError for one that is none */
function known(names: readonly string[], all: readonly string[], flag: string): readonly string[] {
  for (const name of names)
    if (!all.includes(name))
      throw new UsageError(
        `"${name}" is none of ${all.join(', ')}`,
        flag,
        [didYouMean(name, all, ''), 'See --list-kinds.'].filter(Boolean).join(' '),
      )
  return names.length === 0 ? all : names
}

function problemsOf(names: readonly string[]): readonly string[] {
  const all = [...PROBLEMS.values(), REACTION_PROBLEM]
  if (names.length > 0)
    return known(
      names,
      all.map(({ name }) => name),
      '--problems',
    )
  return all.filter(({ standIn }) => !standIn).map(({ name }) => name)
}

/** By the first usable row. */
async function holdsGroups(path: string): Promise<boolean> {
  for await (const item of readSource(path)) if (!isRowFailure(item)) return item.kind === 'group'
  throw new DataError('no row is usable', path)
}

const OF_ROLLOUTS = ['perPrompt', 'soft', 'minMargin', 'balance'] as const
const OF_OTHERS = ['kinds', 'problems', 'without'] as const
const OF_VALIDATE = ['against', 'card', 'licence', 'extraction', 'requireReasoning'] as const

function sayUnused(rollouts: boolean, asked: GivenMakeOptions, log: Log): void {
  const there = (names: readonly (keyof GivenMakeOptions)[]): string[] =>
    names.filter((name) => asked[name] !== undefined).map(flagOf)
  const say = (flags: readonly string[], why: string): void => {
    if (flags.length > 0) log.warn(changesNothing(flags, why))
  }
  say(there(rollouts ? OF_OTHERS : OF_ROLLOUTS), rollouts ? 'the file holds rollouts' : 'the file holds no rollouts')
  say(there(OF_VALIDATE), 'it goes with --validate')
  if (asked.minMargin !== undefined && asked.soft === undefined)
    say(['min-margin'], 'without --soft a pair is a pass against a fail')
}

function freshState(options: MakeState['options'], kinds: readonly string[], n: number | null): MakeState {
  const share = n === null ? null : Math.floor(n / kinds.length)
  return {
    format: 1,
    options,
    done: false,
    pass: 0,
    next: 0,
    bytes: 0,
    pairs: 0,
    wanted: Object.fromEntries(
      kinds.map((kind, i) => [kind, share === null ? null : share + (i < n! % kinds.length ? 1 : 0)]),
    ),
    inPass: {},
    tried: {},
    barren: {},
    cells: {},
    dropped: {},
    unreadable: {},
    sha256: null,
  }
}

function summary({ cells, dropped, pairs, sha256 }: MakeState, output: string): string {
  const share = (a: number, b: number): string => (a + b === 0 ? '–' : `${((100 * a) / (a + b)).toFixed(1)} %`)
  const table = textTable(
    ['kind', 'pairs', 'longer text chosen', 'longer answer chosen'],
    Object.entries(cells).map(([kind, cell]) => [
      kind,
      String(cell.pairs),
      share(cell.chosenLonger, cell.rejectedLonger),
      share(cell.chosenAnswerLonger, cell.rejectedAnswerLonger),
    ]),
  )
  const drops = Object.entries(dropped).flatMap(([kind, reasons]) =>
    Object.entries(reasons).map(([reason, count]) => [kind, reason, String(count)]),
  )
  const lost = drops.length === 0 ? '' : `\n${textTable(['kind', 'tried and dropped', 'times'], drops, [1])}\n`
  return `${table}\n${lost}\n${pairs} pairs in ${output} (SHA-256 ${sha256}); how they were made: ${statePath(output)}\n`
}

/** With --n a kind is given up where no row allows it; without, a row is done with once it has a pair of another kind. */
const whyNone = (n: number | null): string =>
  n === null ? ': without --n each row gives one pair, of one kind' : ': no row allows one'

function sayShort({ pairs, cells, wanted }: MakeState, n: number | null, log: Log): void {
  const none = Object.keys(wanted).filter((kind) => (cells[kind]?.pairs ?? 0) === 0)
  if (none.includes(ROLLOUT))
    log.warn('no pair: no prompt has a right answer and another wrong one, as the verifier sees them')
  else if (none.length > 0) log.warn(`no pair of ${none.join(', ')}${whyNone(n)}`)
  if (n !== null && pairs < n) log.warn(`${pairs} of ${n} pairs: the rows allow no more; more molecules would`)
}
