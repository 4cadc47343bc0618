import { ModelError } from '../../errors.ts'
import { firstArchitecture } from '../config.ts'
import { BOTH_BOS, CAUSAL_HEAD_UNREAD, type Head } from './head.ts'
import { sequence, sequenceOf, widened } from './layers.ts'
import { giveStepScores, noSteps, STEP_LABELS } from './process-head.ts'

/** Stands behind each step in Qwen2.5-Math-PRM's texts; one id. */
const MARK = '<extra_0>'

/**
 * Qwen2.5-Math-PRM (Zhang et al. 2025, arXiv:2501.07301; Qwen2ForProcessRewardModel): softmax(W₂ ReLU(W₁ h + b₁) + b₂)[1] at every mark,
 * one in the prompt included.
 */
export const qwen2Prm: Head = {
  name: 'qwen2-prm',
  kind: 'head',
  claims: (checkpoint) =>
    checkpoint.tensors.has('score.0.weight') && firstArchitecture(checkpoint) === 'Qwen2ForProcessRewardModel',
  open(checkpoint, { hidden }) {
    const layers = sequenceOf(checkpoint, 'score', hidden, 2)
    const { weight, outputs } = layers.at(-1)!
    if (outputs !== 2)
      throw new ModelError(`tensor "${weight}" gives ${outputs} values a step, this head gives two`, checkpoint.dir)
    return {
      name: 'qwen2-prm',
      kind: 'head',
      labels: STEP_LABELS,
      text: BOTH_BOS,
      reads(ids, { encode }) {
        const [mark, ...more] = encode(MARK)
        if (mark === undefined || more.length > 0)
          return { reason: 'no_steps', message: `the tokenizer has no token ${MARK}, which marks the steps` }
        const places = Int32Array.from(ids.keys()).filter((place) => ids[place] === mark)
        return places.length === 0 ? noSteps(`${MARK} (see --step-separator)`) : places
      },
      steps: { mark: MARK, separator: null },
      rowsPerOutput: 1,
      width: 0,
      ignored: [CAUSAL_HEAD_UNREAD],
      graph(builder, x) {
        const relu = (y: string): string => builder.graph.op('Relu', [y])
        giveStepScores(builder, sequence(builder, widened(builder, x), layers, relu))
      },
    }
  },
}
