import type { Repo } from './repo.ts'
import { listingFetch, orNetworkError } from './request.ts'
import type { HubSettings } from './settings.ts'

/** The hub's own bot, and what it calls its pull requests (transformers/safetensors_conversion.py). Nobody else's are taken. */
const BOT = 'SFconvertbot'
const TITLE = 'Adding `safetensors` variant of this model'

interface Discussion {
  readonly num: number
  readonly title: string
  readonly status: string
  readonly isPullRequest: boolean
  readonly author?: { readonly name?: string }
}

/**
 * The open pull request in which the hub's bot converted pickled weights of this very commit: its revision, refs/pr/N; or null. As in
 * transformers the first commit of it must stand on the commit that was asked for: a conversion of older weights is none.
 */
export function conversionOf(repo: Repo, commit: string, settings: HubSettings): Promise<string | null> {
  return orNetworkError(settings, repo, async () => {
    const get = async (path: string): Promise<unknown> =>
      (await listingFetch(settings, repo)(`${settings.endpoint}/api/models/${repo.id}/${path}`)).json()
    const { discussions } = (await get('discussions?p=0&type=pull_request&status=open')) as {
      discussions: readonly Discussion[]
    }
    for (const { num, title, status, isPullRequest, author } of discussions) {
      if (title !== TITLE || status !== 'open' || !isPullRequest || author?.name !== BOT) continue
      if (!Number.isSafeInteger(num)) continue
      const revision = `refs/pr/${num}`
      const commits = (await get(`commits/${encodeURIComponent(revision)}?p=0`)) as readonly { readonly id: string }[]
      if (commits[1]?.id === commit) return revision
    }
    return null
  })
}
