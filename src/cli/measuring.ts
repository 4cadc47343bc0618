import { join } from 'node:path'
import { formatReward } from '../chem/ether0/format.ts'
import type { PooledVerifier } from '../chem/workers/verifier.ts'
import { InterruptedError } from '../errors.ts'
import { measureAll, type WorkDone } from '../run.ts'
import { halvedWords } from '../score/fitting.ts'
import { Ledger } from '../score/ledger.ts'
import type { PlanOptions } from '../score/plan.ts'
import type { Subject } from '../score/subject.ts'
import { VerdictQueue, type VerdictTrouble } from '../score/verdicts.ts'
import type { RunConfig } from '../setup/config.ts'
import { changesNothing } from '../setup/unused.ts'
import { localPath, openLocalStore } from '../store/local.ts'
import { openStore, type Store, type StoreOptions } from '../store/log.ts'
import { siblingStores, storeName } from '../store/merge.ts'
import type { Row, RowFailure } from '../types.ts'
import { DistancesAhead } from './distances.ts'
import type { Interrupt } from './interrupt.ts'
import type { Log, Progress } from './log.ts'

const KEPT = 'What was measured is kept; run the same command again to go on.'

/** Completions that may wait for a verdict while the model scores: about one window. */
const VERDICTS_PENDING = 20_000

export interface MeasuringInput {
  readonly config: RunConfig
  readonly rows: () => AsyncIterable<Row | RowFailure>
  /** Completions in those rows, for the progress bar. */
  readonly completions: number
  readonly subjects: readonly Subject[]
  readonly store: Store
  readonly plan: PlanOptions
  readonly verifier: PooledVerifier | null
  readonly interrupt: Interrupt
  readonly log: Log
  /** What is done, for the progress bar; default: scoring. */
  readonly task?: string
}

export interface MeasuredRun {
  readonly ledger: Ledger
  readonly work: readonly WorkDone[]
  /** Failed verifications by class of the error. */
  readonly verdictErrors: Readonly<Record<string, number>>
  readonly verdictTroubles: readonly VerdictTrouble[]
  /** What was asked of the verification's workers beside the verdicts; null without a verifier. */
  readonly distances: DistancesAhead | null
}

/** Measures and verifies all rows, with a progress bar per model. */
export async function measureRun(input: MeasuringInput): Promise<MeasuredRun> {
  const { config, rows, completions, subjects, store, plan, verifier, interrupt, log, task = 'scoring' } = input
  const ledger = new Ledger(subjects.length)
  const bars = new Map<Subject, Progress>()
  const saidHalved = new Set<Subject>()
  const verdicts = verifier === null ? null : new VerdictQueue(verifier, ledger, VERDICTS_PENDING, interrupt.stopped)
  const distances = verifier === null ? null : new DistancesAhead((a, b) => verifier.apart(a, b))
  try {
    const work = await measureAll({
      rows,
      subjects,
      store,
      plan,
      ledger,
      verdicts,
      formatReward: (text) => formatReward(text, { reasoning: config.verification.requireReasoning }),
      onRow: (row) => distances?.push(row),
      stopped: interrupt.stopped,
      clock: () => performance.now(),
      onProgress(subject, done, found) {
        let bar = bars.get(subject)
        if (bar === undefined) {
          for (const other of bars.values()) other.stop()
          bar = log.progress(subject.role === 'rm' ? task : `${task} (${subject.role})`, completions, 'completions')
          bars.set(subject, bar)
        }
        bar.update(done, found)
      },
      onHalved(subject, halved) {
        if (saidHalved.has(subject)) return
        saidHalved.add(subject)
        log.warn(`${subject.role} ${subject.name}: ${halvedWords(halved)}`, { event: 'memory' })
      },
    })
    // also where there was no batch left, after which it is asked
    if (interrupt.stopped()) throw new InterruptedError('interrupted', store.path, KEPT)
    for (const [i, { halved, mostTokens }] of work.entries())
      if (halved > 1) log.warn(halvedLine(subjects[i]!, halved, mostTokens!), { event: 'memory' })
    // From here on nothing is lost: a Ctrl-C may end the process at once.
    interrupt.dispose()
    for (const { runner } of work) for (const note of runner?.notes ?? []) log.warn(note)
    return { ledger, work, verdictErrors: verdicts?.errors ?? {}, verdictTroubles: verdicts?.troubles ?? [], distances }
  } finally {
    ;[...bars.values()].at(-1)?.stop()
  }
}

const halvedLine = ({ role, name }: Subject, halved: number, most: number): string =>
  `${role} ${name}: memory ran out ${halved} times, each time a batch was halved and repeated; in the end none had more than ${most} tokens`

/**
 * The run's own store, with those of the same scorer's other data sets to read from.
 * @param cut of a shard: its cut
 */
export async function openRunStore(
  config: RunConfig,
  folder: string,
  log: Log,
  cut: string | null = null,
): Promise<Store> {
  const path = join(folder, storeName(config.shard))
  const reuse = config.resume ? await siblingStores(join(folder, '..'), path, cut) : []
  const options = { config, cut, reuse, fresh: !config.resume }
  const store =
    config.localStore === null
      ? await openStore(path, options)
      : await openedHere(path, config.localStore, options, config, log)
  const { tornBytes, damagedLines } = store.repairs
  if (tornBytes > 0) log.warn(`${path}: ${tornBytes} bytes behind the last whole batch were cut off`)
  if (damagedLines.length > 0)
    log.warn(`${path}: ${damagedLines.length} damaged lines are not used (the first is line ${damagedLines[0]})`)
  if (store.size > 0) for (const line of plannedOtherwise(store.config, config)) log.warn(line)
  return store
}

/** The same on a disk of this machine. */
function openedHere(
  path: string,
  folder: string,
  options: StoreOptions,
  { copyEvery }: RunConfig,
  log: Log,
): Promise<Store> {
  log.info(
    `measurements are written to ${localPath(path, folder)}, and copied to ${path} every ${copyEvery} minutes, on a stop and at the end`,
  )
  return openLocalStore(path, {
    ...options,
    folder,
    everyMs: copyEvery * 60_000,
    clock: () => performance.now(),
    onTrouble: (message) => log.warn(`${path}: not copied now, tried again later: ${message}`),
  })
}

/** How many measurements of earlier runs are of this configuration; of others in the store nothing is said. */
export function sayFound(work: readonly WorkDone[], log: Log): void {
  const found = work.reduce((sum, { kept }) => sum + kept, 0)
  const others = work.reduce((sum, { borrowed }) => sum + borrowed, 0)
  const whose =
    others === 0 ? '' : `, ${others === found ? '' : `${others} of them `}of this model's other runs or shards`
  if (found > 0)
    log.info(
      `${found} measurement${found === 1 ? '' : 's'} of an earlier run ${found === 1 ? 'is' : 'are'} used${whose}`,
    )
}

/** A run that is gone on with keeps its batches, whatever bounds are asked for now. */
function plannedOtherwise(first: unknown, config: RunConfig): string[] {
  const before = (first ?? {}) as Partial<Pick<RunConfig, 'batchTokens' | 'batchSize'>>
  const other = (['batchTokens', 'batchSize'] as const).filter(
    (key) => config[key] !== null && config[key] !== (before[key] ?? null),
  )
  const flags = other.map((key) => (key === 'batchTokens' ? 'batch-tokens' : 'batch-size'))
  return flags.length === 0
    ? []
    : [changesNothing(flags, 'batches that an earlier run planned stay as they are; --no-resume plans them anew')]
}
