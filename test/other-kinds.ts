import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, dirname } from 'node:path'

/** What may stand where a file or a folder belongs; each takes away what was there. */
const MAKERS: Readonly<Record<string, (path: string) => void>> = {
  'a pipe': (path) => void execFileSync('mkfifo', [path]),
  'a folder': (path) => void mkdirSync(path),
  'an empty file': (path) => writeFileSync(path, ''),
  'a link to itself': (path) => symlinkSync(basename(path), path),
  'a link to nothing': (path) => symlinkSync('nothing-there', path),
  'a link to /dev/zero': (path) => symlinkSync('/dev/zero', path),
  'a link to /dev/null': (path) => symlinkSync('/dev/null', path),
}
export const OTHER_KINDS: readonly string[] = Object.keys(MAKERS)
export function putOther(kind: string, path: string): void {
  rmSync(path, { recursive: true, force: true })
  mkdirSync(dirname(path), { recursive: true })
  MAKERS[kind]!(path)
}
/** A code of the system, which no message shows. */
export const SYSTEM_CODE = /\bE(?!O[FS]\b)[A-Z]{3,}\b/
