import { join } from 'node:path'
import { ModelError } from '../errors.ts'
import { isRecord } from '../is-record.ts'
import type { Checkpoint } from './checkpoint.ts'
import type { TensorRef } from './safetensors.ts'

/**
 * Weights in FP8 (E4M3, without infinities) with float scales beside them: w = q · scale, multiplied out in float32, exactly as
 * transformers' `dequantize=True` does. FP8 kernels round activations, too; here they stay float32.
 */
export interface Float8 {
  /** [rows, columns] of the weights that share a scale, where `…_scale_inv` has one for each block; null: not said. */
  readonly block: readonly [number, number] | null
}

/** How the scales of a weight [outputs, inputs] lie. */
export interface WeightScale {
  readonly ref: TensorRef
  /** Weights that share a scale; of a whole tensor or row, its size. */
  readonly block: readonly [rows: number, columns: number]
}

export const FLOAT8_NOTE =
  'its weights are FP8 with scales and are multiplied out to float32; activations, which FP8 kernels round as well, are not rounded'

/** Tensors beside FP8 weights that say how activations and the cache would be rounded. */
export const FLOAT8_IGNORED = {
  pattern: /\.(input_scale|input_scale_ub|output_scale|[qkv]_scale|prob_scale)$/,
  reason: 'scale of activations or of the cache in FP8, which stay float32',
}

/**
 * What config.json says of FP8 weights that are read: DeepSeek's and Qwen's blocks and one scale per tensor (`fp8`), one per row
 * (`fbgemm_fp8`), and compressed-tensors' `float-quantized` with a scale per tensor, row or block; null: of anything else.
 */
export function float8Of(packed: unknown): Float8 | null {
  if (!isRecord(packed)) return null
  const { quant_method: method, fmt, weight_block_size: block } = packed
  if (method === 'fbgemm_fp8') return { block: null }
  if (method === 'fp8') return fmt === undefined || fmt === null || fmt === 'e4m3' ? blockOf(block) : null
  if (method !== 'compressed-tensors' || packed.format !== 'float-quantized') return null
  const groups = isRecord(packed.config_groups) ? Object.values(packed.config_groups) : []
  const weights = groups.map((group) => (isRecord(group) && isRecord(group.weights) ? group.weights : {}))
  const known = weights.every(
    ({ type, num_bits: bits, strategy, symmetric }) =>
      type === 'float' &&
      bits === 8 &&
      symmetric !== false &&
      ['tensor', 'channel', 'block'].includes(String(strategy)),
  )
  const changes = [packed.sparsity_config, packed.transform_config].some(
    (part) => isRecord(part) && Object.keys(part).length > 0 && part.format !== 'dense',
  )
  return groups.length === 0 || !known || changes ? null : blockOf(weights[0]!.block_structure)
}

function blockOf(block: unknown): Float8 | null {
  if (block === undefined || block === null) return { block: null }
  const [rows, columns, more] = Array.isArray(block) ? (block as unknown[]) : []
  const isSize = (size: unknown): size is number => Number.isInteger(size) && (size as number) > 0
  return isSize(rows) && isSize(columns) && more === undefined ? { block: [rows, columns] } : null
}

/** @throws ModelError where a weight in FP8 has no scale of a shape that is known */
export function scaleOf({ tensors, dir, float8 }: Checkpoint, { name, shape, file }: TensorRef): WeightScale {
  const ref = tensors.get(`${name}_scale_inv`) ?? tensors.get(`${name}_scale`)
  if (ref === undefined || shape.length !== 2)
    throw new ModelError(
      `tensor "${name}" is F8_E4M3 and has no "${name}_scale_inv" or "${name}_scale"`,
      file,
      'The download is incomplete, or it was packed another way: use the unpacked model.',
    )
  const [outputs, inputs] = shape as [number, number]
  const scales = ref.shape.reduce((product, dim) => product * dim, 1)
  if (scales === 1) return { ref, block: [outputs, inputs] }
  if (scales === outputs && ref.shape[0] === outputs) return { ref, block: [1, inputs] }
  const block = float8?.block ?? null
  if (block === null)
    throw new ModelError(
      `tensor "${ref.name}" is [${ref.shape.join(', ')}] for weights [${outputs}, ${inputs}], and config.json names no block of them`,
      join(dir, 'config.json'),
      '"quantization_config" has it as "weight_block_size".',
    )
  const expected = [Math.ceil(outputs / block[0]), Math.ceil(inputs / block[1])]
  if (ref.shape.length !== 2 || expected.some((dim, i) => dim !== ref.shape[i]))
    throw new ModelError(
      `tensor "${ref.name}" is [${ref.shape.join(', ')}], blocks of ${block.join(' × ')} weights of [${outputs}, ${inputs}] ask for [${expected.join(', ')}]`,
      ref.file,
      'config.json and the weights do not belong together.',
    )
  return { ref, block }
}
