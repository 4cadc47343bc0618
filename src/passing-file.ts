import { readdirSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { spaceName } from './process-space.ts'

/** Files that only one process touches for a moment, before they get their name or go. A kill may leave them. */
const SUFFIXES = ['partial', 'new', 'stale', 'tmp'] as const
type Suffix = (typeof SUFFIXES)[number]
const host = spaceName()

/** This process, of all hosts and containers. @example '71-node3-5f0c2a91' */
export const passingOwner = `${process.pid}-${host}`

/** A name beside a file that no other process uses, on whichever host. @example passingName('a.lock', 'new') // 'a.lock.71-node3-5f0c2a91.new' */
export const passingName = (file: string, suffix: Suffix): string => `${file}.${passingOwner}.${suffix}`

/** What `passingName` makes, of any file and process. */
export const PASSING_NAME = new RegExp(`\\.(\\d+)(?:-([\\w-]+))?\\.(?:${SUFFIXES.join('|')})$`)

/** After this long no process of another host is still at one: the longest, a copy of a store, is written to all the time. */
const OLD_MS = 3_600_000

/** Takes away what killed processes left beside a file: of this host where the process is gone, of others after an hour without a change. */
export function sweepPassing(file: string, now: number = Date.now()): void {
  let names: readonly string[]
  try {
    names = readdirSync(dirname(file))
  } catch {
    return
  }
  const start = `${basename(file)}.`
  for (const name of names) {
    const [rest, pid, where] = PASSING_NAME.exec(name) ?? []
    if (rest === undefined || name.length - rest.length !== start.length - 1 || !name.startsWith(start)) continue
    const path = join(dirname(file), name)
    try {
      if (isLeftBehind(path, { pid: Number(pid), host: where }, now)) rmSync(path, { force: true })
    } catch {
      // it stays for the next one
    }
  }
}

/** Whether the process that made it is gone; on another host or in another container that cannot be told, and what was not touched for an hour counts as left. */
export const isLeftBehind = (
  path: string,
  owner: { readonly pid: number; readonly host: string | undefined },
  now: number,
): boolean => (owner.host === host ? !runs(owner.pid) : isOld(path, now))

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

function isOld(path: string, now: number): boolean {
  const found = statSync(path, { throwIfNoEntry: false })
  return found !== undefined && now - found.mtimeMs > OLD_MS
}
