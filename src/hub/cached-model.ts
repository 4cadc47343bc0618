import { join } from 'node:path'
import { NetworkError } from '../errors.ts'
import {
  ADAPTER_CONFIG,
  ADAPTER_WEIGHTS,
  headFiles,
  INDEX_FILE,
  indexText,
  isAdapter,
  numberedShards,
  parseWeightMap,
  SINGLE_FILE,
} from '../weight-files.ts'
import { cachedCommit, cachedFiles, snapshotFolder } from './cache.ts'
import type { Repo } from './repo.ts'
import { exportOf, isSupportFile, namedBy, type ResolvedModel, type ResolveModelOptions } from './resolved-model.ts'
import type { HubSettings } from './settings.ts'

/**
 * A model as the cache has it, without asking the hub.
 * @throws NetworkError where something of it is not there
 */
export function fromCache(
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
  ...new Set(parseWeightMap(indexText(dir), join(dir, INDEX_FILE)).values()),
]
