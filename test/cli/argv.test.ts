import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { kebabFlags } from '../../src/cli/argv.ts'
import { etaText } from '../../src/cli/log.ts'
import { BIN_OPTIONS } from '../../src/cli/options.ts'
import { parseArgs } from '../../src/cli/parse.ts'
import { toRunConfig } from '../../src/setup/config.ts'

const parse = (...argv: string[]) =>
  parseArgs({ name: 'run-rm', summary: '', examples: [] }, BIN_OPTIONS['run-rm'], argv)
const configOf = async (...argv: string[]) => toRunConfig('run-rm', (await parse(...argv))!)
const folder = mkdtempSync(join(tmpdir(), 'chemherm-config-'))
afterAll(() => rmSync(folder, { recursive: true }))
function yaml(text: string): string {
  writeFileSync(join(folder, 'run.yaml'), text)
  return join(folder, 'run.yaml')
}

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
  it('refuses a number that is none and a bare word', async () => {
    await expect(parse('--limit', 'ten')).rejects.toMatchObject({ where: '--limit' })
    await expect(parse('model')).rejects.toMatchObject({ message: '"model" is not a flag' })
  })
  it('reads --no-resume, repeated filters, and refuses a bad shard', async () => {
    const args = (await parse('--no-resume', '--filter', 'a', '--filter', 'b', '--shard', '2/3'))!
    expect(toRunConfig('run-rm', args)).toMatchObject({
      resume: false,
      filter: ['a', 'b'],
      shard: { index: 2, count: 3 },
    })
    for (const shard of ['0/2', '3/2', '1', 'a/b']) {
      const bad = (await parse('--shard', shard))!
      expect(() => toRunConfig('run-rm', bad)).toThrow(expect.objectContaining({ where: '--shard' }))
    }
  })
  it.each([
    [['--name.x', 'y'], '--name.x'],
    [['--quiet.x'], '--quiet.x'],
    [['--filter.x', 'a'], '--filter.x'],
    [['--constructor', 'x'], '--constructor'],
    [['--no-constructor'], '--no-constructor'],
    [['--toString'], '--toString'],
    [['--$0=x'], '--$0'],
  ])('knows no flag %j: no object of it, nothing inherited', async (argv, where) => {
    await expect(parse(...argv)).rejects.toMatchObject({ tag: 'usage', where, message: 'unknown flag' })
  })
  it.each([[['--quiet', '--no-quiet']], [['--no-verify', '--verify']], [['--soft=true', '--soft', 'False']]])(
    'refuses a switch that is given and negated: %j',
    async (argv) => {
      await expect(parse(...argv)).rejects.toMatchObject({ tag: 'usage', message: 'is given and negated' })
    },
  )
  it('takes a switch that is repeated, and no value for help and version', async () => {
    expect(await configOf('--quiet', '--quiet=true')).toMatchObject({ quiet: true })
    for (const flag of ['--help=false', '--no-version'])
      await expect(parse(flag)).rejects.toMatchObject({ message: 'takes no value' })
  })
  it('reads switches as they are meant, Python\u2019s words too', async () => {
    expect(
      await configOf('--soft', 'True', '--quiet=TRUE', '--resume=false', '--no_verify', '--limit', '3'),
    ).toMatchObject({
      verification: { soft: true, enabled: false },
      quiet: true,
      resume: false,
      limit: 3,
    })
    // what follows a switch and is no truth value is no part of it
    await expect(parse('--soft', 'yes')).rejects.toMatchObject({ message: '"yes" is not a flag' })
  })
  it.each([
    ['--modle', 'unknown flag'],
    ['--beta', 'unknown flag'],
    ['--quiet=yes', 'is "yes", expected true or false'],
    ['--quiet=', 'is "", expected true or false'],
    ['--no-quiet=true', 'takes no value'],
    ['--no-model', 'is no switch'],
    ['--no_limit', 'is no switch'],
    ['--model=', 'needs a value'],
    ['--limit=', 'needs a value'],
    ['--filter=', 'needs a value'],
    ['--config', 'needs a value'],
    ['--limit=ten', 'expects a number, not "ten"'],
    ['--good-molecule-bonus=-1', '-1 is below 0'],
    ['--curriculum-epochs=1001', '1001 is above 1,000'],
    ['--limit=-1', '-1 is not a whole number of at least 1'],
    ['--limit=1.5', '1.5 is not a whole number of at least 1'],
    ['--seed=1e300', '1e+300 is above 9,007,199,254,740,991'],
    ['--resamples=1e9', '1000000000 is above 1,000,000'],
    ['--dtype=fp12', '"fp12" is none of "auto", "fp32", "tf32", "fp16", "bf16", "q8", "q4"'],
    ['--name=a/b', '"a/b" is not the name of a folder'],
    ['--name=..', '".." is not the name of a folder'],
    ['--name=a\u001b[2J', expect.stringContaining('has characters that act on a terminal')],
    ['--name=a\nb', expect.stringContaining('has characters that act on a terminal')],
    ['--name=a\u202eb', expect.stringContaining('has characters that act on a terminal')],
    [`--name=${'ä'.repeat(96)}`, 'is 192 bytes long, at most 190 are taken'],
    ['--shard=3/2', '"3/2" is not a shard i/n with 1 ≤ i ≤ n'],
    ['--truncation=middle', '"middle" is none of "skip", "left", "right", "error"'],
  ])('%s: %s', async (flag, message) => {
    await expect(configOf(flag)).rejects.toMatchObject({ tag: 'usage', message })
  })
  it('a flag takes no flag for its value, and stands once', async () => {
    await expect(parse('--config', '--quiet')).rejects.toMatchObject({ where: '--config', message: 'needs a value' })
    await expect(parse('--seed', '1', '--seed', '2')).rejects.toMatchObject({ message: 'is given twice' })
  })
  it.each([
    [['--dtype', 'float32'], 'fp32'],
    [['--dtype', 'FP16'], 'fp16'],
    [['--truncation=lef'], 'left'],
  ])('%j: did you mean %s', async (flags, word) => {
    await expect(parse(...flags)).rejects.toMatchObject({ hint: `Did you mean ${word}? See run-rm --help.` })
  })
  it('says whose flag it is', async () => {
    await expect(parse('--beta', '1')).rejects.toMatchObject({ hint: 'It is a flag of run-dpo. See run-rm --help.' })
  })
  it('takes the same keys from a config file, in either spelling; flags win', async () => {
    const path = yaml(
      'chat_template: raw\nseed: 5\nfilter: property\nhead: 0\nrevision: 1.10\nname: 007\nquiet: true\nmodel:\n',
    )
    expect(await configOf('--config', path, '--seed', '7')).toMatchObject({
      chatTemplate: 'raw',
      seed: 7,
      filter: ['property'],
      head: '0',
      models: [{ name: null, revision: '1.10' }],
      name: '007',
      quiet: true,
    })
  })
  it.each([
    ['chat_templat: raw\n', 'unknown key "chat_templat"'],
    ['config: other.yaml\n', 'unknown key "config"'],
    ['batch_size: 4\nbatch-size: 5\n', 'the key "batch-size" stands twice'],
    ['quiet: yes\n', 'is yes, expected true or false'],
    ['model: ""\n', 'needs a value'],
    ['filter: ""\n', 'needs a value'],
    ['filter: [a, null]\n', 'needs a value'],
    ['limit: "3"\n', 'is 3, expected a number'],
    ['model: [a, b]\n', 'is a list or a mapping, expected one string'],
    ['', 'is not a mapping'],
    ['a: [\n', expect.stringMatching(/^is not YAML: /)],
    ['limit: 3\nlimit: 4\n', 'is not YAML: Map keys must be unique'],
  ])('refuses the config %j', async (text, message) => {
    await expect(parse('--config', yaml(text))).rejects.toMatchObject({
      tag: 'usage',
      where: expect.stringContaining('run.yaml'),
      message,
    })
  })
  it('finds a key that stands twice below others, and its line', async () => {
    await expect(parse('--config', yaml('name: a\nhead:\n  b: 1\n  b: 2\n'))).rejects.toMatchObject({
      where: expect.stringMatching(/run\.yaml:4$/),
      message: 'is not YAML: Map keys must be unique',
    })
  })
  it('refuses a config that is too large before it is read as YAML, and echoes no long value', async () => {
    const keys = Array.from({ length: 300_000 }, (_, i) => `k${i}: 1`).join('\n')
    await expect(parse('--config', yaml(keys))).rejects.toMatchObject({
      tag: 'usage',
      message: expect.stringMatching(/has [\d,]+ bytes, at most 1,000,000 bytes are read/),
    })
    const manyKeys = Array.from({ length: 50_000 }, (_, i) => `k${i}: 1`).join('\n')
    await expect(parse('--config', yaml('heuristic: [reward]\n'))).rejects.toMatchObject({
      message: 'unknown key "heuristic"',
      hint: 'It is a flag of run-process.',
    })
    await expect(parse('--config', yaml(manyKeys))).rejects.toMatchObject({ message: 'unknown key "k0"' })
    const long = 'x'.repeat(900_000)
    for (const text of [`${long}: 1`, `limit: ${long}`, `quiet: ${long}`]) {
      const error = await parse('--config', yaml(text)).catch((caught: unknown) => caught)
      expect(error).toMatchObject({ tag: 'usage' })
      expect((error as Error).message.length).toBeLessThan(300)
    }
  })
  it.each(['--threads', '--verify-workers'])('%s has an upper bound', async (flag) => {
    await expect(configOf(flag, '1025')).rejects.toMatchObject({
      tag: 'usage',
      where: flag,
      message: '1025 is above 1,024',
    })
    await expect(configOf(flag, '1000000')).rejects.toMatchObject({ tag: 'usage', where: flag })
    await expect(configOf(flag, '1024')).resolves.toBeDefined()
  })
  it.each(['output-dir', 'name'])('a NUL in --%s is refused in our words', async (key) => {
    await expect(configOf('--config', yaml(`${key}: "a\\0b"\n`))).rejects.toMatchObject({
      tag: 'usage',
      where: `--${key}`,
      message: 'has a NUL character, which no path may have',
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
