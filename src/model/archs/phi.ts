import { z } from 'zod'
import type { Checkpoint } from '../checkpoint.ts'
import { ACTIVATIONS, activation, count, epsilon, readConfig, rotaryConfig } from '../config.ts'
import { readRope, SHARE_KEY } from '../rope-config.ts'
import type { DecoderSpec } from '../spec.ts'
import { llamaLike, oneForAll } from './llama.ts'
import { layerNorm, linear } from './names.ts'

const phiConfig = rotaryConfig.extend({
  max_position_embeddings: count.default(2048),
  hidden_act: activation.default('gelu_new'),
  layer_norm_eps: epsilon.default(1e-5),
  qk_layernorm: z.boolean().nullish(),
})

/**
 * Phi 1 and 2: LayerNorm, biases everywhere, half of every head turned, a plain MLP beside the attention, both from one norm.
 * transformers: models/phi.
 */
export function phi(checkpoint: Checkpoint): DecoderSpec {
  const config = readConfig(phiConfig, checkpoint)
  const { hidden_size: hidden, intermediate_size: inner } = config
  const norm = (name: string) => layerNorm(name, config.layer_norm_eps)
  const spec = llamaLike(checkpoint, config, {
    qkvBias: true,
    outBias: true,
    mlpBias: true,
    windowOf: () => null,
    finalNorm: 'final_layernorm',
    norm,
    ropes: (shape) =>
      oneForAll(readRope(checkpoint, shape, { share: { key: SHARE_KEY, otherwise: 0.5, roundsUp: false } })),
    layer: ({ attention, attentionNorms }, at) => ({
      residual: 'parallel',
      attentionNorms,
      mlpNorms: attentionNorms,
      attention: {
        ...attention,
        qkNorm: config.qk_layernorm
          ? { over: 'head', q: norm(`${at}.self_attn.q_layernorm`), k: norm(`${at}.self_attn.k_layernorm`) }
          : null,
        out: linear(`${at}.self_attn.dense`, attention.heads * attention.headDim, hidden, true),
      },
      mlp: {
        kind: 'plain',
        up: linear(`${at}.mlp.fc1`, hidden, inner, true),
        down: linear(`${at}.mlp.fc2`, inner, hidden, true),
        act: ACTIVATIONS[config.hidden_act],
      },
    }),
  })
  return { ...spec, logits: { ...spec.logits, bias: 'lm_head.bias' } }
}
