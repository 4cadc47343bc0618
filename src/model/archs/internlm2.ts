import { z } from 'zod'
import type { Checkpoint } from '../checkpoint.ts'
import { ACTIVATIONS, readConfig, rotaryConfig } from '../config.ts'
import type { BlockNorms, DecoderSpec, LayerSpec } from '../spec.ts'
import { llamaLike } from './llama.ts'
import { bodyPrefix, linear, rmsNorm } from './names.ts'

const internlm2Config = rotaryConfig.extend({ bias: z.boolean().default(true) })

/**
 * InternLM2: Llama with other names, and with q, k and v in one matrix: for each key head its queries, its key and its value. `bias` is
 * that of attention alone. Its class is code on the hub: modeling_internlm2.py of internlm/internlm2-7b.
 */
export function internlm2(checkpoint: Checkpoint): DecoderSpec {
  const config = readConfig(internlm2Config, checkpoint)
  const { bias, hidden_size: hidden, intermediate_size: inner } = config
  const spec = llamaLike(checkpoint, config, {
    qkvBias: bias,
    outBias: bias,
    mlpBias: false,
    windowOf: () => null,
  })
  const prefix = bodyPrefix(checkpoint, 'model.', 'norm.weight')
  const before = (name: string): BlockNorms => ({
    before: rmsNorm(name, config.rms_norm_eps ?? 1e-6),
    after: null,
    closing: null,
  })
  const layer = ({ residual, attention }: LayerSpec, l: number): LayerSpec => {
    const at = `${prefix}layers.${l}`
    const { heads, kvHeads, headDim } = attention
    return {
      residual,
      attentionNorms: before(`${at}.attention_norm`),
      mlpNorms: before(`${at}.ffn_norm`),
      attention: {
        ...attention,
        projection: {
          kind: 'perHead',
          qkv: linear(`${at}.attention.wqkv`, hidden, (heads + 2 * kvHeads) * headDim, bias),
        },
        out: linear(`${at}.attention.wo`, heads * headDim, hidden, bias),
      },
      mlp: {
        kind: 'gated',
        gate: linear(`${at}.feed_forward.w1`, hidden, inner, false),
        up: linear(`${at}.feed_forward.w3`, hidden, inner, false),
        down: linear(`${at}.feed_forward.w2`, inner, hidden, false),
        act: ACTIVATIONS[config.hidden_act ?? 'silu'],
      },
    }
  }
  const tokens = `${prefix}tok_embeddings.weight`
  return {
    ...spec,
    embedding: { ...spec.embedding, tokens },
    layers: spec.layers.map(layer),
    logits: { ...spec.logits, weight: 'output.weight', tiedTo: config.tie_word_embeddings ? tokens : null },
    ignored: [...spec.ignored, { pattern: /^output\.weight$/, reason: 'the causal head, which nothing reads here' }],
  }
}
