import { expect, it } from 'vitest'
import { configOf } from '../../src/library/config.ts'
import type { ScoreOptions } from '../../src/library/options.ts'
import { unusedOptions } from '../../src/setup/unused.ts'

it.each<[ScoreOptions, string]>([
  [{ beta: 1 }, 'beta'],
  [{ refFreeType: 'sum' }, 'refFreeType'],
  [{ refRevision: 'v1' }, 'refRevision'],
  [{ kind: 'rm', refModel: 'a/b' }, 'refModel'],
  [{ kind: 'dpo', head: 0 }, 'head'],
  [{ kind: 'dpo', pooling: 'mask' }, 'pooling'],
  [{ kind: 'dpo', rawOutputs: true }, 'rawOutputs'],
  [{ kind: 'dpo', stepAggregate: 'last' }, 'stepAggregate'],
  [{ kind: 'dpo', stepSeparator: '. ' }, 'stepSeparator'],
  [{ kind: 'dpo', stepTokens: 'a b c' }, 'stepTokens'],
])('%j: an option of the other kind of model is refused', (options, name) => {
  expect(() => configOf('a/b', options)).toThrow(
    expect.objectContaining({ tag: 'usage', where: `scoreCompletions: ${name}` }),
  )
})

it.each<[string | null, ScoreOptions, string[]]>([
  [null, { kind: 'dpo', refFreeType: 'sum' }, ['--ref-free-type changes nothing here: with a reference']],
  ['a/b', { kind: 'dpo', beta: 1 }, ['--beta changes nothing here: without --ref-model']],
  ['a/b', { kind: 'dpo', refModel: 'a/c', beta: 1 }, []],
  ['a/b', { head: 1, batchSize: 3 }, []],
])('%j %j: what changes nothing is noted', (model, options, lines) => {
  const { config, given } = configOf(model, options)
  expect(unusedOptions(config, given)).toEqual(lines.map((line) => expect.stringContaining(line)))
})
