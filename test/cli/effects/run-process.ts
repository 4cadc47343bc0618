import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as ort from 'onnxruntime-node'
import { expect, vi } from 'vitest'
import { packagePath } from '../../../src/package.ts'
import type { RunOption } from '../../../src/setup/options.ts'
import { CONFIG, CUT_BLOOM, EMPTY_BLOOM, written } from './data.ts'
import {
  all,
  type CsvRow,
  changes,
  column,
  csv,
  file,
  newFolder,
  once,
  type Ran,
  type Rows,
  ran,
  record,
  refuses,
  type Shown,
  says,
} from './shown.ts'

const BIN = 'run-process'
const wrap = (answer: string): string => `<|think_start|>t<|think_end|><|answer_start|>${answer}<|answer_end|>`
const lines = (rows: readonly unknown[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('')

/** Rows of which a candidate is right by its verifiable reward, so that every option of the verifier decides something. */
const ROWS = [
  {
    id: 'group',
    subset: 'functional-group',
    prompt: 'A primary alcohol of formula C8H10O?',
    steps: [],
    candidates: [wrap('OCCc1ccccc1'), wrap('OCCc1ccccc1C')],
    solution: "functional_group_eval!:!('C8H10O', ['primary alcohol'])!:!functional-group",
  },
  {
    id: 'reaction',
    subset: 'retro-synthesis',
    prompt: 'How do I make ethyl benzoate?',
    steps: [],
    candidates: [wrap('O=C(O)c1ccccc1.CCO>>'), wrap('no reaction')],
    solution: 'rxn_forward!:!CCOC(=O)c1ccccc1!:!retro-synthesis',
  },
  {
    id: 'product',
    subset: 'reaction-prediction',
    prompt: 'What do acetic acid and ethanol give?',
    steps: [],
    candidates: [wrap('CCOC(=O)CC'), wrap('CCOC(C)=O')],
    rationale: 'An ester.',
    solution: 'product_eval!:!CCOC(C)=O!:!reaction-prediction',
  },
  {
    id: 'loose',
    subset: 'property',
    prompt: 'Which one boils at 78 °C?',
    steps: ['Ethanol does.'],
    candidates: ['It is <answer>CCO</answer>.', '<|answer_start|>CCO<|answer_end|>'],
    solution: 'str_eval!:!CCO!:!property',
  },
]
const SOLVED = written('solved-steps.jsonl', lines(ROWS))
const PLAIN = written(
  'plain-steps.jsonl',
  lines([{ prompt: 'Hi', steps: ['One.'], candidates: ['Two.', 'Three.'], label: 1 }]),
)
const SPLITS = written('split-steps.json', JSON.stringify({ train: ROWS.slice(0, 2), test: ROWS.slice(2, 3) }))
const NAMED = written(
  'named-steps.jsonl',
  lines([{ q: 'Hi', question: 'Ho', key: 'k', part: 'p', steps: [], candidates: ['a', 'b'], label: 0 }]),
)
const demo = (name: string): string => packagePath('src/embedded/demo', name)
const heads = (name: string): string => packagePath('test/data/heads', name)
const parity = (...path: string[]): string => packagePath('test/data/parity', ...path)
const DEMO = ['--limit', '3'] as const
const REWARD = ['--heuristic', 'reward', ...DEMO] as const
const RANDOM = ['--dataset', SOLVED, '--heuristic', 'random'] as const

const scores = column('steps.csv', 'score')
const texts = column('steps.csv', 'text_sha256')
const chosen = (run: Ran): string[] =>
  csv('steps.csv')(run)
    .filter((row) => row.chosen === '1')
    .map((row) => `${row.id} ${row.candidate}`)
const verdicts = (run: Ran): string[] =>
  csv('steps.csv')(run).map(
    (row: CsvRow) => `${row.verifiable_reward} ${row.verifiable_status} ${row.verifiable_reason}`,
  )
/** Each verdict in order. */
const VERDICTS = [
  '1 pass right_answer',
  '0 fail wrong_formula',
  ' unverifiable invalid_rxn',
  '0 fail invalid_rxn',
  '0 fail wrong_answer',
  '1 pass right_answer',
  '0 fail format_failed',
  '0 fail format_failed',
]
const verdictsWith = (i: number, verdict: string): string[] => VERDICTS.map((one, k) => (k === i ? verdict : one))

/** The user's own file: another verdict, named on screen and in run.json. */
const bloom = (flag: string, name: string, i: number, verdict: string) =>
  all(
    async () => expect(verdicts(await once(BIN, RANDOM))).toEqual(VERDICTS),
    changes(BIN, RANDOM, [flag, EMPTY_BLOOM], verdicts, verdictsWith(i, verdict)),
    async () => {
      const provenance = record('verification', 'provenance')(await once(BIN, [...RANDOM, flag, EMPTY_BLOOM])) as {
        name: string
        file?: string
      }[]
      expect(provenance.find((source) => source.name === name)).toMatchObject({ file: EMPTY_BLOOM })
    },
    refuses(BIN, [...RANDOM, flag, CUT_BLOOM], 3, `${CUT_BLOOM}: header says 1027 bytes, file has 500`),
    says(BIN, ['--dataset', PLAIN, flag, EMPTY_BLOOM], `${flag} changes nothing here: no row has a solution`),
  )

/** The demo policy with two ready-made exports beside it. */
const EXPORT = (): string => {
  const folder = newFolder()
  cpSync(parity('dpo-gpt2/policy'), folder, { recursive: true })
  cpSync(packagePath('test/data/onnx/dpo-gpt2/policy'), folder, { recursive: true })
  cpSync(join(folder, 'onnx/decoder_model_merged.onnx'), join(folder, 'onnx/model.onnx'))
  return folder
}

/** The demo's tokenizer with a template of its own. */
function otherTemplate(): string {
  const folder = newFolder()
  cpSync(demo('demo-policy-dpo'), folder, { recursive: true })
  const template =
    '{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}'
  if (existsSync(join(folder, 'chat_template.jinja'))) writeFileSync(join(folder, 'chat_template.jinja'), template)
  const path = join(folder, 'tokenizer_config.json')
  const config = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>
  writeFileSync(path, JSON.stringify({ ...config, chat_template: template }))
  return folder
}

const LOOP = ['--generate', '--limit', '4', '--step-separator', '<|think_end|>', '--max-new-tokens', '60'] as const
interface Trajectory {
  readonly completions: readonly {
    readonly completion: string
    readonly finish_reason: string
    readonly steps: readonly { readonly candidates: readonly string[] }[]
  }[]
}
const reasonings = (run: Ran): Trajectory['completions'] =>
  file('trajectories.jsonl')(run)
    .trim()
    .split('\n')
    .flatMap((line) => (JSON.parse(line) as Trajectory).completions)
const trajectories = (run: Ran): string[] => reasonings(run).map(({ completion }) => completion)
const candidates = (run: Ran): number =>
  Math.max(...reasonings(run).flatMap(({ steps }) => steps.map((step) => step.candidates.length)))

const named = (flag: string, value: string, what: (run: Ran) => unknown, to: unknown): Shown =>
  changes(BIN, ['--dataset', NAMED, '--heuristic', 'random'], [flag, value], what, to)
const STEPS_OF_PRM = ['--model', heads('trl-prm-llama'), '--chat-template', 'raw', ...REWARD] as const

export const PROCESS_ROWS = {
  model: changes(BIN, DEMO, ['--model', demo('demo-ref-sft')], scores),
  revision: all(
    says(BIN, [...DEMO, '--revision', 'main'], '--revision changes nothing here: '),
    refuses(BIN, [...DEMO, '--revision', 'v1'], 2, 'is a folder; revision "v1" means nothing there'),
  ),
  'reward-model': all(
    changes(BIN, REWARD, ['--reward-model', parity('llama-gqa')], scores),
    refuses(
      BIN,
      [...REWARD, '--heuristic', 'world_model', '--model', demo('demo-policy-dpo')],
      2,
      'needs --reward-model beside the other heuristics',
    ),
    says(
      BIN,
      ['--reward-model', parity('llama-gqa')],
      '--reward-model changes nothing here: there is no --heuristic reward',
    ),
  ),
  'reward-revision': all(
    says(BIN, [...DEMO, '--reward-revision', 'v1'], '--reward-revision changes nothing here'),
    refuses(
      BIN,
      [...REWARD, '--reward-model', parity('llama-gqa'), '--reward-revision', 'v1'],
      2,
      'is a folder; revision "v1" means nothing there',
    ),
  ),
  heuristic: all(
    changes(
      BIN,
      DEMO,
      ['--heuristic', 'world_model'],
      (run) => new Set(column('steps.csv', 'heuristic')(run)),
      new Set(['world_model']),
    ),
    refuses(BIN, ['--heuristic', 'gpt4_world'], 2, '"gpt4_world" is none of world_model, '),
    refuses(BIN, ['--heuristic', 'random', '--heuristic', 'random'], 2, '--heuristic: names one twice'),
  ),
  layout: all(
    changes(BIN, DEMO, ['--layout', 'rationale-last'], texts),
    says(BIN, [...RANDOM, '--layout', 'none'], '--layout changes nothing here'),
  ),
  'filter-rationales': ['test/run/process-rationales.test.ts', 'sums and decisions are those of the goldens'],
  generate: ['test/run/process-loop.test.ts', 'choices are those of run-process on the same candidates'],
  'max-steps': all(
    changes(BIN, LOOP, ['--max-steps', '1'], trajectories),
    says(
      BIN,
      [...DEMO, '--max-steps', '1'],
      '--max-steps changes nothing here: without --generate no step is proposed',
    ),
  ),
  n: all(
    changes(BIN, LOOP, ['--n', '1'], candidates, 1),
    refuses(BIN, [...LOOP, '--temperature', '0'], 2, '3 greedy completions of a prompt would all be the same'),
    refuses(
      BIN,
      ['--generate', '--heuristic', 'random', '--heuristic', 'reward'],
      2,
      'one heuristic chooses the next step',
    ),
    refuses(BIN, ['--generate', '--heuristic', 'trajectory_greedy'], 2, 'Use trajectory.'),
    refuses(BIN, ['--generate', '--filter-rationales', 'x.jsonl'], 2, 'cannot be combined with --filter-rationales'),
  ),
  temperature: changes(BIN, LOOP, ['--temperature', '1.2'], trajectories),
  'top-p': changes(BIN, LOOP, ['--top-p', '0.1'], trajectories),
  'max-new-tokens': changes(BIN, LOOP.slice(0, -2), ['--max-new-tokens', '5'], trajectories),
  'verify-steps': ['test/run/verify-steps.test.ts', 'verdicts of the labelled steps, without a model'],
  tokenizer: changes(BIN, DEMO, ['--tokenizer', otherTemplate()], texts),
  'chat-template': changes(BIN, DEMO, ['--chat-template', 'chatml'], texts),
  device: refuses(BIN, ['--device', 'tpu'], 2, '"tpu" is no device'),
  dtype: all(refuses(BIN, ['--dtype', 'fp16'], 2, '--dtype fp16: ONNX Runtime computes float16'), async () => {
    const run = await ran(BIN, [...DEMO, '--dtype', 'q4'], { CHEMHERM_QUANTISED_DIR: newFolder() })
    expect(run.code, run.stderr).toBe(0)
    expect(scores(run)).not.toEqual(scores(await once(BIN, DEMO)))
  }),
  graph: changes(
    BIN,
    [...DEMO, '--heuristic', 'world_model', '--chat-template', 'raw', '--model', EXPORT()],
    ['--graph', 'onnx'],
    record('models', 0, 'graph', 'kind'),
    'onnx',
  ),
  'onnx-file': changes(
    BIN,
    [...DEMO, '--heuristic', 'world_model', '--chat-template', 'raw', '--model', EXPORT(), '--graph', 'onnx'],
    ['--onnx-file', 'decoder_model_merged.onnx'],
    record('models', 0, 'graph', 'file'),
    'onnx/decoder_model_merged.onnx',
  ),
  head: all(
    async () => {
      const score = async (head: string): Promise<string[]> =>
        scores(await ran(BIN, [...REWARD, '--model', parity('llama-armo5'), '--head', head]))
      expect(await score('0')).not.toEqual(await score('1'))
    },
    refuses(BIN, [...REWARD, '--model', parity('llama-armo5')], 2, 'the model has 5 heads and none is chosen'),
    refuses(BIN, [...REWARD, '--head', 'all'], 2, '--head all: gives no reward of one trajectory'),
  ),
  pooling: says(BIN, [...DEMO, '--pooling', 'mask'], '--pooling changes nothing here: there is no --heuristic reward'),
  'step-aggregate': ['test/run/process-heads.test.ts', 'the last step of each case as a candidate'],
  'step-separator': changes(BIN, STEPS_OF_PRM, ['--step-separator', '\\n\\n'], scores),
  'step-tokens': refuses(BIN, [...REWARD, '--step-tokens', '+ -'], 2, 'has 2 words'),
  dataset: changes(BIN, DEMO, ['--dataset', PLAIN], record('dataset', 'rows'), 1),
  split: all(
    changes(BIN, ['--dataset', SPLITS, '--heuristic', 'random'], ['--split', 'test'], record('dataset', 'rows'), 1),
    says(BIN, [...RANDOM, '--split', 'test'], '--split test chooses nothing'),
  ),
  'dataset-config': says(BIN, [...RANDOM, '--dataset-config', 'x'], '--dataset-config x chooses nothing'),
  'prompt-column': named('--prompt-column', 'q', record('dataset', 'columns', 'prompt'), 'q'),
  'id-column': named('--id-column', 'key', (run) => new Set(column('steps.csv', 'id')(run)), new Set(['k'])),
  'subset-column': named(
    '--subset-column',
    'part',
    (run) => new Set(column('steps.csv', 'subset')(run)),
    new Set(['p']),
  ),
  filter: changes(
    BIN,
    RANDOM,
    ['--filter', 'property'],
    (run) => new Set(column('steps.csv', 'id')(run)),
    new Set(['loose']),
  ),
  limit: changes(BIN, RANDOM, ['--limit', '2'], record('dataset', 'rows'), 2),
  'max-length': changes(
    BIN,
    DEMO,
    ['--max-length', '60'],
    (run) => column('steps.csv', 'score_reason')(run).includes('too_long'),
    true,
  ),
  truncation: changes(
    BIN,
    [...DEMO, '--max-length', '60'],
    ['--truncation', 'left'],
    (run) => column('steps.csv', 'truncated')(run).includes('1'),
    true,
  ),
  'batch-tokens': changes(BIN, DEMO, ['--batch-tokens', '64'], record('models', 0, 'work', 'batches')),
  'batch-size': changes(BIN, DEMO, ['--batch-size', '1'], record('models', 0, 'work', 'batches')),
  threads: async () => {
    const create = vi.spyOn(ort.InferenceSession, 'create')
    try {
      await ran(BIN, [...DEMO, '--threads', '3'])
      const asked = create.mock.calls.map((call) => (call.at(-1) as { intraOpNumThreads?: number }).intraOpNumThreads)
      expect(new Set(asked)).toEqual(new Set([3]))
    } finally {
      create.mockRestore()
    }
  },
  extraction: changes(BIN, RANDOM, ['--extraction', 'loose'], (run) => verdicts(run)[6], '1 pass right_answer'),
  'require-reasoning': changes(BIN, RANDOM, ['--no-require-reasoning'], verdicts),
  soft: changes(BIN, RANDOM, ['--soft'], verdicts, verdictsWith(4, '0.5263157894736842 partial wrong_answer')),
  'good-molecule-bonus': changes(
    BIN,
    RANDOM,
    ['--good-molecule-bonus', '0.5'],
    verdicts,
    verdictsWith(0, '1.5 pass right_answer'),
  ),
  'rings-bloom': bloom('--rings-bloom', 'rings', 0, '0 fail failed_ring_check'),
  'fingerprints-bloom': bloom('--fingerprints-bloom', 'fingerprints', 0, '0 fail failed_reos_check'),
  'purchasable-bloom': bloom('--purchasable-bloom', 'purchasable', 2, '0 fail not_purchasable'),
  oracles: changes(BIN, RANDOM, ['--oracles', 'none'], verdicts, verdictsWith(2, ' unverifiable not_purchasable')),
  verify: changes(
    BIN,
    RANDOM,
    ['--no-verify'],
    (run) => new Set(column('steps.csv', 'verifiable_status')(run)),
    new Set(['']),
  ),
  'verify-workers': async () => {
    const started = async (count: string): Promise<number> => {
      let threads = 0
      const one = (): void => void threads++
      process.on('worker', one)
      try {
        await ran(BIN, [...RANDOM, '--verify-workers', count])
      } finally {
        process.off('worker', one)
      }
      return threads
    }
    expect([await started('1'), await started('3')]).toEqual([1, 3])
  },
  'output-dir': async () => {
    const outputDir = newFolder()
    expect((await ran(BIN, [...RANDOM, '--output-dir', outputDir])).folder).toContain(outputDir)
  },
  name: async () => {
    const { outputDir } = await ran(BIN, [...RANDOM, '--name', 'mine'])
    expect(readdirSync(outputDir)).toEqual(['mine'])
  },
  resume: async () => {
    const outputDir = newFolder()
    const measured = async (...more: string[]): Promise<unknown> =>
      record('models', 0, 'work', 'measured')(await ran(BIN, [...DEMO, '--output-dir', outputDir, ...more]))
    const first = await measured()
    expect(first).toBeGreaterThan(0)
    expect(await measured()).toBe(0)
    expect(await measured('--no-resume')).toBe(first)
  },
  seed: changes(BIN, ['--heuristic', 'random'], ['--seed', '5'], chosen),
  resamples: changes(BIN, RANDOM, ['--resamples', '200'], (run) =>
    csv('agreement.csv')(run).some((row) => row.ci_method!.includes('200')),
  ),
  offline: refuses(BIN, ['--dataset', 'org/none', '--offline'], 7, 'org/none: offline'),
  config: changes(BIN, RANDOM, ['--config', CONFIG('limit: 1\n')], record('dataset', 'rows'), 1),
  'dry-run': async () => {
    const run = await ran(BIN, [...DEMO, '--dry-run'])
    expect(run).toMatchObject({ code: 0, folder: null, stdout: expect.stringContaining('completions') })
    expect((await ran(BIN, [...RANDOM, '--dry-run'])).stdout).toMatch(
      /^nothing would be measured; would be written to: /,
    )
  },
  'print-config': async () => {
    const run = await ran(BIN, ['--dataset', SOLVED, '--print-config'])
    expect(run).toMatchObject({ code: 0, folder: null, stderr: '' })
    expect(run.stdout.split('\n')).toContain(`dataset: ${SOLVED}`)
  },
  'dump-rendered': async () => {
    const run = await ran(BIN, [...DEMO, '--dump-rendered', '1'])
    expect(run).toMatchObject({ code: 0, folder: null })
    expect(run.stdout.match(/ tokens\n"/g)).toHaveLength(4)
  },
  quiet: async () => {
    const other = (run: Ran): string[] =>
      run.stderr.split('\n').filter((line) => line !== '' && !line.includes('warning: '))
    expect(other(await once(BIN, RANDOM))).not.toEqual([])
    expect(other(await ran(BIN, [...RANDOM, '--quiet']))).toEqual([])
  },
  'log-format': async () => {
    const { stderr } = await ran(BIN, [...RANDOM, '--log-format', 'json'])
    for (const line of stderr.trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('level')
  },
} satisfies Partial<Rows<RunOption>>
