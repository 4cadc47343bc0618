import { type Halved, halvedWords } from '../score/fitting.ts'
import { measure } from '../score/measure.ts'
import { type PlanOptions, planBatches } from '../score/plan.ts'
import type { Scorer } from '../score/scorer.ts'
import { cutOf, type Prepared, type Subject } from '../score/subject.ts'
import type { Store } from '../store/log.ts'
import type { Batch, Measurement, Row, Runner, Sequence, Text, Unscored } from '../types.ts'
import { isUnscored } from '../unscored.ts'
import type { EngineWork, LearnedScore, ScoreRequest } from './request.ts'

/** How a text becomes ids: rendered as a run does, or as it stands, with the tokenizer's special tokens or without. */
export type Preparation = 'conversation' | 'plain' | 'special'

export interface BatcherInput {
  /** Of each preparation the models, in one order: the reward model, or policy and reference. */
  readonly subjects: Readonly<Record<Preparation, readonly Subject[]>>
  /** In the same order. */
  readonly runners: readonly Runner[]
  readonly scorer: Scorer
  readonly plan: PlanOptions
  /** What was measured before is found there, and what is measured is kept there before it is told; null: nothing is kept. */
  readonly store: Pick<Store, 'get' | 'append'> | null
  /** Milliseconds since any fixed point. */
  readonly clock: () => number
  readonly onDone: (request: number, scores: readonly LearnedScore[]) => void
  /** The request cannot be answered, whatever its texts are: the store cannot be written. */
  readonly onRefused: (request: number, error: unknown) => void
  /** A batch that the model did not survive; its rows are measured again alone. */
  readonly onTrouble: (error: unknown) => void
  /** Told in words of a batch that did not fit in memory and is halved. */
  readonly onHalved?: (words: string) => void
  readonly onBatch?: (batch: MeasuredBatch) => void
}
/** One run of one model. */
export interface MeasuredBatch {
  readonly texts: number
  /** Padding included. */
  readonly tokens: number
}

/** Rows that are planned together, in tokens of a batch: so long does a row wait that comes when the first of them is begun. */
const WINDOW_BATCHES = 4
const WINDOW_ROWS = 4096

interface Job {
  readonly request: number
  readonly rows: readonly Waiting[]
  left: number
  over: boolean
}
interface Waiting {
  readonly job: Job
  readonly subjects: readonly Subject[]
  /** By model. */
  readonly prepared: readonly (Prepared | Unscored)[]
  readonly found: (Measurement | Unscored | null)[]
  /** Rows of equal prompts are planned as one group. */
  readonly group: string
  readonly tokens: number
}
/** One run of one model. */
interface Step {
  readonly model: number
  readonly batch: Batch
  readonly sequences: readonly Sequence[]
  /** The rows of each sequence: several where texts are equal. */
  readonly owners: readonly (readonly Waiting[])[]
  readonly keys: readonly string[]
}

/**
 * Continuous batching: rows that wait are planned together, whichever requests they belong to, with the planner of a run, so that a prompt
 * that several of them share is computed once. They wait in the order of their arrival; a window takes the first of them, up to the tokens
 * of a few batches, so that no row waits for ever behind larger ones. A request is answered when its last row is measured. A row that
 * cannot be read, or that the model does not survive, costs itself alone. Pure: no thread, no clock, no file of its own.
 */
export class Batcher {
  #waiting: Waiting[] = []
  #steps: Step[] = []
  readonly #jobs = new Map<number, Job>()
  readonly #groups = new Map<string, number>()
  #work: EngineWork = { batches: 0, tokens: 0, scored: 0, found: 0, modelMs: 0 }

  constructor(private readonly input: BatcherInput) {}

  get work(): EngineWork {
    return this.#work
  }
  /** Whether `step` has anything to do. */
  get busy(): boolean {
    return this.#waiting.length > 0 || this.#steps.length > 0
  }

  /** Prepares and queues a request; what the store has, or cannot be read, is answered at once. Returns its tokens. */
  add(request: number, asked: ScoreRequest): number {
    const preparation: Preparation =
      asked.kind !== 'texts' ? 'conversation' : asked.addSpecialTokens ? 'special' : 'plain'
    const subjects = this.input.subjects[preparation]
    const rows: Waiting[] = []
    const job: Job = { request, rows, left: 0, over: false }
    for (const row of rowsOf(asked, request)) {
      const group = `${preparation} ${JSON.stringify(row.prompt === '' ? row.completions[0]!.text : row.prompt)}`
      const byModel = subjects.map((subject) => prepareOr(subject, row))
      for (const c of row.completions.keys()) {
        const prepared = byModel.map((ready) => ready[c]!)
        const lost = prepared.find(isUnscored)
        const found = prepared.map((ready, m) => lost ?? this.#stored(subjects[m]!, ready as Prepared))
        const tokens = Math.max(0, ...prepared.map((ready) => (isUnscored(ready) ? 0 : ready.ids.length)))
        rows.push({ job, subjects, prepared, found, group, tokens })
      }
    }
    const waiting = rows.filter(({ found }) => found.includes(null))
    this.#count({ found: rows.filter(({ found }) => found.every((one) => one !== null && !isUnscored(one))).length })
    job.left = waiting.length
    this.#jobs.set(request, job)
    this.#waiting.push(...waiting)
    if (job.left === 0) this.#finish(job)
    return waiting.reduce((sum, { tokens }) => sum + tokens, 0)
  }

  /** Drops what is not measured yet of a request whose client is gone. */
  cancel(request: number): void {
    const job = this.#jobs.get(request)
    if (job !== undefined) this.#end(job)
  }

  /** Refuses every request that is not answered yet. */
  refuseAll(error: unknown): void {
    for (const job of [...this.#jobs.values()]) this.#refuse(job, error)
    this.#steps = []
  }

  /** Measures the next batch. */
  async step(): Promise<void> {
    if (this.#steps.length === 0) this.#planWindow()
    const step = this.#steps.shift()
    if (step === undefined || step.batch.sequences.every((i) => step.owners[i]!.every(({ job }) => job.over))) return
    await this.#run(step)
  }

  #planWindow(): void {
    const most = this.input.plan.batchTokens * WINDOW_BATCHES
    const rows: Waiting[] = []
    let tokens = 0
    let taken = 0
    for (; taken < this.#waiting.length && rows.length < WINDOW_ROWS && tokens < most; taken++) {
      const row = this.#waiting[taken]!
      if (row.job.over) continue
      rows.push(row)
      tokens += row.tokens
    }
    this.#waiting = this.#waiting.slice(taken)
    this.#groups.clear()
    for (const row of rows) this.#findAgain(row)
    for (const model of this.input.runners.keys()) this.#steps.push(...this.#stepsOf(model, rows))
  }

  #stepsOf(model: number, rows: readonly Waiting[]): Step[] {
    const distinct = new Map<string, { readonly sequence: Sequence; readonly owners: Waiting[] }>()
    for (const row of rows) {
      const prepared = row.prepared[model]!
      if (row.found[model] !== null || isUnscored(prepared)) continue
      const key = row.subjects[model]!.key(prepared)
      const same = distinct.get(key)
      if (same === undefined)
        distinct.set(key, { sequence: { ...prepared, group: this.#groupOf(row.group) }, owners: [row] })
      else {
        same.owners.push(row)
        if (model === 0) this.#count({ found: 1 })
      }
    }
    const sequences = [...distinct.values()].map(({ sequence }) => sequence)
    const owners = [...distinct.values()].map(({ owners }) => owners)
    const keys = [...distinct.keys()]
    return planBatches(sequences, this.input.plan).map((batch) => ({ model, batch, sequences, owners, keys }))
  }

  /** An equal row may have been measured since this one came. */
  #findAgain(row: Waiting): void {
    for (const [m, subject] of row.subjects.entries())
      row.found[m] ??= this.#stored(subject, row.prepared[m] as Prepared)
    if (row.found.includes(null)) return
    this.#count({ found: 1 })
    this.#rowDone(row, null)
  }

  #groupOf(name: string): number {
    const known = this.#groups.get(name)
    if (known !== undefined) return known
    this.#groups.set(name, this.#groups.size)
    return this.#groups.size - 1
  }

  async #run({ model, batch, sequences, owners, keys }: Step): Promise<void> {
    const runner = this.input.runners[model]!
    const begun = this.input.clock()
    const results = await measured(runner, batch, sequences, this.input)
    this.#count({
      batches: 1,
      tokens: batch.tokens,
      modelMs: this.input.clock() - begun,
      ...(model === 0 && { scored: results.filter(({ measurement }) => measurement !== null).length }),
    })
    this.input.onBatch?.({ texts: batch.sequences.length, tokens: batch.tokens })
    try {
      this.input.store?.append(
        results.flatMap(({ index, measurement }) =>
          measurement === null ? [] : [[keys[index]!, measurement] as const],
        ),
      )
    } catch (error) {
      for (const { index } of results) for (const { job } of owners[index]!) this.#refuse(job, error)
      return
    }
    for (const { index, measurement, unscored } of results)
      for (const row of owners[index]!) {
        const before = row.found.includes(null)
        row.found[model] = measurement ?? unscored
        if (before && (unscored !== null || !row.found.includes(null))) this.#rowDone(row, unscored)
      }
  }

  #rowDone(row: Waiting, unscored: Unscored | null): void {
    // without one of its measurements the others change nothing
    if (unscored !== null) row.found.fill(unscored)
    const { job } = row
    job.left--
    if (job.left === 0) this.#finish(job)
  }

  #finish(job: Job): void {
    if (job.over) return
    this.#end(job)
    this.input.onDone(
      job.request,
      job.rows.map((row) => scored(row, this.input.scorer)),
    )
  }

  #refuse(job: Job, error: unknown): void {
    if (job.over) return
    this.#end(job)
    this.input.onRefused(job.request, error)
  }

  #end(job: Job): void {
    job.over = true
    this.#jobs.delete(job.request)
  }

  #stored(subject: Subject, prepared: Prepared): Measurement | null {
    return this.input.store?.get(subject.key(prepared)) ?? null
  }

  #count(more: Partial<EngineWork>): void {
    const { batches, tokens, scored, found, modelMs } = this.#work
    this.#work = {
      batches: batches + (more.batches ?? 0),
      tokens: tokens + (more.tokens ?? 0),
      scored: scored + (more.scored ?? 0),
      found: found + (more.found ?? 0),
      modelMs: modelMs + (more.modelMs ?? 0),
    }
  }
}

/** A conversation is one row with all its completions; rendered texts are rows of their own. */
function rowsOf(asked: ScoreRequest, request: number): Row[] {
  const row = (prompt: Text, completions: readonly Text[]): Row => ({
    kind: 'group',
    id: String(request),
    subset: '',
    problemType: null,
    prompt,
    completions: completions.map((text, index) => ({ role: 'completion', index, text })),
    solution: null,
    where: `request ${request}`,
    extra: {},
  })
  if (asked.kind === 'texts') return asked.texts.map(({ prompt, completion }) => row(prompt, [completion]))
  const conversations = asked.kind === 'conversation' ? [asked] : asked.conversations
  return conversations.map(({ prompt, completions }) => row(prompt, completions))
}

/** What a row's texts do to the tokenizer or the template is the row's trouble. */
function prepareOr(subject: Subject, row: Row): readonly (Prepared | Unscored)[] {
  try {
    return subject.prepare(row)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return row.completions.map(() => ({ reason: 'not_prepared', message }))
  }
}

async function measured(
  runner: Runner,
  batch: Batch,
  sequences: readonly Sequence[],
  told: Pick<BatcherInput, 'onTrouble' | 'onHalved'>,
): Promise<{ index: number; measurement: Measurement | null; unscored: Unscored | null }[]> {
  const halved = (one: Halved): void => told.onHalved?.(halvedWords(one))
  try {
    const results = []
    for await (const part of measure(runner, [batch], sequences, halved)) results.push(...part.results)
    return results
  } catch (error) {
    told.onTrouble(error)
    const message = error instanceof Error ? error.message : String(error)
    const [only] = batch.sequences
    if (batch.sequences.length === 1)
      return [{ index: only!, measurement: null, unscored: { reason: 'not_measured', message } }]
    const results = []
    for (const index of batch.sequences) {
      const alone: Batch = { layout: 'padded', sequences: [index], prefix: 0, tokens: sequences[index]!.ids.length }
      results.push(...(await measured(runner, alone, sequences, told)))
    }
    return results
  }
}

function scored({ prepared, found }: Waiting, scorer: Scorer): LearnedScore {
  const unscored = found.find((one): one is Unscored => one !== null && isUnscored(one)) ?? null
  const measurements = found.map((one) => (one === null || isUnscored(one) ? null : one))
  const { score, reason, own } = scorer.score(measurements)
  const [first] = measurements
  const ready = prepared[0]!
  const cut = cutOf(ready)
  const outputs = first?.kind === 'head' ? first.values : null
  return {
    score,
    unscored: score === null ? (unscored ?? { reason: reason ?? 'not_measured', message: '' }) : null,
    outputs,
    promptTokens: isUnscored(ready) ? null : ready.promptTokens,
    completionTokens: isUnscored(ready) ? null : ready.completionTokens,
    truncated: isUnscored(ready) && cut === 'no' ? null : cut !== 'no',
    scoredTokenIndex: first?.kind === 'head' ? first.scoredTokenIndex : null,
    textSha256: isUnscored(ready) ? null : ready.textSha256,
    own,
  }
}
