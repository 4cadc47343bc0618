import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join, posix } from 'node:path'
import { ModelError, NetworkError, UsageError } from '../errors.ts'
import { chooseOnnx, isOnnx } from '../onnx-files.ts'
import {
  ADAPTER_CONFIG,
  ADAPTER_WEIGHTS,
  checkAdapterFiles,
  headFiles,
  INDEX_FILE,
  isAdapter,
  isHeadPickle,
  isPickle,
  numberedShards,
  PICKLE_HINT,
  parseWeightMap,
  SINGLE_FILE,
} from '../weight-files.ts'
import { cachedCommit, cachedFiles, snapshotFolder } from './cache.ts'
import { conversionOf } from './conversion.ts'
import { commitOf, filesAt, type RepoFile } from './listing.ts'
import type { DownloadProgress } from './receive.ts'
import { localFolder, parseRepo, type Repo } from './repo.ts'
import { UnreachableError } from './request.ts'
import { type HubSettings, hubSettings } from './settings.ts'
import { fetchSnapshot } from './snapshot.ts'

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

/** A folder with a checkpoint, or a hub id: then its files are fetched, those that a run needs and the cache lacks. */
export async function resolveModel(name: string, options: ResolveModelOptions = {}): Promise<ResolvedModel> {
  const folder = localFolder(name)
  if (folder !== null) return openFolder(name, folder, options)
  const repo = parseRepo('model', name, options.revision)
  const settings = hubSettings(options)
  if (settings.offline) return fromCache(repo, settings, options, `--offline: ${repo.id} as the cache has it`)
  try {
    return await fromHub(repo, settings, options)
  } catch (error) {
    // The hub is out of reach (not: it refused). What is in the cache is pinned to a commit all the same.
    if (!(error instanceof UnreachableError)) throw error
    const note = `${error.where}: ${error.message}; ${repo.id} is used as the cache has it`
    return fromCache(repo, settings, options, note, error)
  }
}

async function fromHub(repo: Repo, settings: HubSettings, options: ResolveModelOptions): Promise<ResolvedModel> {
  const commit = await commitOf(repo, settings)
  const wanted = (file: RepoFile): boolean => isSupportFile(file.path) || (options.include?.(file.path) ?? false)
  const files = await filesAt(repo, commit, settings, { recursive: true })
  const wantsWeights = options.weights ?? true
  const paths = files.map(({ path }) => path)
  const { onnx, notes } = exportOf(paths, repo.id, options)
  const adapter = wantsWeights && onnx === null && isAdapter(paths)
  if (adapter) checkAdapterFiles(paths, repo.id)
  else if (wantsWeights && !paths.includes('config.json'))
    throw new ModelError('has no config.json: not a transformers checkpoint', repo.id)
  const onProgress = options.onProgress ?? (() => {})
  if (wantsWeights && !adapter && onnx === null && isPickled(paths)) {
    const converted = repo.revision === 'main' ? await conversionOf(repo, commit, settings).catch(noAnswer) : null
    if (converted === null || converted instanceof NetworkError) throw pickled(repo, paths, converted)
    const found = await fromHub({ ...repo, revision: converted }, settings, options)
    const note = `${repo.id} has only pickled weights at ${repo.revision}: those of ${converted} are read, to which the hub's bot converted them (offline: --revision ${converted})`
    return { ...found, notes: [note, ...found.notes] }
  }
  const weights = !wantsWeights
    ? []
    : onnx !== null
      ? await onnxFiles(repo, commit, files, onnx, settings, options)
      : adapter
        ? [ADAPTER_CONFIG, ADAPTER_WEIGHTS, ...headFiles]
        : files.some(({ path }) => path === SINGLE_FILE)
          ? [SINGLE_FILE, ...headFiles]
          : [...(await shardNames(repo, commit, files, settings, onProgress)), ...headFiles]
  const chosen = files.filter((file) => wanted(file) || weights.includes(file.path))
  const dir = await fetchSnapshot(repo, commit, chosen, settings, onProgress)
  const pickledHeads =
    wantsWeights && onnx === null
      ? files
          .map(({ path }) => path)
          .filter(isHeadPickle)
          .sort()
      : []
  return { dir, source: 'hub', id: repo.id, revision: commit, files: chosen, pickledHeads, onnx, notes }
}

/** The ONNX export that is to be run of these files, or null for the checkpoint. */
function exportOf(
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

/** An .onnx file and the files of weights that it names; those are known only once it is there. */
async function onnxFiles(
  repo: Repo,
  commit: string,
  files: readonly RepoFile[],
  onnx: string,
  settings: HubSettings,
  { externalFiles, onProgress = () => {} }: ResolveModelOptions,
): Promise<string[]> {
  const file = files.find(({ path }) => path === onnx)!
  const dir = await fetchSnapshot(repo, commit, [file], settings, onProgress)
  const external = namedBy(dir, onnx, externalFiles)
  const absent = external.find((path) => !files.some((one) => one.path === path))
  if (absent !== undefined)
    throw new ModelError(`its ${onnx} has weights in ${absent}, which is not in the repository`, repo.id)
  return [onnx, ...external]
}

const namedBy = (dir: string, onnx: string, externalFiles: ResolveModelOptions['externalFiles']): string[] =>
  (externalFiles?.(join(dir, onnx)) ?? []).map((name) => posix.join(dirname(onnx), name))

/** No safetensors in the root, but pickles: nothing big is fetched. */
const isPickled = (paths: readonly string[]): boolean =>
  !paths.some((path) => /^[^/]+\.safetensors(\.index\.json)?$/.test(path)) && paths.some(isPickle)

function pickled(repo: Repo, paths: readonly string[], cause: NetworkError | null): ModelError {
  const conversion =
    cause === null ? "the hub's bot has not converted this commit" : 'whether they were converted the hub does not say'
  return new ModelError(
    `has no safetensors, only pickled weights (${paths.find(isPickle)}), and ${conversion}`,
    repo.id,
    PICKLE_HINT,
    { cause },
  )
}

/** Discussions may be switched off, and mirrors have none. */
const noAnswer = (error: unknown): NetworkError => {
  if (error instanceof NetworkError) return error
  throw error
}

/** The index and the shards that it names, or numbered shards without one. */
async function shardNames(
  repo: Repo,
  commit: string,
  files: readonly RepoFile[],
  settings: HubSettings,
  onProgress: (progress: DownloadProgress) => void,
): Promise<string[]> {
  const index = files.find(({ path }) => path === INDEX_FILE)
  if (index === undefined) {
    const numbered = numberedShards(
      files.map(({ path }) => path),
      repo.id,
    )
    if (numbered !== null) return numbered
    const others = files.map(({ path }) => path).filter((path) => path.endsWith('.safetensors'))
    throw new ModelError(
      `has neither ${SINGLE_FILE} nor ${INDEX_FILE}${others.length > 0 ? `; it has ${others.slice(0, 5).join(', ')}` : ''}`,
      repo.id,
    )
  }
  const dir = await fetchSnapshot(repo, commit, [index], settings, onProgress)
  const shards = new Set(
    parseWeightMap(readFileSync(join(dir, INDEX_FILE), 'utf8'), `${repo.id}/${INDEX_FILE}`).values(),
  )
  const listed = new Set(files.map(({ path }) => path))
  const absent = [...shards].filter((shard) => !listed.has(shard))
  if (absent.length > 0)
    throw new ModelError(`${absent.length} of ${shards.size} shards are not in the repository: ${absent[0]}`, repo.id)
  return [INDEX_FILE, ...shards]
}

function fromCache(
  repo: Repo,
  settings: HubSettings,
  options: ResolveModelOptions,
  note: string,
  cause?: NetworkError,
): ResolvedModel {
  const commit = cachedCommit(settings.cacheDir, repo)
  const fail = (what: string): NetworkError =>
    new NetworkError(
      `${cause ? cause.message : 'offline'}, and the cache (${settings.cacheDir}) ${what}`,
      repo.id,
      `Run once with a connection, or give a folder; there is no folder "${repo.id}" here.`,
      { cause },
    )
  if (commit === null) throw fail(`does not know revision "${repo.revision}"`)
  const dir = snapshotFolder(settings.cacheDir, repo, commit)
  const files = cachedFiles(dir)
  const has = (path: string): boolean => files.some((file) => file.path === path)
  const wantsWeights = options.weights ?? true
  if (files.length === 0) throw fail(`holds no file of commit ${commit}`)
  const paths = files.map(({ path }) => path)
  if (wantsWeights && !isAdapter(paths) && !has('config.json')) throw fail(`holds no config.json of commit ${commit}`)
  const { onnx, notes } = exportOf(paths, `${repo.id}, as the cache has it,`, options)
  const adapter = wantsWeights && onnx === null && isAdapter(paths)
  const weights = !wantsWeights
    ? []
    : onnx !== null
      ? [onnx, ...namedBy(dir, onnx, options.externalFiles)]
      : adapter
        ? [ADAPTER_CONFIG, ADAPTER_WEIGHTS]
        : has(SINGLE_FILE)
          ? [SINGLE_FILE]
          : has(INDEX_FILE)
            ? cachedShards(dir)
            : (numberedShards(paths, repo.id) ?? [SINGLE_FILE])
  const missing = weights.filter((path) => !has(path))
  if (missing.length > 0) throw fail(`lacks ${missing.join(', ')} of commit ${commit}`)
  const chosen = files.filter(
    ({ path }) =>
      isSupportFile(path) ||
      weights.includes(path) ||
      (wantsWeights && onnx === null && headFiles.includes(path)) ||
      (options.include?.(path) ?? false),
  )
  return { dir, source: 'hub', id: repo.id, revision: commit, files: chosen, onnx, notes: [note, ...notes] }
}

const cachedShards = (dir: string): string[] => [
  INDEX_FILE,
  ...new Set(parseWeightMap(readFileSync(join(dir, INDEX_FILE), 'utf8'), join(dir, INDEX_FILE)).values()),
]

function openFolder(name: string, dir: string, options: ResolveModelOptions): ResolvedModel {
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
    statSync(join(dir, name), { throwIfNoEntry: false })?.isDirectory() ?? false
  return ['', ...SUBFOLDERS.filter(isFolder)].flatMap(filesIn).sort()
}

/** @throws ModelError where the system does not show it */
function looked<T>(path: string, look: () => T): T {
  try {
    return look()
  } catch (cause) {
    throw new ModelError(`cannot be looked at: ${(cause as Error).message}`, path, null, { cause })
  }
}

/** @throws ModelError for what would be waited for, such as a pipe */
function localFile(dir: string, path: string): ResolvedFile {
  const file = join(dir, path)
  const stat = looked(file, () => statSync(file))
  if (!stat.isFile()) throw new ModelError('is not a regular file', file)
  return { path, sizeBytes: stat.size, sha256: null, etag: null }
}

/** Configuration, tokenizer and chat template: small files in the root, and the folder of further templates. */
export const isSupportFile = (path: string): boolean =>
  /^(config|generation_config|tokenizer|tokenizer_config|special_tokens_map|added_tokens|vocab|chat_template)\.json$/.test(
    path,
  ) ||
  /^(vocab\.txt|merges\.txt|chat_template\.jinja)$/.test(path) ||
  /^(additional_)?chat_templates\/[^/]+\.jinja$/.test(path)
