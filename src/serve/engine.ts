import type { Text, Unscored } from '../types.ts'

/** A prompt and its completions, to be rendered as a run renders them, or a text that was rendered already. */
export type ScoreRequest =
  | { readonly kind: 'conversation'; readonly prompt: Text; readonly completions: readonly Text[] }
  | {
      readonly kind: 'texts'
      readonly texts: readonly string[]
      /** Whether the tokenizer adds its special tokens: /classify does, /get_reward does not. */
      readonly addSpecialTokens: boolean
    }

/** What the model gives for one completion or text. */
export interface LearnedScore {
  /** The reward; null with `unscored`. */
  readonly score: number | null
  /** Why there is none; else null. */
  readonly unscored: Unscored | null
  /** Raw output of every label; null of a policy, and where there is no score. */
  readonly outputs: readonly number[] | null
  readonly promptTokens: number | null
  readonly completionTokens: number | null
  readonly truncated: boolean | null
  readonly scoredTokenIndex: number | null
  readonly textSha256: string | null
  /** The scorer's further columns of scores.csv, in their order. */
  readonly own: readonly (number | string | null)[]
}

/** What the engine is busy with; counts since its start, but for what waits. */
export interface EngineGauges {
  readonly waitingRequests: number
  readonly waitingTokens: number
  readonly batches: number
  /** Tokens that the model computed, padding included; a prompt that is shared is computed once. */
  readonly tokens: number
  readonly scored: number
  /** Milliseconds inside the model. */
  readonly modelMs: number
}

/** What is known once the model is open. */
export interface EngineFacts {
  readonly names: readonly string[]
  readonly formula: string
  readonly labels: readonly string[]
  readonly device: string
  readonly dtype: string
  readonly openMs: number
  /** Of the first batch, which warms the model up. */
  readonly warmUpMs: number
}

export interface RewardEngine {
  /** Resolves once a batch was measured; rejects where the model cannot be opened. */
  readonly ready: Promise<EngineFacts>
  readonly gauges: EngineGauges
  /**
   * The scores of a request, in its order. Rows that are not planned yet when `signal` aborts are dropped.
   * @throws QueueFull where so much waits already that it would be kept too long
   */
  score(request: ScoreRequest, signal?: AbortSignal): Promise<readonly LearnedScore[]>
  /** What is under way is finished first; what waits is refused. */
  close(): Promise<void>
}

/** The queue is full: the client is to come again. */
export class QueueFull extends Error {
  constructor(
    readonly waitingRequests: number,
    readonly waitingTokens: number,
    /** When there will be room, as far as the pace so far says; seconds, at least 1. */
    readonly retryAfterSeconds: number,
  ) {
    super(`${waitingRequests} requests with ${waitingTokens} tokens wait already`)
  }
}
