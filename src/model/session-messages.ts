import type * as ort from 'onnxruntime-node'
import type { Carry } from './held-session.ts'

// What a session's thread (session-thread.ts) and its owner (threaded.ts) say to each other.

/** A tensor on its way between threads. */
export interface SentTensor {
  readonly type: ort.Tensor.Type
  readonly data: ort.Tensor['data']
  readonly dims: readonly number[]
}
export type SessionRequest =
  | {
      readonly kind: 'open'
      readonly model: Uint8Array | string
      readonly options: ort.InferenceSession.SessionOptions
    }
  | {
      readonly kind: 'run'
      readonly id: number
      /** By input; null: the tensor of the run before. */
      readonly feeds: Readonly<Record<string, SentTensor | null>>
      readonly outputs: readonly string[]
      readonly carry: Carry | undefined
    }
  | { readonly kind: 'release' }
export interface SentError {
  readonly message: string
  readonly stack: string | undefined
}
export type SessionReply =
  | { readonly kind: 'opened' | 'released' }
  | { readonly kind: 'failed'; readonly error: SentError }
  | {
      readonly kind: 'ran'
      readonly id: number
      /** Milliseconds inside ONNX Runtime. */
      readonly ms: number
      readonly result: { readonly outputs: Readonly<Record<string, SentTensor>> } | { readonly error: SentError }
    }

/**
 * States of the mark in shared memory. A thread that is ended while ONNX Runtime is at work in it takes the whole process down: the addon
 * throws into an environment that is gone, and C++ aborts. So the owner ends it before or after, never during.
 */
export const OUTSIDE = 0
export const INSIDE = 1
export const ENDING = 2
/** Places in the shared memory: the mark, and whether runs that were sent ahead are still wanted (0) or not (1). */
export const MARK = 0
export const UNWANTED = 1
