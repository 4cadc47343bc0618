import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { DataError, ModelError } from '../../src/errors.ts'
import { charsmapNormalizer, graphemes } from '../../src/text/chars-map.ts'
import { headEncoder } from '../../src/text/encode.ts'
import { EncodeWatch } from '../../src/text/encode-watch.ts'
import { GrownTooLong, Growth, grownLimit } from '../../src/text/growth.ts'
import { logProbEncoder } from '../../src/text/log-prob.ts'
import { isQuick } from '../../src/text/pattern-cost.ts'
import { openRenderer } from '../../src/text/renderer.ts'
import { compileTemplate } from '../../src/text/template.ts'
import { openTokenizer } from '../../src/text/tokenizer.ts'
import { UnencodableText } from '../../src/text/unencodable.ts'
import { threadClock } from '../../src/thread-time.ts'

const scratch = mkdtempSync(join(tmpdir(), 'limits-'))
afterAll(() => rmSync(scratch, { recursive: true }))
let folders = 0
/** A precompiled character map that replaces nothing. */
const NOTHING = Buffer.alloc(4).toString('base64')
async function tokenizer(change: (json: Record<string, unknown>) => object) {
  const dir = join(scratch, String(folders++))
  cpSync('test/data/text/tokenizers/beaver-cost', dir, { recursive: true })
  const path = join(dir, 'tokenizer.json')
  writeFileSync(path, JSON.stringify(change(JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>)))
  return openTokenizer(dir, { id: 'm' })
}
const messages = [{ role: 'user', content: 'CCO?' }]

describe('which patterns need a watch', () => {
  it.each([
    // the hub's: GPT-2, Llama 3, o200k, DeepSeek
    "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
    "(?:'[sS]|'[tT])|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
    "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{M}]*[\\p{Ll}\\p{M}]+(?:'s|'t)?|\\s*[\\r\\n]+|\\s+",
    '[!"#$%&(-]+[A-Za-z]|[^\\r\\n\\p{L}]?[\\p{L}\\p{M}]+',
    ' {2,}',
    '\\p{N}{1,3}',
  ])('%s does not', (source) => expect(isQuick(new RegExp(source, 'gu'))).toBe(true))
  it.each([
    '(a+)+$',
    '(a|a)*$',
    '(a|aa)+$',
    'a*a*$',
    '(?:a?){30}a',
    'a?a?a?a?a?a?a?a?a?a?a?a?a?aaaaaaaaaaaaa',
    '(.*)x\\1',
    '(?=a+b)a',
    'a+a+a+$',
    '(?:ab?)*c',
    'a{1,30}b{1,30}c',
    '([ab]+c?)+',
    'a+?a+?b',
  ])('%s does', (source) => expect(isQuick(new RegExp(source, 'gu'))).toBe(false))
  it('a quick one comes to an end on 5,000 of any of its characters', () => {
    const pattern = /[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+!|\s*[\r\n]+|\s+(?!\S)/gu
    expect(isQuick(pattern)).toBe(true)
    // In a process of its own: one that has compiled many patterns compiles no more of them well (V8's TooMuchRegExpCode), and is ten times slower.
    const code = `const took = (char) => {
      const before = process.cpuUsage()
      const found = [...(char.repeat(5000) + 'x').matchAll(${pattern})].length
      return { found, ms: process.cpuUsage(before).user / 1000 }
    }
    process.stdout.write(JSON.stringify(['a', 'A', '\\u0301', ' '].map(took)))`
    const each = JSON.parse(execFileSync(process.execPath, ['-e', code], { encoding: 'utf8' })) as {
      readonly found: number
      readonly ms: number
    }[]
    expect(each).toHaveLength(4)
    for (const { found, ms } of each) {
      expect(found).toBeLessThan(5001)
      expect(ms).toBeLessThan(5000)
    }
  })
})

describe('a tokenizer that does not come to an end', () => {
  const endless = (): boolean => /(a+)+$/u.test(`${'a'.repeat(40)}b`)
  it('costs the row, and the run only where it happens again and again', () => {
    const watch = new EncodeWatch([/(a+)+$/u], 150)
    for (let i = 0; i < 3; i++) {
      expect(() => watch.run(41, endless)).toThrow(UnencodableText)
      expect(watch.run(2, () => 'ab')).toBe('ab')
    }
    expect(() => watch.run(41, endless)).toThrow(ModelError)
    expect(() => watch.run(41, endless)).toThrow(
      /does not come to an end on a text of 41 characters within 0.152 s; it did not on 5 of 8 texts/,
    )
    const patient = new EncodeWatch([/(a+)+$/u], 150)
    for (let i = 0; i < 5000; i++) patient.run(2, () => 'ab')
    for (let i = 0; i < 4; i++) expect(() => patient.run(41, endless)).toThrow(UnencodableText)
  })
  it('has its time by the processor: what a busy machine stops too soon begins anew', () => {
    const sleep = (ms: number): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
    let begun = 0
    const slept = new EncodeWatch([/(a+)+$/u], 40)
    // a thread that waits computes nothing: the watch of 50 ms on the wall is over, the limit is not
    const work = (): string => {
      begun++
      if (begun < 3) for (let i = 0; i < 200; i++) sleep(2)
      return 'ids'
    }
    expect(slept.run(0, work)).toBe('ids')
    expect(begun).toBe(3)
  })
  it('and is refused where it comes to its end after more than its time', () => {
    // as where the machine gave it a core in the last moment of the watch
    const readings = [0, 41]
    const watch = new EncodeWatch([/(a+)+$/u], 40, { read: () => readings.shift()! })
    expect(() => watch.run(0, () => 'ids')).toThrow(/within 0.04 s$/)
  })
  it('a machine that never gets to it is said', () => {
    let now = 0
    const watch = new EncodeWatch([/(a+)+$/u], 1, { read: () => (now += 0.25) })
    expect(() =>
      watch.run(0, () => {
        for (;;);
      }),
    ).toThrow(/within 0.001 s, in 0.16 s of which the machine gave it 0.000$/)
  })
  it('however long the text is, it has 10 s', () => {
    const taking = (ms: number): EncodeWatch => {
      const readings = [0, ms]
      return new EncodeWatch([/(a+)+$/u], undefined, { read: () => readings.shift()! })
    }
    expect(taking(10_000).run(1_000_000, () => 'ids')).toBe('ids')
    expect(() => taking(10_001).run(1_000_000, () => 'ids')).toThrow(/a text of 1,000,000 characters within 10 s$/)
    // 1 s and 0.05 ms for each of the characters of a shorter one
    expect(() => taking(6001).run(100_000, () => 'ids')).toThrow(/within 6 s$/)
  })
  it('passes on what the work throws and gives', () => {
    const watch = new EncodeWatch([/(a+)+$/u])
    expect(() =>
      watch.run(1, () => {
        throw new RangeError('own')
      }),
    ).toThrow(new RangeError('own'))
    expect(watch.run(1, () => [1, 2])).toEqual([1, 2])
  })
})

describe('texts grow within a limit', () => {
  it('counted over all steps of one text', () => {
    const growth = new Growth()
    growth.start(10)
    expect(grownLimit(10)).toBe(1_000_200)
    expect(growth.replaceAll('banana', 'a', 'aaa')).toBe('baaanaaanaaa')
    const long = 'b'.repeat(500_000)
    expect(growth.replaceAll('a', 'a', long)).toBe(long)
    expect(() => growth.replaceAll('aa', /a/g, long)).toThrow(GrownTooLong)
    growth.start(0)
    expect(growth.replaceAll('a', /a/g, long)).toBe(long)
  })
  it('also when tokens are read back', async () => {
    const ten = { type: 'Replace', pattern: { String: 'a' }, content: 'a'.repeat(10) }
    const growing = await tokenizer((json) => ({
      ...json,
      decoder: { type: 'Sequence', decoders: [...new Array(12).fill(ten)] },
    }))
    const { ids } = growing.encode('a banana', { addSpecialTokens: false })
    expect(() => growing.decode(ids)).toThrow(/more than 1,000,\d{3} characters/)
  })
  it('of a template, too', () => {
    const template = compileTemplate("{{ 'ab' * 600000 }}", 't')
    expect(() => template.render(messages)).toThrow(
      'makes 1,200,000 characters of a conversation of 4, at most 1,000,080',
    )
    const long = [{ role: 'user', content: 'x'.repeat(100_000) }]
    expect(template.render(long)).toHaveLength(1_200_000)
  })
})

describe('texts that are too long to become tokens', () => {
  const load = (name: string) => openTokenizer(join('test/data/text/tokenizers', name), { id: 'm' })
  const plain = { addSpecialTokens: false }
  const words = (chars: number): string => 'a b '.repeat(chars / 4)
  it.each(['armorm', 'ziya', 'grm-gemma', 'pairrm', 'bert'])(
    'are refused by %s, one below the limit is not',
    async (name) => {
      const tokenizer = await load(name)
      expect(() => tokenizer.encode(words(1_000_004), plain)).toThrow(
        '1,000,004 characters, at most 1,000,000 are made into tokens',
      )
      const short = words(400_000)
      expect(tokenizer.encode(short, plain).ids.length).toBeGreaterThan(100_000)
    },
  )
  it.each([
    ['pairrm', 'C', 49_999],
    ['pairrm', '\u4e00', 49_999],
  ])('%s takes %s without a place to split it up to a limit', async (name, char, most) => {
    const tokenizer = await load(name)
    expect(tokenizer.encode(char.repeat(most), plain).ids.length).toBeGreaterThan(0)
    expect(() => tokenizer.encode(char.repeat(most + 4), plain)).toThrow(
      /without a place where the tokenizer splits them/,
    )
  })
  it.each(['armorm', 'ziya', 'grm-gemma'])(
    '%s splits none of 500,001 equal letters, and refuses them',
    async (name) => {
      const tokenizer = await load(name)
      expect(() => tokenizer.encode('C'.repeat(500_001), plain)).toThrow(
        /without a place where the tokenizer splits them/,
      )
    },
  )
  it('are unscored as too long under every way to cut, and end the run under error', async () => {
    const tokenizer = await load('armorm')
    const renderer = await openRenderer('raw', tokenizer, { id: 'm', now: new Date(0) })
    const row = {
      prompt: 'Name an acid.',
      completions: [{ text: words(1_000_004) }, { text: 'CC(=O)O' }],
      where: 'd.jsonl:1',
    }
    const options = { maxLength: 50, stripReasoning: false, hermCompat: false }
    for (const truncation of ['skip', 'left', 'right'] as const) {
      const reads = (ids: Int32Array) => Int32Array.of(ids.length - 1)
      for (const encode of [
        headEncoder(tokenizer, renderer, { ...options, truncation, reads, other: null }),
        logProbEncoder(tokenizer, renderer, { ...options, truncation }),
      ]) {
        const [long, short] = encode(row)
        expect(long).toEqual({
          reason: 'too_long',
          message: expect.stringMatching(/characters, at most 1,000,000/) as string,
        })
        expect(short).toHaveProperty('ids')
      }
    }
    expect(() => logProbEncoder(tokenizer, renderer, { ...options, truncation: 'error' })(row)).toThrow(DataError)
  })
})

it('graphemes of a long text are those of the whole, in time that grows with its length', () => {
  const normalize = charsmapNormalizer(NOTHING)
  const parts = [
    '\u{1f1e9}\u{1f1ea}'.repeat(900),
    '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}'.repeat(300),
    `a${'\u0301'.repeat(5000)}`,
    '\r\n'.repeat(700),
    '\u4e00'.repeat(3001),
  ]
  const text = parts.join('x')
  const segmenter = new Intl.Segmenter('und', { granularity: 'grapheme' })
  expect([...graphemes(text)]).toEqual(Array.from(segmenter.segment(text), ({ segment }) => segment))
  expect(normalize(text)).toBe(text)
  const start = process.cpuUsage()
  expect(normalize('\u4e00'.repeat(1_000_000))).toHaveLength(1_000_000)
  expect(process.cpuUsage(start).user / 1e6).toBeLessThan(10)
})

it('a template that runs over its limits again and again ends the run', () => {
  const template = compileTemplate("{{ 'a' * 20000000 }}", 't')
  for (let i = 0; i < 3; i++)
    expect(() => template.render(messages)).toThrow(expect.objectContaining({ pyType: 'Limit' }))
  expect(() => template.render(messages)).toThrow(ModelError)
  expect(() => template.render(messages)).toThrow('it ran over its limits on 5 of 5 texts')
})

it.each([
  ['whole numbers of many digits', "{% set x='9'*4000 %}{% for i in range(100000) %}{% set y=x|int %}{% endfor %}"],
  [
    'growing dicts',
    '{% set ns=namespace(a={}) %}{% for i in range(100000) %}{% set ns.a=dict(ns.a, **{i|string: i}) %}{% endfor %}',
  ],
])('templates pay for %s', (_, source) => {
  const clock = threadClock()
  const start = clock.read()
  expect(() => compileTemplate(source, 't').render(messages)).toThrow('needs more than 5,000,000 steps')
  expect(clock.read() - start).toBeLessThan(10_000)
})

describe('tokenizers that multiply tokens are refused', () => {
  const special = { '<s>': { id: '<s>', ids: [1], tokens: ['<s>'] } }
  const text = { Sequence: { id: 'A', type_id: 0 } }
  it.each([
    [
      'texts of a template',
      { type: 'TemplateProcessing', single: new Array(1000).fill(text), pair: [], special_tokens: special },
      'post_processor.single has 1000 entries',
    ],
    [
      'ids of a token',
      {
        type: 'TemplateProcessing',
        single: [text],
        pair: [],
        special_tokens: { '<s>': { ...special['<s>'], ids: new Array(101).fill(1) } },
      },
      'ids has 101 entries, at most 100',
    ],
  ])('%s', async (_, post_processor, message) => {
    await expect(tokenizer((json) => ({ ...json, post_processor }))).rejects.toThrow(message)
  })
  it('a pre-tokenizer that the library does not have', async () => {
    const pre_tokenizer = { type: 'Replace', pattern: { String: 'a' }, content: 'aa' }
    await expect(tokenizer((json) => ({ ...json, pre_tokenizer }))).rejects.toThrow('has for normalizers alone')
  })
})
