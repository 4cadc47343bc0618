import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { HarnessError } from '../../src/errors.ts'
import { headEncoder } from '../../src/text/encode.ts'
import { logProbEncoder } from '../../src/text/log-prob.ts'
import { poolingRules } from '../../src/text/read-index.ts'
import { openRenderer } from '../../src/text/renderer.ts'
import { compileTemplate, renderChat } from '../../src/text/template.ts'
import { openTokenizer } from '../../src/text/tokenizer.ts'

const base = fileURLToPath(new URL('../data/text/tokenizers/beaver-cost', import.meta.url))
const scratch = mkdtempSync(join(tmpdir(), 'faults-'))
afterAll(() => rmSync(scratch, { recursive: true }))
const now = new Date('2024-07-26T12:00:00')
let folders = 0
function folder(change: (dir: string) => void): string {
  const dir = join(scratch, String(folders++))
  cpSync(base, dir, { recursive: true })
  change(dir)
  return dir
}
async function failure(run: () => unknown): Promise<HarnessError> {
  try {
    await run()
  } catch (error) {
    if (error instanceof HarnessError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}
const edit =
  (file: string, change: (json: Record<string, unknown>) => unknown) =>
  (dir: string): void =>
    writeFileSync(join(dir, file), JSON.stringify(change(JSON.parse(readFileSync(join(dir, file), 'utf8')))))

describe('damaged tokenizers', () => {
  const source = readFileSync(join(base, 'tokenizer.json'), 'utf8')
  it.each([
    ['cut off', (dir: string) => writeFileSync(join(dir, 'tokenizer.json'), source.slice(0, source.length / 2))],
    [
      'not JSON',
      (dir: string) => writeFileSync(join(dir, 'tokenizer.json'), 'version https://git-lfs.github.com/spec/v1'),
    ],
    ['a list', (dir: string) => writeFileSync(join(dir, 'tokenizer.json'), '[]')],
    ['empty', (dir: string) => writeFileSync(join(dir, 'tokenizer.json'), '')],
    ['without model', edit('tokenizer.json', ({ model: _, ...rest }) => rest)],
    ['of an unknown model', edit('tokenizer.json', (json) => ({ ...json, model: { type: 'Quantum' } }))],
    [
      'of an unknown pre-tokenizer',
      edit('tokenizer.json', (json) => ({ ...json, pre_tokenizer: { type: 'Quantum' } })),
    ],
    ['with odd added tokens', edit('tokenizer.json', (json) => ({ ...json, added_tokens: [{ id: 'x' }] }))],
    [
      'with a cut charsmap',
      edit('tokenizer.json', (json) => ({
        ...json,
        normalizer: { type: 'Precompiled', precompiled_charsmap: 'AAQA' },
      })),
    ],
    ['with a broken config', (dir: string) => writeFileSync(join(dir, 'tokenizer_config.json'), '{"a":')],
    ['with split_special_tokens', edit('tokenizer_config.json', (json) => ({ ...json, split_special_tokens: true }))],
    [
      'with an odd template list',
      edit('tokenizer_config.json', (json) => ({ ...json, chat_template: [{ name: 'x' }] })),
    ],
  ])('%s: a model error that names the file', async (_, change) => {
    const dir = folder(change)
    const error = await failure(() => openTokenizer(dir, { id: 'org/model' }))
    expect(error.tag).toBe('model')
    expect(error.where).toMatch(/^org\/model\/tokenizer(_config)?\.json$/)
  })

  it.each(['tokenizer.model', 'vocab.json'])('only %s: says how to convert', async (name) => {
    const dir = join(scratch, `older-${name}`)
    mkdirSync(dir)
    writeFileSync(join(dir, name), '{}')
    const error = await failure(() => openTokenizer(dir, { id: 'org/model' }))
    expect(error.tag).toBe('model')
    expect(error.message).toContain(name)
    expect(error.hint).toContain('save_pretrained')
  })
})

describe('chat templates of a tokenizer', () => {
  const named = [
    { name: 'default', template: 'D' },
    { name: 'tool_use', template: 'T' },
  ]
  it('takes the default of a list, and a chat_template.jinja before all', async () => {
    const list = folder(edit('tokenizer_config.json', (json) => ({ ...json, chat_template: named })))
    const tokenizer = await openTokenizer(list, { id: 'm' })
    expect(tokenizer.chatTemplate).toBe('D')
    expect(tokenizer.chatTemplates).toEqual({ default: 'D', tool_use: 'T' })
    writeFileSync(join(list, 'chat_template.jinja'), 'FILE')
    mkdirSync(join(list, 'additional_chat_templates'))
    writeFileSync(join(list, 'additional_chat_templates', 'rag.jinja'), 'RAG')
    const changed = await openTokenizer(list, { id: 'm' })
    expect(changed.chatTemplates).toEqual({ default: 'FILE', rag: 'RAG' })
    expect(changed.sha256).not.toBe(tokenizer.sha256)
  })

  it('has no silent default: without a template the choices are named', async () => {
    const bare = folder(edit('tokenizer_config.json', ({ chat_template: _, ...rest }) => rest))
    const tokenizer = await openTokenizer(bare, { id: 'org/m' })
    const error = await failure(() => openRenderer('tokenizer', tokenizer, { id: 'org/m', now }))
    expect(error.tag).toBe('usage')
    expect(error.hint).toMatch(/tulu.*openbmb/)
    const unknown = await failure(() => openRenderer('no-such', tokenizer, { id: 'org/m', now }))
    expect([unknown.tag, unknown.where]).toEqual(['usage', '--chat-template'])
    expect((await openRenderer('raw', tokenizer, { id: 'org/m', now })).choice).toBe('raw')
  })

  it('reads a template from a file, and says where it is wrong', async () => {
    const tokenizer = await openTokenizer(base, { id: 'm' })
    const path = join(scratch, 'mine.jinja')
    writeFileSync(path, '{{ messages[0].content }}')
    expect((await openRenderer(path, tokenizer, { id: 'm', now })).kind).toBe('template')
    writeFileSync(path, 'a\n{% for %}')
    const error = await failure(() => openRenderer(path, tokenizer, { id: 'm', now }))
    expect([error.tag, error.where]).toEqual(['model', 'mine.jinja, line 2'])
  })
})

it('refuses an empty conversation as transformers does', async () => {
  const error = await failure(() => renderChat([], 'x', { name: 't' }))
  expect(error.message).toContain('empty conversation')
})

it('says that a template shows the date', () => {
  expect(compileTemplate("{{ strftime_now('%Y') }}", 't').usesClock).toBe(true)
  expect(compileTemplate('{{ messages }}', 't').usesClock).toBe(false)
})

describe('rows', () => {
  const options = { maxLength: 12, truncation: 'skip', stripReasoning: false, hermCompat: false } as const
  const row = {
    prompt: 'Name CCO.',
    completions: [{ text: 'a' }, { text: 'a long completion of many tokens' }],
    where: 'f:1',
  }

  it('a template that raises makes that row unscored', async () => {
    const tokenizer = await openTokenizer(base, { id: 'm' })
    const path = join(scratch, 'raises.jinja')
    writeFileSync(
      path,
      "{% if messages[-1].content == 'bad' %}{{ raise_exception('no bad') }}{% endif %}{{ messages|map(attribute='content')|join }}",
    )
    const renderer = await openRenderer(path, tokenizer, { id: 'm', now })
    const encode = logProbEncoder(tokenizer, renderer, { ...options, maxLength: null })
    const [good, bad] = encode({ ...row, completions: [{ text: 'fine' }, { text: 'bad' }] })
    expect(good).toHaveProperty('ids')
    expect(bad).toEqual({ reason: 'template_error', message: 'raises.jinja, line 1: no bad' })
  })

  it('too long: skip leaves the row out, error stops, a side is cut', async () => {
    const tokenizer = await openTokenizer(base, { id: 'm' })
    const renderer = await openRenderer('raw', tokenizer, { id: 'm', now })
    const head = { ...options, ...poolingRules('hf', null) } as const
    expect(headEncoder(tokenizer, renderer, head)(row)[1]).toHaveProperty('reason', 'too_long')
    const stops = headEncoder(tokenizer, renderer, { ...head, truncation: 'error' })
    const error = await failure(() => stops(row))
    expect([error.tag, error.where]).toEqual(['data', 'f:1'])
    for (const truncation of ['left', 'right'] as const) {
      const [, cut] = headEncoder(tokenizer, renderer, { ...head, truncation })(row)
      expect(cut).toMatchObject({ truncated: truncation })
      expect((cut as { ids: Int32Array }).ids).toHaveLength(12)
      expect((cut as { ids: Int32Array }).ids[0]).toBe(tokenizer.bosId)
    }
    expect(logProbEncoder(tokenizer, renderer, options)(row)[1]).toHaveProperty('reason', 'too_long')
  })

  it('a text that the tokenizer cannot spell makes that row unscored, for heads and log-probs alike', async () => {
    const dir = folder(
      edit('tokenizer.json', (json) => ({
        ...json,
        normalizer: null,
        pre_tokenizer: null,
        decoder: null,
        added_tokens: [],
        post_processor: null,
        model: { type: 'Unigram', unk_id: null, vocab: ['a', 'b', 'CC', 'O', ':', ' '].map((piece) => [piece, -1]) },
      })),
    )
    writeFileSync(join(dir, 'tokenizer_config.json'), '{}')
    rmSync(join(dir, 'special_tokens_map.json'), { force: true })
    const tokenizer = await openTokenizer(dir, { id: 'm' })
    const renderer = await openRenderer('raw', tokenizer, { id: 'm', now })
    const wide = { ...options, maxLength: null }
    const encoders = [
      headEncoder(tokenizer, renderer, { ...wide, ...poolingRules('hf', null) }),
      logProbEncoder(tokenizer, renderer, wide),
    ]
    for (const encode of encoders) {
      const [first, bad, last] = encode({
        ...row,
        prompt: 'a:',
        completions: [{ text: 'CCO' }, { text: 'CCN' }, { text: 'O' }],
      })
      expect(bad).toEqual({ reason: 'unknown_token', message: expect.stringContaining('"N" is not in the tokenizer') })
      expect([...(first as { ids: Int32Array }).ids]).toEqual([0, 4, 2, 3])
      expect([...(last as { ids: Int32Array }).ids]).toEqual([0, 4, 3])
      // a prompt that cannot be spelt does not spoil the next row's
      expect(encode({ ...row, prompt: 'N', completions: [{ text: 'CCO' }] })[0]).toHaveProperty(
        'reason',
        'unknown_token',
      )
      expect([
        ...(encode({ ...row, prompt: 'a:', completions: [{ text: 'O' }] })[0] as { ids: Int32Array }).ids,
      ]).toEqual([0, 4, 3])
    }
  })

  it('a normalizer that multiplies a text costs the row, not the process', async () => {
    const ten = { type: 'Replace', pattern: { String: 'a' }, content: 'a'.repeat(10) }
    const growing = { type: 'Sequence', normalizers: new Array(12).fill(ten) }
    const dir = folder(edit('tokenizer.json', (json) => ({ ...json, normalizer: growing })))
    const tokenizer = await openTokenizer(dir, { id: 'm' })
    const renderer = await openRenderer('raw', tokenizer, { id: 'm', now })
    const encode = logProbEncoder(tokenizer, renderer, { ...options, maxLength: null })
    const [bad, good] = encode({ ...row, prompt: 'x', completions: [{ text: 'a' }, { text: 'y' }] })
    expect(bad).toEqual({
      reason: 'tokenizer_error',
      message: expect.stringMatching(/more than 1,000,\d{3} characters of this text/),
    })
    expect(good).toHaveProperty('ids')
  })

  it('cut so far that only special tokens are left: not scored, since all texts would be the same', async () => {
    const tokenizer = await openTokenizer(base, { id: 'm' })
    const renderer = await openRenderer('raw', tokenizer, { id: 'm', now })
    const around = tokenizer.wrap(new Int32Array(), null).length
    expect(around).toBeGreaterThan(0)
    for (const truncation of ['left', 'right'] as const) {
      const head = { ...options, truncation, ...poolingRules('hf', null) } as const
      const [cut] = headEncoder(tokenizer, renderer, { ...head, maxLength: around })(row)
      expect(cut).toEqual({ reason: 'too_long', message: 'cut to the limit, no token of the text is left' })
      const [kept] = headEncoder(tokenizer, renderer, { ...head, maxLength: around + 1 })(row)
      expect((kept as { ids: Int32Array }).ids).toHaveLength(around + 1)
    }
  })

  it('an empty span has a reason', async () => {
    const tokenizer = await openTokenizer(base, { id: 'm' })
    const renderer = await openRenderer('raw', tokenizer, { id: 'm', now })
    const encode = logProbEncoder(tokenizer, renderer, { ...options, maxLength: null })
    expect(encode({ ...row, completions: [{ text: '' }] })[0]).toHaveProperty('reason', 'empty_span')
    expect(encode({ ...row, prompt: '', completions: [{ text: 'x' }] })[0]).toHaveProperty('reason', 'no_context')
  })
})
