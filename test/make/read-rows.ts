import { readFileSync } from 'node:fs'
import type { PairRow } from '../../src/make/row.ts'

export const rowsOf = (path: string): PairRow[] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as PairRow)
