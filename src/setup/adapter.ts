import { join } from 'node:path'
import { ModelError, UsageError } from '../errors.ts'
import { resolveModel } from '../hub/model.ts'
import { localFolder } from '../hub/repo.ts'
import type { ResolvedModel, ResolveModelOptions } from '../hub/resolved-model.ts'
import { type AdapterFolder, applyAdapter, openAdapter } from '../model/adapter.ts'
import { type Checkpoint, openCheckpoint, withHeads } from '../model/checkpoint.ts'
import { type MergeRounding, mergeRounding } from '../model/merge-rounding.ts'
import type { OpenModel } from '../model/open.ts'
import { unquantised } from '../packed-name.ts'
import { isFolder } from './folder.ts'

/** An adapter on its base model. */
export interface OpenedAdapter {
  readonly checkpoint: Checkpoint
  readonly base: ResolvedModel
}

/** Opens an adapter and, through the same hub and cache, the base that its adapter_config.json names. */
export async function openAdapted(adapter: ResolvedModel, options: ResolveModelOptions): Promise<OpenedAdapter> {
  const opened = openAdapter(adapter.dir)
  const base = await resolveBase(opened, adapter, options)
  return { checkpoint: withHeads(applyAdapter(openCheckpoint(base.dir), opened), adapter.dir), base }
}

/**
 * The base's files: a path is taken from the adapter's own folder, then, as PEFT does, from the working folder; else it is a hub id. An
 * adapter of the hub names no path of its own folder.
 */
async function resolveBase(
  { dir, config }: AdapterFolder,
  { source, id }: ResolvedModel,
  options: ResolveModelOptions,
): Promise<ResolvedModel> {
  const edit =
    source === 'folder'
      ? 'Name'
      : `Download the adapter (hf download ${id} --local-dir FOLDER), give --model FOLDER, and name`
  const { base, baseRevision, file } = config
  const plain = unquantised(base)
  if (plain !== null)
    throw new ModelError(
      `adapts ${base}, a quantised copy, whose packed weights are not read`,
      file,
      `${edit} the unquantised model in "base_model_name_or_path": ${plain}. The adapter then stands on unrounded weights, not on those of its training.`,
    )
  const beside = join(dir, base)
  const folder = source === 'folder' && isFolder(beside) ? beside : null
  try {
    if (folder !== null || localFolder(base) !== null) return await resolveModel(folder ?? base, options)
    return await resolveModel(base, { ...options, ...(baseRevision !== null && { revision: baseRevision }) })
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    throw new ModelError(
      `"base_model_name_or_path" is ${JSON.stringify(base)}, ${error.message.startsWith('no such') ? 'but there is' : 'which'} ${error.message}`,
      file,
      `${edit} its base model there: a hub id or a folder, which may be relative to the adapter.`,
      { cause: error },
    )
  }
}

/** What the manifest keeps of an adapter. */
export interface AdapterRecord {
  readonly type: 'LoRA' | 'DoRA'
  readonly r: number
  readonly alpha: number
  readonly rslora: boolean
  /** Ranks and alphas of single modules differ from these. */
  readonly patterns: boolean
  readonly base: string
  readonly base_source: ResolvedModel['source']
  readonly base_revision: string | null
  /** Tensors that it adds to, by how that is computed. */
  readonly adapted: Readonly<Record<'merged' | 'beside' | 'gathered', number>>
  readonly computed_in: 'float32'
  /** Tensors that it brings whole: in the base's place, and that the base does not have. */
  readonly replaced: readonly string[]
  readonly added: readonly string[]
  /** How far a merge in bfloat16 is from this one, over a sample of rows; null where nothing is adapted by plain factors. */
  readonly bf16_merge: MergeRounding | null
}

export function adapterRecord({ checkpoint, built }: OpenModel, base: ResolvedModel | null): AdapterRecord | null {
  const { adapter } = checkpoint
  if (adapter === null || base === null) return null
  const { config, replaced, added } = adapter
  const count = (how: string): number => built.adapted.filter((one) => one.how === how).length
  return {
    type: config.dora ? 'DoRA' : 'LoRA',
    r: config.r,
    alpha: config.alpha,
    rslora: config.rslora,
    patterns: Object.keys(config.rankPattern).length + Object.keys(config.alphaPattern).length > 0,
    base: base.id,
    base_source: base.source,
    base_revision: base.revision,
    adapted: { merged: count('merged'), beside: count('beside'), gathered: count('gathered') },
    computed_in: 'float32',
    replaced,
    added,
    bf16_merge: mergeRounding(checkpoint, built.adapted),
  }
}

/** A model as a methods section names it. @example 'org/rm-lora, a LoRA adapter on org/base (revision 12…)' */
export function namedWithBase(name: string, adapter: AdapterRecord | null): string {
  if (adapter === null) return name
  const { type, base, base_revision } = adapter
  return `${name}, a ${type} adapter on ${base}${base_revision === null ? '' : ` (revision ${base_revision})`}`
}

/** @example 'adapter on base org/base@1234abcd (LoRA, r 16, α 32, merged in float32)' */
export function adapterLine({ type, r, alpha, rslora, patterns, base, base_revision, adapted }: AdapterRecord): string {
  const ways = [
    ...(adapted.merged > 0 ? ['merged in float32'] : []),
    ...(adapted.beside > 0 ? ['in float32 beside its half-precision weights'] : []),
  ]
  const how = ways.length > 0 ? ways.join(' and ') : 'no weights changed'
  const rank = `r ${r}, α ${alpha}${rslora ? ', rsLoRA' : ''}${patterns ? ', others for some modules' : ''}`
  return `adapter on base ${base}${base_revision === null ? '' : `@${base_revision.slice(0, 8)}`} (${type}, ${rank}, ${how})`
}

/** What is lost where the same adapter is merged in bfloat16. */
export function roundingNote({ bf16_merge }: AdapterRecord): string | null {
  if (bf16_merge === null || bf16_merge.deltaRms === 0) return null
  const { rms, deltaRms, largest, rows, matrices } = bf16_merge
  return `a merge in bfloat16 rounds weights by up to ${largest.toPrecision(2)}, ${((100 * rms) / deltaRms).toPrecision(2)} % of what the adapter adds (root mean square over ${rows} rows of ${matrices} matrices)`
}
