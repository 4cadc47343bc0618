import { UsageError } from '../errors.ts'
import type { CompletionRole, Repair, Row, RowFailure } from '../types.ts'
import type { ScoreOptions } from './options.ts'

/** A row of the input with what the model gave for it, in the order of the input. */
export interface ScoredRow {
  /** The row's own id, else its number from 1; null where not even that could be read. */
  readonly id: string | null
  /** As it was understood; null where it is no usable row. */
  readonly row: Row | null
  /** Why it is no usable row; else null. */
  readonly failure: RowFailure | null
  /** Chosen, rejected … or the completions, in the order of the row; empty where it is no usable row. */
  readonly completions: readonly CompletionScore[]
}
/** One completion under the model. */
export interface CompletionScore {
  readonly role: CompletionRole
  /** From 0 within its role. */
  readonly index: number
  /**
   * The head's raw output, or with kind `dpo` the implicit reward, or the reference-free one; of a model that compares two answers how the
   * completion, shown first, stands against the other of its row. null with `scoreReason`.
   */
  readonly score: number | null
  /** Why there is no score: too_long, cut_away, template_error, token_not_embedded, unknown_token, empty_span, non_finite, out_of_memory, pooled_otherwise, no_partner, head_all …; else null. */
  readonly scoreReason: string | null
  /** Tokens of the prompt with the assistant's header, and of the completion with the template's end of turn. */
  readonly promptTokens: number | null
  readonly completionTokens: number | null
  readonly truncated: boolean | null
  /** Of a reward model: index of the token that the head reads, as transformers counts. */
  readonly scoredTokenIndex: number | null
  /** SHA-256 of the text that the model reads, hex. */
  readonly textSha256: string | null
  /** What was mended or is worth a word: double_bos, pooling_differs …; `onNote` gets a sentence on each, with the count, after the last row. */
  readonly repairs: readonly Repair[]
  /**
   * The further columns of scores.csv that are numbers: `policy_logprob` … with kind `dpo`, `head_0` … of a model with several labels,
   * `step_min` … of a process reward model.
   */
  readonly columns: Readonly<Record<string, number | null>>
  /** Of a process reward model: the probability of every step that it read; else null. */
  readonly steps: readonly number[] | null
}

/**
 * Scores rows with a reward model, or with a DPO policy and its reference: what `run-rm` and `run-dpo` compute, without files. Rows are
 * read as they are needed, a window of completions at a time, and come back in order; one that is no usable row comes back with its
 * failure. Ids are not compared. Models are opened when first needed and closed at the end, or when the loop is left early.
 * @param model hub id or folder; null = the embedded demo
 * @param rows pairs, groups or single conversations as in the data files: objects with prompt, chosen, rejected …, completions …
 * @throws UsageError, ModelError, DeviceError, NetworkError at the first step, before a row is read; DataError at the end where a column
 * that was named is in no row
 * @example
 * for await (const { id, completions } of scoreCompletions('./my-rm', [{ prompt: 'Name C2H6O.', completions: ['ethanol'] }]))
 *   console.log(id, completions[0]?.score)
 */
export async function* scoreCompletions(
  model: string | null,
  rows: Iterable<unknown> | AsyncIterable<unknown>,
  options: ScoreOptions = {},
): AsyncGenerator<ScoredRow, void, undefined> {
  if (typeof rows === 'string' || !(Symbol.iterator in Object(rows) || Symbol.asyncIterator in Object(rows)))
    throw new UsageError(
      `is ${typeof rows === 'string' ? 'a string' : 'not iterable'}`,
      'scoreCompletions: rows',
      'Give the rows themselves: a list, a generator or a stream of objects.',
    )
  // ONNX Runtime and the tokenizers are loaded here, not with the package
  const { openScoring, scoreRows } = await import('./engine.ts')
  yield* scoreRows(rows, await openScoring(model, options))
}
