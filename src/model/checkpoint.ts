import { createHash } from 'node:crypto'
import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { ModelError } from '../errors.ts'
import { digestRegular } from '../read-regular.ts'
import { modelBytes, modelText, parseModelObject } from '../untrusted-json.ts'
import {
  ADAPTED_HINT,
  checkAdapterFiles,
  headFiles,
  headTensorPrefix,
  INDEX_FILE,
  isAdapter,
  isHeadPickle,
  isPickle,
  numberedShards,
  PICKLE_HINT,
  parseWeightMap,
  SINGLE_FILE,
} from '../weight-files.ts'
import type { AppliedAdapter } from './adapter.ts'
import { FLOAT8_NOTE, type Float8 } from './float8.ts'
import { checkPacked } from './packed.ts'
import { orModelError, readSafetensorsHeader, type TensorRef } from './safetensors.ts'

/** A Hugging Face checkpoint folder: its configuration and where every tensor lies. No weight is read. */
export interface Checkpoint {
  readonly dir: string
  /** config.json as it stands; of FP8 weights without `quantization_config`. */
  readonly config: Readonly<Record<string, unknown>>
  readonly tensors: ReadonlyMap<string, TensorRef>
  /** Absolute real paths: config.json, then the index and the shards, or the single file, then heads that lie beside the model. */
  readonly files: readonly string[]
  /** The same files by the name that they have in `dir`, in the same order; with an adapter, its own first, and `base/…` before the base's. */
  readonly fileNames: readonly string[]
  /** Heads beside the model that are pickles, and are not opened. */
  readonly pickledHeads: readonly string[]
  /** What to tell the user, e.g. of weight files that are not read. */
  readonly notes: readonly string[]
  /** What a PEFT adapter makes of the tensors (adapter.ts); null: there is none. */
  readonly adapter: AppliedAdapter | null
  /** Of weights in FP8. */
  readonly float8?: Float8
}

/** Opens a checkpoint folder. Like transformers, a single model.safetensors wins over an index. */
export function openCheckpoint(dir: string): Checkpoint {
  if (!orModelError(dir, () => statSync(dir)).isDirectory()) throw new ModelError('is not a folder', dir)
  const present = orModelError(dir, () => readdirSync(dir))
  if (isAdapter(present)) {
    checkAdapterFiles(present, dir)
    throw new ModelError('is a PEFT adapter (adapter_config.json), not a whole model', dir, ADAPTED_HINT)
  }
  if (!present.includes('config.json')) throw noConfig(dir, present)
  const said = readJsonObject(join(dir, 'config.json'))
  const float8 = checkPacked(said, dir)
  const { quantization_config: _, ...plain } = said
  const config = float8 === null ? said : plain
  const single = present.includes(SINGLE_FILE)
  const { tensors, names, notes } = single
    ? { tensors: mapOf(readSafetensorsHeader(join(dir, SINGLE_FILE))), names: [SINGLE_FILE], notes: [] }
    : present.includes(INDEX_FILE)
      ? openShards(dir, present)
      : openNumbered(dir, present)
  const fileNames = ['config.json', ...names]
  const checkpoint = {
    dir,
    config,
    tensors,
    files: fileNames.map((name) => realpathSync(join(dir, name))),
    fileNames,
    pickledHeads: [],
    notes: [
      ...notes,
      ...unreadNotes(dir, present, [...names, ...headFiles], tensors),
      ...(float8 === null ? [] : [FLOAT8_NOTE]),
    ],
    adapter: null,
    ...(float8 !== null && { float8 }),
  }
  return withHeads(checkpoint, dir)
}

/**
 * A checkpoint with the heads that lie in a folder, as those of a trainer lie beside the weights or beside the adapter that it saves.
 * @throws ModelError where the model has such tensors itself
 */
export function withHeads(checkpoint: Checkpoint, dir: string): Checkpoint {
  const present = orModelError(dir, () => readdirSync(dir))
  const heads = headFiles.filter((name) => present.includes(name))
  const tensors = new Map(checkpoint.tensors)
  for (const file of heads)
    for (const ref of readSafetensorsHeader(join(dir, file))) {
      const name = `${headTensorPrefix(file)}${ref.name}`
      if (tensors.has(name))
        throw new ModelError(
          `holds tensor "${name}", which the model's weights have, too`,
          join(dir, file),
          'One of the two is of another training: move the head that is not meant out of the folder.',
        )
      tensors.set(name, { ...ref, name })
    }
  return {
    ...checkpoint,
    tensors,
    files: [...checkpoint.files, ...heads.map((name) => realpathSync(join(dir, name)))],
    fileNames: [...checkpoint.fileNames, ...heads],
    pickledHeads: [...checkpoint.pickledHeads, ...present.filter(isHeadPickle).sort()],
  }
}

interface Shards {
  readonly tensors: Map<string, TensorRef>
  readonly names: readonly string[]
  readonly notes: readonly string[]
}

/** The shards of an index. */
function openShards(dir: string, present: readonly string[]): Shards {
  const index = join(dir, INDEX_FILE)
  const weightMap = parseWeightMap(readText(index), index)
  const shards = [...new Set(weightMap.values())].sort()
  const missing = shards.filter((shard) => !existsSync(join(dir, shard)))
  const others = present.filter((name) => isSafetensors(name) && !shards.includes(name))
  if (missing.length > 0)
    throw new ModelError(
      `${missing.length} of ${shards.length} shards are missing: ${listed(missing)}`,
      index,
      others.length === 0
        ? 'The folder is incomplete: download the model again.'
        : `The index is of another save than ${listed(others)}: delete the index if these are the whole model, or download it again.`,
    )
  const tensors = new Map<string, TensorRef>()
  for (const shard of shards)
    for (const tensor of readSafetensorsHeader(join(dir, shard))) {
      const promised = weightMap.get(tensor.name)
      if (promised !== shard)
        throw new ModelError(
          `holds tensor "${tensor.name}", which the index ${promised === undefined ? 'does not name' : `places in ${promised}`}`,
          join(dir, shard),
          promised === undefined
            ? 'Add it to weight_map if it belongs to the model (a head that was added later); else index and shards are from different versions: download the model again.'
            : 'Index and shards are from different versions: download the model again.',
        )
      tensors.set(tensor.name, tensor)
    }
  const absent = [...weightMap.keys()].filter((name) => !tensors.has(name))
  if (absent.length > 0)
    throw new ModelError(
      `${absent.length} of ${weightMap.size} tensors are in no shard: ${listed(absent)}`,
      index,
      'Index and shards are from different versions: download the model again.',
    )
  return { tensors, names: [INDEX_FILE, ...shards], notes: [] }
}

/** Numbered shards without an index: read together where all of one save are there. */
function openNumbered(dir: string, present: readonly string[]): Shards {
  const shards = numberedShards(present, dir)
  if (shards === null) return refuse(dir, present)
  const tensors = new Map<string, TensorRef>()
  for (const shard of shards)
    for (const tensor of readSafetensorsHeader(join(dir, shard))) {
      const before = tensors.get(tensor.name)
      if (before !== undefined)
        throw new ModelError(
          `holds tensor "${tensor.name}", which ${basename(before.file)} holds, too`,
          join(dir, shard),
          'The shards are not of one save: download the model again.',
        )
      tensors.set(tensor.name, tensor)
    }
  return { tensors, names: shards, notes: [`${INDEX_FILE} is missing: the ${shards.length} shards are read together`] }
}

/** Weight files beside those that were read, where they hold something else. */
function unreadNotes(
  dir: string,
  present: readonly string[],
  read: readonly string[],
  tensors: ReadonlyMap<string, TensorRef>,
): string[] {
  const others = present.filter((name) => isSafetensors(name) && !read.includes(name) && !MAKERS_OWN.test(name))
  return others.flatMap((name) => {
    const own = readSafetensorsHeader(join(dir, name)).filter((tensor) => !tensors.has(tensor.name))
    return own.length === 0
      ? []
      : [
          `${name} is not read: ${SINGLE_FILE} and an index do not name its tensors (${listed(own.map((tensor) => tensor.name))})`,
        ]
  })
}

/** The same weights in the maker's own format (Mistral). */
const MAKERS_OWN = /^consolidated/

function noConfig(dir: string, present: readonly string[]): ModelError {
  const own = present.find((name) => name === 'params.json' || name.startsWith('consolidated'))
  return new ModelError(
    `has no config.json: not a transformers checkpoint${own === undefined ? '' : `; ${own} is of the maker's own format`}`,
    dir,
    "Take the model in transformers' format.",
  )
}

function refuse(dir: string, names: readonly string[]): never {
  const pickles = names.filter(isPickle)
  if (pickles.length > 0)
    throw new ModelError(
      `has no safetensors, only pickled weights (${listed(pickles)}); unpickling runs code, so they are never opened`,
      dir,
      PICKLE_HINT,
    )
  const others = names.filter(isSafetensors)
  throw new ModelError(
    `has neither ${SINGLE_FILE} nor ${INDEX_FILE}${others.length > 0 ? `; it has ${listed(others)}` : ''}`,
    dir,
    others.length > 0 ? `Rename the weights to ${SINGLE_FILE} if they are the whole model.` : null,
  )
}

/** A JSON file that must hold an object. */
export function readJsonObject(path: string): Readonly<Record<string, unknown>> {
  return parseModelObject(readText(path), path)
}

function readText(path: string): string {
  const bytes = modelBytes(path, path, LARGEST_TEXT)
  if (bytes === null) throw new ModelError('no such file', path)
  return modelText(bytes, path)
}
/** Of config.json, an index, adapter_config.json; in bytes. */
const LARGEST_TEXT = 100_000_000

function mapOf(tensors: readonly TensorRef[]): Map<string, TensorRef> {
  return new Map(tensors.map((tensor) => [tensor.name, tensor]))
}

const isSafetensors = (name: string): boolean => name.endsWith('.safetensors')

const listed = (names: readonly string[]): string =>
  names.length > 5 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ')

export interface FileHash {
  /** Name in the checkpoint folder. */
  readonly name: string
  readonly sizeBytes: number
  readonly sha256: string
  /** `read`: computed from the bytes just now. `blob-name`: taken from the Hugging Face cache, whose LFS blobs are named by their SHA-256. */
  readonly how: 'read' | 'blob-name'
}

/**
 * SHA-256 of every file of a checkpoint. With `trustBlobNames`, a file of the Hugging Face cache
 * (…/blobs/<64 hex digits>) is not read: its name is its hash, checked when it was downloaded; the record says so. It may be asked by name.
 */
export async function hashCheckpoint(
  checkpoint: Checkpoint,
  options: { readonly trustBlobNames: boolean | ((name: string) => boolean) },
): Promise<FileHash[]> {
  const hashes: FileHash[] = []
  for (const [i, file] of checkpoint.files.entries()) {
    const name = checkpoint.fileNames[i]!
    const { trustBlobNames: trust } = options
    const named = (typeof trust === 'function' ? trust(name) : trust) && /[/\\]blobs[/\\][0-9a-f]{64}$/.test(file)
    hashes.push({
      name,
      sizeBytes: statSync(file).size,
      sha256: named ? basename(file) : await sha256OfFile(file),
      how: named ? 'blob-name' : 'read',
    })
  }
  return hashes
}

/** SHA-256 of a file's bytes, hex. */
export async function sha256OfFile(file: string): Promise<string> {
  const hash = createHash('sha256')
  await digestRegular(file, hash)
  return hash.digest('hex')
}
