import { describe, expect, it } from 'vitest'
import { kebabFlags } from '../../src/cli/argv.ts'
import { toRunConfig } from '../../src/cli/config.ts'
import { etaText } from '../../src/cli/log.ts'
import {
  dataOptions,
  hermOptions,
  rmModelOptions,
  runOptions,
  scoringOptions,
  verifyOptions,
} from '../../src/cli/options.ts'
import { parseArgs } from '../../src/cli/parse.ts'

const table = { ...rmModelOptions, ...dataOptions, ...scoringOptions, ...verifyOptions, ...runOptions, ...hermOptions }
const parse = (...argv: string[]) => parseArgs({ name: 'run-rm', summary: '', examples: [] }, table, argv)

describe('kebabFlags', () => {
  it('changes the names of flags, never values', () => {
    expect(kebabFlags(['--chat_template', 'my_tmpl', '--ref_free_type=a_b', '--', '--x_y'])).toEqual([
      '--chat-template',
      'my_tmpl',
      '--ref-free-type=a_b',
      '--',
      '--x_y',
    ])
  })
})

describe('parseArgs', () => {
  it("takes HERM's spellings", async () => {
    const config = toRunConfig(
      'run-rm',
      (await parse('--model', 'a/b', '--batch_size', '8', '--torch_dtype=float32', '--debug', '--not_quantized'))!,
    )
    expect(config).toMatchObject({
      batchSize: 8,
      dtype: 'fp32',
      limit: 10,
      models: [{ role: 'rm', name: 'a/b', revision: 'main' }],
    })
  })
  it('names the nearest flag', async () => {
    await expect(parse('--modle', 'a/b')).rejects.toMatchObject({
      tag: 'usage',
      where: '--modle',
      hint: expect.stringContaining('--model?'),
    })
  })
  it('refuses a number that is none, a choice that is none, a bare word', async () => {
    await expect(parse('--limit', 'ten')).rejects.toMatchObject({ where: '--limit' })
    await expect(parse('--truncation', 'middle')).rejects.toMatchObject({ tag: 'usage' })
    await expect(parse('model')).rejects.toMatchObject({ tag: 'usage' })
  })
  it('reads --no-resume, repeated filters, and refuses a bad shard', async () => {
    const args = (await parse('--no-resume', '--filter', 'a', '--filter', '!b', '--shard', '2/3'))!
    expect(toRunConfig('run-rm', args)).toMatchObject({
      resume: false,
      filter: ['a', '!b'],
      shard: { index: 2, count: 3 },
    })
    for (const shard of ['0/2', '3/2', '1', 'a/b']) {
      const bad = (await parse('--shard', shard))!
      expect(() => toRunConfig('run-rm', bad)).toThrow(expect.objectContaining({ where: '--shard' }))
    }
  })
  it('takes the same keys from a config file, in either spelling; flags win; unknown keys are named', async () => {
    const { mkdtempSync, writeFileSync } = await import('node:fs')
    const { tmpdir } = await import('node:os')
    const { join } = await import('node:path')
    const dir = mkdtempSync(join(tmpdir(), 'config-'))
    const path = join(dir, 'run.yaml')
    writeFileSync(path, 'chat_template: raw\nseed: 5\n')
    expect(toRunConfig('run-rm', (await parse('--config', path, '--seed', '7'))!)).toMatchObject({
      chatTemplate: 'raw',
      seed: 7,
    })
    writeFileSync(path, 'chat_templat: raw\n')
    await expect(parse('--config', path)).rejects.toMatchObject({
      where: path,
      message: 'unknown key "chat_templat"',
      hint: expect.stringContaining('chat-template'),
    })
  })
  it('refuses soft with loose, as ether0 does', async () => {
    const args = (await parse('--soft', '--extraction', 'loose'))!
    expect(() => toRunConfig('run-rm', args)).toThrow(expect.objectContaining({ where: '--soft' }))
  })
})

describe('etaText', () => {
  it.each([
    [0.2, '1 s'],
    [59, '59 s'],
    [61, '1 min 1 s'],
    [3725, '1 h 2 min'],
    [Number.POSITIVE_INFINITY, '–'],
  ])('%d', (s, text) => {
    expect(etaText(s)).toBe(text)
  })
})
