import { readFileSync } from 'node:fs'
import { packagePath } from '../../package.ts'

// ◆ reads the embedded table of names.

const FILE = 'src/embedded/claims/names.txt'

/** What a name stands for: a structure, or where chemists draw several forms (sugars) only the formula. */
export interface Named {
  /** Null where the name means no single structure. */
  readonly smiles: string | null
  /** Hill formula. */
  readonly formula: string
}

let loaded: ReadonlyMap<string, Named> | null = null

/** By lower-case name; see src/embedded/claims/SOURCE.md. */
export function moleculeNames(): ReadonlyMap<string, Named> {
  loaded ??= parseNames(readFileSync(packagePath(FILE), 'utf8'))
  return loaded
}

/** `name, other names | SMILES or - | Hill formula` a line, `#` comments. */
function parseNames(text: string): Map<string, Named> {
  const names = new Map<string, Named>()
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue
    const [left = '', smiles = '', formula = ''] = line.split('|').map((part) => part.trim())
    for (const name of left.split(', ')) names.set(name, { smiles: smiles === '-' ? null : smiles, formula })
  }
  return names
}

/** Words of the longest name. */
export const LONGEST_NAME = 3
