import type { ErrorTag } from '../errors.ts'
import {
  DataError,
  DeviceError,
  HarnessError,
  InterruptedError,
  ModelError,
  NetworkError,
  UsageError,
} from '../errors.ts'
import type { RunConfig } from '../setup/config.ts'
import type { Given } from '../setup/option.ts'
import type { RunOption } from '../setup/options.ts'
import type { MeasuredBatch } from './batcher.ts'
import type { Frame } from './models.ts'
import type { EngineWork, LearnedScore, ScoreRequest } from './request.ts'

/** What the engine's thread is started with; plain data. */
export interface ThreadStart {
  readonly config: RunConfig
  /** Which options were given, to say which change nothing. */
  readonly given: Given<RunOption>
  /** Folder of all results; null: nothing is kept. */
  readonly store: string | null
  /** Options that move an answer beside the model's own: they belong to the identity of the store. */
  readonly answers: Readonly<Record<string, unknown>>
}

export type ToThread =
  | { readonly kind: 'score'; readonly request: number; readonly asked: ScoreRequest }
  | { readonly kind: 'cancel'; readonly request: number }
  | { readonly kind: 'close' }

export type FromThread =
  | { readonly kind: 'say'; readonly line: string; readonly warning: boolean }
  | { readonly kind: 'ready'; readonly facts: EngineFacts }
  | { readonly kind: 'failed'; readonly error: PlainError }
  /** The request was read, and brought so many tokens to the queue. */
  | { readonly kind: 'queued'; readonly request: number; readonly tokens: number }
  | { readonly kind: 'done'; readonly request: number; readonly scores: readonly LearnedScore[] }
  | { readonly kind: 'refused'; readonly request: number; readonly error: PlainError }
  | { readonly kind: 'work'; readonly work: EngineWork }
  | { readonly kind: 'batch'; readonly batch: MeasuredBatch }
  /** Why the model cannot be computed with, as its files are; null: it can be again. */
  | { readonly kind: 'model'; readonly trouble: string | null }
  | { readonly kind: 'closed' }

/** What is known once the model is open. */
export interface EngineFacts {
  /** The reward model, or policy and reference. */
  readonly names: readonly string[]
  readonly kind: 'rm' | 'dpo'
  readonly formula: string
  /** Names of the head's labels; empty of a policy. */
  readonly labels: readonly string[]
  /** Whether the score is made of the steps of a completion, which a rendered text does not show. */
  readonly perStep: boolean
  /** The scorer's own columns of scores.csv. */
  readonly columns: readonly string[]
  readonly frame: Frame
  readonly device: string
  readonly dtype: string
  /** Milliseconds that opening took, and the first batch, which warms the model up. */
  readonly openMs: number
  readonly warmUpMs: number
  /** Where requests are kept, and what run.json says of the models; null: nowhere. */
  readonly kept: { readonly folder: string; readonly record: Readonly<Record<string, unknown>> } | null
}

/** An error as it crosses threads. */
export interface PlainError {
  readonly tag: ErrorTag | null
  readonly message: string
  readonly where: string
  readonly hint: string | null
  readonly stack: string | null
}
const FAMILY = {
  usage: UsageError,
  data: DataError,
  model: ModelError,
  device: DeviceError,
  network: NetworkError,
  interrupted: InterruptedError,
} as const satisfies Readonly<Record<ErrorTag, unknown>>

export function plainError(error: unknown): PlainError {
  const { message, stack } = error instanceof Error ? error : new Error(String(error))
  return error instanceof HarnessError
    ? { tag: error.tag, message, where: error.where, hint: error.hint, stack: null }
    : { tag: null, message, where: '', hint: null, stack: stack ?? null }
}
export function errorOf({ tag, message, where, hint, stack }: PlainError): Error {
  if (tag !== null) return new FAMILY[tag](message, where, hint)
  const error = new Error(message)
  if (stack !== null) error.stack = stack
  return error
}
