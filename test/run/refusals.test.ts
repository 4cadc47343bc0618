import { cpSync, existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { packagePath } from '../../src/package.ts'
import { editTensors, type Tensors } from '../model/safetensors-edit.ts'
import { type Bin, type Done, jsonLines, manifestOf, QUICK, readCsv, run, start, temporaryFolder } from './bin.ts'

/** What bad input costs: one message with the place and a way to mend it, the right exit code, and no half result. */
const folder = temporaryFolder()
afterAll(() => folder.remove())
const at = (...path: string[]): string => join(folder.path, ...path)
const parity = (...path: string[]): string => packagePath('test/data/parity', ...path)

const PAIRS = [
  { id: 'a', prompt: 'Hi', chosen: 'CCO', rejected: 'CCC' },
  { id: 'b', prompt: 'Is it there?', chosen: 'CCO, there', rejected: 'no' },
]
function file(name: string, text: string): string {
  writeFileSync(at(name), text)
  return at(name)
}
const TWO = file('two.jsonl', jsonLines(PAIRS))

/** Arguments, the exit code, and what stderr must say. */
type Case = readonly [name: string, bin: Bin, args: readonly string[], code: number, says: readonly (string | RegExp)[]]

async function expectRefusal([, bin, args, code, says]: Case): Promise<void> {
  const out = at(`out-${Math.random()}`)
  const done = await run(bin, [...(bin === 'run-verify' ? [] : ['--device', 'cpu']), '--output-dir', out, ...args])
  expect({ code: done.code, stderr: done.stderr }).toMatchObject({ code })
  for (const text of says)
    if (typeof text === 'string') expect(done.stderr).toContain(text)
    else expect(done.stderr).toMatch(text)
  expect(done.stderr).not.toContain('    at ')
  expect(done.stdout).toBe('')
  expect(existsSync(join(out, 'scores.csv'))).toBe(false)
}
const refusals = (cases: readonly Case[]): void =>
  it.each(cases.map((c) => [c[0], c] as const))('%s', (_, c) => expectRefusal(c))

describe.concurrent('flags', () => {
  const armo = ['--model', parity('llama-armo5'), '--dataset', TWO]
  refusals([
    ['an unknown flag', 'run-rm', ['--modle', 'x'], 2, ['--modle: unknown flag', 'Did you mean --model?']],
    ['two dtypes', 'run-rm', ['--torch_dtype', 'float32', '--dtype', 'fp16'], 2, ['contradicts --dtype fp16']],
    ['no row to show', 'run-rm', ['--dump-rendered', '0'], 2, ['--dump-rendered: 0 is not a whole number']],
    ['keep and drop mixed', 'run-rm', ['--filter', 'property', '--filter', '!x'], 2, ['--filter: ', 'cannot be mixed']],
    ['a config that is not there', 'run-rm', ['--config', at('no.yaml')], 2, ['no.yaml: no such file']],
    [
      'several heads and none chosen',
      'run-rm',
      armo,
      2,
      ['the model has 5 heads and none is chosen', '0 (LABEL_0), 1 (LABEL_1)', '4 (LABEL_4)'],
    ],
    ['a head beyond the last', 'run-rm', [...armo, '--head', '5'], 2, ['--head: "5" is none of the model\'s heads']],
    [
      'a reference without a policy',
      'run-dpo',
      ['--ref-model', parity('dpo-llama/policy')],
      2,
      ['--ref-model: needs --model too'],
    ],
    [
      'a policy as its own reference',
      'run-dpo',
      ['--model', parity('dpo-llama/policy'), '--ref-model', parity('dpo-llama/policy')],
      2,
      ['has the same weights as the policy', 'Every implicit reward would be 0'],
    ],
    [
      'a reference with another vocabulary',
      'run-dpo',
      ['--model', parity('dpo-llama/policy'), '--ref-model', parity('dpo-gpt2/reference')],
      2,
      ['has another tokenizer than', 'the same text gives other ids'],
    ],
    [
      'more tokens than there are positions',
      'run-rm',
      ['--model', parity('gpt2'), '--max-length', '5000'],
      2,
      ['--max-length 5000: gpt2 has 448 positions and no more'],
    ],
    ['--no-verify alone', 'run-verify', ['--no-verify'], 2, ['--no-verify: leaves nothing to do']],
    [
      '--offline without a cache',
      'run-rm',
      ['--model', 'org/none', '--offline'],
      7,
      ['org/none: offline', 'Run once with a connection, or give a folder; there is no folder "org/none" here.'],
    ],
  ])

  it('a device asked for by name is not replaced by another', async () => {
    // a process: where CUDA's libraries are, it starts itself again
    const done = await start('run-rm', ['--device', 'cuda', '--dataset', TWO, '--output-dir', at('cuda')]).done
    // where a GPU is set up, the run succeeds on it
    if (done.code === 0) return
    expect(done.code).toBe(6)
    expect(done.stderr).toMatch(/run-rm: --device cuda: .+\n {2}.+/)
    expect((await run('run-rm', ['--device', 'tpu', '--dataset', TWO])).stderr).toContain('"tpu" is no device')
  })
})

describe.concurrent('data', () => {
  const data = (name: string, text: string): string[] => ['--dataset', file(name, text)]
  refusals([
    [
      'a file that is not there',
      'run-rm',
      ['--dataset', at('no.jsonl')],
      3,
      ['no.jsonl: there is no such file or folder'],
    ],
    ['a name that is nothing', 'run-rm', ['--dataset', 'demo-pears'], 2, ['Built-in: demo-pairs, ', ', demo-groups, ']],
    ['an empty file', 'run-rm', data('empty.jsonl', ''), 3, ['empty.jsonl: the file is empty']],
    ['a file without a row', 'run-rm', data('blank.jsonl', '\n\n'), 3, ['blank.jsonl: there is no row']],
    [
      'duplicate ids',
      'run-rm',
      data('twice.jsonl', jsonLines([...PAIRS, PAIRS[0]])),
      3,
      ['twice.jsonl: 1 duplicate id: "a" (records 1 and 3)'],
    ],
    [
      'no usable row',
      'run-rm',
      data('useless.jsonl', jsonLines([{ prompt: 'Hi', chosen: 5, rejected: 'x' }])),
      3,
      ['none of the 1 records is usable', 'useless.jsonl:1: "chosen" is a number'],
    ],
    [
      'rows of two kinds',
      'run-rm',
      data('mixed.jsonl', jsonLines([PAIRS[0], { prompt: 'Hi', completions: ['a', 'b'] }])),
      3,
      ['mixed.jsonl:2: a group row among pair rows'],
    ],
    [
      'a filter that nothing passes',
      'run-rm',
      ['--filter', 'nothing'],
      3,
      ['no row passes --filter nothing', 'There are functional-group'],
    ],
    [
      'Parquet that is none',
      'run-rm',
      data('text.parquet', 'hello'),
      3,
      ['text.parquet: the file does not begin as Parquet does'],
    ],
    [
      'a row too long, with --truncation error',
      'run-rm',
      [
        ...data('long.jsonl', jsonLines([...PAIRS, { prompt: 'Hi', chosen: 'C'.repeat(600), rejected: 'x' }])),
        '--truncation',
        'error',
      ],
      3,
      [/long\.jsonl:3: \d+ tokens, the limit is 512\n {2}Raise --max-length/],
    ],
  ])

  it('a folder that cannot be written', async () => {
    const done = await run('run-rm', ['--dataset', TWO, '--output-dir', TWO])
    expect(done).toMatchObject({ code: 3, stdout: '' })
    expect(done.stderr).toContain('two.jsonl: is a file, expected a folder\n  Choose another --output-dir.')
  })

  it.each(['run-rm', 'run-dpo', 'run-verify', 'run-process', 'run-generate'] as const)(
    'nor below a file, said by %s before anything is read',
    async (bin) => {
      const done = await run(bin, ['--output-dir', join(TWO, 'below')])
      expect(done).toMatchObject({ code: 3, stdout: '' })
      // one message with its hint: no row was counted, no model opened
      expect(done.stderr).toBe(`${bin}: ${TWO}: is a file, expected a folder\n  Choose another --output-dir.\n`)
    },
  )

  it('only where something would be written', async () => {
    const done = await run('run-verify', ['--dataset', TWO, '--dry-run', '--output-dir', join(TWO, 'below')])
    expect(done.stderr).not.toContain('expected a folder')
  })

  it('a folder that the system refuses', async () => {
    if (process.platform !== 'linux') return
    // Node 20's recursive mkdir does not return from this one
    const done = await run('run-verify', ['--dataset', TWO, '--output-dir', '/proc/chemherm'])
    expect(done).toMatchObject({ code: 3, stdout: '' })
    expect(done.stderr).toContain('/proc/chemherm: cannot be written')
  })
})

/** A copy of a checkpoint that a test damages. */
function damaged(name: string, damage: (dir: string) => void): string[] {
  const dir = at(name)
  cpSync(parity('llama-gqa'), dir, { recursive: true })
  damage(dir)
  return ['--model', dir, '--dataset', TWO]
}
const weights = (name: string, change: (tensors: Tensors) => void): string[] =>
  damaged(name, (dir) => editTensors(join(dir, 'model.safetensors'), change))
function json(name: string, part: string, change: (value: Record<string, unknown>) => void): string[] {
  return damaged(name, (dir) => {
    const value = JSON.parse(readFileSync(join(dir, part), 'utf8')) as Record<string, unknown>
    change(value)
    writeFileSync(join(dir, part), JSON.stringify(value))
  })
}
const UP = 'model.layers.1.mlp.up_proj.weight'

describe.concurrent('model files', () => {
  refusals([
    [
      'an unknown architecture',
      'run-rm',
      json('mamba', 'config.json', (config) => {
        config.model_type = 'mamba9'
      }),
      5,
      ['config.json: "model_type" is "mamba9": not supported', /Supported: .*llama/],
    ],
    [
      'a file that was cut',
      'run-rm',
      damaged('cut', (dir) => truncateSync(join(dir, 'model.safetensors'), 100_000)),
      5,
      ['model.safetensors: truncated: the tensors end at byte', 'Fetch the file again'],
    ],
    [
      'a header of 2^63 bytes',
      'run-rm',
      damaged('huge', (dir) => writeFileSync(join(dir, 'model.safetensors'), Buffer.from('000000000000008000', 'hex'))),
      5,
      ['model.safetensors: header length is 9223372036854775808 bytes'],
    ],
    [
      'a missing tensor',
      'run-rm',
      weights('missing', (t) => void t.delete(UP)),
      5,
      [`tensor "${UP}" [80, 48] is missing`],
    ],
    [
      'a tensor too many',
      'run-rm',
      weights('extra', (t) => void t.set('v_head.weight', { dtype: 'F32', shape: [2], data: Buffer.alloc(8) })),
      5,
      ['has two heads: the one that is read (score), and "v_head.weight" [2]'],
    ],
    [
      'another shape',
      'run-rm',
      json('shape', 'config.json', (config) => {
        config.intermediate_size = 96
      }),
      5,
      ['is [80, 48], config.json asks for [96, 48]'],
    ],
    [
      'NaN among the weights',
      'run-rm',
      weights('nan', (t) => void t.get(UP)!.data.writeFloatLE(Number.NaN, 40)),
      5,
      [`tensor "${UP}" [80, 48] holds NaN (element 10): every score would be wrong`],
    ],
    [
      'no config.json',
      'run-rm',
      damaged('no-config', (dir) => rmSync(join(dir, 'config.json'))),
      5,
      [/no-config.*config\.json/],
    ],
    [
      'broken JSON',
      'run-rm',
      damaged('half-config', (dir) => truncateSync(join(dir, 'config.json'), 20)),
      5,
      ['config.json: is not valid JSON'],
    ],
    [
      'no tokenizer',
      'run-rm',
      damaged('no-tokenizer', (dir) => rmSync(join(dir, 'tokenizer.json'))),
      5,
      ['there is no tokenizer.json', '--tokenizer'],
    ],
    [
      'pickled weights',
      'run-rm',
      damaged('pickle', (dir) => {
        rmSync(join(dir, 'model.safetensors'))
        writeFileSync(join(dir, 'pytorch_model.bin'), '')
      }),
      5,
      ['has no safetensors, only pickled weights (pytorch_model.bin)', 'save_pretrained'],
    ],
    ['a folder that is not there', 'run-rm', ['--model', at('nowhere')], 2, ['nowhere: no such folder']],
    [
      'a causal model where a reward model belongs',
      'run-rm',
      ['--model', parity('dpo-llama/policy'), '--dataset', TWO],
      5,
      ['has no classification head', 'run-dpo --model'],
    ],
    [
      'a reward model where a policy belongs',
      'run-dpo',
      ['--model', parity('llama-gqa'), '--dataset', TWO],
      5,
      ['has a classification head', 'run-rm --model'],
    ],
    [
      'no chat template',
      'run-rm',
      json('no-template', 'tokenizer_config.json', (config) => {
        config.chat_template = undefined
      }),
      2,
      ['--chat-template: the tokenizer of no-template has no chat template', 'chatml'],
    ],
    [
      'a chat template that cannot be read',
      'run-rm',
      json('bad-template', 'tokenizer_config.json', (config) => {
        config.chat_template = '{% for m in messages %}{{ m.content }}'
      }),
      5,
      ['chat template of bad-template, line 1: TemplateSyntaxError'],
    ],
    [
      'a template that is neither built in nor a file',
      'run-rm',
      ['--chat-template', 'chatlm'],
      2,
      ['"chatlm" is neither a built-in template nor a file'],
    ],
  ])
})

describe.concurrent('rows that are left out are listed, the others scored, and the run ends with 4', () => {
  const go = async (name: string, text: string, ...args: string[]): Promise<{ done: Done; out: string }> => {
    const data = file(`${name}.jsonl`, text)
    const done = await run('run-rm', [
      '--dataset',
      data,
      '--output-dir',
      at('left-out'),
      '--name',
      name,
      ...QUICK,
      ...args,
    ])
    return { done, out: at('left-out', name, name) }
  }

  it('rows that cannot be read', async () => {
    const broken =
      '{"id":"c","prompt":"Hi","chosen":\n{"id":"d","prompt":"Hi","chosen":5,"rejected":"x"}\n{"id":"e","prompt":"Hi","chosen":"y","rejcted":"x"}\n'
    const { done, out } = await go('unreadable', jsonLines(PAIRS) + broken)
    expect(done.code).toBe(4)
    expect(readCsv(out, 'failures.csv')).toMatchObject([
      { where: 'unreadable.jsonl:3', id: '', reason: 'invalid_json' },
      { where: 'unreadable.jsonl:4', id: 'd', reason: 'wrong_type' },
      { where: 'unreadable.jsonl:5', id: 'e', reason: 'missing_column', hint: 'Is "rejcted" meant to be "rejected"?' },
    ])
    for (const line of [3, 4, 5]) expect(done.stderr).toContain(`warning: unreadable.jsonl:${line}: `)
    expect(readCsv(out, 'scores.csv').map(({ id, score }) => [id, score !== ''])).toEqual(
      ['a', 'a', 'b', 'b'].map((id) => [id, true]),
    )
    expect(manifestOf(out).failures).toMatchObject({ count: 3, by_reason: { invalid_json: 1, wrong_type: 1 } })
  })

  it('a template that raises on a row', async () => {
    const [, model] = json('raises', 'tokenizer_config.json', (config) => {
      config.chat_template =
        "{% for m in messages %}{% if 'there' in m.content %}{{ raise_exception('not there') }}{% endif %}{{ m.content }}{% endfor %}"
    })
    const { done, out } = await go('raised', jsonLines(PAIRS), '--model', model!)
    expect(done.code).toBe(4)
    expect(done.stderr).toContain(
      'raised.jsonl:2: chosen 0 has no score: template_error, chat template of raises, line 1: not there',
    )
    expect(readCsv(out, 'scores.csv').map(({ score_reason }) => score_reason)).toEqual([
      '',
      '',
      'template_error',
      'template_error',
    ])
    const [scored, left] = readCsv(out, 'pairs.csv')
    expect(scored!.outcome).toMatch(/^(win|loss)$/)
    expect(left).toMatchObject({ chosen_score: '', margin: '', outcome: '', agree: '' })
  })

  const LONG = jsonLines([...PAIRS, { id: 'long', prompt: 'Hi', chosen: 'C '.repeat(600), rejected: 'no' }])
  it('a text longer than the model takes', async () => {
    const { done, out } = await go('long-skip', LONG)
    expect(done.code).toBe(4)
    expect(done.stderr).toMatch(/long-skip\.jsonl:3: chosen 0 has no score: too_long, [\d,]+ tokens, the limit is 512/)
    const [chosen, rejected] = readCsv(out, 'scores.csv').filter(({ id }) => id === 'long')
    expect(chosen).toMatchObject({ score: '', score_reason: 'too_long', truncated: '' })
    expect(rejected!.score).not.toBe('')
    expect(manifestOf(out).models[0]!.work).toMatchObject({ unscored: 1 })
  })

  it.each(['left', 'right'])('unless it is cut on the %s', async (side) => {
    const { done, out } = await go(`long-${side}`, LONG, '--truncation', side)
    expect(done.code).toBe(0)
    const [chosen] = readCsv(out, 'scores.csv').filter(({ id }) => id === 'long')
    expect(chosen).toMatchObject({ score_reason: '', truncated: '1', scored_token_index: '511' })
    expect(Number(chosen!.prompt_tokens) + Number(chosen!.completion_tokens)).toBe(512)
    expect(Number(chosen!.prompt_tokens) > 0).toBe(side === 'right')
    expect(manifestOf(out).models[0]!.work).toMatchObject({ truncated: 1 })
  })
})
