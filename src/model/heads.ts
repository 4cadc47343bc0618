import type { Value } from './graph.ts'
import { type Builder, linear, outputsOf } from './ops.ts'
import type { DecoderSpec, Logits } from './spec.ts'
import { cast } from './weights.ts'

/** Columns of the vocabulary that are alive at once: 2048 took half the memory of 8192 and was no slower (README.md). */
export const VOCABULARY_CHUNK = 2048

/** Raw outputs of every label, `scores` [rows, labels], float32 in every type. Returns the number of labels. */
export function scoreHead(builder: Builder, hidden: Value, spec: DecoderSpec): number {
  const { graph, type } = builder
  const wide = type === 'float' ? hidden : cast(graph, hidden, 'float')
  graph.output('scores', 'float', ['rows', 'labels'], linear(builder, wide, spec.score, 'float'))
  return outputsOf(builder.weights, spec.score)
}

/**
 * log softmax(logits)[target] of every row, `log_probs` [rows], in nats; float32 from the logits on.
 * The vocabulary is taken in chunks, each the same tensor at another byte offset, so that [rows, vocab] never exists:
 * log Σ exp of a chunk = z₀ − logSoftmax(z)₀, and the chunks' values are combined the same way. The target's logit is a
 * dot product with its own row of the matrix. Input `targets` [rows].
 */
export function logProbHead(builder: Builder, hidden: Value, spec: DecoderSpec, logits: Logits): void {
  const { graph, type, weights } = builder
  const targets = graph.input('targets', 'int64', ['rows'])
  const wide = type === 'float' ? hidden : cast(graph, hidden, 'float')
  const shape = [spec.vocab, spec.hidden]
  const capped = (z: Value): Value => softcap(builder, z, logits.softcap)

  const parts: Value[] = []
  for (let first = 0; first < spec.vocab; first += VOCABULARY_CHUNK) {
    const rows = [first, Math.min(first + VOCABULARY_CHUNK, spec.vocab)] as const
    const inputs = [wide, weights.as('float', logits.weight, shape, rows)]
    if (logits.bias) inputs.push(weights.as('float', logits.bias, [spec.vocab], rows))
    parts.push(logSumExp(builder, capped(graph.op('Gemm', inputs, { transB: 1 }))))
  }
  const total = parts.length === 1 ? parts[0]! : logSumExp(builder, graph.op('Concat', parts, { axis: 1 }))

  const product = graph.op('Mul', [wide, weights.gather('float', logits.weight, shape, targets)])
  const dot = graph.op('ReduceSum', [product, graph.ints([1])], { keepdims: 1 })
  const column = graph.ints([1])
  const biased = logits.bias
    ? graph.op('Add', [
        dot,
        graph.op('Unsqueeze', [weights.gather('float', logits.bias, [spec.vocab], targets), column]),
      ])
    : dot
  graph.output('log_probs', 'float', ['rows'], graph.op('Squeeze', [graph.op('Sub', [capped(biased), total]), column]))
}

/** [rows, n] → log Σ exp, [rows, 1]. One fused pass over the logits instead of max, exp, sum and log. */
function logSumExp({ graph }: Builder, z: Value): Value {
  const firstOf = (x: Value): Value => graph.op('Slice', [x, graph.ints([0]), graph.ints([1]), graph.ints([1])])
  return graph.op('Sub', [firstOf(z), firstOf(graph.op('LogSoftmax', [z], { axis: -1 }))])
}

function softcap({ graph }: Builder, z: Value, cap: number | null): Value {
  if (cap === null) return z
  return graph.op('Mul', [graph.op('Tanh', [graph.op('Div', [z, graph.float(cap)])]), graph.float(cap)])
}
