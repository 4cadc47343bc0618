import { DataError } from '../errors.ts'
import type { WorkDone } from '../run.ts'
import type { PlanOptions } from '../score/plan.ts'
import type { RunConfig } from '../setup/config.ts'
import { type Inspection, inspect, rowsOf } from '../setup/dataset.ts'
import type { DriftPlan } from '../setup/drift.ts'
import { changesOf } from '../setup/options.ts'
import type { OpenSubject } from '../setup/subject.ts'
import type { Store } from '../store/log.ts'
import { mergeShards, type ShardsState } from '../store/merge.ts'
import { exactSample } from './drift.ts'
import { type FinishInput, finish } from './finish.ts'
import type { Interrupt } from './interrupt.ts'
import type { Log } from './log.ts'
import { measureRun, openRunStore, sayFound } from './measuring.ts'
import { SHARD_DONE, workOf } from './part.ts'
import { repairsOfRun, sayRepairs } from './repairs.ts'

/** A run whose models, data and output folder are settled. */
export type OpenRun = Omit<
  FinishInput,
  'inspection' | 'store' | 'ledger' | 'work' | 'verdictErrors' | 'verdictTroubles' | 'distances' | 'exact' | 'print'
> & {
  readonly plan: PlanOptions
  readonly interrupt: Interrupt
  /** How the drift of the number format is measured, and the models in float32; null where the run is in float32. */
  readonly drift: { readonly plan: DriftPlan; readonly subjects: readonly OpenSubject[] } | null
}

/** Measures, verifies, joins and writes the whole data set. Returns the exit code. */
export async function scoreAll(run: OpenRun, inspection: Inspection): Promise<number> {
  return finishIn(await openRunStore(run.config, run.folder, run.log), run, inspection)
}

/** Measures one shard; the last shard to finish merges all and writes the files, unless `--merge` says otherwise. */
export async function scoreShard(run: OpenRun, inspection: Inspection): Promise<number> {
  const { config, log } = run
  const { unscored, work } = config.merge === 'only' ? NOTHING : await measureShard(run, inspection)
  if (config.merge === 'never') {
    log.info(`shard ${config.shard.index}/${config.shard.count} is done; it is not merged (--merge never)`, {
      event: SHARD_DONE,
      work: workOf(work),
    })
    return unscored > 0 ? 4 : 0
  }
  // of several devices this process merges what the others measured anew
  const fresh = !config.resume && (config.merge !== 'only' || run.parts !== undefined)
  const merge = await mergeShards(run.folder, config.shard.count, config, { cut: cutId(run), fresh })
  if (merge.state !== 'merged') {
    if (config.merge === 'only') throw notThere(run.folder, merge)
    log.info(shardLine(config, merge))
    return unscored > 0 ? 4 : 0
  }
  log.info(`all ${config.shard.count} shards are there: ${merge.added} measurements merged`)
  for (const line of otherwiseStarted(config, merge.configs)) log.warn(line)
  // The merged store has every measurement: no model is opened but for the drift, the whole data set is verified and joined.
  return finishIn(merge.store, run)
}

const cutId = ({ data }: OpenRun): string | null => data.cut?.id ?? null

interface ShardDone {
  /** Rows and completions without a score. */
  readonly unscored: number
  readonly work: readonly WorkDone[]
}
const NOTHING: ShardDone = { unscored: 0, work: [] }

async function measureShard(run: OpenRun, inspection: Inspection): Promise<ShardDone> {
  const { config, data, folder, log } = run
  const store = await openRunStore(config, folder, log, cutId(run))
  try {
    const rows = () => rowsOf(config, data)
    const { work } = await measureRun({ ...run, rows, completions: inspection.completions, store, verifier: null })
    sayFound(work, log)
    sayRepairs(repairsOfRun(work), run.subjects, log)
    store.finish()
    return { unscored: work.reduce((sum, done) => sum + done.unscored, inspection.failures.length), work }
  } finally {
    store.close()
  }
}

async function finishIn(store: Store, run: OpenRun, inspected?: Inspection): Promise<number> {
  try {
    const rows = () => rowsOf(run.config, run.data, true)
    const inspection = inspected ?? (await inspect(rows()))
    const done = await measureRun({ ...run, rows, completions: inspection.completions, store })
    // of merged shards everything is found
    if (inspected !== undefined) sayFound(done.work, run.log)
    else sayMeasured(done.work, run.log)
    const exact = await exactSample(run, rows, store)
    store.finish()
    return await finish({ ...run, inspection, store, ...done, exact })
  } finally {
    store.close()
  }
}

/** Of merged shards everything is found, but where this process has another device, number format or template than they had. */
function sayMeasured(work: readonly WorkDone[], log: Log): void {
  const measured = work.reduce((sum, one) => sum + one.measured, 0)
  if (measured > 0)
    log.warn(
      `${measured} measurements were in no shard and were made here: the shards had another device, number format, template or data than this process`,
    )
}

/** What holds for the whole (beta, verification, seed …) is that of the shard that ends last; others may have asked for something else. */
function otherwiseStarted(config: RunConfig, shards: readonly unknown[]): string[] {
  const facts = (value: unknown): Map<string, string> => {
    const { verification, ...rest } = (value ?? {}) as Partial<RunConfig>
    const { workers: _, ...verdicts } = verification ?? {}
    const all = Object.entries({ ...rest, ...verdicts }).filter(([name]) => changesOf(name) === null)
    return new Map(all.map(([name, one]) => [name, JSON.stringify(one)]))
  }
  const own = facts(config)
  return shards.flatMap((shard, i) => {
    const other = facts(shard)
    const names = [...own.keys()].filter((name) => other.size > 0 && own.get(name) !== other.get(name))
    return names.length === 0
      ? []
      : [
          `shard ${i + 1}/${shards.length} was started with another ${names.join(', ')}: that of this shard holds for the whole`,
        ]
  })
}

/** `--merge only` where the shards cannot be merged. */
const notThere = (folder: string, merge: Exclude<ShardsState, { state: 'merged' }>): DataError =>
  merge.state === 'busy'
    ? new DataError('another process is merging these shards now, or runs the whole', folder, 'Wait for it.')
    : new DataError(
        reasons(merge).join('; '),
        folder,
        'Run these shards again, then merge. What they have measured is kept.',
      )

const reasons = ({ missing, otherCut }: Extract<ShardsState, { state: 'waiting' }>): string[] => [
  ...(missing.length === 0 ? [] : [`${missing.length} shards did not come to their end: ${few(missing)}`]),
  ...(otherCut.length === 0
    ? []
    : [`${otherCut.length} shards were cut otherwise, from other rows or by an earlier version: ${few(otherCut)}`]),
]
const few = (names: readonly string[]): string => `${names.slice(0, 8).join(', ')}${names.length > 8 ? ' …' : ''}`

function shardLine({ shard }: RunConfig, merge: Exclude<ShardsState, { state: 'merged' }>): string {
  const done = `shard ${shard.index}/${shard.count} is done`
  if (merge.state === 'busy') return `${done}; another process is merging now, or runs the whole`
  const { missing, otherCut } = merge
  const waits = [
    ...(missing.length === 0 ? [] : [`waiting for ${few(missing)}`]),
    ...(otherCut.length === 0
      ? []
      : [
          `to be run again, cut otherwise (from other rows or by an earlier version; what they have measured is used): ${few(otherCut)}`,
        ]),
  ]
  return `${done}; ${waits.join('; ')}`
}
