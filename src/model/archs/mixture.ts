import { join } from 'node:path'
import { z } from 'zod'
import { ModelError } from '../../errors.ts'
import type { Checkpoint } from '../checkpoint.ts'
import { count, refuse, rotaryConfig } from '../config.ts'
import type { Act, Experts } from '../spec.ts'
import { linear } from './names.ts'

/** Far above any mixture; each of them is a record in every layer. */
const expertsOf = z.int().nonnegative().max(1024)

/** The keys of mixtures that families share. Either name of the number of experts is common: the hub's, or the one that transformers 5 writes. */
export const mixtureConfig = rotaryConfig.extend({
  num_experts: expertsOf.nullish(),
  num_local_experts: expertsOf.nullish(),
  num_experts_per_tok: count,
})

/** How many experts config.json gives to a layer. */
export function expertCount(checkpoint: Checkpoint, config: z.infer<typeof mixtureConfig>): number {
  const { num_experts: ours, num_local_experts: other } = config
  if (ours != null && other != null && ours !== other)
    throw refuse(checkpoint, 'num_local_experts', other, `"num_experts" is ${ours}`)
  const experts = ours ?? other
  if (experts == null) throw new ModelError('has no "num_experts"', join(checkpoint.dir, 'config.json'))
  return experts
}

/** The facts of a mixture that config.json gives. */
export interface MixtureFacts {
  readonly hidden: number
  /** Width of one expert. */
  readonly inner: number
  readonly experts: number
  readonly topK: number
  readonly normalised: boolean
  readonly act: Act
}

/** How a family names the projections of an expert. */
export interface ExpertNames {
  readonly gate: string
  readonly up: string
  readonly down: string
}
const PROJ_NAMES: ExpertNames = { gate: 'gate_proj', up: 'up_proj', down: 'down_proj' }

/** The mixture at a place: its router is `<at>.gate`, its experts `<at>.experts.<n>`, each a gated MLP without biases. */
export function mixture(
  checkpoint: Checkpoint,
  at: string,
  { hidden, inner, experts, topK, normalised, act }: MixtureFacts,
  names: ExpertNames = PROJ_NAMES,
): Experts {
  if (topK > experts)
    throw refuse(checkpoint, 'num_experts_per_tok', topK, `a token cannot go through more than ${experts} experts`)
  refuseFused(checkpoint)
  return {
    kind: 'experts',
    router: linear(`${at}.gate`, hidden, experts, false),
    experts: Array.from({ length: experts }, (_, e) => {
      const expert = `${at}.experts.${e}`
      return {
        kind: 'gated',
        gate: linear(`${expert}.${names.gate}`, hidden, inner, false),
        up: linear(`${expert}.${names.up}`, hidden, inner, false),
        down: linear(`${expert}.${names.down}`, inner, hidden, false),
        act,
      }
    }),
    topK,
    normalised,
    shared: null,
  }
}

/** transformers 5 holds the experts of a layer in two tensors, but saves them one by one, as the hub has them, unless it is told not to. */
function refuseFused({ tensors, dir }: Checkpoint): void {
  const fused = [...tensors.keys()].find((name) => /\.experts\.(gate_up_proj|down_proj)$/.test(name))
  if (fused !== undefined)
    throw new ModelError(
      `holds all experts of a layer in one tensor (${fused}); supported is a tensor for each, as the hub's checkpoints have`,
      dir,
      'Save it with transformers 5: model.save_pretrained(…), without save_original_format=False.',
    )
}
