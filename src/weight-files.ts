import { isAbsolute, normalize } from 'node:path'
import { ModelError } from './errors.ts'
import { duplicateKey } from './unique-keys.ts'

/** How a checkpoint's weight files are named, on disk (model/) and on the hub (hub/). */
export const SINGLE_FILE = 'model.safetensors'
export const INDEX_FILE = 'model.safetensors.index.json'

/** Weight files that hold Python pickles: loading one runs the code in it, so none is ever opened. */
export const isPickle = (name: string): boolean =>
  /\.(bin|pt|pth|ckpt|pkl)$/.test(name) && !/^(training_args|optimizer|scheduler|rng_state)/.test(name)

export const PICKLE_HINT =
  'Convert once in Python: model = AutoModel….from_pretrained(name); model.save_pretrained(folder, safe_serialization=True); ' +
  'or open a conversion pull request at https://huggingface.co/spaces/safetensors/convert and pass its --revision refs/pr/N'

/**
 * Reward heads that lie beside a model's weights, and what stands before their tensors' names in the model: LLaMA-Factory's value head,
 * and the two of LDL-Reward, which its class saves as pickles.
 */
const HEAD_FILES: ReadonlyMap<string, string> = new Map([
  ['value_head.safetensors', ''],
  ['regression_layer.safetensors', 'regression_layer.'],
  ['gating_layer.safetensors', 'gating_layer.'],
])
export const headFiles: readonly string[] = [...HEAD_FILES.keys()]
export const headTensorPrefix = (file: string): string => HEAD_FILES.get(file) ?? ''

/** The same heads as pickles, by the name that their safetensors would have. */
const HEAD_PICKLES: ReadonlyMap<string, string> = new Map([
  ['value_head.bin', 'value_head.safetensors'],
  ['v_head.bin', 'value_head.safetensors'],
  ['regression_layer.pt', 'regression_layer.safetensors'],
  ['gating_layer.pt', 'gating_layer.safetensors'],
])
export const isHeadPickle = (name: string): boolean => HEAD_PICKLES.has(name)
/** How to convert one, once, in Python. */
export const headPickleHint = (name: string): string =>
  'Convert once in Python: import torch; from safetensors.torch import save_file; ' +
  `save_file({k: v.contiguous() for k, v in torch.load("${name}", map_location="cpu", weights_only=True).items()}, "${HEAD_PICKLES.get(name)}")`

/** A PEFT adapter (LoRA …). transformers applies one that lies beside whole weights, too, so both are refused. */
export const isAdapter = (name: string): boolean => /^adapter_(config\.json|model\.(safetensors|bin))$/.test(name)
export const ADAPTER = 'is a PEFT adapter (adapter_config.json), not a whole model'
export const ADAPTER_HINT =
  'Merge it into its base model once in Python: PeftModel.from_pretrained(base, adapter).merge_and_unload().save_pretrained(folder)'

/** Whether a name from an untrusted file or server stays below the folder that it is joined to, on any platform. */
export const staysInside = (name: string): boolean =>
  name !== '' && !isAbsolute(name) && !/[\\:\0]/.test(name) && !normalize(name).split('/').includes('..')

/** `weight_map` of an index: tensor name → shard file, every shard inside the checkpoint's folder. */
export function parseWeightMap(json: string, where: string): Map<string, string> {
  let index: unknown
  try {
    index = JSON.parse(json)
  } catch (cause) {
    throw new ModelError(`is not valid JSON: ${(cause as Error).message}`, where, null, { cause })
  }
  const map = (index as { weight_map?: unknown } | null)?.weight_map
  if (typeof map !== 'object' || map === null || Array.isArray(map))
    throw new ModelError('has no weight_map object', where)
  const twice = duplicateKey(json)
  if (twice !== null) throw new ModelError(`names "${twice}" twice`, where)
  const entries = Object.entries(map).map(([name, shard]: [string, unknown]): [string, string] => {
    if (typeof shard !== 'string') throw new ModelError(`weight_map["${name}"] is not a file name`, where)
    if (!staysInside(shard) || !shard.endsWith('.safetensors'))
      throw new ModelError(
        `weight_map["${name}"] is ${JSON.stringify(shard)}, expected a .safetensors file in the same folder`,
        where,
      )
    return [name, shard]
  })
  if (entries.length === 0) throw new ModelError('weight_map is empty', where)
  return new Map(entries)
}
