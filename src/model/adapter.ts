import { readdirSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { ADAPTER_CONFIG, ADAPTER_WEIGHTS, checkAdapterFiles } from '../weight-files.ts'
import { baseName, deltaOf, fault, modulesOf, type Parts } from './adapter-tensors.ts'
import type { Checkpoint } from './checkpoint.ts'
import type { Delta } from './delta.ts'
import { endsWith, isTarget, type PeftConfig, readPeftConfig, scaleOf } from './peft-config.ts'
import { orModelError, readSafetensorsHeader, type TensorRef } from './safetensors.ts'

/** A PEFT adapter's folder: its configuration and where every tensor lies. No weight is read. */
export interface AdapterFolder {
  readonly dir: string
  readonly config: PeftConfig
  readonly tensors: readonly TensorRef[]
}
/** What an adapter does to a base checkpoint. */
export interface AppliedAdapter {
  readonly dir: string
  /** Absolute real path of its weights. */
  readonly file: string
  readonly config: PeftConfig
  /** By the name of the base's tensor that they change. */
  readonly deltas: ReadonlyMap<string, Delta>
  /** Tensors of the base that the adapter holds itself (`modules_to_save`, biases, embeddings). */
  readonly replaced: readonly string[]
  /** Tensors that the base does not have (a score head). */
  readonly added: readonly string[]
}

/** Opens an adapter's folder. @throws ModelError where it is of a kind that is not computed here */
export function openAdapter(dir: string): AdapterFolder {
  checkAdapterFiles(
    orModelError(dir, () => readdirSync(dir)),
    dir,
  )
  return { dir, config: readPeftConfig(dir), tensors: readSafetensorsHeader(join(dir, ADAPTER_WEIGHTS)) }
}

/**
 * A base checkpoint with an adapter on it: the tensors that the adapter holds whole stand in the base's place, what it adds to others
 * stands in `adapter.deltas`; its factors are tensors of the checkpoint, so that each is used, ignored with a reason, or an error.
 * What PEFT's loaded model computes, not what merging makes of tied weights: a causal head that is tied to an adapted embedding keeps
 * the base's values.
 */
export function applyAdapter(base: Checkpoint, adapter: AdapterFolder): Checkpoint {
  const { config } = adapter
  const modules = modulesOf(adapter)
  const tensors = new Map(base.tensors)
  const deltas = new Map<string, Delta>()
  const replaced: string[] = []
  const added: string[] = []
  const add = (name: string, ref: TensorRef): string => {
    if (base.tensors.has(name)) throw fault(adapter, `tensor "${ref.name}" is also one of the base`)
    tensors.set(name, { ...ref, name })
    return name
  }
  for (const [module, parts] of modules)
    for (const kind of ['weight', 'bias'] as const) {
      const ref = parts[kind]
      if (ref === undefined) continue
      const name = `${baseName(base, module)}.${kind}`
      ;(base.tensors.has(name) ? replaced : added).push(name)
      tensors.set(name, { ...ref, name })
    }
  const embedding = [...base.tensors.keys()].find((name) => EMBEDDING.test(name))
  // a causal head that is tied and adapted by itself: the embedding under its own name
  if (modules.has('lm_head') && !tensors.has(HEAD) && embedding !== undefined)
    tensors.set(HEAD, { ...tensors.get(embedding)!, name: HEAD })
  for (const [module, parts] of modules) {
    const own = baseName(base, module)
    const delta = deltaOf(adapter, module, own, parts, tensors, add)
    if (delta !== null) deltas.set(`${own}.weight`, delta)
    if (parts.loraBias !== undefined) {
      if (!tensors.has(`${own}.bias`))
        throw fault(adapter, `adds a bias to "${module}", which has none; PEFT cannot merge it either`)
      const { scale } = scaleOf(config, module)
      deltas.set(`${own}.bias`, { kind: 'vector', value: add(`${own}.lora_B.bias`, parts.loraBias), scale })
    }
  }
  checkComplete(base, adapter, modules)
  const settled = settledConfig(base, tensors, replaced)
  keepTiedHead(base, adapter, embedding, tensors, deltas)
  const names = base.fileNames.map((name) => `base/${name}`)
  const files = filesOf(adapter)
  return {
    dir: base.dir,
    config: settled.config,
    tensors,
    files: [...files, ...base.files],
    fileNames: [ADAPTER_CONFIG, ADAPTER_WEIGHTS, ...names],
    pickledHeads: base.pickledHeads,
    notes: [...base.notes, ...settled.notes],
    adapter: { dir: adapter.dir, file: files[1], config, deltas, replaced, added },
  }
}

/** Modules that transformers' classes for sequence classification call their head: decoders, encoders, RoBERTa and its kin. */
const HEADS = ['score', 'classifier', 'classifier.out_proj'] as const

/** Every module of the base that adapter_config.json targets has factors, and DPO's or a reward's head is not left to chance. */
function checkComplete(base: Checkpoint, adapter: AdapterFolder, modules: ReadonlyMap<string, Parts>): void {
  const { config } = adapter
  const adapted = new Map([...modules].map(([module, parts]) => [baseName(base, module), { module, parts }]))
  if (config.targets !== null && typeof config.targets !== 'string') {
    const prefix = prefixOf(modules)
    const missing = [...base.tensors.values()]
      .filter(({ name, shape }) => shape.length === 2 && name.endsWith('.weight'))
      .map(({ name }) => name.slice(0, -'.weight'.length))
      // a classifier's class has no causal head, whatever its base's files hold
      .filter((name) => name !== 'lm_head' || config.taskType !== 'SEQ_CLS')
      .filter((name) => isTarget(config, name) || isTarget(config, `${prefix}${name}`))
      .find((name) => adapted.get(name)?.parts.a === undefined && adapted.get(name)?.parts.embeddingA === undefined)
    if (missing !== undefined)
      throw fault(
        adapter,
        `has no factors for "${missing}", which adapter_config.json targets`,
        'The file is incomplete, or the base is another model than the one it was trained on.',
      )
  }
  const unsaved = [...base.tensors.keys()]
    .filter((name) => name.endsWith('.weight'))
    .map((name) => name.slice(0, -'.weight'.length))
    .filter((name) => name !== 'lm_head' || config.taskType !== 'SEQ_CLS')
    .find((name) => endsWith(name, config.saved) && adapted.get(name)?.parts.weight === undefined)
  if (unsaved !== undefined)
    throw fault(adapter, `holds no weights of "${unsaved}", which "modules_to_save" names`, 'The file is incomplete.')
  if (
    config.tokenRows.some(({ ids }) => ids.length > 0) &&
    ![...modules.values()].some(({ rows }) => rows !== undefined)
  )
    throw fault(adapter, 'holds none of the rows that "trainable_token_indices" names')
  const hasHead = HEADS.some((name) => modules.has(name) || base.tensors.has(`${name}.weight`))
  if (config.taskType === 'SEQ_CLS' && !hasHead)
    throw fault(
      adapter,
      'is of a sequence classifier ("task_type" SEQ_CLS), but holds no head ("score" or "classifier"), and its base has none: its scores would be random',
      'Train and save it with modules_to_save=["score"], or ["classifier"].',
    )
}

/** What stands in front of the layers in the adapter's names and not in the base's, for a bare base. */
const prefixOf = (modules: ReadonlyMap<string, Parts>): string => {
  const first = [...modules.keys()].find((name) => /^(model|transformer)\./.test(name))
  return first === undefined ? '' : first.slice(0, first.indexOf('.') + 1)
}

/**
 * config.json as it is with the adapter: the vocabulary of an embedding that was resized and saved, and no label names of another head.
 */
function settledConfig(
  base: Checkpoint,
  tensors: ReadonlyMap<string, TensorRef>,
  replaced: readonly string[],
): { readonly config: Checkpoint['config']; readonly notes: readonly string[] } {
  const config: Record<string, unknown> = { ...base.config }
  const notes: string[] = []
  const embedding = replaced.find((name) => EMBEDDING.test(name))
  const rows = embedding === undefined ? undefined : tensors.get(embedding)!.shape[0]
  if (rows !== undefined && rows !== config.vocab_size) {
    notes.push(
      `the adapter's embedding has ${rows} rows, config.json of the base says ${JSON.stringify(config.vocab_size)}`,
    )
    config.vocab_size = rows
  }
  const head = tensors.get('score.weight')
  if (head === undefined || head.file === base.tensors.get('score.weight')?.file) return { config, notes }
  if (base.tensors.has('score.weight')) notes.push("the base's own score head is replaced by the adapter's")
  const labels = config.id2label
  const named = typeof labels === 'object' && labels !== null ? Object.keys(labels).length : config.num_labels
  if (named !== undefined && named !== head.shape[0]) {
    notes.push(
      `config.json of the base names ${named} labels, the adapter's head has ${head.shape[0]}: they are called LABEL_0 …`,
    )
    delete config.id2label
    delete config.num_labels
  }
  if (config.pad_token_id == null)
    notes.push('config.json of the base has no pad_token_id, and an adapter brings none: the last token is read')
  return { config, notes }
}

/**
 * A causal head that is tied to the embedding, where PEFT's loaded model adapts the embedding alone: `lm_head.weight` becomes the
 * embedding without what the adapter adds to it, or the base's where the adapter brings a copy of its own (`modules_to_save`). Rows of
 * `trainable_token_indices` PEFT ties, and a saved embedding that was merely resized is the head, too.
 */
function keepTiedHead(
  base: Checkpoint,
  { config }: AdapterFolder,
  embedding: string | undefined,
  tensors: Map<string, TensorRef>,
  deltas: ReadonlyMap<string, Delta>,
): void {
  if (embedding === undefined || tensors.has(HEAD) || tensors.has('score.weight')) return
  const copied = endsWith(embedding.replace(/\.weight$/, ''), config.saved)
  const ref = copied ? base.tensors.get(embedding)! : tensors.get(embedding)!
  if (copied || deltas.get(embedding)?.kind === 'factors') tensors.set(HEAD, { ...ref, name: HEAD })
}

const HEAD = 'lm_head.weight'
const EMBEDDING = /(^|\.)(embed_tokens|wte|embed_in)\.weight$/

/** configuration, weights */
const filesOf = ({ dir, config }: AdapterFolder): readonly [string, string] => [
  realpathSync(config.file),
  realpathSync(join(dir, ADAPTER_WEIGHTS)),
]
