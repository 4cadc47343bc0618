import { ModelError } from '../../errors.ts'
import type { DecoderSpec } from '../spec.ts'
import { castFrom } from '../weights.ts'
import { type Head, PLAIN_TEXT } from './head.ts'
import { duplicateOf, logitsOf, untie } from './log-prob.ts'

/**
 * The causal head as generation reads it: `logits` [rows, vocab] of the token that comes next, and `log_sum_exp` [rows], so that the
 * log-probability of token t is logits[t] − log_sum_exp; float32 from the last hidden state on.
 */
export const nextToken: Head = {
  name: 'next-token',
  kind: 'logProb',
  claims: () => true,
  open(checkpoint, spec) {
    const { causal, architecture, vocab } = spec
    if (!causal)
      throw new ModelError(
        `is an encoder (model_type ${architecture}): every token sees the whole text, so it does not continue one`,
        checkpoint.dir,
        'Name a causal language model.',
      )
    const decoder: DecoderSpec = spec
    const logits = untie(checkpoint, decoder.logits)
    return {
      name: 'next-token',
      kind: 'logProb',
      labels: [],
      text: PLAIN_TEXT,
      reads: null,
      rowsPerOutput: 1,
      width: vocab,
      ignored: duplicateOf(decoder.logits, logits),
      graph(builder, hidden) {
        const { graph, type } = builder
        const wide = castFrom(graph, hidden, type, 'float')
        const z = logitsOf(builder, wide, decoder, logits, [0, vocab])
        graph.output('logits', 'float', ['rows', vocab], z)
        // one fused pass over the logits: log Σ exp z = z₀ − logSoftmax(z)₀
        const firstOf = (x: string): string => graph.op('Gather', [x, graph.int(0)], { axis: 1 })
        const total = graph.op('Sub', [firstOf(z), firstOf(graph.op('LogSoftmax', [z], { axis: -1 }))])
        graph.output('log_sum_exp', 'float', ['rows'], total)
      },
    }
  },
}
