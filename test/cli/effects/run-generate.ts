import { cpSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as ort from 'onnxruntime-node'
import { expect, vi } from 'vitest'
import { packagePath } from '../../../src/package.ts'
import type { RunOption } from '../../../src/setup/options.ts'
import { CONFIG, PLAIN, SPLITS, written } from './data.ts'
import { all, changes, file, newFolder, once, type Ran, type Rows, ran, record, refuses, says } from './shown.ts'

const BIN = 'run-generate'
const PROMPTS = written(
  'prompts.jsonl',
  [
    { id: 'a', subset: 'one', prompt: 'Propose a molecule that has the following formula: C8H10O.', other: 'Hi' },
    { id: 'b', subset: 'two', prompt: 'Suggest a SMILES structure for an ether.', other: 'Ho' },
  ]
    .map((row) => `${JSON.stringify(row)}\n`)
    .join(''),
)
const on = ['--dataset', PROMPTS, '--max-new-tokens', '8']
const drawn = [...on, '--temperature', '1']

interface Generated {
  readonly id: string
  readonly subset: string
  readonly prompt: unknown
  readonly prompt_tokens: number
  readonly completions: readonly {
    readonly completion: string
    readonly token_ids: readonly number[]
    readonly finish_reason: string
  }[]
}
const generated = (run: Ran): Generated[] =>
  file('completions.jsonl')(run)
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Generated)
const tokens = (run: Ran): unknown =>
  generated(run).map(({ completions }) => completions.map(({ token_ids }) => token_ids))
const ids = (run: Ran): string[] => generated(run).map(({ id }) => id)

/** The embedded policy with another template. */
function otherTemplate(): string {
  const folder = newFolder()
  cpSync(packagePath('src/embedded/demo/demo-policy-dpo'), folder, { recursive: true })
  writeFileSync(join(folder, 'chat_template.jinja'), '{% for m in messages %}{{ m.content }}{% endfor %}')
  return folder
}

export const GENERATE_ROWS: Partial<Rows<RunOption>> = {
  model: changes(BIN, on, ['--model', packagePath('src/embedded/demo/demo-ref-sft')], tokens),
  revision: all(
    says(BIN, [...on, '--revision', 'main'], '--revision changes nothing here: '),
    refuses(BIN, [...on, '--revision', 'v1'], 2, 'is a folder; revision "v1" means nothing there'),
  ),
  tokenizer: async () => {
    const run = await ran(BIN, [...on, '--tokenizer', otherTemplate()])
    const without = await once(BIN, on)
    expect(generated(run)[0]!.prompt_tokens).toBeLessThan(generated(without)[0]!.prompt_tokens)
  },
  'chat-template': all(
    changes(BIN, on, ['--chat-template', 'raw'], tokens),
    refuses(BIN, [...on, '--chat-template', 'pair'], 2, '"pair" is for encoders'),
    says(
      BIN,
      [...on, '--chat-template', 'llama-2'],
      'in which there is no token that ends a text (generation_config.json): completions may go on behind it',
    ),
  ),
  device: refuses(BIN, [...on, '--device', 'tpu'], 2, '"tpu" is no device'),
  dtype: all(refuses(BIN, [...on, '--dtype', 'fp16'], 2, '--dtype fp16: ONNX Runtime computes float16'), async () => {
    const run = await ran(BIN, [...on, '--dtype', 'q4'], { CHEMHERM_QUANTISED_DIR: newFolder() })
    expect(run.code, run.stderr).toBe(0)
    expect(file('completions.jsonl')(run)).not.toBe(file('completions.jsonl')(await once(BIN, on)))
    expect(record('models', 0, 'quantisation')(run)).toMatchObject({ bits: 4, block: 32 })
  }),
  n: all(
    changes(BIN, drawn, ['--n', '3'], (run) => generated(run).map(({ completions }) => completions.length), [3, 3]),
    refuses(BIN, [...on, '--n', '2'], 2, '2 greedy completions of a prompt would all be the same'),
  ),
  temperature: all(
    changes(BIN, on, ['--temperature', '1.5'], tokens),
    refuses(BIN, [...on, '--temperature', '-1'], 2, '-1 is below 0'),
  ),
  'top-p': all(
    // so small a share holds the most probable token alone
    async () => expect(tokens(await once(BIN, [...drawn, '--top-p', '1e-9']))).toEqual(tokens(await once(BIN, on))),
    refuses(BIN, [...drawn, '--top-p', '0'], 2, '0 is not above 0 and at most 1'),
    says(BIN, [...on, '--top-p', '0.9'], '--top-p changes nothing here: without a --temperature above 0'),
  ),
  'max-new-tokens': changes(
    BIN,
    on.slice(0, 2),
    ['--max-new-tokens', '3'],
    (run) => generated(run).map(({ completions }) => [completions[0]!.token_ids.length, completions[0]!.finish_reason]),
    [
      [3, 'length'],
      [3, 'length'],
    ],
  ),
  stop: all(
    changes(
      BIN,
      on.slice(0, 2),
      ['--stop', '<|think_end|>'],
      (run) => generated(run).map(({ completions }) => completions[0]!.finish_reason),
      ['stop_string', 'stop_string'],
    ),
    refuses(BIN, [...on, '--stop', ''], 2, '--stop: needs a value'),
  ),
  dataset: changes(BIN, ['--max-new-tokens', '2', '--limit', '2'], ['--dataset', PROMPTS], ids, ['a', 'b']),
  split: all(
    changes(BIN, [...on.slice(2), '--dataset', SPLITS], ['--split', 'test'], ids, ['product']),
    says(BIN, [...on, '--split', 'test'], '--split test chooses nothing'),
  ),
  'dataset-config': says(BIN, [...on, '--dataset-config', 'x'], '--dataset-config x chooses nothing'),
  'prompt-column': changes(BIN, on, ['--prompt-column', 'other'], (run) => generated(run)[0]!.prompt, 'Hi'),
  'id-column': changes(BIN, on, ['--id-column', 'other'], ids, ['Hi', 'Ho']),
  'subset-column': changes(BIN, on, ['--subset-column', 'other'], (run) => generated(run)[1]!.subset, 'Ho'),
  filter: changes(BIN, on, ['--filter', 'two'], ids, ['b']),
  limit: changes(BIN, on, ['--limit', '1'], ids, ['a']),
  'batch-tokens': changes(BIN, on, ['--batch-tokens', '1'], record('generation', 'mean_batch'), 1),
  'batch-size': changes(BIN, on, ['--batch-size', '1'], record('generation', 'mean_batch'), 1),
  threads: async () => {
    const create = vi.spyOn(ort.InferenceSession, 'create')
    try {
      await ran(BIN, [...on, '--threads', '3'])
      const asked = create.mock.calls.map((call) => (call.at(-1) as { intraOpNumThreads?: number }).intraOpNumThreads)
      expect(new Set(asked)).toEqual(new Set([3]))
    } finally {
      create.mockRestore()
    }
  },
  'output-dir': async () => {
    const outputDir = newFolder()
    expect((await ran(BIN, [...on, '--output-dir', outputDir])).folder).toContain(outputDir)
  },
  name: async () => {
    const { outputDir } = await ran(BIN, [...on, '--name', 'mine'])
    expect(readdirSync(outputDir)).toEqual(['mine'])
  },
  resume: async () => {
    const outputDir = newFolder()
    const made = async (...more: string[]): Promise<unknown> =>
      record('generation', 'kept_prompts')(await ran(BIN, [...on, '--output-dir', outputDir, ...more]))
    expect(await made()).toBe(0)
    expect(await made()).toBe(2)
    expect(await made('--no-resume')).toBe(0)
  },
  seed: all(
    changes(BIN, drawn, ['--seed', '5'], tokens),
    says(BIN, [...on, '--seed', '5'], '--seed changes nothing here: without a --temperature above 0'),
  ),
  offline: refuses(BIN, ['--dataset', 'org/none', '--offline'], 7, 'org/none: offline'),
  config: changes(BIN, on, ['--config', CONFIG('limit: 1\n')], ids, ['a']),
  'dry-run': async () => {
    const run = await ran(BIN, [...on, '--dry-run'])
    expect(run).toMatchObject({
      code: 0,
      folder: null,
      stdout: expect.stringMatching(/new tokens at most[\s\S]*\nwould be written to: /),
    })
  },
  'print-config': async () => {
    const run = await ran(BIN, [...on, '--print-config'])
    expect(run).toMatchObject({ code: 0, folder: null, stderr: '' })
    expect(run.stdout.split('\n')).toContain('max-new-tokens: 8')
  },
  'dump-rendered': async () => {
    const run = await ran(BIN, ['--dataset', PLAIN, '--dump-rendered', '1'])
    expect(run).toMatchObject({ code: 0, folder: null })
    expect(run.stdout).toContain('<|im_start|>assistant')
  },
  quiet: async () => {
    const lines = (run: Ran): string[] => run.stderr.split('\n').filter((line) => line !== '')
    expect(lines(await once(BIN, on))).not.toEqual([])
    expect(lines(await ran(BIN, [...on, '--quiet']))).toEqual([])
  },
  'log-format': async () => {
    const { stderr } = await ran(BIN, [...on, '--log-format', 'json'])
    for (const line of stderr.trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('level')
  },
}
