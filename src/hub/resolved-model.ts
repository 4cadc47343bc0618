import { dirname, join, posix } from 'node:path'
import { chooseOnnx, isOnnx } from '../onnx-files.ts'
import type { DownloadProgress } from './receive.ts'

export interface ResolveOptions {
  readonly revision?: string | undefined
  readonly offline?: boolean | undefined
  readonly endpoint?: string | undefined
  readonly token?: string | null | undefined
  readonly cacheDir?: string | undefined
  readonly timeoutMs?: number | undefined
  readonly retries?: number | undefined
  readonly retryMinMs?: number | undefined
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined
}
export interface ResolveModelOptions extends ResolveOptions {
  /** Files wanted beside the usual ones, by path in the repository, e.g. `(path) => path.startsWith('onnx/')`. */
  readonly include?: ((path: string) => boolean) | undefined
  /** false: no weights (a tokenizer from another repository). Default: true. */
  readonly weights?: boolean | undefined
  /** What the weights are: a checkpoint's safetensors, or a ready-made ONNX export. Default (null): safetensors where there are some, else ONNX. */
  readonly graph?: 'checkpoint' | 'onnx' | null | undefined
  /** Of ONNX: which file, by path or name. Default (null): the one of full precision. */
  readonly onnxFile?: string | null | undefined
  /** The files of weights that an .onnx file names, from its own folder. */
  readonly externalFiles?: ((path: string) => readonly string[]) | undefined
}

export interface ResolvedFile {
  readonly path: string
  readonly sizeBytes: number
  /** As the hub states it and the download was checked against; null for small git files and for a local folder. */
  readonly sha256: string | null
  readonly etag: string | null
}
export interface ResolvedModel {
  readonly dir: string
  readonly source: 'folder' | 'hub'
  /** Hub id, or the folder's name. */
  readonly id: string
  /** Commit; null for a folder. */
  readonly revision: string | null
  readonly files: readonly ResolvedFile[]
  /** Path of the ONNX export in `dir` where one is to be run; null: the checkpoint's safetensors. */
  readonly onnx: string | null
  /** Reward heads of the repository that are pickles, and so are not fetched. */
  readonly pickledHeads?: readonly string[]
  /** What to tell the user, e.g. that the hub was not asked. */
  readonly notes: readonly string[]
}

/** The ONNX export that is to be run of these files, or null for the checkpoint. */
export function exportOf(
  paths: readonly string[],
  where: string,
  { graph = null, onnxFile = null, weights = true }: ResolveModelOptions,
): Pick<ResolvedModel, 'onnx' | 'notes'> {
  if (!weights || graph === 'checkpoint') return { onnx: null, notes: [] }
  if (graph === 'onnx') return { onnx: chooseOnnx(paths, onnxFile, where), notes: [] }
  const bare = !paths.some((path) => /^[^/]+\.safetensors(\.index\.json)?$/.test(path)) && paths.some(isOnnx)
  if (!bare) return { onnx: null, notes: [] }
  const onnx = chooseOnnx(paths, null, where)
  return { onnx, notes: [`${where} has no safetensors: its ${onnx} is run as it is (--graph onnx)`] }
}

/** The files of weights that an .onnx file names, as paths in the repository. */
export const namedBy = (dir: string, onnx: string, externalFiles: ResolveModelOptions['externalFiles']): string[] =>
  (externalFiles?.(join(dir, onnx)) ?? []).map((name) => posix.join(dirname(onnx), name))

/** Configuration, tokenizer and chat template: small files in the root, and the folder of further templates. */
export const isSupportFile = (path: string): boolean =>
  /^(config|generation_config|tokenizer|tokenizer_config|special_tokens_map|added_tokens|vocab|chat_template)\.json$/.test(
    path,
  ) ||
  /^(vocab\.txt|merges\.txt|chat_template\.jinja)$/.test(path) ||
  /^(additional_)?chat_templates\/[^/]+\.jinja$/.test(path)
