import type { ACTIVATIONS } from './config.ts'
import type { Rope } from './rope.ts'

/**
 * What one model computes, as data: the words in which architectures differ. body.ts turns it into a graph.
 * A new architecture is a new file in archs/ that fills this record; a new word costs a line here and in ops.ts.
 */
export type ModelSpec = DecoderSpec | EncoderSpec

/** Every token sees itself and what stands before it. */
export interface DecoderSpec extends BodySpec {
  readonly causal: true
  /** The causal head: logits = W h, the embedding's tensor where tied. */
  readonly logits: Logits
}

/** Every token sees the whole text. */
export interface EncoderSpec extends BodySpec {
  readonly causal: false
}

export interface BodySpec {
  /** config.json's model_type. */
  readonly architecture: string
  readonly hidden: number
  readonly vocab: number
  /** Longest sequence that config.json allows. */
  readonly maxPositions: number
  readonly padTokenId: number | null
  readonly embedding: Embedding
  readonly layers: readonly LayerSpec[]
  readonly finalNorm: Norm | null
  /** Tensors that a checkpoint of this architecture may carry and that no graph reads: name → reason, by pattern. */
  readonly ignored: readonly Ignored[]
}

/** tokens · scale + types + positions, then the norm, then the projection; what is null is left out. */
export interface Embedding {
  /** [vocab, width] */
  readonly tokens: string
  /** Columns of the tables: hidden, or less where a projection follows. */
  readonly width: number
  /** Gemma multiplies by √hidden; else null. */
  readonly scale: number | null
  /** Token types of a pair of texts [rows, width] (BERT). */
  readonly types: { readonly name: string; readonly rows: number } | null
  /** Learned positions [rows + offset, width]; null for rotary models. */
  readonly positions: LearnedPositions | null
  readonly norm: Norm | null
  /** width → hidden (ELECTRA). */
  readonly projection: Linear | null
}

export interface LearnedPositions {
  readonly name: string
  /** Longest text. */
  readonly rows: number
  /** A token at position p reads row p + offset. */
  readonly offset: number
  /** An id that takes no position and reads row offset − 1 (RoBERTa's pad token, wherever it stands); null: every token takes one. */
  readonly without: number | null
}

export interface LayerSpec {
  /** `sequential`: x += attention(norm x); x += mlp(norm x). `parallel`: both read x (GPT-NeoX). */
  readonly residual: 'sequential' | 'parallel'
  readonly attentionNorms: BlockNorms
  readonly mlpNorms: BlockNorms
  readonly attention: AttentionSpec
  readonly mlp: Mlp
}

/** x + after(block(before(x))), and `closing` over the sum; null where there is no such norm. */
export interface BlockNorms {
  readonly before: Norm | null
  /** On the block's output, before the residual is added (Gemma 2, OLMo 2). */
  readonly after: Norm | null
  /** On the sum (post-norm models: OPT 350m, BERT). */
  readonly closing: Norm | null
}

export interface AttentionSpec {
  readonly heads: number
  readonly kvHeads: number
  readonly headDim: number
  /** Multiplies q · k. */
  readonly scale: number
  /** A query sees itself and the window − 1 keys before it, in an encoder also after it; null: all of them. */
  readonly window: number | null
  /** softcap · tanh(logits / softcap) before the softmax (Gemma 2); else null. */
  readonly softcap: number | null
  readonly rope: Rope | null
  readonly projection: Projection
  /** RMS norm of q and k before the rotation (Qwen 3: per head, OLMo 2: over all heads). */
  readonly qkNorm: { readonly q: Norm; readonly k: Norm; readonly over: 'head' | 'all' } | null
  readonly out: Linear
}

/** `fused`: one matrix gives [q | k | v] side by side; `perHead`: head by head [q | k | v] (GPT-NeoX). */
export type Projection =
  | { readonly kind: 'separate'; readonly q: Linear; readonly k: Linear; readonly v: Linear }
  | { readonly kind: 'fused' | 'perHead'; readonly qkv: Linear }

/** `gated`: down(act(gate x) · up x); `plain`: down(act(up x)). */
export type Mlp =
  | { readonly kind: 'gated'; readonly gate: Linear; readonly up: Linear; readonly down: Linear; readonly act: Act }
  | { readonly kind: 'plain'; readonly up: Linear; readonly down: Linear; readonly act: Act }

export type Act = (typeof ACTIVATIONS)[keyof typeof ACTIVATIONS]

/** y = x Wᵀ + b. */
export interface Linear {
  readonly weight: string
  /** Tensor name; `optional` biases are used where the file has them. */
  readonly bias: { readonly name: string; readonly optional: boolean } | null
  readonly inputs: number
  readonly outputs: number
  /** `out,in` as torch's Linear; `in,out` as GPT-2's Conv1D. */
  readonly layout: 'out,in' | 'in,out'
  /** Rows of a larger [total, inputs] tensor, first row and total (Phi 3's fused projections); null: the whole tensor. */
  readonly part: { readonly first: number; readonly total: number } | null
}

export interface Norm {
  readonly kind: 'rms' | 'layer'
  readonly weight: string
  readonly bias: string | null
  readonly epsilon: number
  /** Gemma stores w − 1. */
  readonly weightOffset: 0 | 1
}

export interface Logits {
  /** [vocab, hidden] */
  readonly weight: string
  readonly bias: string | null
  /** softcap · tanh(logits / softcap) before the softmax (Gemma 2); else null. */
  readonly softcap: number | null
  /** An lm_head tensor that config.json ties to the embedding: equal bytes are a duplicate (weights.ts). */
  readonly tiedTo: string | null
}

export interface Ignored {
  readonly pattern: RegExp
  readonly reason: string
}
