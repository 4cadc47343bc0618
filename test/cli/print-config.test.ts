import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { BIN_OPTIONS } from '../../src/cli/options.ts'
import { parseArgs } from '../../src/cli/parse.ts'
import { configText } from '../../src/cli/print-config.ts'
import { type RunConfig, toRunConfig } from '../../src/setup/config.ts'
import { flagOf } from '../../src/setup/option.ts'
import { HERM, MODES } from '../../src/setup/options.ts'

const folder = mkdtempSync(join(tmpdir(), 'chemherm-print-'))
afterAll(() => rmSync(folder, { recursive: true }))
afterEach(() => vi.unstubAllEnvs())

type Bin = RunConfig['bin']
const BINS = Object.keys(BIN_OPTIONS) as Bin[]
const given = async (bin: Bin, argv: readonly string[]) =>
  (await parseArgs({ name: bin, summary: '', examples: [] }, BIN_OPTIONS[bin], argv))!
const configOf = async (bin: Bin, argv: readonly string[]) => toRunConfig(bin, await given(bin, argv))
function written(text: string): string[] {
  const path = join(folder, 'printed.yaml')
  writeFileSync(path, text)
  return ['--config', path]
}
const printed = async (bin: Bin, argv: readonly string[]): Promise<string> => configText(await configOf(bin, argv))

/** A value beside the default for every option, and what must be given with it. */
const OTHER: Readonly<Record<string, readonly string[]>> = {
  model: ['org/rm'],
  'ref-model': ['org/base', '--model', 'org/policy'],
  revision: ['1.10'],
  'ref-revision': ['refs/pr/3', '--model', 'org/policy', '--ref-model', 'org/base'],
  'reward-model': [
    'org/prm',
    '--heuristic',
    'reward',
    '--heuristic',
    'random',
    '--heuristic',
    'world_model',
    '--model',
    'org/policy',
  ],
  'reward-revision': ['v2', '--heuristic', 'reward', '--reward-model', 'org/prm'],
  heuristic: ['trajectory', '--heuristic', 'random'],
  layout: ['rationale-last'],
  'max-steps': ['4'],
  'filter-rationales': ['own rationales.jsonl'],
  'verify-steps': ['own steps.jsonl'],
  tokenizer: ['./own tokenizer'],
  'chat-template': ['chatml'],
  device: ['cuda:1'],
  dtype: ['q4'],
  attention: ['plain'],
  drift: ['7'],
  'torch-dtype': ['float32'],
  graph: ['onnx'],
  'onnx-file': ['onnx/model_q4.onnx'],
  'certify-reference': ['own probes.json'],
  head: ['softmax:1'],
  pooling: ['mask'],
  'step-aggregate': ['product'],
  'step-tokens': ['ки + -'],
  'step-separator': ['\\n\\n'],
  beta: ['1e-7'],
  'ref-free-type': ['sum'],
  n: ['4', '--temperature', '0.7'],
  temperature: ['1.3'],
  'top-p': ['0.95'],
  'max-new-tokens': ['64'],
  stop: ['\\n\\n', '--stop', 'a: "b"'],
  dataset: ['a: b #c.jsonl'],
  split: ['null'],
  'dataset-config': ['yes'],
  'prompt-column': ['the "prompt"'],
  'chosen-column': ['~'],
  'rejected-column': ['a - b: c'],
  'id-column': ['0123'],
  'subset-column': ['été'],
  filter: ['!simple-formula', '--filter', '!007'],
  limit: ['3'],
  shard: ['2/8'],
  merge: ['never', '--shard', '2/8'],
  'local-store': ['/scratch/my jobs'],
  'copy-every': ['2.5', '--local-store', '/scratch'],
  'max-length': ['128'],
  truncation: ['right'],
  'batch-tokens': ['500'],
  'batch-size': ['4'],
  threads: ['2'],
  reasoning: ['strip'],
  extraction: ['loose'],
  'good-molecule-bonus': ['0.25'],
  'reward-weights': ['0.1,1,0.5'],
  'scale-rewards': ['none'],
  'multi-objective-aggregation': ['normalize_then_sum'],
  'group-batch-size': ['96'],
  'curriculum-fraction': ['0.25'],
  'curriculum-epochs': ['2'],
  'num-generations': ['6'],
  'rings-bloom': ['C:\\own\\rings.bloom'],
  'fingerprints-bloom': ['own.bloom'],
  'purchasable-bloom': ['true'],
  oracles: ['none'],
  'verify-workers': ['3'],
  'output-dir': ['out put'],
  name: ['NULL'],
  seed: ['7'],
  resamples: ['300'],
  'attn-implementation': ['eager'],
  'num-gpus': ['2'],
  'log-format': ['json'],
  'dump-rendered': ['2'],
  config: written('limit: 5\nname: "007"\n').slice(1),
}

describe.each(BINS)('%s --print-config reads back as --config', (bin) => {
  const table = BIN_OPTIONS[bin]
  const argvOf = (name: string): string[] =>
    table[name]!.type === 'boolean'
      ? [table[name]!.default === true ? `--no-${flagOf(name)}` : `--${flagOf(name)}`]
      : [`--${flagOf(name)}`, ...OTHER[flagOf(name)]!]

  it.each(Object.keys(table))('--%s', async (name) => {
    const argv = argvOf(name).map((arg) => (arg.endsWith('printed.yaml') ? join(folder, 'given.yaml') : arg))
    writeFileSync(join(folder, 'given.yaml'), 'limit: 5\nname: "007"\n')
    const config = await configOf(bin, argv)
    expect(await configOf(bin, written(configText(config)))).toEqual(config)
    const read = !(name in MODES || (table[name]!.remark ?? null) !== null)
    // an option that stands in the table and is read nowhere
    const changed = JSON.stringify(config) !== JSON.stringify(await configOf(bin, []))
    expect(changed).toBe(name === 'config' || (read && !(bin === 'run-dpo' && name === 'forceTruncation')))
  })

  it('with nothing given: only the data set is set, so that nothing else counts as given', async () => {
    const text = await printed(bin, [])
    expect(Object.keys(await given(bin, written(text))).sort()).toEqual(['config', 'dataset'])
    expect(await configOf(bin, written(text))).toEqual(await configOf(bin, []))
    expect(text).toMatch(/^dataset: \S+ # the default$/m)
    // a comment says what the value does not
    expect(text).not.toMatch(/: (\S+) # \1$/m)
    // every option is named, those that do something else than change the configuration apart
    const named = text.split('\n').flatMap((line) => /^(?:# )?([a-z-]+):/.exec(line)?.[1] ?? [])
    const own = Object.keys(table).filter((name) => !(name in MODES || name in HERM))
    expect(named.sort()).toEqual(own.map(flagOf).sort())
  })

  it('what the environment decides is written down', async () => {
    vi.stubEnv('HF_HUB_OFFLINE', '1')
    const text = await printed(bin, [])
    vi.stubEnv('HF_HUB_OFFLINE', '')
    expect(text).toContain('\noffline: true\n')
    expect((await configOf(bin, written(text))).offline).toBe(true)
  })

  it('any text', async () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1 }).filter((s) => !/^(--|!|re:)/.test(s) && s !== '\0')
    await fc.assert(
      fc.asyncProperty(text, text, async (dataset, filter) => {
        const config = { ...(await configOf(bin, [])), dataset, filter: [filter, 'b'] }
        expect(await configOf(bin, written(configText(config)))).toEqual(config)
      }),
      { numRuns: 100, seed: 9 },
    )
  })
})

it('flags of RewardBench are shown as what they come to', async () => {
  const text = await printed('run-rm', ['--debug', '--pref_sets', '--force_truncation', '--torch_dtype', 'float32'])
  for (const line of [
    'dataset: allenai/preference-test-sets',
    'limit: 10',
    'max-length: 512',
    'truncation: left',
    'dtype: fp32',
  ])
    expect(text.split('\n')).toContain(line)
})
