import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'

/** The bins that run something. */
export type Bin = 'run-rm' | 'run-dpo' | 'run-verify'
export { call as run, type Done, start } from '../command.ts'

/** A run whose table and report cost little: no verification, few resamples. */
export const QUICK = ['--no-verify', '--resamples', '100', '--device', 'cpu'] as const

/** A folder for a test file and the function that removes it. */
export function temporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'chemherm-run-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

export type CsvRow = Readonly<Record<string, string>>
export const readCsv = (...path: string[]): CsvRow[] => parse(readFileSync(join(...path)), { columns: true })
/** The first line of a CSV file. */
export const header = (...path: string[]): string[] => (parse(readFileSync(join(...path)), { to: 1 }) as string[][])[0]!

/** A parsed JSON file; tests say what they expect of it. */
export const readJson = <T>(...path: string[]): T => JSON.parse(readFileSync(join(...path), 'utf8')) as T

export const jsonLines = (rows: readonly unknown[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('')

/** What tests read of run.json. */
export interface Manifest {
  readonly command: string
  readonly config: Readonly<Record<string, unknown>>
  readonly versions: Readonly<Record<string, string>>
  readonly score: string
  readonly head: string | null
  readonly device: { readonly device: string; readonly provider: string } | null
  readonly plan: unknown
  readonly seed: number
  readonly elapsed_ms: number
  readonly warnings: readonly string[]
  readonly failures: { readonly count: number; readonly by_reason: Readonly<Record<string, number>> }
  readonly dataset: { readonly sha256: string; readonly rows: number; readonly completions: number }
  readonly shards: {
    readonly count: number
    readonly rule: string
    readonly estimated_tokens: readonly number[]
    readonly heaviest_over_mean: number
  } | null
  readonly verification: { readonly provenance: readonly unknown[] } | null
  readonly models: readonly ManifestModel[]
}
export interface ManifestModel {
  readonly role: string
  readonly name: string
  readonly source: string
  readonly revision: string | null
  readonly dtype: string
  readonly files: readonly { readonly name: string; readonly sha256: string }[]
  readonly tokenizer: { readonly sha256: string; readonly files: Readonly<Record<string, string>> }
  readonly text: {
    readonly template_sha256: string | null
    readonly max_length: number
    readonly truncation: string
    readonly pooling: string | null
  }
  readonly runner: { readonly provider: string; readonly dtype: string; readonly device: string } | null
  readonly work: {
    readonly measured: number
    readonly found: number
    readonly repeated: number
    readonly unscored: number
    readonly batches: number
    readonly again: number
    readonly tokens: number
    readonly modelMs: number
    readonly truncated: number
    readonly repairs: Readonly<Record<string, number>>
    readonly tokens_per_second: number | null
  }
}
export const manifestOf = (...path: string[]): Manifest => readJson<Manifest>(...path, 'run.json')
