import { deviceLine, resolveDevice } from '../model/device.ts'
import { floatProductsFor } from '../model/dtype.ts'
import { type ColumnNames, NamedColumns } from '../pairs/columns.ts'
import { isFailure } from '../pairs/failure.ts'
import { parseRecord } from '../pairs/parse.ts'
import { describeReadings, promptRemark, ReadingCount } from '../pairs/readings.ts'
import { ScoreWatch } from '../score/doubts.ts'
import { halvedWords } from '../score/fitting.ts'
import { type Measured, measure } from '../score/measure.ts'
import { type PlanOptions, planBatches } from '../score/plan.ts'
import { mostRepairs, RepairTally } from '../score/repair-tally.ts'
import type { Scorer } from '../score/scorer.ts'
import { type Prepared, repairsOf, type Subject } from '../score/subject.ts'
import { adapterLine } from '../setup/adapter.ts'
import { planOf, scorerOf } from '../setup/choices.ts'
import { guarded } from '../setup/guard.ts'
import { fitPlan } from '../setup/memory.ts'
import { loadModels } from '../setup/models.ts'
import { type OpenSubject, subjectOf } from '../setup/subject.ts'
import { unusedOptions, unusedWithModels } from '../setup/unused.ts'
import { repairLines } from '../text/repairs.ts'
import type { Row, RowFailure, Runner, Sequence, Unscored } from '../types.ts'
import { isUnscored } from '../unscored.ts'
import { configOf } from './config.ts'
import type { ScoreOptions } from './options.ts'
import type { CompletionScore, ScoredRow } from './score.ts'

/** The same stages as in run.ts, for rows that come once and are not kept: all models stay open, a window is measured and given out. */
export interface Scoring {
  readonly subjects: readonly OpenSubject[]
  /** What the bins say on screen. */
  readonly note: (text: string) => void
  readonly scorer: Scorer
  readonly plan: PlanOptions
  /** Completions of a window. */
  readonly window: number
  readonly signal: AbortSignal | null
  readonly columns: ColumnNames
}

const DEFAULT_WINDOW = 1024
/** Bound of a window of long texts. */
const WINDOW_TOKENS = 500_000

/** Reads the models' files and chooses the device; nothing is opened on it yet. */
export async function openScoring(model: string | null, options: ScoreOptions): Promise<Scoring> {
  const { config, given } = configOf(model, options)
  const note = options.onNote ?? (() => {})
  for (const line of unusedOptions(config, given)) note(line)
  const device = await resolveDevice(config.device, floatProductsFor(config.dtype))
  note(deviceLine(device))
  const since = Date.now()
  const models = await loadModels(config, device, () => {})
  const scorer = scorerOf(config, models)
  for (const { name, adapter, notes } of models) {
    if (adapter !== null) note(`${name}: ${adapterLine(adapter)}`)
    for (const text of notes) note(text)
  }
  for (const line of unusedWithModels(config, given, models, device)) note(line)
  const now = new Date()
  const subjects = []
  for (const loaded of models) subjects.push(guarded(loaded, await subjectOf(loaded, config, device, now, note), since))
  for (const text of new Set(subjects.flatMap(({ notes }) => notes))) note(text)
  const { plan, warnings } = await fitPlan(planOf(config, models), config, models, device, true)
  for (const text of warnings) note(text)
  return {
    subjects,
    note,
    scorer,
    plan,
    window: options.window ?? DEFAULT_WINDOW,
    signal: options.signal ?? null,
    columns: config.columns,
  }
}

interface Waiting {
  readonly row: Row | RowFailure
  /** [model][completion] */
  readonly prepared: readonly (readonly (Prepared | Unscored)[])[]
}

export async function* scoreRows(
  rows: Iterable<unknown> | AsyncIterable<unknown>,
  scoring: Scoring,
): AsyncGenerator<ScoredRow, void, undefined> {
  const { subjects, window, signal, columns, note } = scoring
  const named = new NamedColumns(columns)
  const readings = new ReadingCount()
  const tallies = subjects.map(() => new RepairTally())
  const watch = new ScoreWatch()
  const seen = (scored: readonly ScoredRow[]): readonly ScoredRow[] => {
    for (const { completions } of scored) for (const completion of completions) watch.see(completion)
    return scored
  }
  const runners = new Map<Subject, Runner>()
  let waiting: Waiting[] = []
  let [number, completions, tokens] = [0, 0, 0]
  try {
    for await (const record of rows) {
      signal?.throwIfAborted()
      number++
      named.see(record)
      const row = parseRecord(record, { where: `row ${number}`, number }, { columns })
      if (!isFailure(row)) readings.add(row)
      const prepared = isFailure(row) ? [] : subjects.map((subject) => subject.prepare(row))
      for (const [m, ready] of prepared.entries()) tallies[m]!.add(ready.map(repairsOf))
      waiting.push({ row, prepared })
      // a row that fails counts, too: a stream of nothing else is given out as it comes
      completions += Math.max(1, prepared[0]?.length ?? 0)
      tokens += prepared[0]?.reduce((sum, p) => sum + (isUnscored(p) ? 0 : p.ids.length), 0) ?? 0
      if (completions < window && tokens < WINDOW_TOKENS) continue
      yield* seen(await scoreWindow(waiting, scoring, runners))
      waiting = []
      completions = 0
      tokens = 0
    }
    yield* seen(await scoreWindow(waiting, scoring, runners))
    named.check('scoreCompletions: rows')
    for (const text of remarks(readings, columns)) note(text)
    for (const line of repairLines(mostRepairs(tallies.map(({ counts }) => counts)), subjects[0]!.text)) note(line)
    if (watch.warning !== null) note(watch.warning)
    for (const { info } of runners.values()) for (const text of info.notes ?? []) note(text)
  } finally {
    for (const runner of runners.values()) await runner.release()
  }
}

/** What the bins say of the rows' columns: at the end, when all rows have been seen. */
function remarks(readings: ReadingCount, columns: ColumnNames): string[] {
  if (readings.rows === 0) return []
  const prompt = promptRemark(readings, columns.prompt !== undefined)
  const notes = describeReadings(readings).notes.filter(({ warning }) => warning)
  return [...(prompt === null ? [] : [prompt]), ...notes.map(({ text }) => text)]
}

/** Measures a window under every model and joins. */
async function scoreWindow(
  waiting: readonly Waiting[],
  scoring: Scoring,
  runners: Map<Subject, Runner>,
): Promise<ScoredRow[]> {
  const found: ReadonlyMap<string, Measured>[] = []
  for (const [m, subject] of scoring.subjects.entries())
    found.push(
      await measureWindow(
        waiting.map(({ prepared }) => prepared[m] ?? []),
        subject,
        scoring,
        runners,
      ),
    )
  return waiting.map(({ row, prepared }): ScoredRow => {
    if (isFailure(row)) return { id: row.id, row: null, failure: row, completions: [] }
    return {
      id: row.id,
      row,
      failure: null,
      completions: row.completions.map(({ role, index }, c): CompletionScore => {
        const ready = scoring.subjects.map((_, m) => prepared[m]![c]!)
        const results = scoring.subjects.map((subject, m) => resultOf(ready[m]!, found[m]!, subject))
        return { role, index, ...described(ready[0]!), ...scored(results, scoring.scorer) }
      }),
    }
  })
}

/** What the model gives for each distinct completion, by key. */
async function measureWindow(
  window: readonly (readonly (Prepared | Unscored)[])[],
  subject: Subject,
  { plan, signal, note }: Scoring,
  runners: Map<Subject, Runner>,
): Promise<ReadonlyMap<string, Measured>> {
  const distinct = new Map<string, Sequence>()
  for (const [group, completions] of window.entries())
    for (const prepared of completions) {
      if (isUnscored(prepared)) continue
      const key = subject.key(prepared)
      if (!distinct.has(key)) distinct.set(key, { ...prepared, group })
    }
  const found = new Map<string, Measured>()
  if (distinct.size === 0) return found
  const runner = runners.get(subject) ?? (await subject.open())
  runners.set(subject, runner)
  const keys = [...distinct.keys()]
  const sequences = [...distinct.values()]
  for await (const { results } of measure(runner, planBatches(sequences, plan), sequences, (halved) =>
    note(`${subject.name}: ${halvedWords(halved)}`),
  )) {
    for (const result of results) found.set(keys[result.index]!, result)
    // lets timers and messages in: a model's run blocks the event loop
    await new Promise((resolve) => setImmediate(resolve))
    signal?.throwIfAborted()
  }
  return found
}

const resultOf = (
  prepared: Prepared | Unscored,
  found: ReadonlyMap<string, Measured>,
  subject: Subject,
): Pick<Measured, 'measurement' | 'unscored'> =>
  isUnscored(prepared) ? { measurement: null, unscored: prepared } : found.get(subject.key(prepared))!

function scored(
  results: readonly Pick<Measured, 'measurement' | 'unscored'>[],
  scorer: Scorer,
): Pick<CompletionScore, 'score' | 'scoreReason' | 'scoredTokenIndex' | 'columns' | 'steps'> {
  const measurements = results.map(({ measurement }) => measurement)
  const { score, reason, own } = scorer.score(measurements)
  const unscored = results.find((result) => result.unscored !== null)?.unscored ?? null
  const [first] = measurements
  return {
    score,
    scoreReason: score === null ? (unscored?.reason ?? reason) : null,
    scoredTokenIndex: first?.kind === 'head' ? first.scoredTokenIndex : null,
    columns: Object.fromEntries(
      scorer.columns.flatMap((name, i) => (typeof own[i] === 'string' ? [] : [[name, own[i] ?? null]])),
    ),
    steps: scorer.perStep === true && first?.kind === 'head' ? first.values : null,
  }
}

const described = (
  prepared: Prepared | Unscored,
): Pick<CompletionScore, 'promptTokens' | 'completionTokens' | 'truncated' | 'textSha256' | 'repairs'> =>
  isUnscored(prepared)
    ? {
        promptTokens: null,
        completionTokens: null,
        truncated: prepared.cut === undefined ? null : true,
        textSha256: null,
        repairs: repairsOf(prepared),
      }
    : {
        promptTokens: prepared.promptTokens,
        completionTokens: prepared.completionTokens,
        truncated: prepared.truncated !== 'no',
        textSha256: prepared.textSha256,
        repairs: repairsOf(prepared),
      }
