import { z } from 'zod'
import { ModelError } from '../../errors.ts'
import { readConfig } from '../config.ts'
import type { Linear } from '../spec.ts'
import { BOTH_BOS, CAUSAL_HEAD_UNREAD, type Head } from './head.ts'
import { giveScores, layerOf, onlyOne, sequence, sequenceOf, widened } from './layers.ts'
import { lastToken } from './places.ts'

const SUMMARY = 'v_head.summary'

const grmConfig = z.object({
  vhead_layer_type: z.enum(['mlp', 'linear']).nullish(),
  vhead_num_layers: z.int().nonnegative().nullish(),
})

/**
 * TRL's value head, v = w h + b at the last token (AutoModelForCausalLMWithValueHead; LLaMA-Factory keeps it beside the model, in
 * value_head.safetensors), and GRM's (Yang et al. 2024, arXiv:2406.10216; rewardbench/models/grm.py), which may be an MLP with ReLU.
 */
export const grm: Head = {
  name: 'grm',
  kind: 'head',
  claims: ({ tensors }) => tensors.has(`${SUMMARY}.weight`) || tensors.has(`${SUMMARY}.0.weight`),
  open(checkpoint, { hidden }) {
    const { vhead_layer_type: type, vhead_num_layers: count } = readConfig(grmConfig, checkpoint)
    const plain = checkpoint.tensors.has(`${SUMMARY}.weight`)
    const layers: readonly Linear[] = plain
      ? [layerOf(checkpoint, SUMMARY, hidden)]
      : sequenceOf(checkpoint, SUMMARY, hidden, 2)
    if ((type ?? null) !== null && (type === 'linear') !== plain)
      throw new ModelError(
        `config.json says "vhead_layer_type": "${type}", the weights are ${plain ? 'one linear layer' : 'an MLP'}`,
        checkpoint.dir,
      )
    if (type === 'mlp' && count != null && count !== layers.length - 1)
      throw new ModelError(
        `config.json says "vhead_num_layers": ${count}, the weights have ${layers.length - 1} before the last`,
        checkpoint.dir,
      )
    onlyOne(checkpoint, layers.at(-1)!)
    return {
      name: 'grm',
      kind: 'head',
      labels: ['reward'],
      text: BOTH_BOS,
      reads: lastToken,
      rowsPerOutput: 1,
      width: 0,
      ignored: [CAUSAL_HEAD_UNREAD],
      graph(builder, x) {
        const wide = widened(builder, x)
        const relu = (y: string): string => builder.graph.op('Relu', [y])
        giveScores(builder, sequence(builder, wide, layers, relu))
      },
    }
  },
}
