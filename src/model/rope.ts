import type { RopeParameters } from './config.ts'

/** Rotary positions of one kind of layer. */
export interface Rope {
  /** Angle per position of every rotated pair, [rotaryDim / 2]. */
  readonly inverseFrequencies: Float32Array
  /** Scales cos and sin (yarn), else 1. */
  readonly attentionFactor: number
}

/**
 * Inverse frequencies as transformers computes them (modeling_rope_utils.py), step by step in float32 where it does.
 * @param dim rotated elements of a head
 * @param maxPositions config's max_position_embeddings: stands in for a missing original length
 */
export function ropeOf(parameters: RopeParameters, dim: number, maxPositions: number): Rope {
  const theta = parameters.rope_theta
  const base = Float32Array.from({ length: dim / 2 }, (_, i) => 1 / f32(theta ** f32((2 * i) / dim)))
  switch (parameters.rope_type) {
    case 'default':
      return { inverseFrequencies: base, attentionFactor: 1 }
    case 'linear':
      return { inverseFrequencies: base.map((f) => f / parameters.factor), attentionFactor: 1 }
    case 'llama3':
      return { inverseFrequencies: llama3(base, parameters, maxPositions), attentionFactor: 1 }
    case 'yarn':
      return yarn(parameters, dim, maxPositions)
  }
}

/** Llama 3.1's scaling: long waves are stretched by `factor`, short ones kept, those between interpolated. */
function llama3(
  base: Float32Array,
  { factor, low_freq_factor: low, high_freq_factor: high, original_max_position_embeddings }: Kind<'llama3'>,
  maxPositions: number,
): Float32Array {
  const original = original_max_position_embeddings ?? maxPositions
  return base.map((frequency) => {
    const wave = f32((2 * Math.PI) / frequency)
    if (wave > original / low) return frequency / factor
    if (wave < original / high) return frequency
    const smooth = f32((f32(original / wave) - low) / (high - low))
    return f32(f32((1 - smooth) * frequency) / factor) + f32(smooth * frequency)
  })
}

/** YaRN, Peng et al. 2023, arXiv:2309.00071: interpolates low frequencies, keeps high ones, scales the logits. */
function yarn(parameters: Kind<'yarn'>, dim: number, maxPositions: number): Rope {
  const { rope_theta: theta, mscale, mscale_all_dim: mscaleAll } = parameters
  const original = parameters.original_max_position_embeddings ?? maxPositions
  const factor = parameters.factor ?? maxPositions / original
  const scaleOf = (m: number): number => (factor <= 1 ? 1 : 0.1 * m * Math.log(factor) + 1)
  const inferred = mscale && mscaleAll ? scaleOf(mscale) / scaleOf(mscaleAll) : scaleOf(1)
  /** The dimension whose wave turns `turns` times within the original length. */
  const dimensionOf = (turns: number): number =>
    (dim * Math.log(original / (turns * 2 * Math.PI))) / (2 * Math.log(theta))
  const truncate = parameters.truncate ?? true
  const first = dimensionOf(parameters.beta_fast || 32)
  const last = dimensionOf(parameters.beta_slow || 1)
  const low = Math.max(truncate ? Math.floor(first) : first, 0)
  const end = Math.min(truncate ? Math.ceil(last) : last, dim - 1)
  const high = low === end ? end + 0.001 : end
  const inverseFrequencies = Float32Array.from({ length: dim / 2 }, (_, i) => {
    const power = f32(theta ** f32((2 * i) / dim))
    const ramp = Math.min(1, Math.max(0, f32(f32(i - low) / (high - low))))
    const keep = f32(1 - ramp)
    return f32(f32(1 / f32(factor * power)) * f32(1 - keep)) + f32(f32(1 / power) * keep)
  })
  return { inverseFrequencies, attentionFactor: parameters.attention_factor ?? inferred }
}

type Kind<T extends RopeParameters['rope_type']> = Extract<RopeParameters, { rope_type: T }>

/** cos and sin of positions 0 … rows − 1, [rows, rotaryDim / 2] each; the angle is rounded to float32 first, as in torch. */
export function ropeTables(rope: Rope, rows: number): { readonly cos: Float32Array; readonly sin: Float32Array } {
  const width = rope.inverseFrequencies.length
  const cos = new Float32Array(rows * width)
  const sin = new Float32Array(rows * width)
  for (let position = 0, at = 0; position < rows; position++)
    for (let i = 0; i < width; i++, at++) {
      const angle = f32(position * rope.inverseFrequencies[i]!)
      cos[at] = f32(Math.cos(angle)) * rope.attentionFactor
      sin[at] = f32(Math.sin(angle)) * rope.attentionFactor
    }
  return { cos, sin }
}

const f32 = Math.fround
