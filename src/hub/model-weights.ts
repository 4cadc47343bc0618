import { ModelError } from '../errors.ts'
import { INDEX_FILE, indexText, numberedShards, parseWeightMap, SINGLE_FILE } from '../weight-files.ts'
import type { RepoFile } from './listing.ts'
import type { DownloadProgress } from './receive.ts'
import type { Repo } from './repo.ts'
import { namedBy, type ResolveModelOptions } from './resolved-model.ts'
import type { HubSettings } from './settings.ts'
import { fetchSnapshot } from './snapshot.ts'

/** An .onnx file and the files of weights that it names; those are known only once it is there. */
export async function onnxFiles(
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

/** The index and the shards that it names, or numbered shards without one. */
export async function shardNames(
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
  const shards = new Set(parseWeightMap(indexText(dir), `${repo.id}/${INDEX_FILE}`).values())
  const listed = new Set(files.map(({ path }) => path))
  const absent = [...shards].filter((shard) => !listed.has(shard))
  if (absent.length > 0)
    throw new ModelError(`${absent.length} of ${shards.size} shards are not in the repository: ${absent[0]}`, repo.id)
  return [INDEX_FILE, ...shards]
}
