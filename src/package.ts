import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** The package's root folder: the nearest folder above this file that holds our package.json (src/ and dist/src/ both work). */
const root = ((): string => {
  let dir = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(dir, 'package.json'))) dir = dirname(dir)
  return dir
})()

/** Absolute path of a file or folder that ships with the package, e.g. `packagePath('src/embedded/demo')`. */
export const packagePath = (...parts: readonly string[]): string => join(root, ...parts)

/** URL of the compiled form of one of our modules, for worker threads: `builtUrl('src/chem/worker.ts')` → dist/src/chem/worker.js. */
export const builtUrl = (source: string): URL => pathToFileURL(join(root, 'dist', source.replace(/\.ts$/, '.js')))

/** Our version, as in package.json. */
export const packageVersion: string = (
  JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
).version
