import { isDeepStrictEqual } from 'node:util'
import type { RopeParameters } from './rope-config.ts'

/** Rotary positions of one kind of layer. */
export interface Rope {
  /** Angle per position of every rotated pair, [rotaryDim / 2]. */
  readonly inverseFrequencies: Float32Array
  /** Scales cos and sin (yarn, longrope), else 1. */
  readonly attentionFactor: number
  /** Elements 2i and 2i + 1 turn together (Cohere); absent: i and i + rotaryDim / 2. */
  readonly neighbours?: true
  /** What holds for sequences of more than `over` positions; null where all lengths turn alike. */
  readonly longer: Longer | null
}

/** `fixed`: one other set of frequencies (longrope); `grown`: a base that grows with the sequence's own length (dynamic). */
export type Longer =
  | { readonly kind: 'fixed'; readonly over: number; readonly inverseFrequencies: Float32Array }
  | {
      readonly kind: 'grown'
      readonly over: number
      readonly theta: number
      readonly factor: number
      readonly dim: number
    }

export const sameRope = (a: Rope, b: Rope): boolean => isDeepStrictEqual(a, b)

/**
 * Inverse frequencies as transformers computes them (modeling_rope_utils.py), step by step in float32 where it does.
 * @param maxPositions config's max_position_embeddings: stands in for a missing original length
 */
export function ropeOf(parameters: RopeParameters, headDim: number, maxPositions: number): Rope {
  const dim = rotaryDim(parameters, headDim)
  const plain = { attentionFactor: 1, longer: null }
  const base = frequencies(parameters.rope_theta, dim)
  switch (parameters.rope_type) {
    case 'default':
      return { inverseFrequencies: base, ...plain }
    case 'linear':
      return { inverseFrequencies: base.map((f) => f / parameters.factor), ...plain }
    case 'proportional':
      return { inverseFrequencies: proportional(base, parameters, headDim), ...plain }
    case 'llama3':
      return { inverseFrequencies: llama3(base, parameters, maxPositions), ...plain }
    case 'yarn':
      return yarn(parameters, dim, maxPositions)
    case 'dynamic':
      return dynamic(parameters, dim, maxPositions)
    case 'longrope':
      return longrope(parameters, dim, maxPositions)
  }
}

/** Rotated elements of a head: the first ones of its share; `proportional` turns all of them, those beyond the share by 0. */
export const rotaryDim = ({ rope_type, partial_rotary_factor }: RopeParameters, headDim: number): number =>
  rope_type === 'proportional' ? headDim : Math.trunc(headDim * partial_rotary_factor)

/** θ^(−2i/dim); of an odd dim one pair more is turned, as torch's arange has it. */
const frequencies = (theta: number, dim: number): Float32Array =>
  Float32Array.from({ length: Math.ceil(dim / 2) }, (_, i) => 1 / wave(theta, i, dim))
const wave = (theta: number, i: number, dim: number): number => f32(theta ** f32((2 * i) / dim))

/** Gemma 4's: the frequencies of the whole head, of which the share's are kept. */
function proportional(
  base: Float32Array,
  { factor, partial_rotary_factor: share }: Kind<'proportional'>,
  headDim: number,
): Float32Array {
  const turned = Math.floor((share * headDim) / 2)
  return base.map((frequency, i) => (i < turned ? frequency / (factor ?? 1) : 0))
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
    const power = wave(theta, i, dim)
    const ramp = Math.min(1, Math.max(0, f32(f32(i - low) / (high - low))))
    const keep = f32(1 - ramp)
    return f32(f32(1 / f32(factor * power)) * f32(1 - keep)) + f32(f32(1 / power) * keep)
  })
  return { inverseFrequencies, attentionFactor: parameters.attention_factor ?? inferred, longer: null }
}

/** Dynamic NTK (r/LocalLLaMA, bloc97 and emozilla): up to config's length plain, beyond it a base that grows with the length. */
function dynamic({ rope_theta: theta, factor }: Kind<'dynamic'>, dim: number, maxPositions: number): Rope {
  const grown = theta * ((factor * maxPositions) / maxPositions - (factor - 1)) ** (dim / (dim - 2))
  return {
    inverseFrequencies: frequencies(grown, dim),
    attentionFactor: 1,
    longer: { kind: 'grown', over: maxPositions, theta, factor, dim },
  }
}

/** LongRoPE, Ding et al. 2024, arXiv:2402.13753: a factor for every frequency, one set up to the original length and one beyond. */
function longrope(parameters: Kind<'longrope'>, dim: number, maxPositions: number): Rope {
  const { rope_theta: theta, short_factor, long_factor, attention_factor } = parameters
  const original = parameters.original_max_position_embeddings ?? maxPositions
  const factor = parameters.factor ?? maxPositions / original
  const inferred = factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(original))
  const scaled = (factors: readonly number[]): Float32Array =>
    Float32Array.from({ length: dim / 2 }, (_, i) => 1 / f32(f32(factors[i]!) * wave(theta, i, dim)))
  return {
    inverseFrequencies: scaled(short_factor),
    attentionFactor: attention_factor ?? inferred,
    longer: { kind: 'fixed', over: original, inverseFrequencies: scaled(long_factor) },
  }
}

type Kind<T extends RopeParameters['rope_type']> = Extract<RopeParameters, { rope_type: T }>

/** The shortest length whose sequences turn as those of `length` positions; 0 where that is as short ones do. */
export const turnsAs = (ropes: readonly Rope[], length: number): number =>
  ropes.reduce((most, { longer }) => {
    if (longer === null || length <= longer.over) return most
    return Math.max(most, longer.kind === 'fixed' ? longer.over + 1 : length)
  }, 0)

/** Inverse frequencies of sequences of so many positions. */
export function frequenciesFor({ inverseFrequencies, longer }: Rope, length: number): Float32Array {
  if (longer === null || length <= longer.over) return inverseFrequencies
  if (longer.kind === 'fixed') return longer.inverseFrequencies
  const { theta, factor, dim, over } = longer
  const stretch = f32(f32(f32(factor * length) / over) - f32(factor - 1))
  return frequencies(f32(theta * f32(stretch ** f32(dim / (dim - 2)))), dim)
}

const f32 = Math.fround
