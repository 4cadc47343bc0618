import { UsageError } from '../errors.ts'
import type { GeneratedCompletion } from '../generate/generate.ts'
import type { Row, RowFailure, Unscored } from '../types.ts'
import type { Optional, Table } from './options.ts'

/** The options of `run-generate` that this takes, by the names of its flags. */
export const GENERATE_OPTIONS = [
  ...(['revision', 'tokenizer', 'chatTemplate', 'device', 'dtype', 'offline', 'promptColumn', 'idColumn'] as const),
  ...(['n', 'temperature', 'topP', 'maxNewTokens', 'stop', 'seed', 'batchTokens', 'batchSize', 'threads'] as const),
] as const

/** The flags of `run-generate` that change what is generated, with the same defaults: greedy, one completion, at most 512 tokens. */
export interface GenerateOptions extends Optional<Table, (typeof GENERATE_OPTIONS)[number]> {
  /** Ends the iteration with its reason, after the token in hand. */
  readonly signal?: AbortSignal
  /** Called with what the command says on screen: the device and why, the tokens that end a text … */
  readonly onNote?: (note: string) => void
}

/** A prompt with its completions, all there; or why it has none. */
export interface GeneratedRow {
  /** The row's own id, else its number from 1; null where not even that could be read. */
  readonly id: string | null
  /** As it was understood; null where it is no usable row. */
  readonly row: Row | null
  /** Why it is no usable row; else null. */
  readonly failure: RowFailure | null
  /** Why it was not continued: too_long, template_error, token_not_embedded, non_finite …; else null. */
  readonly unscored: Unscored | null
  readonly completions: readonly GeneratedCompletion[]
}

/**
 * Completes prompts with a causal language model: what `run-generate` computes, without files. Up to 1,024 prompts are read ahead, the longest
 * come first, and each row comes back as soon as its completions are there, so not in the order of the input. The model is opened at
 * the first step and closed at the end, or when the loop is left early. Draws depend on the seed, the row's id and the completion's number
 * alone.
 * @param model hub id or folder; null = the embedded demo
 * @param rows objects with a prompt, text or messages, and an id; of pairs and groups the prompt alone is continued
 * @throws UsageError, ModelError, DeviceError, NetworkError at the first step
 * @example
 * for await (const { id, completions } of generateCompletions('./my-model', [{ id: 'a', prompt: 'Name an ether.' }]))
 *   console.log(id, completions[0]?.text)
 */
export async function* generateCompletions(
  model: string | null,
  rows: Iterable<unknown> | AsyncIterable<unknown>,
  options: GenerateOptions = {},
): AsyncGenerator<GeneratedRow, void, undefined> {
  if (typeof rows === 'string' || !(Symbol.iterator in Object(rows) || Symbol.asyncIterator in Object(rows)))
    throw new UsageError(
      `is ${typeof rows === 'string' ? 'a string' : 'not iterable'}`,
      'generateCompletions: rows',
      'Give the rows themselves: a list, a generator or a stream of objects.',
    )
  // ONNX Runtime and the tokenizers are loaded here, not with the package
  const { generateRows } = await import('./generation-engine.ts')
  yield* generateRows(model, rows, options)
}
