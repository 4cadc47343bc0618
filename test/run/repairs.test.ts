import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { type ScoredRow, scoreCompletions } from '../../src/index.ts'
import { packagePath } from '../../src/package.ts'
import { type Bin, type Done, jsonLines, manifestOf, QUICK, readJson, run, temporaryFolder } from './bin.ts'

/** What was mended is said: one line with the count on the screen, in run.json and in the report. */
const folder = temporaryFolder()
afterAll(() => folder.remove())

let count = 0
function file(content: string, ending: string): string {
  const path = join(folder.path, `${count++}.${ending}`)
  writeFileSync(path, content)
  return path
}
const go = (bin: Bin, name: string, dataset: string, ...args: string[]): Promise<Done> =>
  run(bin, ['--dataset', dataset, '--name', name, '--output-dir', folder.path, ...QUICK, ...args])

interface Described {
  readonly completions: number
  readonly rows: number
  readonly what: string
}
/** The lines on the screen about one repair. */
const lines = ({ stderr }: Done, repair: string): string[] =>
  stderr.split('\n').filter((line) => line.endsWith(`(${repair})`))

/** Screen, manifest and report say the same. */
function expectSaid(
  done: Done,
  bin: Bin,
  out: readonly string[],
  repair: string,
  completions: number,
  rows: number,
): void {
  const said = lines(done, repair)
  expect(said, done.stderr).toHaveLength(1)
  expect(said[0]).toMatch(
    new RegExp(`^${bin}: warning: ${completions} completions? in ${rows} rows?: .+ \\(${repair}\\)$`),
  )
  const manifest = manifestOf(...out)
  const { repairs } = manifest as unknown as { repairs: Readonly<Record<string, Described>> }
  expect(repairs[repair]).toMatchObject({ completions, rows })
  expect(manifest.warnings).toContain(said[0]!.slice(`${bin}: warning: `.length))
  for (const { work } of manifest.models) expect(work.repairs).toMatchObject({ [repair]: completions })
  const report = readFileSync(join(...out, 'report.html'), 'utf8')
  expect(report).toContain(repairs[repair]!.what.slice(0, 40).replaceAll("'", '&#39;'))
}

const demoTemplate = (content: string): string =>
  `{{- bos_token }}{%- for m in messages %}{{- '<|im_start|>' + m.role + '\n' + ${content} + '<|im_end|>' }}{%- endfor %}{%- if add_generation_prompt %}{{- '<|im_start|>assistant\n' }}{%- endif %}`
const pair = (prompt: unknown, chosen: string, rejected: string) => ({ prompt, chosen, rejected })

describe.concurrent.each(['run-rm', 'run-dpo'] as const)('%s', (bin) => {
  const out = (name: string, dataset: string): string[] => [
    folder.path,
    name,
    dataset.replace(/^.*\//, '').replace('.jsonl', ''),
  ]
  const said = async (
    name: string,
    rows: readonly unknown[],
    args: readonly string[],
    ...want: [string, number, number][]
  ) => {
    const dataset = file(jsonLines(rows), 'jsonl')
    const done = await go(bin, `${bin}-${name}`, dataset, ...args)
    expect([0, 4], done.stderr).toContain(done.code)
    for (const [repair, completions, rows] of want)
      expectSaid(done, bin, out(`${bin}-${name}`, dataset), repair, completions, rows)
    return done
  }

  it('a thought that the template cuts, and two completions that become one', async () => {
    const template = file(demoTemplate("m.content.split('</think>')[-1]"), 'jinja')
    const done = await go(bin, `${bin}-cut`, packagePath('test/data/herm/thoughts.jsonl'), '--chat-template', template)
    expect(done.code).toBe(0)
    const where = [folder.path, `${bin}-cut`, 'thoughts']
    expectSaid(done, bin, where, 'completion_part_left_out', 4, 2)
    expectSaid(done, bin, where, 'same_tokens', 2, 1)
    expect(lines(done, 'completion_part_left_out')[0]).toContain('leaves out or changes part of the completion')
  })

  it('the date, a system turn that is left out, white space, control tokens', async () => {
    const users = `{{ strftime_now('%d %b %Y') }}${demoTemplate('m.content.strip()').replace('in messages', "in messages if m.role != 'system'")}`
    const system = [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Name an acid.' },
    ]
    const done = await said(
      'texts',
      [pair('Name an alcohol.', 'CCO\n', 'CCN'), pair(system, 'OC=O<|im_end|>', 'O')],
      ['--chat-template', file(users, 'jinja')],
      ['date_in_text', 4, 2],
      ['prompt_part_left_out', 2, 1],
      ['completion_white_space', 1, 1],
      ['control_token_in_completion', 1, 1],
    )
    expect(lines(done, 'date_in_text')[0]).toContain(new Date().toISOString().slice(0, 10))
  })

  it('a cut, a thought that is stripped, an end that nothing marks', async () => {
    await said(
      'cuts',
      [pair('Name an alcohol with two carbon atoms.', '<think>ethanol</think>CCO', 'CCN')],
      ['--max-length', '14', '--truncation', 'left', '--reasoning', 'strip', '--chat-template', 'raw'],
      ['cut_left', 2, 1],
      ['thought_stripped', 1, 1],
      ['no_end_of_turn', 2, 1],
    )
  })

  it('--dry-run says them too, and the demo has none', async () => {
    const dataset = file(jsonLines([pair('Name an alcohol.', 'CCO', 'CCN')]), 'jsonl')
    const dry = await go(bin, `${bin}-dry`, dataset, '--dry-run', '--chat-template', 'raw')
    expect(lines(dry, 'no_end_of_turn')[0]).toContain('2 completions in 1 row: ')
    const plain = await go(bin, `${bin}-plain`, dataset)
    expect(plain.stderr).not.toMatch(/completions? in \d+ rows?: /)
    expect(manifestOf(...out(`${bin}-plain`, dataset))).toMatchObject({ repairs: {} })
  })
})

describe.concurrent('of a checkpoint', () => {
  /** A golden checkpoint with another tokenizer_config.json. */
  function withTokenizer(name: string, change: (config: Record<string, unknown>) => void): string {
    const dir = join(folder.path, `model-${count++}`)
    cpSync(packagePath('test/data/parity', name), dir, { recursive: true })
    const config = readJson<Record<string, unknown>>(dir, 'tokenizer_config.json')
    change(config)
    writeFileSync(join(dir, 'tokenizer_config.json'), JSON.stringify(config))
    return dir
  }

  it('a second BOS, a pooling that differs, texts beyond model_max_length', async () => {
    const model = withTokenizer('llama-pad-eos', (config) => {
      config.model_max_length = 90
    })
    const long = 'Which of these is an alcohol, and which atom makes it one? '.repeat(3)
    const dataset = file(jsonLines([pair('Name an alcohol.', 'CCO', 'CCN'), pair(long, 'CCO', 'CCN')]), 'jsonl')
    const done = await go('run-rm', 'checkpoint', dataset, '--model', model)
    expect(done.code, done.stderr).toBe(0)
    const where = [folder.path, 'checkpoint', dataset.replace(/^.*\//, '').replace('.jsonl', '')]
    expectSaid(done, 'run-rm', where, 'double_bos', 4, 2)
    expectSaid(done, 'run-rm', where, 'pooling_differs', 4, 2)
    expectSaid(done, 'run-rm', where, 'beyond_model_max_length', 2, 1)
    expect(lines(done, 'beyond_model_max_length')[0]).toContain('model_max_length of 90 tokens')
  })

  it('a part of a run says those of its rows', async () => {
    const done = await go('run-rm', 'part', 'demo-pairs', '--limit', '6', '--shard', '1/2', '--chat-template', 'raw')
    expect(done.code, done.stderr).toBe(0)
    expect(lines(done, 'no_end_of_turn')).toHaveLength(1)
  })
})

it('scoreCompletions: on every completion, and one note each after the last row', async () => {
  const notes: string[] = []
  const rows: ScoredRow[] = []
  const chatTemplate = file(demoTemplate("m.content.split('</think>')[-1]"), 'jinja')
  const pairs = [pair('p', '<think>a</think>CCO', '<think>b</think>CCO'), pair('p', 'CCO', 'CCN')]
  const options = { device: 'cpu', chatTemplate, onNote: (note: string) => notes.push(note) } as const
  for await (const row of scoreCompletions(null, pairs, options)) {
    rows.push(row)
    expect(notes.some((note) => note.includes('completion_part_left_out'))).toBe(false)
  }
  expect(rows.map(({ completions }) => completions.map(({ repairs }) => repairs))).toEqual([
    [
      ['completion_part_left_out', 'same_tokens'],
      ['completion_part_left_out', 'same_tokens'],
    ],
    [[], []],
  ])
  expect(notes.filter((note) => note.startsWith('2 completions in 1 row: '))).toHaveLength(2)
})
