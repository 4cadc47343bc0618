import { isRecord } from '../../is-record.ts'
import type { Checkpoint } from '../checkpoint.ts'
import { count, epsilon, padDefault, readConfig, refuse, rotaryConfig } from '../config.ts'
import { readRope, SHARE_KEY } from '../rope-config.ts'
import type { DecoderSpec, Linear } from '../spec.ts'
import { llamaLike, oneForAll } from './llama.ts'
import { linear } from './names.ts'

const phi3Config = rotaryConfig.extend({
  pad_token_id: padDefault(32_000),
  max_position_embeddings: count.default(4096),
  rms_norm_eps: epsilon.default(1e-5),
  sliding_window: count.nullish(),
})

/**
 * Phi 3, 3.5 and 4: Llama whose q, k, v and whose gate and up are one matrix each; LongRoPE; with `sliding_window` every layer slides.
 * transformers: models/phi3.
 */
export function phi3(checkpoint: Checkpoint): DecoderSpec {
  const config = readConfig(phi3Config, checkpoint)
  const { hidden_size: hidden, intermediate_size: inner } = config
  return llamaLike(checkpoint, config, {
    qkvBias: false,
    outBias: false,
    mlpBias: false,
    windowOf: () => config.sliding_window ?? null,
    ropes: (shape) =>
      oneForAll(readRope(withLongrope(checkpoint), shape, { share: { key: SHARE_KEY, otherwise: 1, roundsUp: true } })),
    layer: (base, at) => {
      const { heads, kvHeads, headDim } = base.attention
      const qkv = linear(`${at}.self_attn.qkv_proj`, hidden, (heads + 2 * kvHeads) * headDim, false)
      const half = (first: number): Linear => ({
        ...linear(`${at}.mlp.gate_up_proj`, hidden, inner, false),
        part: { first, total: 2 * inner },
      })
      return {
        ...base,
        attention: { ...base.attention, projection: { kind: 'fused', qkv } },
        mlp: { ...base.mlp, kind: 'gated', gate: half(0), up: half(inner) },
      }
    },
  })
}

/** Phi3Config calls LongRoPE "su" or "yarn", too, and always has an original length. */
function withLongrope(checkpoint: Checkpoint): Checkpoint {
  const config: Record<string, unknown> = { original_max_position_embeddings: 4096, ...checkpoint.config }
  for (const key of ['rope_scaling', 'rope_parameters']) {
    const given = config[key]
    if (!isRecord(given)) continue
    const type = given.rope_type ?? given.type ?? 'default'
    if (!['default', 'longrope', 'su', 'yarn'].includes(type as string))
      throw refuse(checkpoint, `${key}.rope_type`, type, 'Phi 3 has "default" and "longrope"')
    config[key] = { ...given, rope_type: type === 'default' ? type : 'longrope' }
  }
  return { ...checkpoint, config }
}
