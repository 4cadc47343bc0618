import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { packagePath } from '../../src/package.ts'
import type { MeasurementKind } from '../../src/types.ts'
import { build, changed, refusal } from './changed.ts'

/** What the families beyond Llama refuse: a key with a value that transformers computes with, or cannot run, and we do not compute. */

const kindOf = (model: string): MeasurementKind => (model.includes('causal') ? 'logProb' : 'head')

describe('config.json: a known key with a value that we do not compute', () => {
  const cases: [model: string, key: string, value: unknown, says: string][] = [
    ['opt-post-norm', 'activation_function', 'xielu', '"activation_function" is "xielu": supported: "silu"'],
    ['opt-post-norm', 'do_layer_norm_before', null, '"do_layer_norm_before" is null'],
    ['opt-post-norm', 'enable_bias', 'yes', '"enable_bias" is "yes"'],
    ['opt-post-norm', 'num_attention_heads', 5, '"num_attention_heads" is 5: must divide hidden_size 32'],
    ['opt-post-norm', 'is_causal', false, '"is_causal" is false'],
    ['falcon-multi-query', 'activation', 'xielu', '"activation" is "xielu": supported: "silu"'],
    ['falcon-multi-query', 'num_attention_heads', 5, '"num_attention_heads" is 5: must divide hidden_size 32'],
    ['falcon-multi-query', 'num_attention_heads', 32, 'makes heads of 1 numbers; a rotation needs an even count'],
    ['falcon-multi-query', 'partial_rotary_factor', 0.5, '"partial_rotary_factor" is 0.5'],
    ['falcon-multi-query', 'num_ln_in_parallel_attn', 2, '"num_ln_in_parallel_attn" is 2: must be 1 here'],
    ['falcon-causal-grouped', 'num_ln_in_parallel_attn', 3, '"num_ln_in_parallel_attn" is 3: must be 1 or 2 here'],
    ['falcon-causal-grouped', 'parallel_attn', false, 'with new_decoder_architecture attention is always parallel'],
    ['falcon-causal-grouped', 'num_kv_heads', 3, '"num_kv_heads" is 3: must divide num_attention_heads 4'],
    ['falcon-all-heads', 'num_kv_heads', 2, 'without multi_query every one of the 4 heads has its key'],
    ['falcon-multi-query', 'rope_scaling', { type: 'su', factor: 2 }, '"rope_scaling.rope_type" is "su"'],
    ['internlm2-causal', 'bias', null, '"bias" is null'],
    ['internlm2-causal', 'num_key_value_heads', 3, '"num_key_value_heads" is 3: must divide num_attention_heads 4'],
    ['mixtral', 'num_experts_per_tok', 6, '"num_experts_per_tok" is 6: a token cannot go through more than 5 experts'],
    ['mixtral', 'num_experts', 4, '"num_local_experts" is 5: "num_experts" is 4'],
    ['mixtral', 'num_experts_per_tok', 0, '"num_experts_per_tok" is 0'],
    ['mixtral', 'sliding_window', 0, '"sliding_window" is 0'],
    ['mixtral', 'hidden_act', 'xielu', '"hidden_act" is "xielu"'],
    ['qwen2-moe-causal-window', 'sliding_window', 0, '"sliding_window" is 0: layers slide'],
    ['qwen2-moe-causal-window', 'use_sliding_window', false, '"sliding_window" is 20: layers slide'],
    ['qwen2-moe-causal-window', 'layer_types', ['full_attention'], '1 entries for 3 layers'],
    ['qwen3-moe', 'decoder_sparse_step', 0, '"decoder_sparse_step" is 0'],
    ['qwen3-moe', 'norm_topk_prob', null, '"norm_topk_prob" is null'],
    ['qwen3-moe-causal-mixed', 'sliding_window', 0, '"sliding_window" is 0'],
    ['olmoe-causal', 'clip_qkv', 0, '"clip_qkv" is 0'],
    ['olmo', 'clip_qkv', -1, '"clip_qkv" is -1'],
    ['hf-olmo-causal', 'layer_norm_with_affine', true, '"layer_norm_with_affine" is true'],
    ['hf-olmo-causal', 'layer_norm_type', 'rms', '"layer_norm_type" is "rms"'],
    ['hf-olmo-causal', 'rope', false, '"rope" is false'],
    ['hf-olmo-causal', 'norm_after', true, '"norm_after" is true'],
    ['hf-olmo-causal', 'activation_type', 'gelu', '"activation_type" is "gelu"'],
    ['hf-olmo-causal', 'mlp_hidden_size', 95, '"mlp_hidden_size" is 95: must be even'],
    ['minicpm-causal', 'num_experts', 8, '"num_experts" is 8'],
    ['minicpm-causal', 'scale_depth', 0, '"scale_depth" is 0'],
    ['minicpm', 'hidden_act', 'fatrelu', '"hidden_act" is "fatrelu"'],
  ]
  it.each(cases)('%s: %s = %j', (model, key, value, says) => {
    const dir = changed(`models/${model}`, { config: (config) => (config[key] = value) })
    const text = refusal(dir, kindOf(model))
    expect(text).toContain(join(dir, 'config.json'))
    expect(text).toContain(says)
  })

  it.each(['num_experts_per_tok', 'num_local_experts'])('mixtral without %s', (key) => {
    const dir = changed('models/mixtral', { config: (config) => delete config[key] })
    expect(refusal(dir)).toContain(`has no "${key.replace('_local', '')}"`)
  })

  it.each(['rope', 'include_bias', 'layer_norm_with_affine'])(
    'hf_olmo without %s, whose default is not built',
    (key) => {
      const dir = changed('models/hf-olmo-causal', { config: (config) => delete config[key] })
      expect(refusal(dir, 'logProb')).toContain(`has no "${key}"`)
    },
  )

  it("OLMo's own layout under the model_type of transformers is the same model", () => {
    const dir = changed('models/hf-olmo-causal', { config: (config) => (config.model_type = 'olmo') })
    const { architecture: _, ...spec } = build(dir, 'logProb').spec
    const { architecture: __, ...own } = build(packagePath('test/data/models/hf-olmo-causal'), 'logProb').spec
    expect(spec).toEqual(own)
  })

  it('internlm2 without its reward token', () => {
    const dir = changed('heads/internlm2', { config: (config) => delete config.reward_token_id })
    expect(refusal(dir)).toContain('has no "reward_token_id"')
  })
})

describe('config.json: another number of layers, experts or heads than the file has', () => {
  const cases: [model: string, key: string, value: unknown, says: string | RegExp][] = [
    ['mixtral', 'num_local_experts', 6, /gate\.weight" is \[5, 32\], config.json asks for \[6, 32\]/],
    ['qwen3-moe', 'mlp_only_layers', [0], 'layers.0.mlp.up_proj.weight" [48, 32] is missing'],
    ['qwen3-moe', 'decoder_sparse_step', 2, 'layers.0.mlp.up_proj.weight" [48, 32] is missing'],
    ['qwen2-moe', 'shared_expert_intermediate_size', 24, 'is [20, 32], config.json asks for [24, 32]'],
    ['opt-post-norm', 'word_embed_proj_dim', 32, 'embed_tokens.weight" is [96, 24], config.json asks for [96, 32]'],
    ['opt-post-norm', 'do_layer_norm_before', true, '"model.decoder.final_layer_norm.bias" [32] is missing'],
    ['opt-no-final-norm', '_remove_final_layer_norm', false, '"model.decoder.final_layer_norm.bias" [32] is missing'],
    ['opt-causal-untied', 'enable_bias', false, 'tensors that the architecture does not have'],
    ['opt-causal-untied', 'layer_norm_elementwise_affine', false, 'tensors that the architecture does not have'],
    ['falcon-all-heads', 'bias', false, 'tensors that the architecture does not have'],
    ['falcon-all-heads', 'multi_query', true, 'is [96, 32], config.json asks for [48, 32]'],
    ['falcon-multi-query', 'parallel_attn', false, 'post_attention_layernorm.bias" [32] is missing'],
    ['internlm2-causal', 'bias', true, 'wqkv.bias" [64] is missing'],
  ]
  it.each(cases)('%s: %s = %j', (model, key, value, says) => {
    const dir = changed(`models/${model}`, { config: (config) => (config[key] = value) })
    expect(refusal(dir, kindOf(model))).toMatch(says)
  })
})

describe('experts', () => {
  it('all in one tensor, as transformers 5 holds them in memory, are refused by name', () => {
    const at = 'model.layers.0.mlp.experts.gate_up_proj'
    const dir = changed('models/qwen3-moe', {
      tensors: (tensors) =>
        tensors.set(at, { dtype: 'F32', shape: [12, 16, 32], data: Buffer.alloc(12 * 16 * 32 * 4) }),
    })
    expect(refusal(dir)).toMatch(new RegExp(`all experts of a layer in one tensor \\(${at}\\).*save_original_format`))
  })

  it("may be counted by the hub's name or by the one that transformers 5 writes", () => {
    const dir = changed('models/mixtral', {
      config: (config) => {
        config.num_experts = config.num_local_experts
        delete config.num_local_experts
      },
    })
    expect(build(dir).head.labels).toEqual(['LABEL_0'])
  })
})
