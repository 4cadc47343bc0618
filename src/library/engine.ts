import { resolveDevice } from '../model/device.ts'
import { isFailure } from '../pairs/failure.ts'
import { parseRecord } from '../pairs/parse.ts'
import { type Measured, measure } from '../score/measure.ts'
import { type PlanOptions, planBatches } from '../score/plan.ts'
import type { Scorer } from '../score/scorer.ts'
import { isUnscored, type Prepared, repairsOf, type Subject } from '../score/subject.ts'
import { planOf, scorerOf } from '../setup/choices.ts'
import { loadModels } from '../setup/models.ts'
import { type OpenSubject, subjectOf } from '../setup/subject.ts'
import { mostRepairs, RepairTally, repairLines } from '../text/repairs.ts'
import type { Row, RowFailure, Runner, Sequence, Unscored } from '../types.ts'
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
}

const DEFAULT_WINDOW = 1024
/** Bound of a window of long texts. */
const WINDOW_TOKENS = 500_000

/** Reads the models' files and chooses the device; nothing is opened on it yet. */
export async function openScoring(model: string | null, options: ScoreOptions): Promise<Scoring> {
  const config = configOf(model, options)
  const note = options.onNote ?? (() => {})
  const models = await loadModels(config, () => {})
  const scorer = scorerOf(config, models)
  const device = await resolveDevice(config.device)
  note(`device ${device.device}${device.deviceId === null ? '' : `:${device.deviceId}`}: ${device.why}`)
  for (const { notes } of models) for (const text of notes) note(text)
  const now = new Date()
  const subjects = []
  for (const loaded of models) subjects.push(await subjectOf(loaded, config, device, now))
  for (const text of new Set(subjects.flatMap(({ notes }) => notes))) note(text)
  return {
    subjects,
    note,
    scorer,
    plan: planOf(config, device.device),
    window: options.window ?? DEFAULT_WINDOW,
    signal: options.signal ?? null,
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
  const { subjects, window, signal, note } = scoring
  const tallies = subjects.map(() => new RepairTally())
  const runners = new Map<Subject, Runner>()
  let waiting: Waiting[] = []
  let [number, completions, tokens] = [0, 0, 0]
  try {
    for await (const record of rows) {
      signal?.throwIfAborted()
      number++
      const row = parseRecord(record, { where: `row ${number}`, number })
      const prepared = isFailure(row) ? [] : subjects.map((subject) => subject.prepare(row))
      for (const [m, ready] of prepared.entries())
        tallies[m]!.add(ready.map((p) => (isUnscored(p) ? [] : repairsOf(p))))
      waiting.push({ row, prepared })
      // a row that fails counts, too: a stream of nothing else is given out as it comes
      completions += Math.max(1, prepared[0]?.length ?? 0)
      tokens += prepared[0]?.reduce((sum, p) => sum + (isUnscored(p) ? 0 : p.ids.length), 0) ?? 0
      if (completions < window && tokens < WINDOW_TOKENS) continue
      yield* await scoreWindow(waiting, scoring, runners)
      waiting = []
      completions = 0
      tokens = 0
    }
    yield* await scoreWindow(waiting, scoring, runners)
    for (const line of repairLines(mostRepairs(tallies.map(({ counts }) => counts)), subjects[0]!.text)) note(line)
  } finally {
    for (const runner of runners.values()) await runner.release()
  }
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
  { plan, signal }: Scoring,
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
  for await (const { results } of measure(runner, planBatches(sequences, plan), sequences)) {
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
): Pick<CompletionScore, 'score' | 'scoreReason' | 'scoredTokenIndex' | 'columns'> {
  const measurements = results.map(({ measurement }) => measurement)
  const { score, reason, own } = scorer.score(measurements)
  const unscored = results.find((result) => result.unscored !== null)?.unscored ?? null
  const [first] = measurements
  return {
    score,
    scoreReason: score === null ? (unscored?.reason ?? reason) : null,
    scoredTokenIndex: first?.kind === 'head' ? first.scoredTokenIndex : null,
    columns: Object.fromEntries(scorer.columns.map((name, i) => [name, own[i] ?? null])),
  }
}

const described = (
  prepared: Prepared | Unscored,
): Pick<CompletionScore, 'promptTokens' | 'completionTokens' | 'truncated' | 'textSha256' | 'repairs'> =>
  isUnscored(prepared)
    ? { promptTokens: null, completionTokens: null, truncated: null, textSha256: null, repairs: [] }
    : {
        promptTokens: prepared.promptTokens,
        completionTokens: prepared.completionTokens,
        truncated: prepared.truncated !== 'no',
        textSha256: prepared.textSha256,
        repairs: repairsOf(prepared),
      }
