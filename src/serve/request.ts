import type { Text, Unscored } from '../types.ts'

/** A prompt and its completions. */
export interface Conversation {
  readonly prompt: Text
  readonly completions: readonly Text[]
}

/**
 * A prompt and its completions, rendered as a run renders them, or several such, or texts that were rendered already. It is taken whole or
 * refused whole; its scores are in the order of its completions.
 */
export type ScoreRequest =
  | ({ readonly kind: 'conversation' } & Conversation)
  | { readonly kind: 'conversations'; readonly conversations: readonly Conversation[] }
  | {
      readonly kind: 'texts'
      readonly texts: readonly RenderedText[]
      /** Whether the tokenizer adds its special tokens: /classify does, /get_reward does not. */
      readonly addSpecialTokens: boolean
    }

/** A rendered conversation in two parts, which are read as one text. */
export interface RenderedText {
  /** What stands before the completion, the assistant's header included; '' where that is not known. */
  readonly prompt: string
  readonly completion: string
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
  /** Of a reward model: index of the token that the head reads, as transformers counts. */
  readonly scoredTokenIndex: number | null
  /** SHA-256 of the text that the model reads, hex. */
  readonly textSha256: string | null
  /** The scorer's further columns of scores.csv, in their order. */
  readonly own: readonly (number | string | null)[]
}

/** What the engine has done since its start. */
export interface EngineWork {
  readonly batches: number
  /** Tokens that the model computed, padding included; a prompt that several rows share is computed once. */
  readonly tokens: number
  /** Rows that were measured, and rows whose measurement the store had, or that equal another row of their window. */
  readonly scored: number
  readonly found: number
  /** Milliseconds inside the model. */
  readonly modelMs: number
}
