import type { Graph, Value } from './graph.ts'

/** What an adapter adds to a tensor of its base; names are those of the adapter's own tensors in the checkpoint. */
export type Delta = Factors | Rows | Vector

/**
 * scale · B·A on a matrix W [outputs, inputs], or its transpose on one that is stored [inputs, outputs] (an embedding, GPT-2's Conv1D).
 * With DoRA's magnitudes m: row i of the sum is scaled to length mᵢ (Liu et al. 2024, arXiv:2402.09353, eq. 5).
 */
export interface Factors {
  readonly kind: 'factors'
  /** A [r, inputs] */
  readonly a: string
  /** B [outputs, r] */
  readonly b: string
  readonly r: number
  readonly scale: number
  /** W is an embedding: [inputs, outputs]. */
  readonly embedding: boolean
  /** m [outputs]; null: plain LoRA. */
  readonly magnitude: string | null
}

/** Rows of a matrix that are replaced: those of `ids` by the rows of `values` [ids.length, columns]. */
export interface Rows {
  readonly kind: 'rows'
  readonly ids: readonly number[]
  readonly values: string
}

/** scale · value on a bias. */
export interface Vector {
  readonly kind: 'vector'
  readonly value: string
  readonly scale: number
}

/** The adapter's own tensors that a delta is made of. */
export const tensorsOf = (delta: Delta): string[] => {
  if (delta.kind === 'vector') return [delta.value]
  if (delta.kind === 'rows') return [delta.values]
  return delta.magnitude === null ? [delta.a, delta.b] : [delta.a, delta.b, delta.magnitude]
}

/** The factors of a delta as float32 constants of a graph. */
export interface FactorValues {
  readonly a: Value
  readonly b: Value
  readonly scale: number
}

/**
 * W + scale · B·A in float32, one Gemm: with W itself in float32 ONNX Runtime folds it into one new constant when the session opens, and
 * what it was made from is not kept.
 * @param w [outputs, inputs], or [inputs, outputs] where `transposed`
 */
export const mergedFactors = (graph: Graph, w: Value, { a, b, scale }: FactorValues, transposed: boolean): Value =>
  transposed
    ? graph.op('Gemm', [a, b, w], { alpha: { float: scale }, transA: 1, transB: 1 })
    : graph.op('Gemm', [b, a, w], { alpha: { float: scale } })

/** Scales the rows of a matrix (its columns where `transposed`) to the lengths m, as DoRA does. */
export function withMagnitudes(graph: Graph, w: Value, m: Value, transposed: boolean): Value {
  const norms = graph.op('ReduceL2', [w, graph.ints([transposed ? 0 : 1])], { keepdims: 1 })
  const lengths = graph.op('Reshape', [m, graph.ints(transposed ? [1, -1] : [-1, 1])])
  return graph.op('Mul', [w, graph.op('Div', [lengths, norms])])
}

/** y + scale · (x Aᵀ) Bᵀ: the same product beside a matrix that stays as it is. x [rows, inputs], y [rows, outputs]. */
export const besideFactors = (graph: Graph, x: Value, y: Value, { a, b, scale }: FactorValues): Value =>
  graph.op('Gemm', [graph.op('Gemm', [x, a], { transB: 1 }), b, y], { alpha: { float: scale }, transB: 1 })
