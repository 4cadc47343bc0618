import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Sequence } from '../../../src/types.ts'
import { copyExport } from './golden.ts'

/** A new folder with an export of test/data/onnx, and config.json, tokenizer and, unless they are unwanted, safetensors of its checkpoint. */
export function modelFolder(name: string, { safetensors = false }: { readonly safetensors?: boolean } = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'ready-made-'))
  copyExport(name, folder, safetensors)
  return folder
}

export const sequence = (ids: readonly number[], read = ids.length - 1): Sequence => ({
  ids: Int32Array.from(ids),
  typeIds: null,
  positionStart: 0,
  reads: Int32Array.of(read),
  group: 0,
})
