import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { scoreCompletions } from '../../src/index.ts'
import { packagePath } from '../../src/package.ts'
import { openTokenizer } from '../../src/text/tokenizer.ts'
import { editTensors } from '../model/safetensors-edit.ts'
import { type CsvRow, jsonLines, manifestOf, QUICK, readCsv, run, temporaryFolder } from './bin.ts'

/** What a model cannot read in one row costs that row, and what makes all scores the same is said. */
const folder = temporaryFolder()
afterAll(() => folder.remove())
const at = (...path: string[]): string => join(folder.path, ...path)

type Json = Record<string, unknown>
const edit = (file: string, change: (json: Json) => Json): void =>
  writeFileSync(file, JSON.stringify(change(JSON.parse(readFileSync(file, 'utf8')) as Json)))
/** A copy of an embedded model, changed. */
function model(name: string, base: string, change: (dir: string) => void): string {
  cpSync(packagePath('src/embedded/demo', base), at(name), { recursive: true })
  change(at(name))
  return at(name)
}
function data(name: string, rows: readonly unknown[]): string {
  writeFileSync(at(name), jsonLines(rows))
  return at(name)
}

const ODD = { prompt: 'pad [PAD] here', chosen: 'CCO', rejected: 'CCN' }
const GOOD = [
  { prompt: 'Name an alcohol.', chosen: 'CCO', rejected: 'CCN' },
  { prompt: 'Name an acid.', chosen: 'CC(=O)O', rejected: 'O' },
]
const withOdd = data('odd.jsonl', [ODD, ...GOOD])
const withoutOdd = data('good.jsonl', GOOD)
const onlyOdd = data('only-odd.jsonl', [ODD, { ...ODD, chosen: 'O' }])

/** transformers adds the pad token that tokenizer.json lacks, as id 600; the embedding has 600 rows. */
const notEmbedded = model('not-embedded', 'demo-reward-model', (dir) =>
  edit(join(dir, 'tokenizer_config.json'), (json) => ({ ...json, pad_token: '[PAD]' })),
)
const score = async (bin: 'run-rm' | 'run-dpo', name: string, args: readonly string[]) => {
  const done = await run(bin, [...QUICK, '--output-dir', at(name), ...args])
  return { ...done, files: (...path: string[]) => at(name, ...path) }
}
const scoresOf = (rows: readonly CsvRow[]): string[] => rows.map((row) => row.score!)
/** Another batch moves a number by so much. */
const expectSame = (got: readonly string[], want: readonly string[]): void => {
  expect(got.length).toBe(want.length)
  for (const [i, text] of got.entries())
    expect(Math.abs(Number(text) - Number(want[i]))).toBeLessThanOrEqual(2e-5 + 1e-5 * Math.abs(Number(want[i])))
}

describe.concurrent('a token beyond the embedding', () => {
  it('leaves its row unscored with line and reason, and scores the others as without it', async () => {
    const odd = await score('run-rm', 'rm', ['--model', notEmbedded, '--dataset', withOdd])
    expect({ code: odd.code, stderr: odd.stderr }).toMatchObject({ code: 4 })
    const good = await score('run-rm', 'rm-good', ['--model', notEmbedded, '--dataset', withoutOdd])
    expect(good.code).toBe(0)
    const scores = readCsv(odd.files('not-embedded/odd/scores.csv'))
    expect(scores.slice(0, 2).map(({ score, score_reason }) => [score, score_reason])).toEqual([
      ['', 'token_not_embedded'],
      ['', 'token_not_embedded'],
    ])
    expectSame(scoresOf(scores.slice(2)), scoresOf(readCsv(good.files('not-embedded/good/scores.csv'))))
    const failures = readCsv(odd.files('not-embedded/odd/failures.csv'))
    expect(failures.map(({ where, reason }) => [where, reason])).toEqual([
      ['odd.jsonl:1', 'token_not_embedded'],
      ['odd.jsonl:1', 'token_not_embedded'],
    ])
    expect(failures[0]!.message).toMatch(/"\[PAD\]" has the id 600, and the embedding of not-embedded has 600 rows/)
    expect(manifestOf(odd.files('not-embedded/odd')).failures.by_reason).toEqual({ token_not_embedded: 2 })
    expect(odd.stderr).not.toContain('another model')
  })

  it('is named by --dry-run and --dump-rendered', async () => {
    const args = ['--model', notEmbedded, '--dataset', withOdd]
    const dry = await score('run-rm', 'dry', [...args, '--dry-run'])
    expect(dry.code).toBe(0)
    expect(dry.stdout).toContain('2 of 6 completions would not be scored, token_not_embedded')
    expect(dry.stdout).toMatch(/odd\.jsonl:1: token_not_embedded/)
    const dump = await score('run-rm', 'dump', [...args, '--dump-rendered', '1'])
    expect(dump.stdout).toContain('not scored, token_not_embedded')
  })

  it('in every row: the tokenizer is another model’s, probably', async () => {
    const done = await score('run-rm', 'all', ['--model', notEmbedded, '--dataset', onlyOdd])
    expect(done.code).toBe(4)
    expect(done.stderr).toMatch(/4 of 4 completions .* the tokenizer probably belongs to another model/)
    expect(manifestOf(done.files('not-embedded/only-odd')).warnings.join()).toContain('another model')
  })

  it('of the reference alone, whose vocabulary is smaller', async () => {
    const policy = packagePath('src/embedded/demo/demo-policy-dpo')
    const shorter = model('shorter', 'demo-ref-sft', (dir) => {
      edit(join(dir, 'config.json'), (json) => ({ ...json, vocab_size: 599 }))
      editTensors(join(dir, 'model.safetensors'), (tensors) => {
        const embedding = tensors.get('model.embed_tokens.weight')!
        const [rows, hidden] = embedding.shape as [number, number]
        expect(rows).toBe(600)
        const bytes = embedding.data.length / rows
        tensors.set('model.embed_tokens.weight', {
          ...embedding,
          shape: [rows - 1, hidden],
          data: embedding.data.subarray(0, (rows - 1) * bytes),
        })
      })
    })
    const tokenizer = await openTokenizer(policy, { id: 'demo' })
    const last = tokenizer.decode(Int32Array.of(599))
    const rows = [{ ...ODD, prompt: `Count:${last}` }, ...GOOD]
    expect([...tokenizer.encode(rows[0]!.prompt, { addSpecialTokens: false }).ids]).toContain(599)
    const models = ['--model', policy, '--ref-model', shorter]
    const done = await score('run-dpo', 'dpo', [...models, '--dataset', data('last.jsonl', rows)])
    expect({ code: done.code, stderr: done.stderr }).toMatchObject({ code: 4 })
    const good = await score('run-dpo', 'dpo-good', [...models, '--dataset', withoutOdd])
    expect({ code: good.code, stderr: good.stderr }).toMatchObject({ code: 0 })
    const read = (files: (...path: string[]) => string, name: string): CsvRow[] =>
      readCsv(files(`demo-policy-dpo__vs__shorter/${name}/scores.csv`))
    const scores = read(done.files, 'last')
    expect(scores[0]).toMatchObject({ score: '', score_reason: 'token_not_embedded', reference_logprob: '' })
    expect(Number(scores[0]!.policy_logprob)).toBeLessThan(0)
    expectSame(scoresOf(scores.slice(2)), scoresOf(read(good.files, 'good')))
  })

  it('through the library', async () => {
    const scored = []
    for await (const row of scoreCompletions(notEmbedded, [ODD, ...GOOD], { device: 'cpu' })) scored.push(row)
    expect(scored.map(({ completions }) => completions.map(({ scoreReason }) => scoreReason))).toEqual([
      ['token_not_embedded', 'token_not_embedded'],
      [null, null],
      [null, null],
    ])
  })
})

describe.concurrent('scores that say nothing', () => {
  const constant = model('constant', 'demo-reward-model', (dir) =>
    editTensors(join(dir, 'model.safetensors'), (tensors) => {
      const head = tensors.get('score.weight')!
      tensors.set('score.weight', { ...head, data: Buffer.alloc(head.data.length) })
    }),
  )
  it('all equal: on screen, in run.json and in the report', async () => {
    const done = await score('run-rm', 'constant-out', ['--model', constant, '--dataset', withoutOdd])
    expect(done.code).toBe(0)
    expect(done.stderr).toContain('all 4 scores are equal (0), though the texts differ')
    expect(manifestOf(done.files('constant/good')).warnings.join()).toContain('all 4 scores are equal')
    expect(readFileSync(done.files('constant/good/report.html'), 'utf8')).toContain('all 4 scores are equal')
  })
  it('all equal, through the library', async () => {
    const notes: string[] = []
    const options = { device: 'cpu', onNote: (note: string) => notes.push(note) }
    for await (const { id } of scoreCompletions(constant, GOOD, options)) expect(id).not.toBeNull()
    expect(notes.join()).toContain('all 4 scores are equal')
  })
  it('texts that are read as the same tokens', async () => {
    const blind = model('blind', 'demo-reward-model', (dir) =>
      edit(join(dir, 'tokenizer.json'), (json) => ({
        ...json,
        normalizer: { type: 'Replace', pattern: { String: 'CCN' }, content: 'CCO' },
      })),
    )
    const done = await score('run-rm', 'blind-out', ['--model', blind, '--dataset', withoutOdd])
    expect(done.stderr).toContain('1 of 4 completions has the same tokens as another text')
    expect(done.stderr).not.toContain('scores are equal')
  })
  it('says nothing where scores differ', async () => {
    const done = await score('run-rm', 'plain-out', ['--dataset', withoutOdd])
    expect(done.stderr).not.toMatch(/scores are equal|same tokens|another model/)
  })
})

describe.concurrent('a tokenizer whose ids are no ids', () => {
  const broken = (name: string, change: (json: Json) => Json): string =>
    model(name, 'demo-reward-model', (dir) => edit(join(dir, 'tokenizer.json'), change))
  const everyId =
    (id: unknown) =>
    (json: Json): Json => {
      const { vocab, ...rest } = json.model as { vocab: Json }
      return { ...json, model: { ...rest, vocab: Object.fromEntries(Object.keys(vocab).map((token) => [token, id])) } }
    }
  const template = {
    type: 'TemplateProcessing',
    single: [{ SpecialToken: { id: 'nope', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
    pair: [],
    special_tokens: {},
  }
  it.each([
    ['text', everyId('x'), /model\.vocab: the id of ".*" is "x", not a whole number/],
    ['null', everyId(null), /model\.vocab: the id of ".*" is null/],
    ['beyond', everyId(2 ** 32 + 1), /is 4294967297, not a whole number from 0 to 2,147,483,647/],
    ['template', (json: Json) => ({ ...json, post_processor: template }), /names the token "nope"/],
  ] as const)('%s: exit 5, with the file, the place and what to do', async (name, change, says) => {
    const done = await score('run-rm', `${name}-out`, [
      '--model',
      broken(`ids-${name}`, change),
      '--dataset',
      withoutOdd,
    ])
    expect(done.code).toBe(5)
    expect(done.stderr).toContain(`ids-${name}/tokenizer.json: the tokenizer cannot be built:`)
    expect(done.stderr).toMatch(says)
    expect(done.stderr).toContain('save_pretrained()')
  })
})
