import { readFileSync } from 'node:fs'
import { packagePath } from '../../package.ts'

// ◆ reads the embedded table of names.

const FILE = 'src/embedded/claims/names.txt'

let loaded: ReadonlyMap<string, string> | null = null

/** Lower-case name → SMILES, for molecules of which chemists mean one structure by the name; see src/embedded/claims/SOURCE.md. */
export function moleculeNames(): ReadonlyMap<string, string> {
  loaded ??= parseNames(readFileSync(packagePath(FILE), 'utf8'))
  return loaded
}

/** `name, other names | SMILES | Hill formula` a line, `#` comments. */
function parseNames(text: string): Map<string, string> {
  const names = new Map<string, string>()
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue
    const [left = '', smiles = ''] = line.split('|').map((part) => part.trim())
    for (const name of left.split(', ')) names.set(name, smiles)
  }
  return names
}

/** Words of the longest name. */
export const LONGEST_NAME = 3
