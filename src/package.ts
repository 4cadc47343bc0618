import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { UsageError } from './errors.ts'

/** The package's root folder: the nearest folder above this file that holds our package.json (src/ and dist/src/ both work). */
const root = ((): string => {
  let dir = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(dir, 'package.json'))) dir = dirname(dir)
  return dir
})()

/** Absolute path of a file or folder that ships with the package, e.g. `packagePath('src/embedded/demo')`. */
export const packagePath = (...parts: readonly string[]): string => join(root, ...parts)

/** URL of the compiled form of one of our modules, for worker threads: `builtUrl('src/chem/workers/worker.ts')` → dist/src/chem/workers/worker.js. */
export const builtUrl = (source: string): URL => pathToFileURL(join(root, 'dist', source.replace(/\.ts$/, '.js')))

interface Manifest {
  readonly name?: string
  readonly version: string
  readonly dependencies?: Readonly<Record<string, string>>
}
const readManifest = (path: string): Manifest => JSON.parse(readFileSync(path, 'utf8')) as Manifest
const own = readManifest(join(root, 'package.json'))

/** Our version, as in package.json. */
export const packageVersion: string = own.version

/** A package whose insides we replace or rely on: another version may have others, and numbers would change in silence. */
export interface PinnedPackage {
  readonly name: string
  /** The exact version of our package.json. */
  readonly pinned: string
  /** The version that Node loads here; a project's overrides or deduplication may have chosen another. */
  readonly found: string
}
export function pinnedPackage(name: string): PinnedPackage {
  let dir = dirname(createRequire(import.meta.url).resolve(name))
  const isRoot = (): boolean => {
    const path = join(dir, 'package.json')
    return existsSync(path) && readManifest(path).name === name
  }
  while (!isRoot() && dir !== dirname(dir)) dir = dirname(dir)
  return {
    name,
    pinned: own.dependencies?.[name] ?? 'none',
    found: isRoot() ? readManifest(join(dir, 'package.json')).version : 'unknown',
  }
}

/** @throws UsageError naming both versions where they differ */
export function checkPinned({ name, pinned, found }: PinnedPackage): void {
  if (found !== pinned)
    throw new UsageError(
      `version ${found} is installed, chemherm ${packageVersion} relies on the insides of ${pinned}`,
      name,
      `Install ${name}@${pinned}; overrides or resolutions in your package.json must not choose another version.`,
    )
}
