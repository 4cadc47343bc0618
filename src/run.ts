import { InterruptedError } from './errors.ts'
import { ModelPass } from './model-pass.ts'
import { isFailure } from './pairs/failure.ts'
import { plain } from './plain-text.ts'
import type { Halved } from './score/fitting.ts'
import type { Ledger } from './score/ledger.ts'
import type { PlanOptions } from './score/plan.ts'
import type { Subject } from './score/subject.ts'
import type { VerdictQueue } from './score/verdicts.ts'
import type { Store } from './store/log.ts'
import type { Completion, RepairCounts, Row, RowFailure, Runner } from './types.ts'

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
  /** Called before the first batch of a window, after every batch, and at the end. `done` counts completions; `found` are those of them that no batch of this run measured. */
  readonly onProgress: (subject: Subject, done: number, found: number) => void
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
  /** Of them, those that the run's own store did not have: they are of this model's other runs, on other data or by other shards. */
  borrowed: number
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

/** Measures every completion under every model, one model after the other. */
export async function measureAll(input: RunInput): Promise<WorkDone[]> {
  const work: WorkDone[] = []
  for (const model of input.subjects.keys())
    work.push(
      await new ModelPass(input, model, (index, row, completion) => verify(input, index, row, completion)).all(),
    )
  await input.verdicts?.drain()
  return work
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
