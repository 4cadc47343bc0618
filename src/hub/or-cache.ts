import type { NetworkError } from '../errors.ts'
import type { Repo } from './repo.ts'
import { UnreachableError } from './request.ts'
import type { HubSettings } from './settings.ts'

/**
 * Asks the hub; with --offline, or where it is out of reach (not: where it refuses), what the cache has, which is pinned to a commit all
 * the same.
 * @param cache told why, for the user
 */
export async function hubOrCache<T>(
  { id }: Repo,
  settings: HubSettings,
  hub: () => Promise<T>,
  cache: (note: string, cause?: NetworkError) => T | Promise<T>,
): Promise<T> {
  if (settings.offline) return cache(`--offline: ${id} as the cache has it`)
  try {
    return await hub()
  } catch (error) {
    if (!(error instanceof UnreachableError)) throw error
    return cache(`${error.where}: ${error.message}; ${id} is used as the cache has it`, error)
  }
}
