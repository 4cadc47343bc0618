import { mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { expect, it } from 'vitest'
import { packagePath } from '../../../src/package.ts'
import type { RunBin } from '../../../src/setup/option.ts'
import { call, type Done, type Env } from '../../command.ts'

/**
 * What shows that an option of a bin changes what is written or printed, or refuses: a check that runs here (the commands,
 * in this process), or a test elsewhere, as [file, title].
 */
export type Shown = (() => Promise<void>) | readonly [file: string, title: string]
/** By flag. @typeParam K the names in the option table */
export type Rows<K extends string> = Readonly<Record<Flag<K>, Shown>>
/** A test for each option of a bin. */
export function showEach(rows: Readonly<Record<string, Shown>>): void {
  it.each(Object.entries(rows))('--%s', async (_, shown) => {
    if (typeof shown === 'function') return shown()
    const [file, title] = shown
    expect(readFileSync(packagePath(file), 'utf8'), file).toContain(title)
  })
}

type Flag<K extends string> = K extends `${infer C}${infer Rest}`
  ? `${C extends Lowercase<C> ? C : `-${Lowercase<C>}`}${Flag<Rest>}`
  : K

const root = mkdtempSync(join(tmpdir(), 'chemherm-effects-'))
let folders = 0
export function newFolder(): string {
  const path = join(root, String(++folders))
  mkdirSync(path)
  return path
}

// ── run-rm, run-dpo, run-verify ─────────────────────────────────────────────────────────────────────────────────────

export interface Ran extends Done {
  readonly outputDir: string
  /** Folder of the run's files; null where there is none. */
  readonly folder: string | null
}
type Json = Record<string, unknown>
export type CsvRow = Readonly<Record<string, string>>

/** What every run here has unless it says otherwise: small and quick. */
const usual = (bin: RunBin, args: readonly string[]): string[] => {
  const given = (name: string): boolean => args.some((arg) => arg === `--${name}` || arg.startsWith(`--${name}=`))
  const flags: Readonly<Record<string, string>> = {
    ...(bin !== 'run-verify' && { device: 'cpu' }),
    ...(bin !== 'run-generate' && { resamples: '100' }),
    'output-dir': newFolder(),
  }
  return Object.entries(flags).flatMap(([name, value]) => (given(name) ? [] : [`--${name}`, value]))
}

export async function ran(bin: RunBin, args: readonly string[], env: Env = {}): Promise<Ran> {
  const argv = [...usual(bin, args), ...args]
  const outputDir = argv[argv.indexOf('--output-dir') + 1]!
  return { ...(await call(bin, argv, env)), outputDir, folder: runFolder(outputDir) }
}

function runFolder(outputDir: string): string | null {
  for (const name of readdirSync(outputDir, { recursive: true, encoding: 'utf8' }))
    if (/[/\\](run\.json|measurements[^/\\]*\.jsonl)$/.test(name)) return join(outputDir, name, '..')
  return null
}

const read = ({ folder, stderr }: Ran, name: string): string => {
  if (folder === null) throw new Error(`nothing was written: ${stderr}`)
  return readFileSync(join(folder, name), 'utf8')
}
export const csv =
  (name: string) =>
  (run: Ran): CsvRow[] =>
    parse(read(run, name), { columns: true })
export const file =
  (name: string) =>
  (run: Ran): string =>
    read(run, name)
export const column =
  (name: string, field: string) =>
  (run: Ran): string[] =>
    csv(name)(run).map((row) => row[field]!)
export const manifest = (run: Ran): Json => JSON.parse(read(run, 'run.json')) as Json
/** A field of run.json. @example record('models', 0, 'work', 'batches') */
export const record =
  (...path: readonly (string | number)[]) =>
  (run: Ran): unknown =>
    path.reduce<unknown>((value, key) => (value as Json | undefined)?.[key], manifest(run))
export const verdicts = (run: Ran): string[] =>
  csv('scores.csv')(run).map((row) =>
    ['verifiable_reward', 'verifiable_status', 'verifiable_reason', 'format_reward'].map((name) => row[name]).join(' '),
  )

const known = new Map<string, Promise<Ran>>()
/** The same command only once. */
export function once(bin: RunBin, args: readonly string[]): Promise<Ran> {
  const key = [bin, ...args].join(' ')
  const found = known.get(key) ?? ran(bin, args)
  known.set(key, found)
  return found
}

const well = (run: Ran): Ran => {
  expect(run, run.stderr).toSatisfy(({ code }: Ran) => code === 0 || code === 4)
  return run
}

/** Something that is written differs with the arguments, and not only run.json's copy of them. */
export const changes =
  (bin: RunBin, base: readonly string[], more: readonly string[], what: (run: Ran) => unknown, to?: unknown) =>
  async (): Promise<void> => {
    const without = what(well(await once(bin, base)))
    const found = what(well(await once(bin, [...base, ...more])))
    expect(found).not.toEqual(without)
    if (to !== undefined) expect(found).toEqual(to)
  }

/** The run is refused, before anything is written. */
export const refuses =
  (bin: RunBin, args: readonly string[], code: number, message: string) => async (): Promise<void> => {
    const run = await ran(bin, args)
    expect(run).toMatchObject({ code, stdout: '', folder: null })
    expect(run.stderr).toContain(message)
  }

/** The run says something of its options; `--dry-run` gets as far as that, `saysAtEnd` is for what shows only once all is measured. */
export const says = (bin: RunBin, args: readonly string[], message: string): (() => Promise<void>) =>
  saysAtEnd(bin, args.includes('--print-config') ? args : [...args, '--dry-run'], message)
export const saysAtEnd = (bin: RunBin, args: readonly string[], message: string) => async (): Promise<void> => {
  const run = well(await once(bin, args))
  expect(run.stderr).toContain(message)
}

export const all =
  (...checks: readonly (() => Promise<void>)[]) =>
  async (): Promise<void> => {
    for (const check of checks) await check()
  }
