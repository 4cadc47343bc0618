import { readdirSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { ModelError, UsageError } from '../errors.ts'
import { systemWords } from '../system-words.ts'
import { ADAPTER_CONFIG, headFiles, INDEX_FILE } from '../weight-files.ts'
import {
  exportOf,
  isSupportFile,
  type ResolvedFile,
  type ResolvedModel,
  type ResolveModelOptions,
} from './resolved-model.ts'

/** A checkpoint's folder. */
export function openFolder(name: string, dir: string, options: ResolveModelOptions): ResolvedModel {
  if (options.revision !== undefined && options.revision !== 'main')
    throw new UsageError(`is a folder; revision "${options.revision}" means nothing there`, name)
  const paths = pathsOf(dir)
  const { onnx, notes } = exportOf(paths, name, options)
  const files = paths
    .filter(
      (path) =>
        isSupportFile(path) ||
        path === onnx ||
        (onnx === null &&
          (/^(model[^/]*|adapter_model)\.safetensors$/.test(path) ||
            path === INDEX_FILE ||
            path === ADAPTER_CONFIG ||
            headFiles.includes(path))) ||
        options.include?.(path),
    )
    .map((path) => localFile(dir, path))
  return { dir, source: 'folder', id: basename(dir), revision: null, files, onnx, notes }
}

/** Folders in a model's own whose files are read (`isSupportFile`, `isOnnx`). */
const SUBFOLDERS = ['onnx', 'chat_templates', 'additional_chat_templates']

/** Files of a folder and of the subfolders that count, sorted; the rest of a tree is not walked. */
function pathsOf(dir: string): string[] {
  const filesIn = (folder: string): string[] =>
    looked(join(dir, folder), () => readdirSync(join(dir, folder), { withFileTypes: true }))
      .filter((entry) => !entry.isDirectory())
      .map((entry) => (folder === '' ? entry.name : `${folder}/${entry.name}`))
  const isFolder = (name: string): boolean =>
    looked(join(dir, name), () => statSync(join(dir, name), { throwIfNoEntry: false })?.isDirectory() ?? false)
  return ['', ...SUBFOLDERS.filter(isFolder)].flatMap(filesIn).sort()
}

/** @throws ModelError where the system does not show it */
function looked<T>(path: string, look: () => T): T {
  try {
    return look()
  } catch (cause) {
    throw new ModelError(systemWords(cause), path, null, { cause })
  }
}

/** @throws ModelError for what would be waited for, such as a pipe */
function localFile(dir: string, path: string): ResolvedFile {
  const file = join(dir, path)
  const stat = looked(file, () => statSync(file))
  if (!stat.isFile()) throw new ModelError('is not a regular file', file)
  return { path, sizeBytes: stat.size, sha256: null, etag: null }
}
