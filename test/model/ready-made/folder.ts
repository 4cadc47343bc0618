import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { packagePath } from '../../../src/package.ts'
import type { Sequence } from '../../../src/types.ts'

/** A folder of test/data/onnx: only `bert` has a configuration of its own, the others lie beside that of test/data/parity. */
export const fixture = (name: string): string => packagePath('test/data/onnx', name)

/** A new folder with an export of test/data/onnx, and config.json, tokenizer and, unless they are unwanted, safetensors of its checkpoint. */
export function modelFolder(name: string, { safetensors = false }: { readonly safetensors?: boolean } = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'ready-made-'))
  if (name !== 'bert') cpSync(packagePath('test/data/parity', name), folder, { recursive: true })
  cpSync(fixture(name), folder, { recursive: true })
  if (!safetensors) rmSync(join(folder, 'model.safetensors'), { force: true })
  return folder
}

export const sequence = (ids: readonly number[], read = ids.length - 1): Sequence => ({
  ids: Int32Array.from(ids),
  typeIds: null,
  positionStart: 0,
  reads: Int32Array.of(read),
  group: 0,
})
