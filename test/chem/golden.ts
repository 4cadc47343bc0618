import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'

export interface PythonCall<T> {
  readonly value?: T
  readonly error?: { readonly class: string; readonly message: string }
}

/** The cases of test/data/chem/<name>.jsonl.gz. */
export function golden<T extends object>(name: string): T[] {
  const path = join(import.meta.dirname, '../data/chem', `${name}.jsonl.gz`)
  const lines = gunzipSync(readFileSync(path)).toString('utf8').trim().split('\n')
  return lines.map((line) => JSON.parse(line.replace(/:\s*NaN\b/g, ': null')) as T)
}

/** The class of what a call raises, as Python names it; null where it returns. */
export function raised(call: () => unknown): string | null {
  try {
    call()
    return null
  } catch (error) {
    return error instanceof Error ? error.name : String(error)
  }
}
