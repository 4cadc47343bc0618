import { ModelError, NetworkError } from '../errors.ts'
import {
  ADAPTER_CONFIG,
  ADAPTER_WEIGHTS,
  checkAdapterFiles,
  headFiles,
  isAdapter,
  isHeadPickle,
  isPickle,
  PICKLE_HINT,
  SINGLE_FILE,
} from '../weight-files.ts'
import { fromCache } from './cached-model.ts'
import { conversionOf } from './conversion.ts'
import { commitOf, filesAt, type RepoFile } from './listing.ts'
import { openFolder } from './model-folder.ts'
import { onnxFiles, shardNames } from './model-weights.ts'
import { hubOrCache } from './or-cache.ts'
import { localFolder, parseRepo, type Repo } from './repo.ts'
import { exportOf, isSupportFile, type ResolvedModel, type ResolveModelOptions } from './resolved-model.ts'
import { type HubSettings, hubSettings } from './settings.ts'
import { fetchSnapshot } from './snapshot.ts'

/** A folder with a checkpoint, or a hub id: then its files are fetched, those that a run needs and the cache lacks. */
export async function resolveModel(name: string, options: ResolveModelOptions = {}): Promise<ResolvedModel> {
  const folder = localFolder(name)
  if (folder !== null) return openFolder(name, folder, options)
  const repo = parseRepo('model', name, options.revision)
  const settings = hubSettings(options)
  return hubOrCache(
    repo,
    settings,
    () => fromHub(repo, settings, options),
    (note, cause) => fromCache(repo, settings, options, note, cause),
  )
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
