import { readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { packagePath } from '../../src/package.ts'

/** One `import … from` or `export … from` of a file of ours. */
export interface Import {
  /** Path under src/, or `analysis/…`, `scripts/…`, `test/…`; with forward slashes. */
  readonly from: string
  /** The same, or the package as written. */
  readonly to: string
  /** Erased by the compiler: `import type`, `export type`. */
  readonly typeOnly: boolean
  /** `import()`: loaded when the line runs. */
  readonly dynamic: boolean
}

const STATIC = /^(?:import|export)\s+(type\s)?(?:[^'"]*?\sfrom\s+)?'([^']+)'/gm
const DYNAMIC = /\bimport\('([^']+)'\)/g

const filesIn = (folder: string): string[] =>
  readdirSync(packagePath(folder), { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.ts'))
    .sort()

/** Every TypeScript file under src/, sorted. The data of src/embedded is no code. */
export const sources = (): string[] => filesIn('src').filter((path) => !path.startsWith('embedded/'))

/** Folders beside src/ whose files are called by their path from the top. */
const BESIDE = /^(analysis|scripts|test)\//
/** Every TypeScript file of analysis/ and scripts/. */
export const besideSources = (): string[] =>
  ['analysis', 'scripts'].flatMap((folder) => filesIn(folder).map((path) => `${folder}/${path}`))

const pathOf = (file: string): string => (BESIDE.test(file) ? file : `src/${file}`)
export const textOf = (file: string): string => readFileSync(packagePath(pathOf(file)), 'utf8')

export function importsOf(file: string): Import[] {
  const text = textOf(file)
  const to = (specifier: string): string =>
    specifier.startsWith('.')
      ? posix.normalize(posix.join(posix.dirname(pathOf(file)), specifier)).replace(/^src\//, '')
      : specifier
  return [
    ...[...text.matchAll(STATIC)].map(([, type, specifier]) => ({
      from: file,
      to: to(specifier!),
      typeOnly: type !== undefined,
      dynamic: false,
    })),
    ...[...text.matchAll(DYNAMIC)].map(([, specifier]) => ({
      from: file,
      to: to(specifier!),
      typeOnly: false,
      dynamic: true,
    })),
  ]
}

/** What is loaded with a file: it and everything it imports statically. With `types` also what its declarations need. */
export function loadedWith(
  file: string,
  { types = false } = {},
): { readonly files: ReadonlySet<string>; readonly packages: ReadonlySet<string> } {
  const files = new Set<string>()
  const packages = new Set<string>()
  const visit = (path: string): void => {
    if (files.has(path)) return
    files.add(path)
    for (const { to, typeOnly, dynamic } of importsOf(path)) {
      if (dynamic || (typeOnly && !types)) continue
      if (to.endsWith('.ts')) visit(to)
      else if (!to.startsWith('node:')) packages.add(to)
    }
  }
  visit(file)
  return { files, packages }
}
