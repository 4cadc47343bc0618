import { readFileSync } from 'node:fs'
import { packagePath } from '../../src/package.ts'

/** The records of one file of test/data/pairs/cases. */
export const recordsOf = (name: string): unknown[] =>
  readFileSync(packagePath('test/data/pairs/cases', `${name}.jsonl`), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown)
