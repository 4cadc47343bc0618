import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { ModelError } from '../../src/errors.ts'
import { modelSpec } from '../../src/model/archs/index.ts'
import { buildModel } from '../../src/model/build.ts'
import { openCheckpoint } from '../../src/model/checkpoint.ts'
import { packagePath } from '../../src/package.ts'
import type { MeasurementKind } from '../../src/types.ts'
import { editTensors, type Tensors } from './safetensors-edit.ts'

const root = mkdtempSync(join(tmpdir(), 'chemherm-model-'))

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

/** The same of a golden checkpoint. @param name its folder below test/data */
export const changed = (name: string, change: Change): string =>
  changedCopy(root, packagePath('test/data', name), change)

export const build = (dir: string, kind: MeasurementKind = 'head') => {
  const checkpoint = openCheckpoint(dir)
  return buildModel(checkpoint, modelSpec(checkpoint), { kind, attention: 'split', type: 'float' })
}

/** The error as a user reads it. */
export function refusalOf(open: () => unknown): string {
  try {
    open()
  } catch (error) {
    expect(error).toBeInstanceOf(ModelError)
    const { where, message, hint } = error as ModelError
    return `${where}: ${message} ${hint ?? ''}`
  }
  return 'not refused'
}

export const refusal = (dir: string, kind: MeasurementKind = 'head'): string => refusalOf(() => build(dir, kind))
