import { closeSync, existsSync, mkdirSync, openSync, renameSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { prng } from '../../src/prng.ts'

export interface Shape {
  readonly hidden: number
  readonly inner: number
  readonly layers: number
  readonly heads: number
  readonly kvHeads: number
  readonly vocab: number
}
export const SHAPES: Readonly<Record<string, Shape>> = {
  tiny: { hidden: 128, inner: 352, layers: 4, heads: 4, kvHeads: 2, vocab: 600 },
  /** SmolLM2-135M */
  '135m': { hidden: 576, inner: 1536, layers: 30, heads: 9, kvHeads: 3, vocab: 49_152 },
  /** Qwen2.5-0.5B without its biases */
  '0.5b': { hidden: 896, inner: 4864, layers: 24, heads: 14, kvHeads: 2, vocab: 151_936 },
  /** Qwen2.5-1.5B without its biases */
  '1.5b': { hidden: 1536, inner: 8960, layers: 28, heads: 12, kvHeads: 2, vocab: 151_936 },
  /** Llama-3.1-8B, its head tied to its embedding */
  '8b': { hidden: 4096, inner: 14_336, layers: 32, heads: 32, kvHeads: 8, vocab: 128_256 },
}

/** Weights of a tensor that are drawn; a larger one repeats them. A prime, so that rows differ. */
const PIECE = 2 ** 20 - 3

/** Writes a Llama of this shape with seeded uniform weights, tensor by tensor, once; returns its folder. */
export function seededModel(name: string, head: 'score' | 'logProb', stored: 'f32' | 'bf16'): string {
  const shape = SHAPES[name]!
  const { hidden, inner, layers, heads, kvHeads, vocab } = shape
  const headDim = hidden / heads
  const dims: Record<string, number[]> = { 'model.embed_tokens.weight': [vocab, hidden], 'model.norm.weight': [hidden] }
  for (let l = 0; l < layers; l++) {
    const at = `model.layers.${l}.`
    dims[`${at}input_layernorm.weight`] = [hidden]
    dims[`${at}post_attention_layernorm.weight`] = [hidden]
    dims[`${at}self_attn.q_proj.weight`] = [heads * headDim, hidden]
    dims[`${at}self_attn.k_proj.weight`] = [kvHeads * headDim, hidden]
    dims[`${at}self_attn.v_proj.weight`] = [kvHeads * headDim, hidden]
    dims[`${at}self_attn.o_proj.weight`] = [hidden, heads * headDim]
    dims[`${at}mlp.gate_proj.weight`] = [inner, hidden]
    dims[`${at}mlp.up_proj.weight`] = [inner, hidden]
    dims[`${at}mlp.down_proj.weight`] = [hidden, inner]
  }
  if (head === 'score') dims['score.weight'] = [1, hidden]
  const config = {
    model_type: 'llama',
    architectures: [head === 'score' ? 'LlamaForSequenceClassification' : 'LlamaForCausalLM'],
    vocab_size: vocab,
    pad_token_id: 0,
    hidden_size: hidden,
    intermediate_size: inner,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: kvHeads,
    max_position_embeddings: 8192,
    rms_norm_eps: 1e-5,
    rope_theta: 100_000,
    tie_word_embeddings: true,
    ...(head === 'score' && { id2label: { 0: 'reward' } }),
  }
  return written(`${name}-${head}-${stored}`, dims, config, stored)
}

/** BERT-base and DeBERTa-v3-base. */
const ENCODER = {
  vocab: 30_522,
  hidden: 768,
  inner: 3072,
  layers: 12,
  heads: 12,
  positions: 512,
  buckets: 256,
} as const
export type Encoder = 'bert' | 'deberta-v2'

/** The same for an encoder with its classification head. */
export function seededEncoder(type: Encoder): string {
  const { vocab, hidden, inner, layers, heads, positions, buckets } = ENCODER
  const bert = type === 'bert'
  const at = bert ? 'bert' : 'deberta'
  const dims: Record<string, number[]> = {
    [`${at}.embeddings.word_embeddings.weight`]: [vocab, hidden],
    ...(bert && {
      'bert.embeddings.position_embeddings.weight': [positions, hidden],
      'bert.embeddings.token_type_embeddings.weight': [2, hidden],
    }),
    ...(!bert && { 'deberta.encoder.rel_embeddings.weight': [2 * buckets, hidden] }),
    ...linear(bert ? 'bert.pooler.dense' : 'pooler.dense', hidden, hidden),
    ...linear('classifier', 1, hidden),
  }
  const norm = (name: string): void => {
    for (const part of ['weight', 'bias']) dims[`${name}.${part}`] = [hidden]
  }
  norm(`${at}.embeddings.LayerNorm`)
  if (!bert) norm('deberta.encoder.LayerNorm')
  for (let l = 0; l < layers; l++) {
    const layer = `${at}.encoder.layer.${l}`
    for (const part of bert ? ['query', 'key', 'value'] : ['query_proj', 'key_proj', 'value_proj'])
      Object.assign(dims, linear(`${layer}.attention.self.${part}`, hidden, hidden))
    Object.assign(dims, linear(`${layer}.attention.output.dense`, hidden, hidden))
    Object.assign(dims, linear(`${layer}.intermediate.dense`, inner, hidden))
    Object.assign(dims, linear(`${layer}.output.dense`, hidden, inner))
    norm(`${layer}.attention.output.LayerNorm`)
    norm(`${layer}.output.LayerNorm`)
  }
  const config = {
    model_type: type,
    vocab_size: vocab,
    pad_token_id: 0,
    hidden_size: hidden,
    intermediate_size: inner,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    max_position_embeddings: positions,
    type_vocab_size: bert ? 2 : 0,
    id2label: { 0: 'reward' },
    ...(!bert && {
      relative_attention: true,
      position_buckets: buckets,
      norm_rel_ebd: 'layer_norm',
      share_att_key: true,
      pos_att_type: ['p2c', 'c2p'],
      position_biased_input: false,
    }),
  }
  return written(`${type}-base`, dims, config, 'f32')
}
const linear = (name: string, outputs: number, inputs: number): Record<string, number[]> => ({
  [`${name}.weight`]: [outputs, inputs],
  [`${name}.bias`]: [outputs],
})

function written(
  name: string,
  dims: Readonly<Record<string, number[]>>,
  config: { readonly vocab_size: number },
  stored: 'f32' | 'bf16',
): string {
  const dir = join(tmpdir(), `chemherm-bench-${name}`)
  if (existsSync(join(dir, 'model.safetensors'))) return dir
  mkdirSync(dir, { recursive: true })
  const width = stored === 'bf16' ? 2 : 4
  let end = 0
  const header = Object.entries(dims).map(([tensor, shape]) => {
    const begin = end
    end += width * shape.reduce((product, dim) => product * dim, 1)
    return [tensor, { dtype: width === 2 ? 'BF16' : 'F32', shape, data_offsets: [begin, end] }]
  })
  const json = JSON.stringify({ __metadata__: { format: 'pt' }, ...Object.fromEntries(header) })
  const text = Buffer.from(json.padEnd(8 * Math.ceil(json.length / 8))) // the data starts aligned
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(text.length))
  const file = openSync(join(dir, 'partial'), 'w')
  writeSync(file, Buffer.concat([length, text]))
  const random = prng(1)
  for (const [tensor, shape] of Object.entries(dims)) {
    const size = shape.reduce((product, dim) => product * dim, 1)
    const scale = shape[0] === config.vocab_size ? 1 : (shape[1] ?? 1) ** -0.5
    const constant = shape.length > 1 ? null : tensor.endsWith('.bias') ? 0 : 1
    const values = new Float32Array(Math.min(PIECE, size))
    for (let i = 0; i < values.length; i++) values[i] = constant ?? 3.4 * (random() - 0.5) * scale
    const words = new Uint32Array(values.buffer)
    const data = new Uint8Array((width === 4 ? values : Uint16Array.from(words, (bits) => bits >>> 16)).buffer)
    for (let done = 0; done < size; done += PIECE) writeSync(file, data, 0, width * Math.min(PIECE, size - done))
  }
  closeSync(file)
  writeFileSync(join(dir, 'config.json'), JSON.stringify(config))
  renameSync(join(dir, 'partial'), join(dir, 'model.safetensors'))
  return dir
}

/** Writes a seeded LoRA of rank `r` on every linear layer of a seeded model, in float32, beside it; returns its folder. */
export function seededAdapter(name: string, base: string, r: number): string {
  const { hidden, inner, layers, heads, kvHeads } = SHAPES[name]!
  const dir = `${base}-lora-${r}`
  mkdirSync(dir, { recursive: true })
  const kv = (hidden / heads) * kvHeads
  const shapes = {
    'self_attn.q_proj': [hidden, hidden],
    'self_attn.k_proj': [kv, hidden],
    'self_attn.v_proj': [kv, hidden],
    'self_attn.o_proj': [hidden, hidden],
    'mlp.gate_proj': [inner, hidden],
    'mlp.up_proj': [inner, hidden],
    'mlp.down_proj': [hidden, inner],
  } as const
  const tensors = Array.from({ length: layers }, (_, l) =>
    Object.entries(shapes).flatMap(([module, [outputs, inputs]]) => [
      { name: `base_model.model.model.layers.${l}.${module}.lora_A.weight`, shape: [r, inputs] },
      { name: `base_model.model.model.layers.${l}.${module}.lora_B.weight`, shape: [outputs, r] },
    ]),
  ).flat()
  let end = 0
  const header = tensors.map(({ name, shape }) => {
    const begin = end
    end += 4 * shape[0]! * shape[1]!
    return [name, { dtype: 'F32', shape, data_offsets: [begin, end] }]
  })
  const text = Buffer.from(JSON.stringify(Object.fromEntries(header)))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(text.length))
  const random = prng(2)
  const values = Float32Array.from({ length: end / 4 }, () => 0.02 * (random() - 0.5))
  const file = openSync(join(dir, 'adapter_model.safetensors'), 'w')
  for (const bytes of [length, text, new Uint8Array(values.buffer)]) writeSync(file, bytes)
  closeSync(file)
  const config = {
    peft_type: 'LORA',
    base_model_name_or_path: base,
    r,
    lora_alpha: 2 * r,
    target_modules: Object.keys(shapes).map((module) => module.split('.')[1]),
  }
  writeFileSync(join(dir, 'adapter_config.json'), JSON.stringify(config))
  return dir
}
