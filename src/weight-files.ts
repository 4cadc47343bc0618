import { isAbsolute, join, normalize } from 'node:path'
import { ModelError } from './errors.ts'
import { duplicateKey } from './unique-keys.ts'
import { modelBytes, modelText, parseModelJson } from './untrusted-json.ts'

/** How a checkpoint's weight files are named, on disk (model/) and on the hub (hub/). */
export const SINGLE_FILE = 'model.safetensors'
export const INDEX_FILE = 'model.safetensors.index.json'

/**
 * The shards model-00001-of-0000N.safetensors … of a folder without an index, in order; null: there are none.
 * @throws ModelError where some are missing, or two saves lie in one folder
 */
export function numberedShards(names: readonly string[], where: string): string[] | null {
  const found = names.flatMap((name) => {
    const match = /^model-(\d+)-of-(\d+)\.safetensors$/.exec(name)
    return match === null ? [] : [{ name, number: Number(match[1]), of: Number(match[2]) }]
  })
  if (found.length === 0) return null
  const counts = [...new Set(found.map(({ of }) => of))]
  if (counts.length > 1)
    throw new ModelError(
      `has no ${INDEX_FILE}, and shards of ${counts.length} saves: of ${counts.join(' and of ')}`,
      where,
      'Keep those of one save.',
    )
  const shards = found.sort((a, b) => a.number - b.number)
  if (shards.length !== counts[0] || shards.some(({ number }, i) => number !== i + 1))
    throw new ModelError(
      `has no ${INDEX_FILE}, and ${shards.length} of ${counts[0]} shards: ${shards.map(({ name }) => name).join(', ')}`,
      where,
      'The folder is incomplete: download the model again.',
    )
  return shards.map(({ name }) => name)
}

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

/** How PEFT names the files of an adapter. */
export const ADAPTER_CONFIG = 'adapter_config.json'
export const ADAPTER_WEIGHTS = 'adapter_model.safetensors'
const ADAPTER_PICKLE = 'adapter_model.bin'

/** Where an adapter stands in a base's place. */
export const ADAPTED_HINT =
  'An adapter on an adapter is not opened: merge the first one into its base once in Python: PeftModel.from_pretrained(base, adapter).merge_and_unload().save_pretrained(folder)'

/** Whether the files of a folder are those of a PEFT adapter. */
export const isAdapter = (names: readonly string[]): boolean =>
  names.some((name) => name === ADAPTER_CONFIG || name === ADAPTER_WEIGHTS || name === ADAPTER_PICKLE)

/**
 * Refuses an adapter's files that are no adapter: one half of the two is missing, pickled, or whole weights lie beside it, of which
 * transformers would take neither for sure.
 */
export function checkAdapterFiles(names: readonly string[], where: string): void {
  const whole = names.find((name) => name === SINGLE_FILE || name === INDEX_FILE)
  if (whole !== undefined)
    throw new ModelError(
      `holds a PEFT adapter (${names.find((name) => name.startsWith('adapter_'))}) and whole weights (${whole}): it does not say which of them is meant`,
      where,
      'Keep one of the two in the folder: the adapter_… files, or the weights.',
    )
  if (!names.includes(ADAPTER_CONFIG))
    throw new ModelError(`has weights of a PEFT adapter, but no ${ADAPTER_CONFIG}`, where)
  if (names.includes(ADAPTER_WEIGHTS)) return
  throw new ModelError(
    names.includes(ADAPTER_PICKLE)
      ? `has its adapter only as a pickle (${ADAPTER_PICKLE}); unpickling runs code, so it is never opened`
      : `has ${ADAPTER_CONFIG}, but no ${ADAPTER_WEIGHTS}`,
    where,
    names.includes(ADAPTER_PICKLE)
      ? 'Convert it once in Python, without code of the file: import torch, safetensors.torch as s; ' +
          `s.save_file(torch.load('${ADAPTER_PICKLE}', weights_only=True), '${ADAPTER_WEIGHTS}')`
      : 'The folder is incomplete: download the adapter again, or wait until it is saved.',
  )
}

/** Whether a name from an untrusted file or server stays below the folder that it is joined to, on any platform. */
export const staysInside = (name: string): boolean =>
  name !== '' && !isAbsolute(name) && !/[\\:\0]/.test(name) && !normalize(name).split('/').includes('..')

/** The index of a folder that has one. @throws ModelError */
export function indexText(dir: string): string {
  const path = join(dir, INDEX_FILE)
  const bytes = modelBytes(path, path)
  if (bytes === null) throw new ModelError('no such file', path)
  return modelText(bytes, path)
}

/** `weight_map` of an index: tensor name → shard file, every shard inside the checkpoint's folder. */
export function parseWeightMap(json: string, where: string): Map<string, string> {
  const index = parseModelJson(json, where)
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
