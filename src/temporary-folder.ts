import { lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { isLeftBehind, passingOwner } from './passing-file.ts'
import { unwrittenFile } from './system-words.ts'
import { begun, ended } from './unfinished.ts'

/** A folder that goes with this process, also where a signal ends it. */
export interface TemporaryFolder {
  readonly path: string
  remove(): void
}

/**
 * Makes `<stem>-<process>-<host>-XXXXXX`, and takes away those of the same stem that killed processes left: of this host where the process is
 * gone, of others after an hour without a change, in each case only what this user made.
 * @param stem beginning of the name, with the folder where it stands
 * @throws DataError where the system makes none
 * @example temporaryFolder() // /tmp/chemherm-71-node3-5f0c2a91-Xa81bc
 */
export function temporaryFolder(stem: string = join(tmpdir(), 'chemherm'), now: number = Date.now()): TemporaryFolder {
  sweep(stem, now)
  const path = made(`${stem}-${passingOwner}-`)
  begun(path)
  return {
    path,
    remove() {
      try {
        rmSync(path, { recursive: true, force: true })
      } catch {
        // it stays for the next one
      }
      ended(path)
    },
  }
}

function made(start: string): string {
  try {
    return mkdtempSync(start)
  } catch (cause) {
    throw unwrittenFile(cause, dirname(start))
  }
}

/** Process and host between the stem and the six characters that make the name unique. */
const MADE = /^-(\d+)-([\w-]+)-\w{6}$/

function sweep(stem: string, now: number): void {
  const [folder, start] = [dirname(stem), basename(stem)]
  let names: readonly string[]
  try {
    names = readdirSync(folder)
  } catch {
    return
  }
  for (const name of names) {
    const [, pid, host] = (name.startsWith(start) && MADE.exec(name.slice(start.length))) || []
    if (pid === undefined || host === undefined) continue
    const path = join(folder, name)
    try {
      if (isOurs(path) && isLeftBehind(path, { pid: Number(pid), host }, now))
        rmSync(path, { recursive: true, force: true })
    } catch {
      // another process takes it away at this moment, or the system does not
    }
  }
}

/** In a folder that everybody writes to, others may have made anything of that name. */
function isOurs(path: string): boolean {
  const found = lstatSync(path)
  return found.isDirectory() && found.uid === (process.getuid?.() ?? found.uid)
}
