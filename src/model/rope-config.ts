import { z } from 'zod'
import { isRecord } from '../is-record.ts'
import type { Checkpoint } from './checkpoint.ts'
import { checkHeadDim, count, parse, refuse } from './config.ts'
import { type Rope, ropeOf, rotaryDim } from './rope.ts'

/**
 * Rotary positions from config.json: `rope_parameters` is transformers 5's layout, `rope_theta` + `rope_scaling` transformers
 * 4's. Settled as transformers 5 does (`convert_rope_params_to_dict`, `standardize_rope_params`).
 */

const positive = z.number().positive()
const scaling = z.object({ rope_theta: positive.nullish(), partial_rotary_factor: positive.max(1).nullish() })
const originalMax = { original_max_position_embeddings: count.nullish() }
const attentionFactor = { attention_factor: z.number().nonnegative().nullish() }

/** The rope types that we compute, with their parameters (transformers/modeling_rope_utils.py). */
const ropeParameters = z.discriminatedUnion('rope_type', [
  scaling.extend({ rope_type: z.literal('default') }),
  scaling.extend({ rope_type: z.literal('linear'), factor: positive }),
  scaling.extend({ rope_type: z.literal('dynamic'), factor: positive }),
  scaling.extend({ rope_type: z.literal('proportional'), factor: positive.nullish() }),
  scaling.extend({
    rope_type: z.literal('llama3'),
    factor: positive,
    low_freq_factor: positive,
    high_freq_factor: positive,
    ...originalMax,
  }),
  scaling.extend({
    rope_type: z.literal('yarn'),
    factor: positive.nullish(),
    beta_fast: z.number().nullish(),
    beta_slow: z.number().nullish(),
    mscale: z.number().nullish(),
    mscale_all_dim: z.number().nullish(),
    truncate: z.boolean().nullish(),
    ...attentionFactor,
    ...originalMax,
  }),
  scaling.extend({
    rope_type: z.literal('longrope'),
    short_factor: z.array(positive),
    long_factor: z.array(positive),
    factor: positive.nullish(),
    ...attentionFactor,
    ...originalMax,
  }),
])
export type RopeParameters = z.infer<typeof ropeParameters> & {
  readonly rope_theta: number
  readonly partial_rotary_factor: number
}
const ROPE_TYPES = ropeParameters.options.map(({ shape }) => shape.rope_type.value)

/** What the frequencies of a model depend on besides. */
export interface RopeShape {
  readonly headDim: number
  readonly maxPositions: number
}

/** A key beside the parameters, and what stands in where neither says anything. */
interface Beside {
  readonly key: string
  readonly otherwise: number
}
/** How a family writes its rotary positions. */
export interface RopeFamily {
  readonly theta: Beside
  /** The rotated share of a head, and whether an odd number of elements is rounded up; null: heads are turned whole. */
  readonly share: (Beside & { readonly roundsUp: boolean }) | null
}
const LLAMA: RopeFamily = { theta: { key: 'rope_theta', otherwise: 10_000 }, share: null }
export const SHARE_KEY = 'partial_rotary_factor'

/** One rope for all layers: `rope_scaling` wins where both layouts are given, an original length beside it over the one inside. */
export function readRope(checkpoint: Checkpoint, shape: RopeShape, family: Partial<RopeFamily> = {}): Rope {
  const { rope_parameters, rope_scaling } = checkpoint.config
  const key = isEmpty(rope_scaling) ? 'rope_parameters' : 'rope_scaling'
  const given = (isEmpty(rope_scaling) ? rope_parameters : rope_scaling) ?? {}
  if (!isRecord(given)) throw refuse(checkpoint, key, given, 'expected an object or null')
  const nested = Object.keys(given).find((name) => isRecord(given[name]))
  if (nested !== undefined)
    throw refuse(checkpoint, `${key}.${nested}`, given[nested], 'one rope for all layers is supported')
  const original = beside(checkpoint, 'original_max_position_embeddings', count)
  const whole = { ...given, rope_type: given.rope_type ?? given.type ?? 'default' }
  return rope(checkpoint, key, whole, shape, { ...LLAMA, ...family }, original)
}

/** Where a kind of layer has its base, and whether `rope_scaling` is meant for it. */
export interface LayerRopeFamily {
  readonly theta: Beside
  readonly scaled: boolean
}

/**
 * A rope for each kind of layer. transformers 5 nests one entry a kind in `rope_parameters`; in 4's layout every kind has a base
 * under a key of its own, and `rope_scaling` holds for some of them (Gemma 3: full attention; ModernBERT: both).
 */
export function readLayerRopes<Kind extends string>(
  checkpoint: Checkpoint,
  shape: RopeShape,
  kinds: Readonly<Record<Kind, LayerRopeFamily>>,
): Readonly<Record<Kind, Rope>> {
  const { rope_parameters, rope_scaling } = checkpoint.config
  const nested = rope_parameters ?? {}
  const scaled = rope_scaling ?? {}
  const names = Object.keys(kinds) as Kind[]
  if (!isRecord(nested) || !(isEmpty(nested) || names.some((name) => name in nested)))
    throw refuse(checkpoint, 'rope_parameters', nested, `expected an object with ${names.join(' and ')}`)
  if (!isRecord(scaled)) throw refuse(checkpoint, 'rope_scaling', scaled, 'expected an object or null')
  // transformers 4 reads `type` here, 5 passes over it
  if (scaled.type !== undefined && scaled.rope_type === undefined)
    throw refuse(checkpoint, 'rope_scaling.type', scaled.type, 'versions of transformers differ on it; say "rope_type"')
  const of = (name: Kind): Rope => {
    const own = nested[name] ?? {}
    if (!isRecord(own)) throw refuse(checkpoint, `rope_parameters.${name}`, own, 'expected an object or null')
    const { theta, scaled: takesScaling } = kinds[name]
    const given: Readonly<Record<string, unknown>> = {
      ...own,
      rope_type: own.rope_type ?? own.type ?? 'default',
      ...(takesScaling && scaled),
    }
    // transformers reads it from beside the kinds, where nobody writes it
    if (given.truncate === false)
      throw refuse(checkpoint, `rope_parameters.${name}.truncate`, false, 'transformers passes over it')
    const key = isEmpty(rope_parameters) ? 'rope_scaling' : `rope_parameters.${name}`
    return rope(checkpoint, key, given, shape, { theta, share: null }, null)
  }
  return Object.fromEntries(names.map((name) => [name, of(name)])) as Record<Kind, Rope>
}

function rope(
  checkpoint: Checkpoint,
  key: string,
  given: Readonly<Record<string, unknown>>,
  { headDim, maxPositions }: RopeShape,
  { theta, share }: RopeFamily,
  original: number | null,
): Rope {
  if (!ROPE_TYPES.some((type) => type === given.rope_type))
    throw refuse(checkpoint, `${key}.rope_type`, given.rope_type, `supported: ${ROPE_TYPES.join(', ')}`)
  const parsed = parse(ropeParameters, given, checkpoint, `${key}.`)
  const parameters = {
    ...parsed,
    rope_theta: parsed.rope_theta ?? beside(checkpoint, theta.key, positive) ?? theta.otherwise,
    partial_rotary_factor:
      parsed.partial_rotary_factor ??
      beside(checkpoint, share?.key ?? SHARE_KEY, positive.max(1)) ??
      share?.otherwise ??
      1,
    ...(original !== null && { original_max_position_embeddings: original }),
  }
  checkHeadDim(checkpoint, headDim)
  const part = parameters.partial_rotary_factor
  const partKey = parsed.partial_rotary_factor == null ? (share?.key ?? SHARE_KEY) : `${key}.${SHARE_KEY}`
  if (share === null && part !== 1 && parameters.rope_type !== 'proportional')
    throw refuse(checkpoint, partKey, part, 'this model_type turns whole heads')
  const dim = rotaryDim(parameters, headDim)
  const least = parameters.rope_type === 'dynamic' ? 3 : 2
  const odd = share?.roundsUp === true && parameters.rope_type !== 'yarn' && parameters.rope_type !== 'longrope'
  if (dim < least || (dim % 2 !== 0 && !odd))
    throw refuse(
      checkpoint,
      partKey,
      part,
      `would turn ${dim} of ${headDim} elements of a head; must be at least ${least}${odd ? '' : ' and even'}`,
    )
  if (parameters.rope_type === 'longrope')
    for (const name of ['short_factor', 'long_factor'] as const)
      if (parameters[name].length !== dim / 2)
        throw refuse(
          checkpoint,
          `${key}.${name}`,
          parameters[name],
          `${parameters[name].length} factors for ${dim / 2} frequencies`,
        )
  return ropeOf(parameters, headDim, maxPositions)
}

const beside = (checkpoint: Checkpoint, key: string, schema: z.ZodType<number>): number | null =>
  parse(schema.nullish(), checkpoint.config[key], checkpoint, key) ?? null

/** Python's `not value` of null, absent and {}. */
const isEmpty = (value: unknown): boolean =>
  value === undefined || value === null || (isRecord(value) && Object.keys(value).length === 0)
