import { join } from 'node:path'
import { ModelError } from '../errors.ts'
import { ADAPTER_WEIGHTS } from '../weight-files.ts'
import type { AdapterFolder } from './adapter.ts'
import type { Checkpoint } from './checkpoint.ts'
import type { Delta } from './delta.ts'
import { isTarget, scaleOf } from './peft-config.ts'
import type { TensorRef } from './safetensors.ts'

/** The tensors of an adapter: what they are by their names, and what each module's add to the base. */

/** Where PEFT's model lies in the names of its tensors. */
const PREFIX = 'base_model.model.'

/** The parts of a tensor's name behind its module; `default` is the adapter's name, which some trainers keep. */
const PARTS: readonly (readonly [RegExp, Part])[] = [
  [/\.lora_A(?:\.default)?\.weight$/, 'a'],
  [/\.lora_B(?:\.default)?\.weight$/, 'b'],
  [/\.lora_B(?:\.default)?\.bias$/, 'loraBias'],
  [/\.lora_embedding_A(?:\.default)?$/, 'embeddingA'],
  [/\.lora_embedding_B(?:\.default)?$/, 'embeddingB'],
  [/\.lora_magnitude_vector(?:\.default)?(?:\.weight)?$/, 'magnitude'],
  [/\.token_adapter\.trainable_tokens_delta(?:\.default)?$/, 'rows'],
  [/(?:\.base_layer|\.modules_to_save(?:\.default)?)?\.weight$/, 'weight'],
  [/(?:\.base_layer|\.modules_to_save(?:\.default)?)?\.bias$/, 'bias'],
]
type Part = 'a' | 'b' | 'loraBias' | 'embeddingA' | 'embeddingB' | 'magnitude' | 'rows' | 'weight' | 'bias'
export type Parts = { readonly [P in Part]?: TensorRef }

export const fault = (adapter: AdapterFolder, what: string, hint: string | null = null): ModelError =>
  new ModelError(what, join(adapter.dir, ADAPTER_WEIGHTS), hint)
/** The adapter's tensors by the module that they belong to. */
export function modulesOf(adapter: AdapterFolder): Map<string, Parts> {
  const modules = new Map<string, { [P in Part]?: TensorRef }>()
  for (const ref of adapter.tensors) {
    const name = ref.name.startsWith(PREFIX) ? ref.name.slice(PREFIX.length) : null
    const found = name === null ? undefined : PARTS.find(([pattern]) => pattern.test(name))
    if (name === null || found === undefined || name.includes('.original_module.'))
      throw fault(adapter, `holds tensor "${ref.name}", which is not named as PEFT names those of a LoRA`)
    const module = name.replace(found[0], '')
    const parts = modules.get(module) ?? {}
    if (parts[found[1]] !== undefined)
      throw fault(adapter, `holds "${parts[found[1]]!.name}" and "${ref.name}", which are one tensor`)
    parts[found[1]] = ref
    modules.set(module, parts)
  }
  return modules
}

/** A module's name in the base's files: a bare base model lacks the prefix that the class with a head puts in front, or has it alone. */
export function baseName({ tensors }: Checkpoint, module: string): string {
  const has = (name: string): boolean => tensors.has(`${name}.weight`) || tensors.has(`${name}.bias`)
  const short = module.slice(module.indexOf('.') + 1)
  return [module, short, `model.${module}`, `transformer.${module}`].find(has) ?? module
}

/** What an adapter adds to a module's weight; null: nothing. */
export function deltaOf(
  adapter: AdapterFolder,
  module: string,
  own: string,
  parts: Parts,
  tensors: ReadonlyMap<string, TensorRef>,
  add: (name: string, ref: TensorRef) => string,
): Delta | null {
  const { config } = adapter
  const embedding = parts.embeddingA !== undefined || parts.embeddingB !== undefined
  const [a, b] = embedding ? [parts.embeddingA, parts.embeddingB] : [parts.a, parts.b]
  if (a === undefined && b === undefined && parts.rows === undefined) {
    if (parts.magnitude !== undefined || parts.loraBias !== undefined)
      throw fault(adapter, `has no lora_A and lora_B for "${module}"`)
    return null
  }
  const weight = tensors.get(`${own}.weight`)
  if (weight === undefined)
    throw fault(
      adapter,
      `adapts "${module}", which the base model does not have`,
      'Does "base_model_name_or_path" of adapter_config.json name the model that it was trained on?',
    )
  if (parts.rows !== undefined) {
    if (a !== undefined || b !== undefined)
      throw fault(adapter, `adapts "${module}" by factors and by single rows, which is not computed here`)
    return rowsDelta(adapter, module, own, parts.rows, weight, add)
  }
  if (a === undefined || b === undefined)
    throw fault(adapter, `has only one of lora_A and lora_B for "${module}"`, 'The file is incomplete.')
  if (!isTarget(config, module))
    throw fault(
      adapter,
      `holds factors for "${module}", which adapter_config.json does not target: PEFT would leave them out`,
      'Configuration and weights are not of one adapter.',
    )
  const { r, scale } = scaleOf(config, module)
  checkFactors(adapter, module, { a, b, weight, r, transposed: embedding })
  if (config.dora !== (parts.magnitude !== undefined))
    throw fault(
      adapter,
      `${config.dora ? 'has no' : 'has a'} lora_magnitude_vector for "${module}", "use_dora" is ${config.dora}`,
    )
  if (config.dora && embedding)
    throw fault(adapter, `adapts the embedding "${module}" by DoRA, which is not computed here`)
  const part = (name: string, ref: TensorRef): string => add(`${own}.${name}`, ref)
  return {
    kind: 'factors',
    a: part(embedding ? 'lora_embedding_A' : 'lora_A.weight', a),
    b: part(embedding ? 'lora_embedding_B' : 'lora_B.weight', b),
    r,
    scale,
    embedding,
    magnitude: parts.magnitude === undefined ? null : part('lora_magnitude_vector', parts.magnitude),
  }
}

/** A is [r, inputs], B [outputs, r]; the weight has their product's shape, an embedding and a Conv1D the other way round. */
function checkFactors(
  adapter: AdapterFolder,
  module: string,
  of: { a: TensorRef; b: TensorRef; weight: TensorRef; r: number; transposed: boolean },
): void {
  const { a, b, weight, r } = of
  const shape = ({ shape }: TensorRef): string => `[${shape.join(', ')}]`
  if (a.shape.length !== 2 || b.shape.length !== 2 || a.shape[0] !== r || b.shape[1] !== r)
    throw fault(
      adapter,
      `"${module}" has factors ${shape(a)} and ${shape(b)}, adapter_config.json says rank ${r}`,
      'Configuration and weights are not of one adapter.',
    )
  const [outputs, inputs] = [b.shape[0]!, a.shape[1]!]
  const fits = (rows: number, columns: number): boolean =>
    weight.shape.length === 2 && weight.shape[0] === rows && weight.shape[1] === columns
  if (of.transposed ? !fits(inputs, outputs) : !fits(outputs, inputs) && !fits(inputs, outputs))
    throw fault(
      adapter,
      `"${module}" has factors ${shape(a)} and ${shape(b)}, the base's weight is ${shape(weight)}`,
      'Does "base_model_name_or_path" of adapter_config.json name the model that it was trained on?',
    )
}

/** `trainable_token_indices`: rows of the embedding that were trained whole; they replace the base's. */
function rowsDelta(
  adapter: AdapterFolder,
  module: string,
  own: string,
  values: TensorRef,
  weight: TensorRef,
  add: (name: string, ref: TensorRef) => string,
): Delta {
  const { tokenRows } = adapter.config
  const ids = (
    tokenRows.find((one) => one.module !== null && `.${module}`.endsWith(`.${one.module}`)) ??
    tokenRows.find((one) => one.module === null)
  )?.ids
  if (ids === undefined || new Set(ids).size !== ids.length || values.shape[0] !== ids.length)
    throw fault(
      adapter,
      `holds ${values.shape[0]} trained rows of "${module}", "trainable_token_indices" names ${ids?.length ?? 'none'}${ids && new Set(ids).size !== ids.length ? ', some of them twice' : ''}`,
    )
  const beyond = ids.find((id) => id >= weight.shape[0]!)
  if (beyond !== undefined || values.shape[1] !== weight.shape[1])
    throw fault(
      adapter,
      `holds rows of "${module}" that the base's [${weight.shape.join(', ')}] does not have${beyond === undefined ? '' : `: ${beyond}`}`,
    )
  return { kind: 'rows', ids, values: add(`${own}.trainable_tokens_delta`, values) }
}
