import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packagePath } from '../../src/package.ts'
import {
  type CsvRow,
  type Done,
  jsonLines,
  type Manifest,
  manifestOf,
  QUICK,
  readCsv,
  readJson,
  run,
  temporaryFolder,
} from './bin.ts'

/** Encoders through run-rm, from texts to scores.csv: pairs with token types, texts that bring their own first token. */
interface Case {
  readonly name: string
  readonly model: string
  /** Changes of tokenizer_config.json. */
  readonly config: Readonly<Record<string, unknown>>
  readonly pair?: boolean
  /** The text starts with the token that the tokenizer adds. */
  readonly double?: boolean
  readonly max_length?: number
  readonly side?: 'left' | 'right'
  readonly rows: readonly {
    readonly prompt: string
    readonly answer: string
    readonly ids: readonly number[]
    readonly types: readonly number[] | null
    readonly scores: readonly number[]
  }[]
}
const cases = readJson<readonly Case[]>(packagePath('test/data/text/encoder-texts.json'))
const PARITY = packagePath('test/data/parity')

const folder = temporaryFolder()
afterAll(() => folder.remove())

/** A golden model's folder with another tokenizer_config.json. */
function changed(label: string, model: string, config: Readonly<Record<string, unknown>>): string {
  const dir = join(folder.path, `${label}-model`)
  cpSync(join(PARITY, model), dir, { recursive: true })
  const path = join(dir, 'tokenizer_config.json')
  writeFileSync(path, JSON.stringify({ ...readJson<Record<string, unknown>>(path), ...config }))
  return dir
}

interface Outcome extends Done {
  readonly out: string
}
async function score(label: string, dir: string, rows: readonly unknown[], flags: readonly string[]): Promise<Outcome> {
  const data = join(folder.path, `${label}.jsonl`)
  writeFileSync(data, jsonLines(rows))
  const args = ['--model', dir, '--dataset', data, '--output-dir', folder.path, '--name', label, ...QUICK, ...flags]
  return { ...(await run('run-rm', args)), out: join(folder.path, label, label) }
}
const single = ({ prompt, answer }: Case['rows'][number], i: number) => ({
  id: `row-${i}`,
  messages: [
    { role: 'user', content: prompt },
    { role: 'assistant', content: answer },
  ],
})

describe.each(cases.map((one, i) => ({ ...one, label: `${one.model}-${i}` })))('$model: $name', (one) => {
  let rows: CsvRow[]
  let manifest: Manifest
  let screen: string
  beforeAll(async () => {
    const flags = [
      ...(one.pair ? ['--chat-template', 'pair'] : []),
      ...(one.max_length === undefined ? [] : ['--truncation', one.side!]),
      // what is the model's own limit needs no flag
      ...(one.max_length === undefined || one.max_length === 512 ? [] : ['--max-length', String(one.max_length)]),
    ]
    const done = await score(one.label, changed(one.label, one.model, one.config), one.rows.map(single), flags)
    expect(done.code, done.stderr).toBe(0)
    screen = done.stdout + done.stderr
    rows = readCsv(done.out, 'scores.csv')
    manifest = manifestOf(done.out)
  })

  it('gives the scores of transformers', () => {
    expect(rows.length).toBe(one.rows.length)
    one.rows.forEach(({ scores, ids }, i) => {
      const row = rows.find(({ id }) => id === `row-${i}`)!
      expect(Math.abs(Number(row.score) - scores[0]!), row.id).toBeLessThanOrEqual(3e-5 + 1e-5 * Math.abs(scores[0]!))
      expect(Number(row.prompt_tokens) + Number(row.completion_tokens), row.id).toBe(ids.length)
    })
  })

  if (one.pair)
    it('says what became of token types', () => {
      const said = one.model === 'bert' && one.rows[0]!.types === null
      expect(screen.includes('has token types, and its tokenizer')).toBe(said)
    })
  if (one.pair && one.rows[0]!.types !== null)
    it('completion tokens are those of type 1, but for the last', () => {
      one.rows.forEach(({ types, answer }, i) => {
        if (answer === '') return
        const row = rows.find(({ id }) => id === `row-${i}`)!
        expect(Number(row.completion_tokens), row.id).toBe(types!.filter((type) => type === 1).length)
      })
    })
  if (one.double)
    it('counts the first token once', () => {
      expect(manifest.models[0]!.work.repairs).toMatchObject({ double_start: one.rows.length })
      expect(manifest.models[0]!.work.repairs).not.toHaveProperty('double_bos')
      expect(screen).toContain('the first of the two is left out')
    })
})

describe('--herm-compat and two BOS', () => {
  const [bos] = cases.filter(({ model, double }) => model === 'roberta' && double)
  const [cls] = cases.filter(({ model, double }) => model === 'bert' && double)
  it('RewardBench masks the token that the head reads: no score, with the reason', async () => {
    const dir = changed('herm-roberta', 'roberta', bos!.config)
    const done = await score('herm-roberta-run', dir, bos!.rows.map(single), ['--herm-compat'])
    expect(done.code).toBe(4)
    const rows = readCsv(done.out, 'scores.csv')
    expect(rows.map(({ score }) => score)).toEqual(bos!.rows.map(() => ''))
    expect(new Set(rows.map(({ score_reason }) => score_reason))).toEqual(new Set(['herm_double_bos']))
  })
  it('a tokenizer without BOS has no double one there: both [CLS] count', async () => {
    const dir = changed('herm-bert', 'bert', cls!.config)
    const done = await score('herm-bert-run', dir, cls!.rows.map(single), ['--herm-compat'])
    expect(done.code, done.stderr).toBe(0)
    const rows = readCsv(done.out, 'scores.csv')
    cls!.rows.forEach(({ ids }, i) => {
      const row = rows.find(({ id }) => id === `row-${i}`)!
      expect(Number(row.prompt_tokens) + Number(row.completion_tokens), row.id).toBe(ids.length + 1)
    })
  })
})

describe('options that an encoder does not take', () => {
  const rows = cases[0]!.rows.slice(0, 1).map(single)
  it('--pooling changes nothing, and is said to', async () => {
    const done = await score('pooling', join(PARITY, 'bert'), rows, ['--pooling', 'mask'])
    expect(done.code, done.stderr).toBe(0)
    expect(done.stderr).toContain('--pooling changes nothing here: the head (bert-pooler) has its own rule')
    expect(manifestOf(done.out).models[0]!.text.pooling).toBeNull()
  })
  it('a decoder reads no pair', async () => {
    const done = await score('decoder-pair', join(PARITY, 'llama-gqa'), rows, ['--chat-template', 'pair'])
    expect(done.code).toBe(2)
    expect(done.stderr).toContain('pairs of texts are for encoders; llama-gqa (model_type llama) reads one text')
  })
  it('run-dpo: an encoder has no log-probabilities', async () => {
    const data = join(folder.path, 'decoder-pair.jsonl')
    const done = await run('run-dpo', ['--model', join(PARITY, 'bert'), '--dataset', data, '--output-dir', folder.path])
    expect(done.code).toBe(5)
    expect(done.stderr).toContain('it gives rewards, no log-probabilities')
  })
})
