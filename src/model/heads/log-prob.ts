import { ModelError } from '../../errors.ts'
import type { Checkpoint } from '../checkpoint.ts'
import type { Value } from '../graph.ts'
import type { Builder } from '../ops.ts'
import { quantisedProduct, quantisedRows } from '../quantised/nodes.ts'
import { sameBytes } from '../same-bytes.ts'
import type { DecoderSpec, Ignored, Logits } from '../spec.ts'
import { castFrom } from '../weights.ts'
import { type Head, PLAIN_TEXT } from './head.ts'

/** Columns of the vocabulary that are alive at once: 2048 took half the memory of 8192 and was no slower (README.md). */
const VOCABULARY_CHUNK = 2048

/** The causal head: what a language model gives for the text itself. */
export const logProb: Head = {
  name: 'log-prob',
  kind: 'logProb',
  claims: () => true,
  open(checkpoint, spec) {
    if (!spec.causal)
      throw new ModelError(
        `is an encoder (model_type ${spec.architecture}): every token sees the whole text, so a text has no log-probability`,
        checkpoint.dir,
        'An encoder with a classification head is measured by run-rm --model …',
      )
    const logits = untie(checkpoint, spec.logits)
    return {
      name: 'log-prob',
      kind: 'logProb',
      labels: [],
      text: PLAIN_TEXT,
      reads: null,
      rowsPerOutput: 1,
      width: Math.min(VOCABULARY_CHUNK, spec.vocab),
      ignored: duplicateOf(spec.logits, logits),
      graph: (builder, hidden) => logProbNodes(builder, hidden, spec, logits),
    }
  },
}

/** The stored matrix of a tied causal head whose values are the embedding's. */
export const duplicateOf = (stored: Logits, used: Logits): readonly Ignored[] =>
  stored.weight === used.weight
    ? []
    : [{ pattern: /^lm_head\.weight$/, reason: `the same values as ${used.weight}, to which it is tied` }]

/**
 * The matrix of the causal head. A tied one that is stored too is used only where its values differ, as transformers 5
 * does (modeling_utils.py, `tie_weights`); transformers 4 would then take the embedding.
 */
export function untie(checkpoint: Checkpoint, logits: Logits): Logits {
  const { tiedTo, weight } = logits
  if (tiedTo === null) return logits
  const own = checkpoint.tensors.get(weight)
  const embedding = checkpoint.tensors.get(tiedTo)
  // an adapter that adds to the one does not add to the other
  const deltas = checkpoint.adapter?.deltas
  const adapted = deltas?.has(weight) || deltas?.get(tiedTo)?.kind === 'factors'
  const differs = own !== undefined && embedding !== undefined && (adapted || !sameBytes(own, embedding))
  return differs ? logits : { ...logits, weight: tiedTo }
}

/**
 * log softmax(logits)[target] of every row, `log_probs` [rows], in nats; float32 from the logits on.
 * The vocabulary is taken in chunks, each the same tensor at another byte offset, so that [rows, vocab] never exists:
 * log Σ exp of a chunk = z₀ − logSoftmax(z)₀, and the chunks' values are combined the same way. The target's logit is a
 * dot product with its own row of the matrix. Input `targets` [rows].
 */
function logProbNodes(builder: Builder, hidden: Value, spec: DecoderSpec, logits: Logits): void {
  const { graph, type, weights } = builder
  const targets = graph.input('targets', 'int64', ['rows'])
  const wide = castFrom(graph, hidden, type, 'float')
  const matrix = logitsMatrix(builder, spec, logits)

  const parts: Value[] = []
  for (let first = 0; first < spec.vocab; first += VOCABULARY_CHUNK) {
    const rows = [first, Math.min(first + VOCABULARY_CHUNK, spec.vocab)] as const
    parts.push(logSumExp(builder, logitsOf(builder, wide, spec, logits, rows)))
  }
  const total = parts.length === 1 ? parts[0]! : logSumExp(builder, graph.op('Concat', parts, { axis: 1 }))

  const product = graph.op('Mul', [wide, matrix.rows(targets)])
  const dot = graph.op('ReduceSum', [product, graph.ints([1])], { keepdims: 1 })
  const column = graph.ints([1])
  const biased = logits.bias
    ? graph.op('Add', [
        dot,
        graph.op('Unsqueeze', [weights.gather('float', logits.bias, [spec.vocab], targets), column]),
      ])
    : dot
  graph.output(
    'log_probs',
    'float',
    ['rows'],
    graph.op('Squeeze', [graph.op('Sub', [capped(builder, biased, logits), total]), column]),
  )
}

/** Logits of a range of the vocabulary. [n, hidden] → [n, words], float32. */
export function logitsOf(
  builder: Builder,
  wide: Value,
  spec: DecoderSpec,
  logits: Logits,
  words: readonly [from: number, to: number],
): Value {
  const bias = logits.bias ? builder.weights.as('float', logits.bias, [spec.vocab], words) : null
  return capped(builder, logitsMatrix(builder, spec, logits).product(wide, words, bias), logits)
}

/** The matrix of the logits: its products with a range of its rows, and its rows by their indices. Both are of the same numbers. */
interface LogitsMatrix {
  product(x: Value, rows: readonly [number, number], bias: Value | null): Value
  rows(indices: Value): Value
}

function logitsMatrix(
  { graph, weights, quantised }: Builder,
  { vocab, hidden }: DecoderSpec,
  { weight }: Logits,
): LogitsMatrix {
  const shape = [vocab, hidden]
  if (quantised === null)
    return {
      product(x, rows, bias) {
        const inputs = [x, weights.as('float', weight, shape, rows)]
        return graph.op('Gemm', bias === null ? inputs : [...inputs, bias], { transB: 1 })
      },
      rows: (indices) => weights.gather('float', weight, shape, indices),
    }
  if (weights.besideQuantised(weight, null, 'out,in') !== null)
    throw new ModelError(
      `the adapter adds to "${weight}", the matrix of the logits, which is in few bits here`,
      weights.checkpoint.adapter!.dir,
      'Use --dtype fp32.',
    )
  const spec = { weight, inputs: hidden, outputs: vocab, layout: 'out,in', part: null } as const
  const matrix = weights.matrix(quantised, spec, quantised.scheme.logits)
  return {
    product(x, [first, last], bias) {
      const z = quantisedProduct(graph, quantised, x, matrix, first, last - first)
      return bias === null ? z : graph.op('Add', [z, bias])
    },
    rows: (indices) => quantisedRows(graph, quantised, matrix, indices),
  }
}

/** [rows, n] → log Σ exp, [rows, 1]. One fused pass over the logits instead of max, exp, sum and log. */
function logSumExp({ graph }: Builder, z: Value): Value {
  const firstOf = (x: Value): Value => graph.op('Slice', [x, graph.ints([0]), graph.ints([1]), graph.ints([1])])
  return graph.op('Sub', [firstOf(z), firstOf(graph.op('LogSoftmax', [z], { axis: -1 }))])
}

const capped = (builder: Builder, z: Value, { scale, softcap: cap }: Logits): Value =>
  softcap(builder, scaled(builder, z, scale), cap)

function scaled({ graph }: Builder, z: Value, scale: number | undefined): Value {
  return scale === undefined ? z : graph.op('Mul', [z, graph.float(scale)])
}

function softcap({ graph }: Builder, z: Value, cap: number | null): Value {
  if (cap === null) return z
  return graph.op('Mul', [graph.op('Tanh', [graph.op('Div', [z, graph.float(cap)])]), graph.float(cap)])
}
