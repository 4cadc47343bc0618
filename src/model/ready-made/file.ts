import { realpathSync, statSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { ModelError } from '../../errors.ts'
import { readRegular } from '../../read-regular.ts'
import { staysInside } from '../../weight-files.ts'
import { orModelError } from '../safetensors.ts'
import { bitsOf } from './element-type.ts'
import { type OnnxModel, readOnnx, type StoredTensor } from './proto.ts'

/** ◆ An .onnx file and the files of weights that it names, read and checked. */
export interface OnnxFile {
  /** By its path in the model's folder. */
  readonly name: string
  /** Real path. */
  readonly path: string
  readonly model: OnnxModel
  readonly external: readonly ExternalFile[]
}
export interface ExternalFile {
  /** As the .onnx file names it, from its own folder. */
  readonly location: string
  readonly name: string
  readonly path: string
}

/** Protobuf's cap. A larger model has its weights in another file. */
const MAX_BYTES = 2 ** 31 - 1

/**
 * Opens an export.
 * @param name path in `dir`
 * @throws ModelError where it is none, or names bytes that are not there
 */
export function openOnnxFile(dir: string, name: string): OnnxFile {
  const where = join(dir, name)
  const { path, bytes } = readWhole(where)
  const model = readOnnx(bytes, where)
  const external = locationsOf(model, where).map((location): ExternalFile => {
    const file = join(dirname(where), location)
    return { location, name: posix.join(posix.dirname(name), location), path: openExternal(file, where) }
  })
  for (const tensor of model.tensors) checkRange(tensor, external, where)
  return { name, path, model, external }
}

/**
 * The files of weights that an .onnx file names, from its own folder: what has to be fetched beside it.
 * @throws ModelError where one would lie outside that folder
 */
export function externalFilesOf(path: string): readonly string[] {
  return locationsOf(readOnnx(readWhole(path).bytes, path), path)
}

/** A file's bytes, and where it really lies: the hub's cache has links. */
export function readWhole(where: string): { path: string; bytes: Uint8Array } {
  const path = orModelError(where, () => realpathSync(where))
  const stat = statSync(path)
  if (!stat.isFile()) throw new ModelError('is not a regular file', where)
  if (stat.size > MAX_BYTES)
    throw new ModelError(
      `has ${stat.size.toLocaleString('en')} bytes; ONNX allows ${MAX_BYTES.toLocaleString('en')}`,
      where,
      'Export it with its weights in a file of their own (external data).',
    )
  const bytes = orModelError(where, () => readRegular(path, MAX_BYTES))
  refusePointer(bytes, where)
  return { path, bytes }
}

function refusePointer(start: Uint8Array, where: string): void {
  if (Buffer.from(start.subarray(0, 19)).toString('latin1') === 'version https://git')
    throw new ModelError('is a Git LFS pointer, not the model', where, 'Fetch the real file with: git lfs pull')
}

function locationsOf({ tensors }: OnnxModel, where: string): string[] {
  const locations = new Set<string>()
  for (const { name, external, initializer } of tensors) {
    if (external === null) continue
    if (!initializer)
      throw new ModelError(`tensor "${name}" of a node has its bytes in another file: not supported`, where)
    if (!staysInside(external.location))
      throw new ModelError(
        `tensor "${name}" lies in ${JSON.stringify(external.location.slice(0, 120))}, outside the folder of the file`,
        where,
        'Weights are read from below that folder only.',
      )
    locations.add(external.location)
  }
  return [...locations]
}

function openExternal(file: string, where: string): string {
  const path = orModelError(file, () => realpathSync(file))
  if (!statSync(path).isFile()) throw new ModelError('holds weights of the model and is not a regular file', file)
  if (path === realpathSync(where)) throw new ModelError('names itself as the file of its weights', where)
  return path
}

/** Bytes that ONNX Runtime will map must be there, and be as many as the tensor has. */
function checkRange(tensor: StoredTensor, files: readonly ExternalFile[], where: string): void {
  if (tensor.external === null) return
  const { location, offset, length } = tensor.external
  const bits = bitsOf(tensor.type)
  if (bits === null) throw new ModelError(`tensor "${tensor.name}" has elements of an unknown type`, where)
  const needed = Math.ceil((bits * tensor.dims.reduce((product, dim) => product * dim, 1)) / 8)
  if (length !== null && length !== needed)
    throw new ModelError(`tensor "${tensor.name}" takes ${needed} bytes, ${length} are stored`, where)
  const { path } = files.find((file) => file.location === location)!
  const { size } = statSync(path)
  if (offset + needed > size)
    throw new ModelError(
      `tensor "${tensor.name}" ends at byte ${offset + needed}, the file has ${size}`,
      join(dirname(where), location),
      'The file is cut or of another export: fetch it again.',
    )
}
