import { DigestMap, digestOf } from './digest-map.ts'
import { InterruptedError } from './errors.ts'
import { isFailure } from './pairs/failure.ts'
import { plain } from './plain-text.ts'
import { withCarried } from './score/carrying.ts'
import type { Halved } from './score/fitting.ts'
import type { Ledger } from './score/ledger.ts'
import { measure } from './score/measure.ts'
import { type PlanOptions, planBatches } from './score/plan.ts'
import { RepairTally } from './score/repair-tally.ts'
import { cutOf, type Prepared, repairsOf, type Subject } from './score/subject.ts'
import type { VerdictQueue } from './score/verdicts.ts'
import { Window } from './score/window.ts'
import { planName } from './store/key.ts'
import type { Store } from './store/log.ts'
import type { Batch, Completion, RepairCounts, Row, RowFailure, Runner, Sequence, Unscored } from './types.ts'
import { isUnscored } from './unscored.ts'

/**
 * The line of a run: rows → prepare → plan → measure → store, then rows → join (join.ts) → write. Rows come in windows, and the next one is
 * prepared while the model computes one, so that memory holds two windows of texts; within a window sequences share their prefixes and are sorted by length. The stages meet here and
 * nowhere else; nothing here reads a clock, a flag or a file.
 */
export interface RunInput {
  /** The usable rows, from the start, in the same order every time it is called. */
  readonly rows: () => AsyncIterable<Row | RowFailure>
  readonly subjects: readonly Subject[]
  readonly store: Store
  readonly plan: PlanOptions
  readonly ledger: Ledger
  readonly verdicts: VerdictQueue | null
  /** Format reward of a completion without a solution. */
  readonly formatReward: (completion: string) => number | null
  /** Told of every usable row once, in order, when its completions have gone to the verifier. */
  readonly onRow?: (row: Row) => void
  /** True after Ctrl-C: the batch in hand is finished and kept. */
  readonly stopped: () => boolean
  /** Milliseconds since any fixed point. */
  readonly clock: () => number
  /** Called after every batch and window; `done` counts completions, found ones included. */
  readonly onProgress: (subject: Subject, done: number) => void
  /** Told of every batch that did not fit in memory and is halved. */
  readonly onHalved?: (subject: Subject, halved: Halved) => void
}
/** What was done for one model, for the manifest. */
export interface WorkDone {
  /** Completions measured now, found in the store, equal to another completion, and without a measurement. */
  measured: number
  found: number
  repeated: number
  unscored: number
  /** Completions whose value is an earlier run's: those found, and those whose batch ran again for another one's sake. */
  kept: number
  batches: number
  /** Of them, batches whose measurements were there, run again for the keys and values that a missing one carries (score/carrying.ts). */
  again: number
  /** Times that a batch, or a half of one, did not fit in memory and was halved; tokens beyond which none was tried any more, null: no bound. */
  halved: number
  mostTokens: number | null
  /** Tokens that the graph computed, padding included, and milliseconds inside the model. */
  tokens: number
  modelMs: number
  /** Completions and rows whose preparation was repaired or is worth a word (double_bos, pooling_differs …). */
  repairs: RepairCounts
  /** Completions that were cut. */
  truncated: number
  /** Completions without a measurement, by reason. */
  reasons: Record<string, number>
  /** Completions that have the same tokens as another text: the model cannot tell them apart. */
  sameTokens: number
  /** Null where nothing was left to measure: the model was not opened. */
  runner: Runner['info'] | null
}

/** Rows that are prepared before the answers of other threads are taken in: the model may be one of them, with a few milliseconds a batch. */
const ROWS_AT_ONCE = 4

/** Measures every completion under every model, one model after the other. */
export async function measureAll(input: RunInput): Promise<WorkDone[]> {
  const work: WorkDone[] = []
  for (const model of input.subjects.keys()) work.push(await measureModel(input, model))
  await input.verdicts?.drain()
  return work
}

interface Item {
  readonly index: number
  readonly prepared: Prepared
  readonly key: string
  readonly group: number
}

async function measureModel(input: RunInput, model: number): Promise<WorkDone> {
  const subject = input.subjects[model]!
  const work: WorkDone = {
    measured: 0,
    found: 0,
    repeated: 0,
    unscored: 0,
    kept: 0,
    batches: 0,
    again: 0,
    halved: 0,
    mostTokens: null,
    tokens: 0,
    modelMs: 0,
    repairs: {},
    truncated: 0,
    reasons: {},
    sameTokens: 0,
    runner: null,
  }
  /** The first text of each key. */
  const seen = new DigestMap()
  const lost = ({ reason }: Unscored): void => {
    work.unscored++
    work.reasons[reason] = (work.reasons[reason] ?? 0) + 1
  }
  const tally = new RepairTally()
  /** Why a key has no measurement. */
  const failed = new Map<string, Unscored>()
  /** Opened with the first completion that is not measured yet, while the others of its window are prepared. */
  let opening: Promise<Runner> | null = null
  const open = (): Promise<Runner> => {
    opening ??= subject.open({ ownThread: true })
    opening.catch(() => {})
    return opening
  }
  /** The window that the model computes. */
  let running: Promise<void> = Promise.resolve()
  let trouble: { readonly error: unknown } | null = null
  /** Nothing more is wanted of it. */
  let ended = false
  let window: Item[] = []
  let extent = new Window(input.plan)
  let windows = 0
  let rows = 0
  let index = 0
  const flush = async (): Promise<void> => {
    const fresh = window.filter(({ key, prepared }) => {
      const digest = digestOf(Buffer.from(key, 'hex'))
      const text = textOf(prepared)
      const first = seen.get(digest)
      if (first === null) seen.set(digest, text)
      else if (first !== text) work.sameTokens++
      return first === null
    })
    const items = window
    window = []
    extent = extent.next()
    // what the window before it left in the store decides what is left to run
    await running
    work.repeated += items.length - fresh.length
    work.kept += fresh.filter(({ key }) => input.store.has(key)).length
    const { todo, batches } = planWindow(input, subject, windows++, fresh)
    work.found +=
      fresh.length - batches.reduce((sum, batch) => sum + (batch.again === undefined ? batch.sequences.length : 0), 0)
    running = finishWindow(items, fresh, todo, batches)
    running.catch((error: unknown) => {
      trouble ??= { error }
    })
    await input.verdicts?.room()
  }
  const finishWindow = async (
    items: readonly Item[],
    fresh: readonly Item[],
    todo: readonly Item[],
    batches: readonly Batch[],
  ): Promise<void> => {
    if (batches.length > 0) await run(todo, batches)
    adopt(input.store, fresh)
    for (const { key, index } of items) {
      const unscored = failed.get(key)
      if (unscored !== undefined) input.ledger.markUnscored(index, unscored)
    }
  }
  const halved = (one: Halved): void => {
    work.halved++
    work.mostTokens = Math.min(one.most, work.mostTokens ?? one.most)
    input.onHalved?.(subject, one)
  }
  const run = async (todo: readonly Item[], batches: readonly Batch[]): Promise<void> => {
    const runner = await open()
    const { busyMs } = runner
    const clock = busyMs ?? input.clock
    const sequences = todo.map(({ prepared, group }): Sequence => ({ ...prepared, group }))
    let last = clock()
    const ahead = (): number =>
      busyMs === undefined || work.batches === 0 ? 0 : batchesAhead(work.modelMs / work.batches)
    for await (const { batch, results } of measure(runner, batches, sequences, halved, ahead)) {
      const now = clock()
      work.modelMs += now - last
      last = now
      input.store.append(
        results.flatMap((r) => (r.measurement === null ? [] : [[todo[r.index]!.key, r.measurement] as const])),
      )
      for (const { index, unscored } of results) {
        if (unscored === null) work.measured++
        else {
          lost(unscored)
          failed.set(todo[index]!.key, unscored)
        }
      }
      work.batches++
      if (batch.again !== undefined) work.again++
      work.tokens += batch.tokens
      input.onProgress(subject, work.measured + work.found + work.repeated + work.unscored)
      await settled()
      if (ended || input.stopped()) throw interrupted(subject)
      if (busyMs === undefined) last = clock()
    }
  }
  try {
    for await (const row of input.rows()) {
      if (isFailure(row)) continue
      const completions = subject.prepare(row)
      const group = extent.groupOf(row.prompt)
      tally.add(completions.map(repairsOf))
      for (const [c, prepared] of completions.entries()) {
        const unscored = isUnscored(prepared) ? prepared : null
        if (model === 0) {
          input.ledger.append({
            unscored,
            promptTokens: isUnscored(prepared) ? null : prepared.promptTokens,
            completionTokens: isUnscored(prepared) ? null : prepared.completionTokens,
            truncated: cutOf(prepared),
            textSha256: isUnscored(prepared) ? null : prepared.textSha256,
          })
          verify(input, index, row, row.completions[c]!)
        } else if (unscored !== null) input.ledger.markUnscored(index, unscored)
        if (cutOf(prepared) !== 'no') work.truncated++
        if (isUnscored(prepared)) lost(prepared)
        else {
          const key = subject.key(prepared)
          if (opening === null && !input.store.has(key)) void open()
          input.ledger.setKey(index, model, key)
          window.push({ index, prepared, key, group })
          extent.add(prepared.ids.length)
        }
        index++
      }
      if (model === 0) input.onRow?.(row)
      // else the verifiers would wait for new jobs, and a signal for its answer, until the window is full
      if (++rows % ROWS_AT_ONCE === 0) {
        await settled()
        if (trouble !== null) throw (trouble as { readonly error: unknown }).error
        if (input.stopped()) throw interrupted(subject)
      }
      if (extent.full) await flush()
    }
    await flush()
    await running
    input.onProgress(subject, work.measured + work.found + work.repeated + work.unscored)
    return { ...work, repairs: tally.counts, runner: (await opened(opening))?.info ?? null }
  } finally {
    ended = true
    // what it computes is kept, and a model is released by itself
    await running.catch(() => {})
    await (await opened(opening))?.release()
  }
}

/** The model, if it was opened. What went wrong otherwise was thrown where it was wanted. */
const opened = (opening: Promise<Runner> | null): Promise<Runner | null> =>
  (opening ?? Promise.resolve(null)).catch(() => null)

/**
 * Batches that are asked for beside the one in hand, by the milliseconds of one: enough for the model to go on while this thread prepares a few
 * rows, and so few that a Ctrl-C, after which they are not computed, waits for one batch of a second at the most beside the one in hand.
 */
const batchesAhead = (ms: number): number =>
  ms > 1000 ? 0 : Math.max(1, Math.min(16, Math.ceil(100 / Math.max(1, ms))))

/**
 * The batches of a window that are left to run. The plan covers what no other store has, measured or not, so that a run that
 * resumes finds the stored plan and runs its missing batches exactly as they would have been, and again those whose keys and values they carry.
 */
function planWindow(
  input: RunInput,
  subject: Subject,
  window: number,
  fresh: readonly Item[],
): { todo: readonly Item[]; batches: readonly Batch[] } {
  const { store } = input
  if (fresh.every(({ key }) => store.owns(key))) return { todo: [], batches: [] }
  const todo = fresh.filter(({ key }) => store.owns(key) || !store.has(key))
  if (todo.length === 0) return { todo, batches: [] }
  const name = `${subject.role}/${window}/${planName(todo.map(({ key }) => key))}`
  let batches = store.plan(name)
  if (batches === null) {
    batches = planBatches(
      todo.map(({ prepared, group }): Sequence => ({ ...prepared, group })),
      input.plan,
    )
    store.putPlan(name, batches)
  }
  return { todo, batches: withCarried(batches, ({ sequences }) => sequences.some((i) => !store.owns(todo[i]!.key))) }
}

/** Copies what other stores of the same model had, so that a run's own store is whole. Last, because the plan depends on what it owns. */
function adopt(store: Store, items: readonly Item[]): void {
  const borrowed = items.filter(({ key }) => !store.owns(key))
  store.append(
    borrowed.flatMap(({ key }) => {
      const measurement = store.get(key)
      return measurement === null ? [] : [[key, measurement] as const]
    }),
  )
}

/** The rows once without any model: verdicts alone. */
export async function verifyAll(
  input: Pick<RunInput, 'rows' | 'ledger' | 'verdicts' | 'formatReward' | 'stopped'> & {
    readonly onProgress: (done: number) => void
  },
): Promise<void> {
  const unscored = { reason: 'no_model', message: '' }
  const blank = { unscored, promptTokens: null, completionTokens: null, truncated: 'no', textSha256: null } as const
  for await (const row of input.rows()) {
    if (isFailure(row)) continue
    for (const completion of row.completions) verify(input, input.ledger.append(blank), row, completion)
    await input.verdicts?.room()
    input.onProgress(input.verdicts?.done ?? 0)
    if (input.stopped()) throw new InterruptedError('interrupted', 'run-verify')
  }
  await input.verdicts?.drain()
  input.onProgress(input.ledger.length)
}

const interrupted = ({ name }: Subject): InterruptedError =>
  new InterruptedError('interrupted', name, 'What was measured is kept; run the same command again to go on.')

/** Sends a completion to the verifier; without a solution there is only the format to judge. */
function verify(
  { ledger, verdicts, formatReward }: Pick<RunInput, 'ledger' | 'verdicts' | 'formatReward'>,
  index: number,
  row: Row,
  completion: Completion,
): void {
  const text = plain(completion.text)
  if (row.solution !== null && verdicts !== null) verdicts.push(index, text, row.solution, row.where)
  else
    ledger.verdict(index, {
      value: null,
      status: 'unverifiable',
      reason: null,
      cause: null,
      hingesOn: null,
      formatReward: verdicts === null ? null : formatReward(text),
    })
}

/** Lets messages of the worker threads in: a model's run blocks the event loop. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** 48 bits of a text's hash. */
const textOf = ({ textSha256 }: Prepared): number => Number.parseInt(textSha256.slice(0, 12), 16)
