import { ModelError } from '../../errors.ts'
import type { Checkpoint } from '../checkpoint.ts'
import type { Embedding, Linear, Norm } from '../spec.ts'

/** torch.nn.Linear `name`: weight [outputs, inputs], bias [outputs] where `bias`. */
export const linear = (name: string, inputs: number, outputs: number, bias: boolean): Linear => ({
  weight: `${name}.weight`,
  bias: bias ? { name: `${name}.bias`, optional: false } : null,
  inputs,
  outputs,
  layout: 'out,in',
  part: null,
})

/** transformers' Conv1D `name`: weight [inputs, outputs], bias [outputs]. */
export const conv1d = (name: string, inputs: number, outputs: number): Linear => ({
  ...linear(name, inputs, outputs, true),
  layout: 'in,out',
})

export const rmsNorm = (name: string, epsilon: number): Norm => ({
  kind: 'rms',
  weight: `${name}.weight`,
  bias: null,
  epsilon,
  weightOffset: 0,
})

export const layerNorm = (name: string, epsilon: number): Norm => ({
  kind: 'layer',
  weight: `${name}.weight`,
  bias: `${name}.bias`,
  epsilon,
  weightOffset: 0,
})

/** Mean 0 and variance 1, and nothing learned (OLMo 1). */
export const weightlessNorm = (epsilon: number): Norm => ({
  kind: 'layer',
  weight: null,
  bias: null,
  epsilon,
  weightOffset: 0,
})

/** Where custom classes keep a model (Starling's). */
const OTHER_PREFIX = 'transformer.'

/**
 * The prefix of the body's tensors: with a head they are saved below `model.` (GPT-2: `transformer.`), a bare base model
 * has none. Found by the last norm's name.
 */
export function bodyPrefix(checkpoint: Checkpoint, prefix: string, norm: string): string {
  if (checkpoint.tensors.has(`${prefix}${norm}`)) return prefix
  if (checkpoint.tensors.has(norm)) return ''
  if (checkpoint.tensors.has(`${OTHER_PREFIX}${norm}`)) return OTHER_PREFIX
  const some = [...checkpoint.tensors.keys()].slice(0, 5).join(', ')
  throw new ModelError(
    `has neither "${prefix}${norm}" nor "${norm}"; its tensors begin with ${some || 'none at all'}`,
    checkpoint.dir,
    'The tensors are not named as transformers names them for this model_type.',
  )
}

/** The embedding's tensor. Of two tied tensors that share memory, a writer may have kept the causal head alone. */
export const embeddingName = (checkpoint: Checkpoint, name: string, tied: boolean): string =>
  tied && !checkpoint.tensors.has(name) && checkpoint.tensors.has(CAUSAL_HEAD) ? CAUSAL_HEAD : name

export const CAUSAL_HEAD = 'lm_head.weight'

/** Tokens alone, as wide as the hidden states. */
export const tokenEmbedding = (tokens: string, width: number): Embedding => ({
  tokens,
  width,
  scale: null,
  types: null,
  positions: null,
  norm: null,
  projection: null,
})

/** config.json with a family's own key names: by its `attribute_map` the names of other families are taken too, and win. */
export function ownNames(checkpoint: Checkpoint, aliases: Readonly<Record<string, string>>): Checkpoint {
  const config = { ...checkpoint.config }
  for (const [alias, own] of Object.entries(aliases)) if (config[alias] !== undefined) config[own] = config[alias]
  return { ...checkpoint, config }
}
