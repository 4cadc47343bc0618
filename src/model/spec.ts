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
  /** Distances in the attention of every layer (DeBERTa); else null. */
  readonly relative: RelativePositions | null
  /** Over the embeddings, added after the first layer (DeBERTa v2 xlarge); else null. */
  readonly convolution: Convolution | null
}

/** norm(x + act(convolution(embeddings))) over the places of a text, with zeros beyond its ends. */
export interface Convolution {
  /** `weight` [hidden, hidden / groups, kernel], `bias` [hidden]. */
  readonly name: string
  /** Odd. */
  readonly kernel: number
  readonly groups: number
  readonly act: Act
  readonly norm: Norm
}

/**
 * A learned vector r for every distance d = i − j of a query i from a key j: scale · (q · key(r_d) + k · query(r_d)) is added to
 * scale · q · k.
 */
export interface RelativePositions {
  /** [2 · span, hidden]: the row of a distance is its bucket + span, at most the last row and at least the first. */
  readonly table: string
  readonly span: number
  /** Over the table's rows. */
  readonly norm: Norm | null
  /** Distances beyond count / 2 share buckets whose width grows up to `farthest`; null: every distance is its own bucket. */
  readonly buckets: { readonly count: number; readonly farthest: number } | null
  /** For every layer, the projections of a row; what is null is left out of the sum. */
  readonly layers: readonly { readonly key: Linear | null; readonly query: Linear | null }[]
}

export interface BodySpec {
  /** config.json's model_type. */
  readonly architecture: string
  /** Width of the final hidden states, which heads read, and of the residual stream where there is no `inside`. */
  readonly hidden: number
  /** The stream's own width, with the projections from the embeddings into it and back out of it (OPT 350m); absent: as wide. */
  readonly inside?: { readonly width: number; readonly into: Linear; readonly out: Linear }
  readonly vocab: number
  /** Longest sequence that config.json allows. */
  readonly maxPositions: number
  readonly padTokenId: number | null
  /** Positions count the tokens that the mask lets through (OPT, ALiBi): a masked first BOS moves the others; absent: all tokens. */
  readonly countsAttended?: true
  readonly embedding: Embedding
  readonly layers: readonly LayerSpec[]
  readonly finalNorm: Norm | null
  /** Tensors that a checkpoint of this architecture may carry and that no graph reads: name → reason, by pattern. */
  readonly ignored: readonly Ignored[]
}

/** tokens · scale (projected inside, if there is one) + types + positions, then the norm, then the projection; what is null is left out. */
export interface Embedding {
  /** [vocab, width] */
  readonly tokens: string
  /** Columns of the tables: hidden, or less where a projection follows. */
  readonly width: number
  /** Gemma multiplies by √hidden; else null. */
  readonly scale: number | null
  /** Token types of a pair of texts [rows, width] (BERT). */
  readonly types: { readonly name: string; readonly rows: number } | null
  /** Learned positions [rows + offset, width], or as wide as the stream inside; null for rotary models. */
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
  /** `sequential`: x += attention(norm x); x += mlp(norm x). `parallel`: both read x (GPT-NeoX, Falcon), through one norm if the two are one. */
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
  /** Whether a bias grows with the key's position (alibi.ts); absent: no. */
  readonly alibi?: true
  readonly projection: Projection
  /** q, k and v are cut at ± this, behind the norms and before the rotation (OLMo 1, OLMoE); absent: they are not. */
  readonly clip?: number
  readonly qkNorm: QkNorm | null
  readonly out: Linear
}

/**
 * Norm of q and k before the rotation. `head`: of every head alike (Qwen 3); `all`: over all heads (OLMo 2); `each`: LayerNorm of
 * every head with a weight of its own: one tensor per head (StableLM), or the name of one [heads, headDim] (Cohere).
 */
export type QkNorm =
  | { readonly over: 'head'; readonly q: Norm; readonly k: Norm }
  | { readonly over: 'all'; readonly q: Norm; readonly k: Norm }
  | { readonly over: 'each'; readonly q: HeadWeights; readonly k: HeadWeights; readonly epsilon: number }
export type HeadWeights = readonly string[] | string

/**
 * `fused`: one matrix gives [q | k | v] side by side; `perHead`: key head by key head [its queries | k | v] (GPT-NeoX, Falcon,
 * InternLM2).
 */
export type Projection =
  | { readonly kind: 'separate'; readonly q: Linear; readonly k: Linear; readonly v: Linear }
  | { readonly kind: 'fused' | 'perHead'; readonly qkv: Linear; readonly added?: AddedBiases }

/** Vectors [heads · headDim] that are added to q and v alone (DeBERTa v1). */
export interface AddedBiases {
  readonly q: string
  readonly v: string
}

export type Mlp = DenseMlp | Experts

/** `gated`: down(act(gate x) · up x); `plain`: down(act(up x)). */
export type DenseMlp =
  | { readonly kind: 'gated'; readonly gate: Linear; readonly up: Linear; readonly down: Linear; readonly act: Act }
  | { readonly kind: 'plain'; readonly up: Linear; readonly down: Linear; readonly act: Act }

/** A mixture: each token goes through the `topK` experts that the router likes best, and their outputs are averaged by its weights. */
export interface Experts {
  readonly kind: 'experts'
  /** One logit per expert; the weights are their softmax. */
  readonly router: Linear
  readonly experts: readonly DenseMlp[]
  readonly topK: number
  /** Whether a token's `topK` weights are divided by their sum. */
  readonly normalised: boolean
  /** An expert that every token goes through, times sigmoid(gate x) (Qwen2-MoE); null: none. */
  readonly shared: { readonly mlp: DenseMlp; readonly gate: Linear } | null
}

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
  /** Multiplies y (Granite's residual_multiplier); absent: 1. */
  readonly scale?: number
  /** Rows of a larger [total, inputs] tensor, first row and total (Phi 3's fused projections); null: the whole tensor. */
  readonly part: { readonly first: number; readonly total: number } | null
}

export interface Norm {
  readonly kind: 'rms' | 'layer'
  /** null: 1 everywhere (OPT's `layer_norm_elementwise_affine` false). */
  readonly weight: string | null
  readonly bias: string | null
  readonly epsilon: number
  /** Gemma stores w − 1. */
  readonly weightOffset: 0 | 1
}

export interface Logits {
  /** [vocab, hidden] */
  readonly weight: string
  readonly bias: string | null
  /** Multiplies the logits (Cohere, Granite); absent: 1. */
  readonly scale?: number
  /** softcap · tanh(logits / softcap) before the softmax (Gemma 2); else null. */
  readonly softcap: number | null
  /** An lm_head tensor that config.json ties to the embedding: equal bytes are a duplicate (weights.ts). */
  readonly tiedTo: string | null
}

export interface Ignored {
  readonly pattern: RegExp
  readonly reason: string
}
