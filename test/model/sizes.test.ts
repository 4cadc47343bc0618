import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ModelError } from '../../src/errors.ts'
import { modelSpec } from '../../src/model/archs/index.ts'
import { buildModel } from '../../src/model/build.ts'
import { openCheckpoint } from '../../src/model/checkpoint.ts'
import { packagePath } from '../../src/package.ts'
import type { MeasurementKind } from '../../src/types.ts'

/** Sizes that no model has: every architecture refuses them before it makes tables or tensors of that size. */

const root = packagePath('test/data')
const folders = ['parity', 'models', 'heads'].flatMap((topic) =>
  readdirSync(join(root, topic), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('config.json') && !path.endsWith('_config.json'))
    .map((path) => join(root, topic, path, '..')),
)
const SIZES =
  /^(hidden_size|n_embd|dim|d_model|num_attention_heads|n_heads?|num_key_value_heads|num_kv_heads|head_dim)$|experts$/

/** The config's own sizes, wherever they stand, and head_dim where the family reads it. */
function* changes(config: Record<string, unknown>): Generator<readonly [string, Record<string, unknown>]> {
  for (const [key, value] of Object.entries(config)) {
    if (key === 'text_config')
      for (const [name, inner] of changes(value as Record<string, unknown>))
        yield [`text_config.${name}`, { ...config, text_config: inner }]
    if (SIZES.test(key) && typeof value === 'number')
      for (const size of [1e9, 4e10, 1e12, 0, -1]) yield [`${key} ${size}`, { ...config, [key]: size }]
  }
}

it('finds the checkpoints', () => expect(folders.length).toBeGreaterThan(120))

/** What a checkpoint is for, and its graph. */
function usable(build: (kind: MeasurementKind) => string): readonly [MeasurementKind, string] {
  try {
    return ['head', build('head')]
  } catch {
    return ['logProb', build('logProb')]
  }
}

describe.each(folders.map((dir) => [relative(root, dir), dir] as const))('%s', (_, dir) => {
  it('is refused at once', () => {
    const checkpoint = openCheckpoint(dir)
    const config = JSON.parse(readFileSync(join(dir, 'config.json'), 'utf8')) as Record<string, unknown>
    const build = (changed: Record<string, unknown>, kind: MeasurementKind): string => {
      const other = { ...checkpoint, config: changed }
      return buildModel(other, modelSpec(other), { kind, attention: 'plain', type: 'float' }).sha256
    }
    const [kind, unchanged] = usable((of) => build(config, of))
    let refused = 0
    for (const [what, changed] of changes(config)) {
      const started = process.cpuUsage().user
      try {
        // a key that the family does not read changes nothing
        expect(build(changed, kind), what).toBe(unchanged)
      } catch (error) {
        expect(error, what).toBeInstanceOf(ModelError)
        refused++
      }
      expect((process.cpuUsage().user - started) / 1e6, what).toBeLessThan(1)
    }
    expect(refused).toBeGreaterThanOrEqual(10)
  })
})
