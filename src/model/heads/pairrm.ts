import { z } from 'zod'
import { ModelError } from '../../errors.ts'
import { count, firstArchitecture, readConfig } from '../config.ts'
import type { Value } from '../graph.ts'
import { isOf } from './dense.ts'
import { type Head, PLAIN_TEXT } from './head.ts'
import { giveScores, layerOf, sequence, widened } from './layers.ts'

const config = z.object({
  n_tasks: count,
  source_prefix_id: z.int().nonnegative(),
  cand1_prefix_id: z.int().nonnegative(),
  cand2_prefix_id: z.int().nonnegative(),
})

/** Tokens that the source, and the whole, may have: tokenize_pair's defaults, 1224 + 2 · 412. */
const SOURCE_LIMIT = 1224
const LIMIT = 2048

/**
 * PairRM (Jiang et al. 2023, arXiv:2306.02561; DebertaV2PairRM of RewardBench's models/pairrm.py): of a prompt and two answers, x shown
 * first, d(x, y) = mean over the tasks of f(h_source, h_x) − f(h_source, h_y), where h are the last hidden states at the token that marks
 * each part and f(a, b) = W₂ tanh(W₁ [a; b] + b₁) + b₂.
 */
export const pairRm: Head = {
  name: 'pairrm',
  kind: 'head',
  claims: isOf(['deberta-v2'], 'head_layer.1.weight'),
  open(checkpoint, { hidden }) {
    const said = firstArchitecture(checkpoint)
    if (said !== null && said !== 'DebertaV2PairRM')
      throw new ModelError(
        `has PairRM's tensors, config.json says ${said}: what that class computes of them is not known`,
        checkpoint.dir,
      )
    const { n_tasks: tasks, source_prefix_id, cand1_prefix_id, cand2_prefix_id } = readConfig(config, checkpoint)
    const marks = { source: source_prefix_id, first: cand1_prefix_id, second: cand2_prefix_id }
    if (new Set(Object.values(marks)).size < 3)
      throw new ModelError(
        'source_prefix_id, cand1_prefix_id and cand2_prefix_id are not three tokens',
        `${checkpoint.dir}/config.json`,
      )
    const inner = layerOf(checkpoint, 'head_layer.1', 2 * hidden)
    const outer = layerOf(checkpoint, 'head_layer.4', inner.outputs)
    const { weight, outputs } = outer
    if (outputs !== tasks)
      throw new ModelError(
        `tensor "${weight}" gives ${outputs} values, config.json says n_tasks ${tasks}`,
        checkpoint.dir,
      )
    return {
      name: 'pairrm',
      kind: 'head',
      labels: ['preference'],
      text: PLAIN_TEXT,
      reads(ids) {
        const places = Int32Array.of(marks.source, marks.first, marks.second).map((mark) => ids.indexOf(mark))
        return places.includes(-1) ? { reason: 'no_mark', message: 'a mark of the three parts is not there' } : places
      },
      compares: { kind: 'marks', marks, sourceLimit: SOURCE_LIMIT, limit: LIMIT },
      rowsPerOutput: 3,
      width: 0,
      notes: [
        "prompt and answers are shown as PairRM's own are; a model of its class that was trained on other texts (Better-PairRM) is misread, and its files do not tell",
      ],
      ignored: [],
      graph(builder, x) {
        const { graph } = builder
        const grouped = graph.op('Reshape', [widened(builder, x), graph.ints([-1, 3, hidden])])
        const at = (place: number): Value => graph.op('Gather', [grouped, graph.int(place)], { axis: 1 })
        const source = at(0)
        const of = (answer: Value): Value =>
          sequence(builder, graph.op('Concat', [source, answer], { axis: 1 }), [inner, outer], (y) =>
            graph.op('Tanh', [y]),
          )
        const difference = graph.op('Sub', [of(at(1)), of(at(2))])
        giveScores(builder, graph.op('ReduceMean', [difference, graph.ints([1])], { keepdims: 1 }))
      },
    }
  },
}
