import { readFileSync } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
import { cpus, totalmem } from 'node:os'
import { packagePath, packageVersion } from '../package.ts'

/** Versions of what computes the numbers, ours first. */
export function versions(): Record<string, string> {
  const of = (name: string): string =>
    (JSON.parse(readFileSync(packagePath('node_modules', name, 'package.json'), 'utf8')) as { version: string }).version
  const parts = ['onnxruntime-node', '@huggingface/tokenizers', '@rdkit/rdkit', 'csv-stringify']
  return {
    chemherm: packageVersion,
    node: process.versions.node,
    ...Object.fromEntries(
      parts.flatMap((name) => {
        try {
          return [[name, of(name)]]
        } catch {
          return [] // hoisted elsewhere by a package manager: the lock file has it
        }
      }),
    ),
  }
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
  await writeWhole(path, `${JSON.stringify(value, null, 2)}\n`)
}
export async function writeWhole(path: string, text: string): Promise<void> {
  await writeFile(`${path}.partial`, text)
  await rename(`${path}.partial`, path)
}
