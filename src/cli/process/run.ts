import type { ResolvedDevice } from '../../model/device.ts'
import type { ProcessRow } from '../../pairs/steps.ts'
import type { WorkDone } from '../../run.ts'
import type { Ledger } from '../../score/ledger.ts'
import type { Prepared } from '../../score/subject.ts'
import type { VerdictQueue } from '../../score/verdicts.ts'
import type { RunConfig } from '../../setup/config.ts'
import type { Dataset, Inspection } from '../../setup/dataset.ts'
import type { Identity } from '../../setup/identity.ts'
import type { LoadedModel } from '../../setup/models.ts'
import type { Channel } from '../../setup/step-channels.ts'
import type { Store } from '../../store/log.ts'
import type { Measurement, Row, RowFailure, Unscored, Verifier } from '../../types.ts'
import { isUnscored } from '../../unscored.ts'
import type { Replaced } from '../differences.ts'
import type { Interrupt } from '../interrupt.ts'
import type { Log } from '../log.ts'
import { measureRun, openRunStore, sayFound } from '../measuring.ts'
import { verifyRows } from '../verifying.ts'

/** A run of steps whose models, data and output folder are settled. */
export interface ProcessRun<R extends ProcessRow = ProcessRow> {
  readonly config: RunConfig
  readonly data: Dataset
  /** The usable rows and the failures, from the start every time. */
  readonly rows: () => AsyncIterable<R | RowFailure>
  readonly inspection: Inspection
  readonly models: readonly LoadedModel[]
  readonly channels: readonly Channel[]
  readonly device: ResolvedDevice | null
  readonly verifier: Verifier | null
  readonly folder: string
  readonly identity: Identity
  readonly replaced: Replaced | null
  readonly interrupt: Interrupt
  readonly log: Log
  readonly elapsedMs: () => number
}

/** A channel after it was measured. */
export interface MeasuredChannel {
  readonly channel: Channel
  readonly ledger: Ledger
  readonly work: WorkDone
}

/** Measures every channel, one after the other, into the run's store. */
export async function measureChannels(
  run: Pick<ProcessRun, 'config' | 'channels' | 'interrupt' | 'log'>,
  rows: () => AsyncIterable<Row | RowFailure>,
  completions: number,
  store: Store,
): Promise<MeasuredChannel[]> {
  const measured: MeasuredChannel[] = []
  // a Ctrl-C is listened for until the last channel is measured
  const interrupt = { stopped: run.interrupt.stopped, dispose: () => {} }
  for (const channel of run.channels) {
    const { subject, plan } = channel
    const { ledger, work } = await measureRun({
      ...run,
      interrupt,
      rows,
      completions,
      subjects: [subject],
      store,
      plan,
      verifier: null,
      task: `scoring (${subject.name}, ${channel.kind})`,
    })
    measured.push({ channel, ledger, work: work[0]! })
  }
  sayFound(
    measured.map(({ work }) => work),
    run.log,
  )
  return measured
}

/** The store of a run with models; none without. */
export const openProcessStore = (
  run: Pick<ProcessRun, 'config' | 'channels' | 'folder' | 'log'>,
): Promise<Store | null> =>
  run.channels.length === 0 ? Promise.resolve(null) : openRunStore(run.config, run.folder, run.log)

/** ether0's verdict on every completion, or null where no row has a solution. */
export async function verifySteps(
  {
    config,
    verifier,
    interrupt,
    log,
    inspection,
  }: Pick<ProcessRun, 'config' | 'verifier' | 'interrupt' | 'log' | 'inspection'>,
  rows: () => AsyncIterable<Row | RowFailure>,
): Promise<{ readonly ledger: Ledger; readonly verdicts: VerdictQueue } | null> {
  if (verifier === null || inspection.withSolution === 0) return null
  return verifyRows({ config, verifier, interrupt, log, completions: inspection.completions, rows })
}

/** What a channel has of one completion. */
export interface ChannelFacts {
  readonly measurement: Measurement | null
  readonly unscored: Unscored | null
  readonly prepared: Prepared | null
}

/**
 * Measurements of a row's completions, found again under the keys of their texts.
 * @param first index of the row's first completion in the ledger
 */
export function factsOf(
  { channel: { subject }, ledger }: MeasuredChannel,
  row: Row,
  first: number,
  store: Pick<Store, 'get'>,
): ChannelFacts[] {
  return subject.prepare(row).map((ready, i): ChannelFacts => {
    const { unscored } = ledger.entry(first + i)
    if (isUnscored(ready)) return { measurement: null, unscored: ready, prepared: null }
    const measurement = unscored === null ? store.get(subject.key(ready)) : null
    return { measurement, unscored, prepared: ready }
  })
}
