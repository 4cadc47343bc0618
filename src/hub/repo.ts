import { existsSync, readdirSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { UsageError } from '../errors.ts'
import { nearest } from '../nearest.ts'
import { staysInside } from '../weight-files.ts'

/** A repository of the hub at a revision (branch, tag, refs/pr/N or commit). */
export interface Repo {
  readonly type: 'model' | 'dataset'
  /** `org/name`, or `name` for the few old ones without an organisation. */
  readonly id: string
  readonly revision: string
}

/** huggingface_hub's rule (utils/_validators.py): letters, digits, `-` `_` `.`; no `--`, no `..`, at most 96 characters. */
const REPO_ID = /^(?:[\w](?:[\w.-]*[\w])?\/)?[\w](?:[\w.-]*[\w])?$/

/**
 * `org/name` or `org/name@revision`. The revision may be given apart, but not two different ones.
 * @example parseRepo('model', 'org/name@v1', undefined) // { type: 'model', id: 'org/name', revision: 'v1' }
 */
export function parseRepo(type: Repo['type'], name: string, revision: string | undefined): Repo {
  const at = name.indexOf('@')
  const id = at < 0 ? name : name.slice(0, at)
  const inline = at < 0 ? undefined : name.slice(at + 1)
  if (inline !== undefined && revision !== undefined && inline !== revision)
    throw new UsageError(
      `asks for revision "${inline}", and the flag for "${revision}"`,
      name,
      'Give the revision once.',
    )
  const chosen = inline ?? revision ?? 'main'
  if (!REPO_ID.test(id) || id.includes('--') || id.includes('..') || id.length > 96)
    throw new UsageError(
      'is neither an existing folder nor a hub id',
      name,
      `Give a folder that exists, or org/name of ${type === 'model' ? 'a model' : 'a data set'} on the hub.`,
    )
  if (!/^[\w./-]+$/.test(chosen) || !staysInside(chosen))
    throw new UsageError(`"${chosen}" is not a branch, tag or commit`, name)
  return { type, id, revision: chosen }
}

/** The folder that a name means, or null where it can only be a hub id. A folder that exists wins, as in transformers. */
export function localFolder(name: string): string | null {
  if (name === '') return null // resolve('') would be the working folder
  const path = resolve(name.startsWith('~/') ? join(homedir(), name.slice(2)) : name)
  if (existsSync(path)) {
    if (statSync(path).isDirectory()) return path
    throw new UsageError('is a file, expected a folder', name, 'Give the folder that holds it.')
  }
  if (/^([./~]|[A-Za-z]:)|\\/.test(name)) throw new UsageError('no such folder', name, nearFolder(path))
  return null
}

/** A folder beside it that is probably meant, or where it was looked for. */
function nearFolder(path: string): string {
  const parent = dirname(path)
  if (!existsSync(parent)) return `It was looked for at ${path}.`
  try {
    const folders = readdirSync(parent, { withFileTypes: true }).filter((entry) => entry.isDirectory())
    const meant = nearest(
      basename(path),
      folders.map(({ name }) => name),
    )
    return meant === null ? `It was looked for at ${path}.` : `Is ${join(parent, meant)} meant?`
  } catch {
    return `It was looked for at ${path}.`
  }
}

export const COMMIT = /^[0-9a-f]{40}$/
