import { DigestMap, digestOf } from './digest-map.ts'
import { InterruptedError } from './errors.ts'
import { isFailure } from './pairs/failure.ts'
import type { RunInput, WorkDone } from './run.ts'
import { withCarried } from './score/carrying.ts'
import type { Halved } from './score/fitting.ts'
import { measure } from './score/measure.ts'
import { planBatches } from './score/plan.ts'
import { RepairTally } from './score/repair-tally.ts'
import { cutOf, type Prepared, repairsOf, type Subject } from './score/subject.ts'
import { Window } from './score/window.ts'
import { planName } from './store/key.ts'
import type { Store } from './store/log.ts'
import type { Batch, Completion, Row, Runner, Sequence, Unscored } from './types.ts'
import { isUnscored } from './unscored.ts'

/** Rows that are prepared before the answers of other threads are taken in: the model may be one of them, with a few milliseconds a batch. */
const ROWS_AT_ONCE = 4

/** A completion that has tokens. */
interface Item {
  readonly index: number
  readonly prepared: Prepared
  readonly key: string
  readonly group: number
}

/**
 * The rows once under one model. Windows of them are prepared on this thread while the model, in another, computes the one before: two are in
 * memory at most. The first model's pass also fills the ledger and sends completions to the verifier.
 */
export class ModelPass {
  readonly #input: RunInput
  readonly #model: number
  readonly #subject: Subject
  readonly #verify: (index: number, row: Row, completion: Completion) => void
  readonly #work: WorkDone = {
    measured: 0,
    found: 0,
    repeated: 0,
    unscored: 0,
    kept: 0,
    borrowed: 0,
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
  readonly #tally = new RepairTally()
  /** The first text of each key. */
  readonly #seen = new DigestMap()
  /** Why a key has no measurement. */
  readonly #failed = new Map<string, Unscored>()
  /** Opened with the first completion that is not measured yet, while the others of its window are prepared. */
  #opening: Promise<Runner> | null = null
  /** The window that the model computes. */
  #running: Promise<void> = Promise.resolve()
  #trouble: { readonly error: unknown } | null = null
  /** Nothing more is wanted of it. */
  #ended = false
  /** The window that is being prepared, and how many there were before it. */
  #window: Item[] = []
  #extent: Window
  #windows = 0
  /** Completions so far. */
  #index = 0

  constructor(input: RunInput, model: number, verify: (index: number, row: Row, completion: Completion) => void) {
    this.#input = input
    this.#model = model
    this.#subject = input.subjects[model]!
    this.#verify = verify
    this.#extent = new Window(input.plan)
  }

  async all(): Promise<WorkDone> {
    try {
      let rows = 0
      for await (const row of this.#input.rows()) {
        if (isFailure(row)) continue
        this.#take(row)
        // else the verifiers would wait for new jobs, and a signal for its answer, until the window is full
        if (++rows % ROWS_AT_ONCE === 0) {
          await settled()
          if (this.#trouble !== null) throw this.#trouble.error
          if (this.#input.stopped()) throw interrupted(this.#subject)
        }
        if (this.#extent.full) await this.#flush()
      }
      await this.#flush()
      await this.#running
      this.#progress()
      return { ...this.#work, repairs: this.#tally.counts, runner: (await this.#opened())?.info ?? null }
    } finally {
      this.#ended = true
      // what it computes is kept, and a model is released by itself
      await this.#running.catch(() => {})
      await (await this.#opened())?.release()
    }
  }

  /** Prepares a row: its completions join the window, or are without a score. */
  #take(row: Row): void {
    const completions = this.#subject.prepare(row)
    const group = this.#extent.groupOf(row.prompt)
    this.#tally.add(completions.map(repairsOf))
    for (const [c, prepared] of completions.entries()) {
      const index = this.#index++
      this.#note(index, prepared)
      if (this.#model === 0) this.#verify(index, row, row.completions[c]!)
      if (cutOf(prepared) !== 'no') this.#work.truncated++
      if (isUnscored(prepared)) this.#lost(prepared)
      else this.#push(index, prepared, group)
    }
    if (this.#model === 0) this.#input.onRow?.(row)
  }

  /** In the ledger: what the first model's texts are, and what another one cannot read. */
  #note(index: number, prepared: Prepared | Unscored): void {
    const { ledger } = this.#input
    const unscored = isUnscored(prepared) ? prepared : null
    if (this.#model > 0) {
      if (unscored !== null) ledger.markUnscored(index, unscored)
      return
    }
    ledger.append({
      unscored,
      promptTokens: isUnscored(prepared) ? null : prepared.promptTokens,
      completionTokens: isUnscored(prepared) ? null : prepared.completionTokens,
      truncated: cutOf(prepared),
      textSha256: isUnscored(prepared) ? null : prepared.textSha256,
    })
  }

  #push(index: number, prepared: Prepared, group: number): void {
    const key = this.#subject.key(prepared)
    if (this.#opening === null && !this.#input.store.has(key)) void this.#open()
    this.#input.ledger.setKey(index, this.#model, key)
    this.#window.push({ index, prepared, key, group })
    this.#extent.add(prepared.ids.length)
  }

  #lost({ reason }: Unscored): void {
    this.#work.unscored++
    this.#work.reasons[reason] = (this.#work.reasons[reason] ?? 0) + 1
  }

  /** Hands the window to the model, when that is done with the one before. */
  async #flush(): Promise<void> {
    const items = this.#window
    const fresh = items.filter((item) => this.#isFresh(item))
    this.#window = []
    this.#extent = this.#extent.next()
    // what the window before it left in the store decides what is left to run
    await this.#running
    const work = this.#work
    work.repeated += items.length - fresh.length
    const { store } = this.#input
    work.kept += fresh.filter(({ key }) => store.has(key)).length
    work.borrowed += fresh.filter(({ key }) => store.has(key) && !store.owns(key)).length
    const { todo, batches } = planWindow(this.#input, this.#subject, this.#windows++, fresh)
    work.found +=
      fresh.length - batches.reduce((sum, batch) => sum + (batch.again === undefined ? batch.sequences.length : 0), 0)
    this.#running = this.#finish(items, fresh, todo, batches)
    this.#running.catch((error: unknown) => {
      this.#trouble ??= { error }
    })
    await this.#input.verdicts?.room()
  }

  /** Whether a key comes for the first time; another text with the same tokens is counted. */
  #isFresh({ key, prepared }: Item): boolean {
    const digest = digestOf(Buffer.from(key, 'hex'))
    const text = textOf(prepared)
    const first = this.#seen.get(digest)
    if (first === null) this.#seen.set(digest, text)
    else if (first !== text) this.#work.sameTokens++
    return first === null
  }

  async #finish(
    items: readonly Item[],
    fresh: readonly Item[],
    todo: readonly Item[],
    batches: readonly Batch[],
  ): Promise<void> {
    if (batches.length > 0) await this.#run(todo, batches)
    adopt(this.#input.store, fresh)
    for (const { key, index } of items) {
      const unscored = this.#failed.get(key)
      if (unscored !== undefined) this.#input.ledger.markUnscored(index, unscored)
    }
  }

  async #run(todo: readonly Item[], batches: readonly Batch[]): Promise<void> {
    const work = this.#work
    const runner = await this.#open()
    const { busyMs } = runner
    const clock = busyMs ?? this.#input.clock
    const sequences = todo.map(({ prepared, group }): Sequence => ({ ...prepared, group }))
    // a rate counts from here: neither from the end of the first batch nor from before the model was open
    this.#progress()
    let last = clock()
    const ahead = (): number =>
      busyMs === undefined || work.batches === 0 ? 0 : batchesAhead(work.modelMs / work.batches)
    for await (const { batch, results } of measure(runner, batches, sequences, this.#halved, ahead)) {
      const now = clock()
      work.modelMs += now - last
      last = now
      this.#input.store.append(
        results.flatMap((r) => (r.measurement === null ? [] : [[todo[r.index]!.key, r.measurement] as const])),
      )
      for (const { index, unscored } of results) {
        if (unscored === null) work.measured++
        else {
          this.#lost(unscored)
          this.#failed.set(todo[index]!.key, unscored)
        }
      }
      work.batches++
      if (batch.again !== undefined) work.again++
      work.tokens += batch.tokens
      this.#progress()
      await settled()
      if (this.#ended || this.#input.stopped()) throw interrupted(this.#subject)
      if (busyMs === undefined) last = clock()
    }
  }

  readonly #halved = (one: Halved): void => {
    this.#work.halved++
    this.#work.mostTokens = Math.min(one.most, this.#work.mostTokens ?? one.most)
    this.#input.onHalved?.(this.#subject, one)
  }

  #progress(): void {
    const { measured, found, repeated, unscored } = this.#work
    this.#input.onProgress(this.#subject, measured + found + repeated + unscored, found)
  }

  #open(): Promise<Runner> {
    this.#opening ??= this.#subject.open({ ownThread: true })
    this.#opening.catch(() => {})
    return this.#opening
  }

  /** The model, if it was opened. What went wrong otherwise was thrown where it was wanted. */
  #opened(): Promise<Runner | null> {
    return (this.#opening ?? Promise.resolve(null)).catch(() => null)
  }
}

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

const interrupted = ({ name }: Subject): InterruptedError =>
  new InterruptedError('interrupted', name, 'What was measured is kept; run the same command again to go on.')

/** Lets messages of the worker threads in: a model's run blocks the event loop. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** 48 bits of a text's hash. */
const textOf = ({ textSha256 }: Prepared): number => Number.parseInt(textSha256.slice(0, 12), 16)
