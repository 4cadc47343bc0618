import { readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { packagePath } from '../../src/package.ts'

/** One `import … from` or `export … from` of a file of ours. */
export interface Import {
  /** Path under src/, with forward slashes. */
  readonly from: string
  /** Path under src/, or the package as written. */
  readonly to: string
  /** Erased by the compiler: `import type`, `export type`. */
  readonly typeOnly: boolean
  /** `import()`: loaded when the line runs. */
  readonly dynamic: boolean
}

const STATIC = /^(?:import|export)\s+(type\s)?(?:[^'"]*?\sfrom\s+)?'([^']+)'/gm
const DYNAMIC = /\bimport\('([^']+)'\)/g

/** Every TypeScript file under src/, sorted. The data of src/embedded is no code. */
export const sources = (): string[] =>
  readdirSync(packagePath('src'), { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.ts') && !path.startsWith('embedded/'))
    .sort()

export function importsOf(file: string): Import[] {
  const text = readFileSync(packagePath('src', file), 'utf8')
  const to = (specifier: string): string =>
    specifier.startsWith('.') ? posix.normalize(posix.join(posix.dirname(file), specifier)) : specifier
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
