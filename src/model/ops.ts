import { besideFactors } from './delta.ts'
import type { Graph, Value } from './graph.ts'
import { MICROSOFT } from './graph.ts'
import type { ElementType } from './onnx.ts'
import type { QuantisedLayout } from './quantised/layout.ts'
import { quantisedProduct } from './quantised/nodes.ts'
import type { Rope } from './rope.ts'
import type { Act, Convolution, DenseMlp, Linear, Norm } from './spec.ts'
import { cast, castFrom, type Weights } from './weights.ts'

/** What every part of a graph needs at hand. */
export interface Builder {
  readonly graph: Graph
  readonly weights: Weights
  /** The type that hidden states have: float on the CPU, the checkpoint's own half type on a GPU. */
  readonly type: ElementType
  /** Where the weights of linear layers go in few bits; null: they stay as they are, as those of every head do. */
  readonly quantised: QuantisedLayout | null
}

/** [rows, inputs] → [rows, outputs]. Gemm reads torch's [out, in] as it lies in the file and packs it once. */
export function linear(builder: Builder, x: Value, spec: Linear, as: ElementType = builder.type): Value {
  const { graph, weights, quantised } = builder
  if (quantised !== null) return quantisedLinear(builder, quantised, x, spec)
  const total = spec.part?.total ?? spec.outputs
  const rows = spec.part ? ([spec.part.first, spec.part.first + spec.outputs] as const) : null
  const transposed = spec.layout === 'out,in'
  const shape = transposed ? [total, spec.inputs] : [spec.inputs, total]
  const beside = weights.beside(as, spec.weight, rows, spec.layout)
  const matrix =
    beside === null
      ? weights.as(as, spec.weight, shape, rows, spec.layout)
      : weights.stored(as, spec.weight, shape, rows)
  const inputs = [x, matrix]
  if (spec.bias && (!spec.bias.optional || weights.has(spec.bias.name)))
    inputs.push(weights.as(as, spec.bias.name, [total], rows))
  const scale = spec.scale === undefined ? {} : { alpha: { float: spec.scale }, beta: { float: spec.scale } }
  const transB = transposed ? 1 : 0
  if (beside === null) return graph.op('Gemm', inputs, { transB, ...scale })
  const sum = besideFactors(graph, x, graph.op('Gemm', inputs, { transB }), beside)
  return spec.scale === undefined ? sum : graph.op('Mul', [sum, castFrom(graph, graph.float(spec.scale), 'float', as)])
}

/** The same with a weight in few bits. The bias stays float32, and so do the factors of an adapter, which are multiplied beside it. */
function quantisedLinear({ graph, weights }: Builder, placed: QuantisedLayout, x: Value, spec: Linear): Value {
  const { weight, bias, inputs, outputs, layout, part, scale, ...others } = spec
  // whatever else a linear layer comes to have must be computed here, too: until then this line does not compile
  others satisfies Readonly<Record<string, never>>
  const rows = part ? ([part.first, part.first + outputs] as const) : null
  const matrix = weights.matrix(placed, { weight, inputs, outputs, layout, part })
  const beside = weights.besideQuantised(weight, rows, layout)
  let y = quantisedProduct(graph, placed, x, matrix, 0, outputs)
  if (beside !== null) y = besideFactors(graph, x, y, beside)
  if (bias && (!bias.optional || weights.has(bias.name)))
    y = graph.op('Add', [y, weights.as('float', bias.name, [part?.total ?? outputs], rows)])
  return scale === undefined ? y : graph.op('Mul', [y, graph.float(scale)])
}

/** The same builder for layers that stay as they are whatever the rest is: a router's few weights decide where a token goes. */
export const unquantised = (builder: Builder): Builder => ({ ...builder, quantised: null })

/** [rows, width] → the same, each row normalised. ONNX Runtime accumulates in float32 in every type. */
export function norm(builder: Builder, x: Value, spec: Norm, width: number): Value {
  const { graph } = builder
  const { scale, bias } = normWeights(builder, spec, width)
  const attributes = { axis: -1, epsilon: { float: spec.epsilon } }
  return spec.kind === 'rms'
    ? graph.op('SimplifiedLayerNormalization', [x, scale], attributes)
    : graph.op('LayerNormalization', bias ? [x, scale, bias] : [x, scale], attributes)
}

/** norm(x + residual) and the sum itself, in one pass over memory. */
export function addNorm(
  builder: Builder,
  x: Value,
  residual: Value,
  spec: Norm,
  width: number,
): { readonly normed: Value; readonly sum: Value } {
  const { graph } = builder
  const { scale, bias } = normWeights(builder, spec, width)
  const type = spec.kind === 'rms' ? 'SkipSimplifiedLayerNormalization' : 'SkipLayerNormalization'
  const inputs = bias ? [x, residual, scale, bias] : [x, residual, scale]
  const outputs = graph.contribOutputs(type, inputs, [true, false, false, true], { epsilon: { float: spec.epsilon } })
  return { normed: outputs[0]!, sum: outputs[3]! }
}

function normWeights(
  { graph, weights, type }: Builder,
  spec: Norm,
  width: number,
): { readonly scale: Value; readonly bias: Value | null } {
  const bias = spec.bias ? weights.as(type, spec.bias, [width]) : null
  if (spec.weight === null) {
    const ones = graph.inline(`ones_${width}`, [width], new Float32Array(width).fill(1))
    return { scale: castFrom(graph, ones, 'float', type), bias }
  }
  if (spec.weightOffset === 0) return { scale: weights.as(type, spec.weight, [width]), bias }
  const offset = graph.op('Add', [weights.as('float', spec.weight, [width]), graph.float(spec.weightOffset)])
  return { scale: castFrom(graph, offset, 'float', type), bias }
}

/** [rows, width] → the same. QuickGelu is x · sigmoid(α x): SiLU at α = 1, OpenAI's quick GELU at 1.702. */
export function activate(graph: Graph, x: Value, act: Act): Value {
  switch (act) {
    case 'silu':
      return graph.contrib('QuickGelu', [x], { alpha: { float: 1 } })
    case 'gelu-quick':
      return graph.contrib('QuickGelu', [x], { alpha: { float: 1.702 } })
    case 'gelu':
      return graph.op('Gelu', [x], { approximate: 'none' })
    case 'gelu-tanh':
      return graph.op('Gelu', [x], { approximate: 'tanh' })
    case 'relu':
      return graph.op('Relu', [x])
    case 'tanh':
      return graph.op('Tanh', [x])
  }
}

/** [rows, hidden] → [rows, hidden] */
export function mlp(builder: Builder, x: Value, spec: DenseMlp): Value {
  const { graph } = builder
  const up = linear(builder, x, spec.up)
  const inner =
    spec.kind === 'plain'
      ? activate(graph, up, spec.act)
      : graph.op('Mul', [activate(graph, linear(builder, x, spec.gate), spec.act), up])
  return linear(builder, inner, spec.down)
}

/** act(convolution(x)) of [batch · seq, hidden]. `shape` is [batch, seq]; `lengths` [batch]: what stands behind a text counts as 0. */
export function convolution(
  { graph, weights, type }: Builder,
  x: Value,
  spec: Convolution,
  hidden: number,
  { shape, lengths }: { readonly shape: Value; readonly lengths: Value },
): Value {
  const { name, kernel, groups } = spec
  const seq = graph.op('Gather', [shape, graph.int(1)])
  const places = graph.op('Range', [graph.int(0), seq, graph.int(1)])
  const real = graph.op('Less', [places, graph.op('Unsqueeze', [lengths, graph.ints([1])])])
  const kept = cast(graph, graph.op('Unsqueeze', [real, graph.ints([2])]), type)
  const grid = graph.op('Concat', [shape, graph.ints([hidden])], { axis: 0 })
  const text = graph.op('Mul', [graph.op('Reshape', [x, grid]), kept])
  const columns = graph.op('Transpose', [text], { perm: [0, 2, 1] })
  const kernels = weights.as(type, `${name}.weight`, [hidden, hidden / groups, kernel])
  const bias = weights.as(type, `${name}.bias`, [hidden])
  const pads = [(kernel - 1) / 2, (kernel - 1) / 2]
  const mixed = graph.op('Transpose', [graph.op('Conv', [columns, kernels, bias], { group: groups, pads })], {
    perm: [0, 2, 1],
  })
  return activate(graph, graph.op('Reshape', [mixed, graph.ints([-1, hidden])]), spec.act)
}

/** Rotates [batch, seq, heads · headDim] by the rows of cos and sin that `positions` names; the rest of a head stays. */
export function rotate(
  { graph }: Builder,
  x: Value,
  tables: { readonly cos: Value; readonly sin: Value; readonly positions: Value },
  heads: number,
  headDim: number,
  rope: Rope,
): Value {
  const rotaryDim = 2 * rope.inverseFrequencies.length
  const attributes = {
    interleaved: rope.neighbours ? 1 : 0,
    num_heads: heads,
    ...(rotaryDim < headDim && { rotary_embedding_dim: rotaryDim }),
  }
  return graph.ops('RotaryEmbedding', [x, tables.positions, tables.cos, tables.sin], 1, attributes, MICROSOFT)[0]!
}
