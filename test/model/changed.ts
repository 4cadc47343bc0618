import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { editTensors, type Tensors } from './safetensors-edit.ts'

export interface Change {
  readonly config?: (config: Record<string, unknown>) => void
  readonly tensors?: (tensors: Tensors) => void
}

/** A copy of a checkpoint below `root`, with changes; its folder. */
export function changedCopy(root: string, from: string, change: Change): string {
  const dir = mkdtempSync(join(root, 'changed-'))
  cpSync(from, dir, { recursive: true })
  if (change.config) {
    const file = join(dir, 'config.json')
    const config = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
    change.config(config)
    writeFileSync(file, JSON.stringify(config))
  }
  if (change.tensors) editTensors(join(dir, 'model.safetensors'), change.tensors)
  return dir
}
