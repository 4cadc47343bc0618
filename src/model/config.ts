import { join } from 'node:path'
import { z } from 'zod'
import { ModelError } from '../errors.ts'
import { isRecord } from '../is-record.ts'
import { visibleName } from '../visible-text.ts'
import type { Checkpoint } from './checkpoint.ts'

/**
 * Typed readers of config.json. Unknown keys are ignored, as transformers does; a known key with a value that we do not
 * compute is refused by name. Field names stay Hugging Face's snake_case here and in archs/, nowhere else.
 */

export const count = z.int().positive()
const tokenId = z.int().nullish()

/** A family's own pad token where config.json is silent; null in the file means none. */
export const padDefault = (id: number) => z.int().nullable().default(id)

/** Far above any decoder; a damaged file must not make us build a graph without end. */
export const layerCount = count.max(4096)
export const MAX_HEAD_DIM = 16_384
/** Numbers of a hidden state: the widest models have some 20,000. */
export const width = count.max(2 ** 20)
export const headCount = count.max(16_384)

/** Keys that every architecture has. `null` and absent mean transformers' default. */
export const baseConfig = z.object({
  model_type: z.string(),
  vocab_size: count,
  pad_token_id: tokenId,
  tie_word_embeddings: z.boolean().nullish(),
  /** transformers 5 masks nothing where it is false (or null): every token sees the whole text. */
  is_causal: z.literal(true).optional(),
  /** bitsandbytes, GPTQ, AWQ …: their weights are packed. */
  quantization_config: z.null().optional(),
})

/** Keys of a classification head. */
export const labelConfig = z.object({
  /** Names that stand in every file of a run: short, on one line, nothing that acts on a terminal. */
  id2label: z.record(z.string(), z.string().transform(visibleName)).nullish(),
  num_labels: count.nullish(),
  problem_type: z.string().nullish(),
})

/** transformers' ACT2FN names that we compute; several name one function. */
export const ACTIVATIONS = {
  silu: 'silu',
  swish: 'silu',
  gelu: 'gelu',
  gelu_python: 'gelu',
  gelu_new: 'gelu-tanh',
  gelu_pytorch_tanh: 'gelu-tanh',
  gelu_python_tanh: 'gelu-tanh',
  gelu_accurate: 'gelu-tanh',
  gelu_fast: 'gelu-tanh',
  quick_gelu: 'gelu-quick',
  relu: 'relu',
  tanh: 'tanh',
} as const
export type ActivationName = keyof typeof ACTIVATIONS
export const activation = z.enum(Object.keys(ACTIVATIONS) as [ActivationName, ...ActivationName[]])

/** What a norm adds under its root. */
export const epsilon = z.number().nonnegative()

/** The keys of rotary models; rope-config.ts reads those of the rotation. */
export const rotaryConfig = baseConfig.extend({
  hidden_size: width,
  intermediate_size: count,
  num_hidden_layers: layerCount,
  num_attention_heads: headCount,
  num_key_value_heads: headCount.nullish(),
  head_dim: count.nullish(),
  hidden_act: activation.nullish(),
  max_position_embeddings: count,
  rms_norm_eps: epsilon.nullish(),
})

/** Which layers attend to a sliding window. */
export const layerTypes = z.array(z.enum(['full_attention', 'sliding_attention'])).nullish()

/** Whether a layer slides: by `layer_types` where it is given, else by the family's own rule. */
export function slidingLayers(
  checkpoint: Checkpoint,
  types: z.infer<typeof layerTypes>,
  layers: number,
  rule: (layer: number) => boolean,
): (layer: number) => boolean {
  if (!types) return rule
  if (types.length !== layers)
    throw refuse(checkpoint, 'layer_types', types, `${types.length} entries for ${layers} layers`)
  return (layer) => types[layer] === 'sliding_attention'
}

/** The class that saved a checkpoint, as config.json's `architectures` has it; for heads that their tensors alone do not tell apart. */
export function firstArchitecture({ config: { architectures } }: Checkpoint): string | null {
  return Array.isArray(architectures) && typeof architectures[0] === 'string' ? architectures[0].slice(0, 60) : null
}

/** Reads config.json with a schema; what does not fit is a ModelError naming file, key and value. */
export function readConfig<T>(schema: z.ZodType<T>, checkpoint: Checkpoint): T {
  return parse(schema, checkpoint.config, checkpoint, '')
}

/** A refusal of one key's value. */
export function refuse(checkpoint: Checkpoint, key: string, value: unknown, why: string): ModelError {
  return new ModelError(`"${key}" is ${shown(value)}: ${why}`, join(checkpoint.dir, 'config.json'))
}

/** Every architecture's heads pass here: before tables are made of their size (rope-config.ts), or once its file is read. */
export function checkHeadDim({ dir }: Checkpoint, headDim: number): void {
  if (!Number.isInteger(headDim) || headDim < 1 || headDim > MAX_HEAD_DIM)
    throw new ModelError(
      `makes heads of ${headDim} numbers; must be a whole number from 1 to ${MAX_HEAD_DIM}`,
      join(dir, 'config.json'),
    )
}

/** Reads one value with a schema; `prefix` stands before the key in messages. */
export function parse<T>(schema: z.ZodType<T>, value: unknown, checkpoint: Checkpoint, prefix: string): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const issue = result.error.issues[0]!
  const path = issue.path.map(String)
  let at: unknown = value
  for (const key of path) at = isRecord(at) ? at[key] : undefined
  const key = `${prefix}${path.join('.')}`
  if (at === undefined) throw new ModelError(`has no "${key}"`, join(checkpoint.dir, 'config.json'))
  throw refuse(checkpoint, key, at, expected(issue, path))
}

/** What would have been accepted, in words. */
function expected(issue: z.core.$ZodIssue, path: readonly string[]): string {
  if (path.at(-1) === 'quantization_config') return 'quantised checkpoints are not supported; use the unquantised one'
  if (issue.code === 'invalid_value') return `supported: ${issue.values.map((value) => shown(value)).join(', ')}`
  return issue.message
}

/** A value from the file, short and on one line. */
export const shown = (value: unknown): string => {
  const text = (JSON.stringify(value) ?? 'absent').replace(/[\x00-\x1f\x7f-\x9f]/g, '�')
  return text.length > 80 ? `${text.slice(0, 77)}…` : text
}
