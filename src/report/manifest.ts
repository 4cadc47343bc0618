import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { packageVersion } from '../package.ts'
import { unwrittenFile } from '../system-words.ts'
import { visibleJson } from '../visible-text.ts'
import { WholeFile } from '../whole-file.ts'

/** Versions of what computes the numbers, ours first. */
export function versions(): Record<string, string> {
  const parts = [
    'onnxruntime-node',
    '@huggingface/tokenizers',
    '@huggingface/hub',
    '@rdkit/rdkit',
    'hyparquet',
    'csv-stringify',
  ]
  return {
    chemherm: packageVersion,
    node: process.versions.node,
    ...Object.fromEntries(parts.map((name) => [name, versionOf(name)])),
  }
}

/** From the package that Node would load; package managers hoist it to any folder above. */
function versionOf(name: string): string {
  for (const folder of createRequire(import.meta.url).resolve.paths(name) ?? []) {
    const file = join(folder, name, 'package.json')
    if (existsSync(file)) return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
  }
  return 'unknown'
}

export const machine = (): Record<string, unknown> => ({
  platform: process.platform,
  arch: process.arch,
  cpu: cpus()[0]?.model ?? null,
  cores: cpus().length,
  memoryBytes: totalmem(),
})

/** Writes JSON so that the name stands for a whole file. */
export async function writeJson(path: string, value: unknown): Promise<void> {
  await writeWhole(path, `${visibleJson(value, 2)}\n`)
}

/**
 * Text in pieces is written as it comes. Where the system does not write it, nothing of it stays.
 * @throws DataError that names the file
 */
export async function writeWhole(path: string, text: string | Iterable<string> | AsyncIterable<string>): Promise<void> {
  const file = new WholeFile(path)
  try {
    if (typeof text === 'string') file.write(text)
    else for await (const part of text) file.write(part)
    file.close()
    // a signal is answered between two files
    await new Promise((resolve) => setImmediate(resolve))
  } catch (error) {
    file.abort()
    throw unwrittenFile(error, path)
  }
}
