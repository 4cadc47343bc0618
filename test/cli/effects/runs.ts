import { createHash } from 'node:crypto'
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import * as ort from 'onnxruntime-node'
import { expect, vi } from 'vitest'
import { packagePath } from '../../../src/package.ts'
import type { RunBin } from '../../../src/setup/option.ts'
import type { RunOption } from '../../../src/setup/options.ts'
import { FakeHub } from '../../hub/server.ts'
import {
  CONFIG,
  CUT_BLOOM,
  EMPTY_BLOOM,
  PAIRS,
  PLAIN,
  PLUS_STEPS,
  SPLITS,
  STEPS,
  UNMARKED_STEPS,
  UNSOLVED,
  written,
} from './data.ts'
import {
  all,
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
  saysAtEnd,
  verdicts,
} from './shown.ts'

const NAMED_COLUMN: Shown = ['test/run/columns.test.ts', '--%s-column changes what is read, and no other part']

const demo = (name: string): string => packagePath('src/embedded/demo', name)
const heads = (name: string): string => packagePath('test/data/heads', name)
const parity = (...path: string[]): string => packagePath('test/data/parity', ...path)
/** A checkpoint with two ready-made exports beside it; of a policy the merged decoder is copied under the usual name, too. */
const EXPORTS = {
  'run-rm': { name: 'gpt2', other: 'model_quantized.onnx' },
  'run-dpo': { name: 'dpo-gpt2/policy', other: 'decoder_model_merged.onnx' },
} as const
const folders = new Map<string, string>()
export function exported(bin: 'run-rm' | 'run-dpo'): string {
  const { name } = EXPORTS[bin]
  const known = folders.get(name)
  if (known !== undefined) return known
  const folder = newFolder()
  folders.set(name, folder)
  cpSync(parity(name), folder, { recursive: true })
  cpSync(packagePath('test/data/onnx', name), folder, { recursive: true })
  if (bin === 'run-dpo') cpSync(join(folder, 'onnx/decoder_model_merged.onnx'), join(folder, 'onnx/model.onnx'))
  return folder
}
const scores = column('scores.csv', 'score')
const texts = column('scores.csv', 'text_sha256')
const rows = record('dataset', 'rows')
const sha256 = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex')

/** Each verdict in order: reward, status, reason and format reward of the chosen and the rejected completion of each row. */
const VERDICTS = [
  ['1 pass right_answer 1', '0 fail wrong_formula 1'],
  [' unverifiable invalid_rxn 1', '0 fail invalid_rxn 1'],
  ['0 fail wrong_answer 1', '1 pass right_answer 1'],
  ['0 fail format_failed 0', '0 fail format_failed 0'],
]
/** The verdicts where that of one row's chosen completion is another. */
const verdictsWith = (row: number, verdict: string): string[] =>
  VERDICTS.flatMap(([chosen, rejected], i) => [i === row ? verdict : chosen!, rejected!])

/** The options of data, verification and files, in each bin that has them. */
function everywhere(bin: RunBin) {
  const on = ['--dataset', PAIRS]
  /** The same where nothing is verified. */
  const unverified = bin === 'run-verify' ? [] : ['--no-verify']
  const plain = [...on, ...unverified]
  const noFilter = (flag: string, what: string) =>
    all(
      refuses(bin, [...on, flag, '/nowhere/own.bloom'], 3, `/nowhere/own.bloom: ${what} (${flag}) cannot be read`),
      refuses(bin, [...on, flag, CUT_BLOOM], 3, `${CUT_BLOOM}: header says 1027 bytes, file has 500`),
      refuses(bin, [...on, flag, PAIRS], 3, `${PAIRS}: not a molbloom filter`),
      refuses(bin, [...on, flag, newFolder(), '--dry-run'], 3, 'is a folder'),
      ...(bin === 'run-verify'
        ? []
        : [says(bin, [...plain, flag, EMPTY_BLOOM], `${flag} changes nothing here: with --no-verify`)]),
      says(bin, ['--dataset', UNSOLVED, flag, EMPTY_BLOOM], `${flag} changes nothing here: no row has a solution`),
    )
  /** The user's own file: another verdict, and named wherever the embedded one would be. */
  const own = (flag: string, name: string, row: number, verdict: string) => async (): Promise<void> => {
    const more = [flag, EMPTY_BLOOM]
    expect(verdicts(await once(bin, on))).toEqual(VERDICTS.flat())
    await changes(bin, on, more, verdicts, verdictsWith(row, verdict))()
    const run = await once(bin, [...on, ...more])
    const provenance = record('verification', 'provenance')(run) as { name: string }[]
    expect(provenance.find((source) => source.name === name)).toMatchObject({
      file: EMPTY_BLOOM,
      sha256: sha256(EMPTY_BLOOM),
      origin: "the user's own file",
      standIn: false,
    })
    expect(file('report.html')(run)).toContain(sha256(EMPTY_BLOOM))
    expect(run.stderr).toContain(`verifier: ${name}: ${EMPTY_BLOOM} (SHA-256 ${sha256(EMPTY_BLOOM)})`)
    if (bin !== 'run-verify') expect(file('methods.md')(run)).toContain(`${name} of ${EMPTY_BLOOM}`)
  }
  return {
    ...ofGroups(bin),
    dataset: changes(bin, plain, ['--limit', '3'], rows, 3),
    split: all(
      changes(bin, ['--dataset', SPLITS, ...unverified], ['--split', 'test'], rows, 1),
      says(bin, [...plain, '--split', 'test'], '--split test chooses nothing'),
      says(
        bin,
        ['--dataset', written('list.json', `[${readFileSync(PLAIN, 'utf8')}]`), '--split', 'x'],
        'chooses nothing',
      ),
    ),
    'dataset-config': all(
      says(bin, [...plain, '--dataset-config', 'x'], '--dataset-config x chooses nothing'),
      configurationOfHub(bin),
    ),
    'prompt-column': NAMED_COLUMN,
    'chosen-column': NAMED_COLUMN,
    'rejected-column': NAMED_COLUMN,
    'id-column': NAMED_COLUMN,
    'subset-column': NAMED_COLUMN,
    filter: changes(bin, plain, ['--filter', 'property', '--filter', 'retro-synthesis'], column('scores.csv', 'id'), [
      ...['reaction', 'reaction', 'loose', 'loose'],
    ]),
    limit: changes(bin, plain, ['--limit', '2'], rows, 2),
    extraction: all(
      changes(bin, on, ['--extraction', 'loose'], (run) => verdicts(run)[6], '1 pass right_answer 0'),
      ...(bin === 'run-verify'
        ? []
        : [says(bin, [...plain, '--extraction', 'loose'], '--extraction changes nothing here')]),
    ),
    'require-reasoning': all(
      changes(bin, on, ['--no-require-reasoning'], (run) => verdicts(run)[7], '1 pass right_answer 1'),
      says(bin, [...on, '--no-require-reasoning', '--extraction', 'loose'], 'format_reward alone depends on it'),
    ),
    soft: all(
      changes(bin, on, ['--soft'], verdicts, verdictsWith(2, '0.5263157894736842 partial wrong_answer 1')),
      refuses(bin, [...on, '--soft', '--extraction', 'loose'], 2, 'cannot be combined with --extraction loose'),
    ),
    'good-molecule-bonus': all(
      changes(bin, on, ['--good-molecule-bonus', '0.5'], verdicts, verdictsWith(0, '1.5 pass right_answer 1')),
      refuses(bin, [...on, '--good-molecule-bonus', '-1'], 2, '--good-molecule-bonus: -1 is below 0'),
    ),
    'rings-bloom': all(
      own('--rings-bloom', 'rings', 0, '0 fail failed_ring_check 1'),
      noFilter('--rings-bloom', 'the filter of ring systems'),
    ),
    'fingerprints-bloom': all(
      own('--fingerprints-bloom', 'fingerprints', 0, '0 fail failed_reos_check 1'),
      noFilter('--fingerprints-bloom', 'the filter of Morgan environments'),
    ),
    'purchasable-bloom': all(
      own('--purchasable-bloom', 'purchasable', 1, '0 fail not_purchasable 1'),
      noFilter('--purchasable-bloom', 'the filter of purchasable molecules'),
      says(
        bin,
        [...on, '--purchasable-bloom', EMPTY_BLOOM, '--oracles', 'none'],
        'with --oracles none nothing is asked',
      ),
    ),
    oracles: all(
      changes(bin, on, ['--oracles', 'none'], verdicts, verdictsWith(1, ' unverifiable not_purchasable 1')),
      refuses(bin, [...on, '--oracles', 'remote'], 2, 'ETHER0_REMOTES_API_BASE_URL'),
    ),
    verify:
      bin === 'run-verify'
        ? refuses(bin, [...on, '--no-verify', '--dry-run'], 2, '--no-verify: leaves nothing to do')
        : changes(
            bin,
            on,
            ['--no-verify'],
            (run) => new Set(column('scores.csv', 'verifiable_reward')(run)),
            new Set(['']),
          ),
    'verify-workers': workersOf(bin),
    'output-dir': async () => {
      const outputDir = newFolder()
      expect((await ran(bin, [...plain, '--output-dir', outputDir])).folder).toContain(outputDir)
    },
    name: async () => {
      const { outputDir } = await ran(bin, [...plain, '--name', 'mine'])
      expect(readdirSync(outputDir)).toEqual(['mine'])
    },
    seed: changes(bin, on, ['--seed', '5'], (run) => csv('agreement.csv')(run).map((row) => row.ci_low)),
    resamples: changes(bin, on, ['--resamples', '200'], (run) =>
      csv('agreement.csv')(run).map((row) => row.ci_method!.includes('200')),
    ),
    offline: refuses(bin, ['--dataset', 'org/none', '--offline'], 7, 'org/none: offline'),
    config: changes(bin, plain, ['--config', CONFIG('limit: 1\n')], rows, 1),
    'dry-run': async () => {
      const run = await ran(bin, [...on, '--dry-run'])
      expect(run).toMatchObject({ code: 0, folder: null, stdout: expect.stringContaining('completions') })
      expect((await ran(bin, [...on, '--dry-run', '--print-config'])).stderr).toContain(
        '--dry-run changes nothing here',
      )
      expect(run.stdout).not.toContain('drift')
      if (bin === 'run-verify') return
      const few = await ran(bin, [...on, '--dry-run', '--dtype', 'q8'])
      expect(few.stdout).toMatch(/drift against fp32: 64 rows at most would be scored in fp32, too.*--drift 0/)
      const none = await ran(bin, [...on, '--dry-run', '--dtype', 'q8', '--drift', '0'])
      expect(none.stdout).toContain('drift against fp32: would not be measured, --drift 0')
    },
    'print-config': async () => {
      const run = await ran(bin, [...on, '--print-config'])
      expect(run).toMatchObject({ code: 0, folder: null, stderr: '' })
      expect(run.stdout.startsWith(`# ${bin} of chemherm`)).toBe(true)
      expect(run.stdout.split('\n')).toContain(`dataset: ${PAIRS}`)
    },
    quiet: async () => {
      const other = (run: Ran): string[] =>
        run.stderr.split('\n').filter((line) => line !== '' && !line.includes('warning: '))
      expect(other(await once(bin, on))).not.toEqual([])
      expect(other(await ran(bin, [...on, '--quiet']))).toEqual([])
    },
    'log-format': async () => {
      const { stderr } = await ran(bin, [...on, '--log-format', 'json'])
      for (const line of stderr.trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('level')
    },
  } satisfies Partial<Rows<RunOption>>
}

/** As many worker threads are started as are asked for, where there is work for them. */
const workersOf = (bin: RunBin) => async (): Promise<void> => {
  const started = async (...more: string[]): Promise<number> => {
    let threads = 0
    const count = (): void => void threads++
    process.on('worker', count)
    try {
      await ran(bin, ['--dataset', PAIRS, ...more])
    } finally {
      process.off('worker', count)
    }
    return threads
  }
  expect(await started('--verify-workers', '1')).toBe(1)
  expect(await started('--verify-workers', '3')).toBe(3)
}

/** A hub's data set with two configurations. */
const configurationOfHub = (bin: RunBin) => async (): Promise<void> => {
  const card = `---
configs:
- config_name: first
  data_files: first.jsonl
- config_name: second
  data_files: second.jsonl
---
`
  const hub = await FakeHub.start()
  const line = readFileSync(PLAIN, 'utf8')
  const files = { 'README.md': card, 'first.jsonl': line, 'second.jsonl': line.replace('Hi', 'Ho') + line }
  hub.repos = [
    {
      type: 'dataset',
      id: 'lab/pairs',
      refs: { main: 'a'.repeat(40) },
      commits: {
        ['a'.repeat(40)]: Object.fromEntries(Object.entries(files).map(([name, text]) => [name, Buffer.from(text)])),
      },
    },
  ]
  const env = { HF_ENDPOINT: hub.endpoint, HF_HOME: newFolder() }
  try {
    for (const [config, count] of [
      ['first', 1],
      ['second', 2],
    ] as const) {
      const run = await ran(bin, ['--dataset', 'lab/pairs', '--dataset-config', config], env)
      expect(run, run.stderr).toMatchObject({ code: 0 })
      expect([rows(run), record('dataset', 'config')(run)]).toEqual([count, config])
    }
  } finally {
    await hub.stop()
  }
}

/** What GRPO would make of groups: in each bin the same. What an option alone does is seen without DPO; there, that it arrives. */
function ofGroups(bin: RunBin): ReturnType<typeof ofGroupsAlone> {
  if (bin !== 'run-dpo') return ofGroupsAlone(bin)
  const on = ['--dataset', 'demo-groups', '--limit', '3']
  const more = [
    ...['--reward-weights', '0,1,2', '--scale-rewards', 'none', '--group-batch-size', '2'],
    ...['--curriculum-fraction', '0.9', '--curriculum-epochs', '2', '--num-generations', '3'],
  ]
  const config = (name: string): (() => Promise<void>) =>
    changes(bin, on, more, (run) => [record('config', name)(run), column('advantages.csv', 'advantage_mix')(run)])
  return {
    'reward-weights': config('rewardWeights'),
    'scale-rewards': config('scaleRewards'),
    'multi-objective-aggregation': changes(
      bin,
      on,
      ['--multi-objective-aggregation', 'normalize_then_sum'],
      column('advantages.csv', 'advantage_mix'),
    ),
    'group-batch-size': changes(bin, on, more, column('advantages.csv', 'batch')),
    'curriculum-fraction': changes(bin, on, more, column('curriculum.csv', 'from_buffer')),
    'curriculum-epochs': changes(bin, on, more, (run) => column('curriculum.csv', 'step')(run).length),
    'num-generations': config('numGenerations'),
  }
}

function ofGroupsAlone(bin: RunBin) {
  const on = ['--dataset', 'demo-groups', '--limit', '4', '--group-batch-size', '2']
  const advantages = column('advantages.csv', 'advantage_verifier')
  const simulated = (name: string) => column('curriculum.csv', name)
  const idle = (flag: string, value: string): (() => Promise<void>) =>
    says(bin, ['--dataset', PAIRS, flag, value], `${flag} changes nothing here: no row has several completions`)
  const without = (flag: string, value: string): (() => Promise<void>) =>
    says(bin, [...on, flag, value, '--curriculum-epochs', '0'], `with --curriculum-epochs 0 nothing is simulated`)
  return {
    'reward-weights': all(
      changes(bin, on, ['--reward-weights', '0,1,1'], column('advantages.csv', 'reward_verifier')),
      ...(bin === 'run-verify'
        ? [says(bin, [...on, '--reward-weights', '1,1,2'], 'the third weight changes nothing here: there is no model')]
        : [changes(bin, on, ['--reward-weights', '1,1,2'], column('advantages.csv', 'advantage_mix'))]),
      refuses(bin, [...on, '--reward-weights', '1,1'], 2, '"1,1" is not three numbers of at least 0'),
      refuses(bin, [...on, '--reward-weights', '0,0,1'], 2, '"0,0,1" leaves the verifier no reward'),
      idle('--reward-weights', '0,1,1'),
    ),
    'scale-rewards': all(
      changes(bin, on, ['--scale-rewards', 'none'], advantages),
      changes(bin, on, ['--scale-rewards', 'batch'], advantages),
      says(
        bin,
        [...on, '--scale-rewards', 'none', '--multi-objective-aggregation', 'normalize_then_sum'],
        '--scale-rewards changes nothing here: with --multi-objective-aggregation normalize_then_sum',
      ),
      idle('--scale-rewards', 'none'),
    ),
    'multi-objective-aggregation': changes(
      bin,
      on,
      ['--multi-objective-aggregation', 'normalize_then_sum'],
      advantages,
    ),
    'group-batch-size': changes(
      bin,
      ['--dataset', 'demo-groups', '--limit', '5'],
      ['--group-batch-size', '3'],
      (run) => [...new Set(column('advantages.csv', 'batch')(run))],
      ['0', '1'],
    ),
    'curriculum-fraction': all(
      changes(bin, on, ['--curriculum-fraction', '0.9'], simulated('from_buffer')),
      refuses(bin, [...on, '--curriculum-fraction', '1.5'], 2, '1.5 is not between 0 and 1'),
      without('--curriculum-fraction', '0.1'),
    ),
    'curriculum-epochs': changes(
      bin,
      on,
      ['--curriculum-epochs', '2'],
      (run) => Math.max(...simulated('step')(run).map(Number)),
      4,
    ),
    'num-generations': all(
      changes(bin, on, ['--num-generations', '2'], simulated('nontrivial_share')),
      without('--num-generations', '2'),
    ),
  }
}

/** What run-rm and run-dpo have in common beside that. */
function withModel(bin: 'run-rm' | 'run-dpo') {
  const on = ['--dataset', PAIRS, '--no-verify']
  const long = ['--max-length', '30']
  const accepted = (flag: string, ...value: string[]) => says(bin, [...on, flag, ...value], `${flag} is accepted: `)
  const batches = record('models', 0, 'work', 'batches')
  return {
    ...everywhere(bin),
    revision: all(
      says(bin, [...on, '--revision', 'main'], '--revision changes nothing here: '),
      refuses(bin, [...on, '--revision', 'v1'], 2, 'is a folder; revision "v1" means nothing there'),
      async () => {
        const none = await ran(bin, [...on, '--model', 'org/none@v1', '--print-config'])
        expect(none.stdout).toMatch(/\nmodel: org\/none@v1\n(.*\n)?revision: v1\n/)
      },
    ),
    tokenizer: all(changes(bin, on, ['--tokenizer', otherTemplate()], texts), async () => {
      const other = otherTemplate()
      const run = await once(bin, [...on, '--tokenizer', other])
      expect(run.stderr).toContain(`tokenizer of ${basename(other)}\n`)
      expect(record('models', 0, 'tokenizer', 'other')(run)).toEqual({ name: basename(other), revision: null })
    }),
    'chat-template': changes(bin, on, ['--chat-template', 'chatml'], texts),
    device: refuses(bin, [...on, '--device', 'tpu'], 2, '"tpu" is no device'),
    dtype: all(refuses(bin, [...on, '--dtype', 'fp16'], 2, '--dtype fp16: ONNX Runtime computes float16'), async () => {
      const env = { CHEMHERM_QUANTISED_DIR: newFolder() }
      const run = await ran(bin, [...on, '--dtype', 'q4', '--drift', '0'], env)
      expect(run.code, run.stderr).toBe(0)
      expect(scores(run)).not.toEqual(scores(await once(bin, on)))
      expect(record('models', 0, 'quantisation')(run)).toMatchObject({ bits: 4, block: 32 })
    }),
    drift: all(
      async () => {
        const env = { CHEMHERM_QUANTISED_DIR: newFolder() }
        const run = await ran(bin, [...on, '--dtype', 'q8', '--drift', '2'], env)
        expect(record('drift')(run)).toMatchObject({ measured: true, dtype: 'q8', rows: 2 })
      },
      says(bin, [...on, '--drift', '2'], '--drift changes nothing here: the model computes in fp32'),
      refuses(
        bin,
        [...on, '--drift', '2', '--dtype', 'tf32', '--device', 'cuda'],
        2,
        'cannot be combined with --dtype tf32',
      ),
    ),
    graph: all(
      refuses(bin, [...on, '--graph', 'torch'], 2, '--graph: "torch" is none of "checkpoint", "onnx"'),
      refuses(bin, [...on, '--graph', 'onnx'], 5, 'has neither model.onnx nor onnx/model.onnx; it has no .onnx file'),
      changes(
        bin,
        [...on, '--model', exported(bin)],
        ['--graph', 'onnx'],
        record('models', 0, 'graph', 'kind'),
        'onnx',
      ),
    ),
    'onnx-file': all(
      changes(
        bin,
        [...on, '--model', exported(bin), '--graph', 'onnx'],
        ['--onnx-file', EXPORTS[bin].other],
        record('models', 0, 'graph', 'file'),
        `onnx/${EXPORTS[bin].other}`,
      ),
      refuses(
        bin,
        [...on, '--graph', 'checkpoint', '--onnx-file', 'model_q4.onnx'],
        2,
        '--onnx-file model_q4.onnx: contradicts --graph checkpoint',
      ),
      refuses(
        bin,
        [...on, '--model', exported(bin), '--onnx-file', 'model_q4.onnx'],
        5,
        'has no model_q4.onnx; it has onnx/',
      ),
      refuses(bin, [...on, '--model', exported(bin), '--onnx-file', '../model.onnx'], 2, '"../model.onnx" is no file'),
    ),
    certify:
      bin === 'run-rm'
        ? ['test/run/certify.test.ts', "the demo reward model is certified against transformers' own numbers"]
        : ['test/run/certify.test.ts', 'a policy and its reference have one each, token by token'],
    'certify-reference': all(
      refuses(bin, [...on, '--certify', '--certify-reference', '/nowhere.json'], 3, '/nowhere.json: is not there'),
      says(
        bin,
        [...on, '--certify-reference', '/nowhere.json'],
        '--certify-reference changes nothing here: without --certify',
      ),
    ),
    shard: async () => {
      const run = await ran(bin, [...on, '--shard', '1/2'])
      expect(run).toMatchObject({ code: 0, stderr: expect.stringContaining('shard 1/2 is done') })
      expect(readdirSync(run.folder!).sort()).toEqual(['identity.json', 'measurements.shard-1-of-2.jsonl'])
      // what is not measured is decided by the last part; that another one asked for something else is said
      const last = await ran(bin, [...on, '--shard', '2/2', '--output-dir', run.outputDir, '--seed', '4'])
      expect(last.stderr).toContain('shard 1/2 was started with another seed: that of this shard holds for the whole')
      expect(record('seed')(last)).toBe(4)
    },
    merge: async () => {
      const part = (i: number, merge: string, outputDir: string): Promise<Ran> =>
        ran(bin, [...on, '--output-dir', outputDir, '--shard', `${i}/2`, '--merge', merge])
      const outputDir = newFolder()
      await part(1, 'never', outputDir)
      const early = await part(1, 'only', outputDir)
      expect(early).toMatchObject({ code: 3, stdout: '' })
      expect(early.stderr).toContain('1 shards did not come to their end: measurements.shard-2-of-2.jsonl')
      const second = await part(2, 'never', outputDir)
      expect(second.stderr).toContain('shard 2/2 is done; it is not merged (--merge never)')
      expect(readdirSync(second.folder!)).not.toContain('scores.csv')
      const merged = await part(1, 'only', outputDir)
      expect(merged.stderr).toContain('all 2 shards are there')
      expect(readdirSync(merged.folder!)).toContain('scores.csv')
      // another way to write a prompt: what the shards have is not of it
      const other = await ran(bin, [
        ...on, '--output-dir', outputDir, '--shard', '1/2', '--merge', 'only', '--chat-template', 'raw',
      ]) // biome-ignore format: one line says it
      expect(other.stderr).toMatch(/\d+ measurements were in no shard and were made here/)
      expect(merged.stderr).not.toContain('were in no shard')
      const whole = await ran(bin, [...on, '--merge', 'never'])
      expect(whole.stderr).toContain('--merge changes nothing here: without --shard i/n there is nothing to merge')
    },
    'local-store': async () => {
      const [here, plain] = [newFolder(), await ran(bin, on)]
      const run = await ran(bin, [...on, '--local-store', here])
      expect(run).toMatchObject({
        code: 0,
        stderr: expect.stringContaining(`measurements are written to ${here}/chemherm-`),
      })
      expect(run.stderr).toContain('/measurements.jsonl every 10 minutes, on a stop and at the end')
      expect(readdirSync(here)).toEqual([])
      expect(readFileSync(join(run.folder!, 'scores.csv'))).toEqual(readFileSync(join(plain.folder!, 'scores.csv')))
      expect(existsSync(join(run.folder!, 'measurements.jsonl'))).toBe(true)
      const merging = await ran(bin, [...on, '--shard', '1/2', '--merge', 'only', '--local-store', here])
      expect(merging.stderr).toContain('--local-store changes nothing here: shards are merged where they are')
    },
    // how often it copies: test/store/local.test.ts
    'copy-every': all(
      saysAtEnd(
        bin,
        [...on, '--local-store', newFolder(), '--copy-every', '0.5'],
        '/measurements.jsonl every 0.5 minutes, on',
      ),
      says(
        bin,
        [...on, '--copy-every', '5'],
        '--copy-every changes nothing here: without --local-store nothing is copied',
      ),
      refuses(bin, [...on, '--copy-every', '0'], 2, '--copy-every'),
    ),
    'max-length': changes(bin, on, long, (run) => column('scores.csv', 'score_reason')(run).includes('too_long'), true),
    truncation: all(
      changes(
        bin,
        [...on, ...long],
        ['--truncation', 'left'],
        (run) => column('scores.csv', 'truncated')(run).includes('1'),
        true,
      ),
      saysAtEnd(
        bin,
        [...on, '--truncation', 'right'],
        '--truncation changes nothing here: no text has more than 512 tokens',
      ),
    ),
    reasoning: all(
      changes(bin, on, ['--reasoning', 'strip'], texts),
      says(
        bin,
        ['--dataset', PLAIN, '--reasoning', 'strip'],
        '--reasoning changes nothing here: no completion has a thought',
      ),
    ),
    'herm-compat':
      bin === 'run-rm'
        ? changes(bin, on, ['--herm-compat'], record('models', 0, 'text', 'truncation'), 'left')
        : changes(bin, on, ['--herm-compat'], column('scores.csv', 'completion_tokens')),
    'batch-tokens': all(
      changes(bin, on, ['--batch-tokens', '64'], batches),
      resumedWith(bin, ['--batch-tokens', '64'], '--batch-tokens changes nothing here'),
    ),
    'batch-size': all(
      changes(bin, on, ['--batch-size', '1'], batches, 8),
      resumedWith(bin, ['--batch-size', '1'], '--batch-size changes nothing here'),
    ),
    attention: all(
      ...(['plain', 'attention', 'gqa', 'prompts'] as const).map((form) =>
        changes(bin, on, ['--attention', form], record('models', 0, 'graph', 'attention'), form),
      ),
      changes(bin, on, ['--attention', 'gqa'], record('models', 0, 'runner', 'graphSha256')),
      changes(bin, on, ['--attention', 'prompts'], record('plan', 'prompts'), true),
      says(
        bin,
        [...on, '--model', exported(bin), '--graph', 'onnx', '--attention', 'plain'],
        '--attention changes nothing here',
      ),
    ),
    threads: async () => {
      const create = vi.spyOn(ort.InferenceSession, 'create')
      try {
        await ran(bin, [...on, '--threads', '3'])
        const asked = create.mock.calls.map((call) => (call.at(-1) as { intraOpNumThreads?: number }).intraOpNumThreads)
        expect(new Set(asked)).toEqual(new Set([3]))
      } finally {
        create.mockRestore()
      }
    },
    resume: all(async () => {
      const outputDir = newFolder()
      const measured = async (...more: string[]): Promise<unknown> =>
        record('models', 0, 'work', 'measured')(await ran(bin, [...on, '--output-dir', outputDir, ...more]))
      expect(await measured()).toBe(8)
      expect(await measured()).toBe(0)
      expect(await measured('--no-resume')).toBe(8)
    }, partsForget(bin)),
    'dump-rendered': async () => {
      const run = await ran(bin, [...on, '--dump-rendered', '1'])
      expect(run).toMatchObject({ code: 0, folder: null })
      expect(run.stdout.match(/ tokens\n"/g)).toHaveLength(bin === 'run-rm' ? 2 : 4)
    },
    'not-quantized': accepted('--not_quantized'),
    'disable-beaker-save': accepted('--disable_beaker_save'),
    'attn-implementation': accepted('--attn_implementation', 'eager'),
    'load-json': accepted('--load_json'),
    'num-gpus': accepted('--num_gpus', '2'),
    'direct-load': accepted('--direct_load'),
    'save-all': accepted('--save_all'),
    'force-truncation':
      bin === 'run-rm'
        ? [
            'test/cli/herm-flags.test.ts',
            '--force_truncation cuts on the left, at the default of RewardBench, or at --max_length',
          ]
        : accepted('--force_truncation'),
    'trust-remote-code': accepted('--trust_remote_code'),
    'do-not-save': accepted('--do_not_save'),
    'torch-dtype': all(
      async () => {
        const run = await ran(bin, [...on, '--torch_dtype', 'float16'])
        expect(run).toMatchObject({ code: 2, stderr: expect.stringContaining('--dtype fp16: ONNX Runtime') })
      },
      refuses(bin, [...on, '--torch_dtype', 'float32', '--dtype', 'fp16'], 2, 'contradicts --dtype fp16'),
    ),
    debug: all(
      async () => expect(rows(await ran(bin, ['--no-verify', '--debug']))).toBe(10),
      refuses(bin, [...on, '--limit', '2', '--debug'], 2, '--debug (which is --limit 10): contradicts --limit 2'),
      says(bin, [...on, '--limit', '10', '--debug'], '--debug changes nothing here: --limit 10 is given'),
    ),
    'pref-sets': all(
      refuses(bin, ['--pref_sets', '--offline'], 7, 'allenai/preference-test-sets: offline'),
      refuses(
        bin,
        [...on, '--pref_sets'],
        2,
        '--pref-sets (which is --dataset allenai/preference-test-sets): contradicts --dataset',
      ),
    ),
  } satisfies Partial<Rows<RunOption>>
}

let templated: string | null = null
/** The demo's tokenizer with a template of its own. */
export function otherTemplate(): string {
  if (templated !== null) return templated
  const folder = newFolder()
  templated = folder
  cpSync(demo('demo-reward-model'), folder, { recursive: true })
  const path = join(folder, 'tokenizer_config.json')
  const config = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>
  if (existsSync(join(folder, 'chat_template.jinja'))) writeFileSync(join(folder, 'chat_template.jinja'), TEMPLATE)
  else writeFileSync(path, JSON.stringify({ ...config, chat_template: TEMPLATE }))
  return folder
}
const TEMPLATE =
  '{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}'

/** A run that goes on keeps its batches, and says so. */
const resumedWith = (bin: 'run-rm' | 'run-dpo', more: string[], message: string) => async (): Promise<void> => {
  const args = ['--dataset', PAIRS, '--no-verify', '--output-dir', newFolder()]
  expect((await ran(bin, args)).stderr).not.toContain(message)
  expect((await ran(bin, [...args, ...more])).stderr).toContain(message)
}

/** --no-resume holds for the merged store, too: a part that is measured anew does not come second to what was merged before. */
const partsForget = (bin: 'run-rm' | 'run-dpo') => async (): Promise<void> => {
  const outputDir = newFolder()
  const part = (i: number, ...more: string[]): Promise<Ran> =>
    ran(bin, ['--dataset', PAIRS, '--no-verify', '--output-dir', outputDir, '--shard', `${i}/2`, ...more])
  await part(1)
  const { folder } = await part(2)
  const store = join(folder!, 'measurements.jsonl')
  const merged = readFileSync(store, 'utf8')
  // measurements of another row, which no part has
  const before = (await ran(bin, ['--dataset', PLAIN, '--no-verify', '--output-dir', newFolder()])).folder!
  const foreign = readFileSync(join(before, 'measurements.jsonl'), 'utf8').split('\n').slice(1).join('\n')
  writeFileSync(store, merged + foreign)
  await part(1, '--no-resume')
  await part(2, '--no-resume')
  expect(readFileSync(store, 'utf8').length).toBeLessThan((merged + foreign).length)
}

const policy = ['--model', parity('dpo-llama/policy')]
const reference = ['--ref-model', parity('dpo-llama/reference')]
const plainDpo = ['--dataset', PAIRS, '--no-verify']

export const RUN_ROWS: Readonly<Record<Exclude<RunBin, 'run-process' | 'run-generate'>, Partial<Rows<RunOption>>>> = {
  'run-rm': {
    ...withModel('run-rm'),
    model: changes('run-rm', ['--dataset', PAIRS, '--no-verify'], ['--model', parity('llama-gqa')], scores),
    head: all(
      async () => {
        const score = async (head: string): Promise<string[]> =>
          scores(await ran('run-rm', ['--dataset', PLAIN, '--model', parity('llama-armo5'), '--head', head]))
        expect(await score('0')).not.toEqual(await score('1'))
        expect(await score('softmax:1')).not.toEqual(await score('1'))
      },
      async () => {
        const args = ['--dataset', PLAIN, '--no-verify', '--model', heads('pair-preference')]
        const run = await ran('run-rm', [...args, '--head', 'letters'])
        expect(record('models', 0, 'head')(run)).toBe('letters')
        for (const score of scores(run)) expect(Number(score)).toBeGreaterThan(0)
        await refuses('run-rm', args, 5, 'one that was trained to name the better of two answers with --head letters')()
      },
      refuses(
        'run-rm',
        ['--dataset', PLAIN, '--model', heads('qrm-llama3'), '--head', 'letters'],
        5,
        'has a reward head (qrm), config.json says LlamaForRewardModelWithGating3: its causal head (letters) is not read',
      ),
      refuses(
        'run-rm',
        ['--dataset', PLAIN, '--model', heads('pair-preference'), '--head', 'letters', '--step-tokens', '+ the of'],
        2,
        '--head letters: reads another head than --step-tokens',
      ),
      says(
        'run-rm',
        ['--dataset', PLAIN, '--model', parity('llama-armo5'), '--head', 'all'],
        'there is no single score, so no accuracy and no agreement; --head K scores by one of 0 (',
      ),
      says('run-rm', ['--dataset', PLAIN, '--head', 'all'], '--head changes nothing here: the model has one label'),
      refuses('run-rm', ['--dataset', PLAIN, '--head', 'softmax:0'], 2, 'the softmax of one is always 1'),
    ),
    pooling: all(
      changes(
        'run-rm',
        ['--dataset', PLAIN, '--model', parity('llama-pad-eos')],
        ['--pooling', 'mask'],
        column('scores.csv', 'scored_token_index'),
      ),
      saysAtEnd(
        'run-rm',
        ['--dataset', PLAIN, '--pooling', 'mask'],
        '--pooling changes nothing here: mask and hf read the same',
      ),
      says(
        'run-rm',
        ['--dataset', PLAIN, '--model', heads('ultrarm'), '--pooling', 'mask'],
        '--pooling changes nothing here: the head (regression-head) reads by a rule of its own',
      ),
    ),
    'raw-outputs': all(
      async () => {
        const args = ['--dataset', PLAIN, '--no-verify', '--model', heads('urm'), '--output-dir', newFolder()]
        const own = (run: Ran): string[] => Object.keys(csv('scores.csv')(run)[0]!).filter((c) => c.startsWith('head_'))
        const without = await ran('run-rm', args)
        const plain = scores(without)
        expect(own(without)).toEqual([])
        const kept = await ran('run-rm', [...args, '--raw-outputs'])
        expect(scores(kept)).toEqual(plain)
        const names = ['attribute', 'weight'].flatMap((name) => [0, 1, 2, 3, 4].map((i) => `head_${name}_${i}`))
        expect(own(kept)).toEqual(names)
        for (const row of csv('scores.csv')(kept)) {
          const parts = [0, 1, 2, 3, 4].map((i) => Number(row[`head_attribute_${i}`]) * Number(row[`head_weight_${i}`]))
          expect(parts.reduce((sum, part) => sum + part)).toBeCloseTo(Number(row.score), 4)
        }
        expect(file('codebook.md')(kept)).toContain('| `head_weight_0` | 1 | weight of the attribute in the score |')
        expect(file('measurements.jsonl')(kept)).toMatch(/"scoredTokenIndex":\d+,"raw":\[/)
      },
      says(
        'run-rm',
        ['--dataset', PLAIN, '--raw-outputs'],
        '--raw-outputs changes nothing here: the head (score) has no',
      ),
    ),
    'step-aggregate': all(
      async () => {
        const args = ['--dataset', STEPS, '--no-verify', '--model', heads('qwen2-prm'), '--output-dir', newFolder()]
        const found = new Set<string>()
        for (const name of ['min', 'product', 'mean', 'last']) {
          const run = await ran('run-rm', [...args, ...(name === 'min' ? [] : ['--step-aggregate', name])])
          const what = `of the steps' probabilities (--step-aggregate ${name})`
          expect(run.stderr).toContain(what)
          expect(file('methods.md')(run)).toContain(what)
          expect(record('models', 0, 'work', 'measured')(run)).toBe(name === 'min' ? 2 : 0)
          expect(scores(run), name).toEqual(column('scores.csv', `step_${name}`)(run))
          const [first] = csv('scores.csv')(run)
          const steps = JSON.parse(first!.step_probabilities!) as number[]
          expect(steps).toHaveLength(3)
          expect(first).toMatchObject({ steps: '3', step_min: String(Math.min(...steps)), step_last: String(steps[2]) })
          expect(Number(first!.step_product)).toBeCloseTo(steps[0]! * steps[1]! * steps[2]!, 12)
          expect(Number(first!.step_mean)).toBeCloseTo((steps[0]! + steps[1]! + steps[2]!) / 3, 12)
          found.add(scores(run).join())
        }
        expect(found.size).toBe(4)
      },
      says(
        'run-rm',
        ['--dataset', PLAIN, '--step-aggregate', 'mean'],
        '--step-aggregate changes nothing here: the head (score) gives one reward of a text',
      ),
    ),
    'step-tokens': all(
      async () => {
        const args = [
          '--dataset',
          PLUS_STEPS,
          '--no-verify',
          '--model',
          heads('math-shepherd'),
          '--chat-template',
          'raw',
        ]
        const run = await ran('run-rm', [...args, '--step-tokens', '+ the of', '--output-dir', newFolder()])
        expect(column('scores.csv', 'steps')(run)).toEqual(['2', '1'])
        expect(record('models', 0, 'head')(run)).toBe('step-tokens')
        // right and wrong the other way round: another measurement, whose probabilities are 1 less
        const least = (run: Ran): number[] => column('scores.csv', 'step_last')(run).map(Number)
        const before = least(run)
        const turned = await ran('run-rm', [...args, '--step-tokens', '+ of the', '--output-dir', run.outputDir])
        expect(record('models', 0, 'work', 'measured')(turned)).toBe(2)
        least(turned).forEach((p, i) => void expect(p).toBeCloseTo(1 - before[i]!, 5))
      },
      async () => {
        const args = ['--dataset', UNMARKED_STEPS, '--no-verify', '--model', heads('rlhflow-prm')]
        const run = await ran('run-rm', [...args, '--step-tokens', 'turns + -'])
        // three and two steps, each a turn of the user
        expect(column('scores.csv', 'steps')(run)).toEqual(['3', '2'])
        expect(file('methods.md')(run)).toContain('is read where the assistant answers "+" or "-"')
        const [first] = csv('scores.csv')(run)
        const turned = await ran('run-rm', [...args, '--step-tokens', 'turns - +'])
        const other = csv('scores.csv')(turned)[0]!
        expect(Number(other.step_last)).not.toBeCloseTo(Number(first!.step_last), 3)
      },
      refuses('run-rm', ['--dataset', PLAIN, '--step-tokens', '+ -'], 2, '"+ -" has 2 words'),
      refuses(
        'run-rm',
        [
          '--dataset',
          PLAIN,
          '--model',
          heads('math-shepherd'),
          '--chat-template',
          'raw',
          '--step-tokens',
          '+ aspirin of',
        ],
        2,
        '"aspirin" is not one token of the model',
      ),
      refuses(
        'run-rm',
        ['--dataset', PLAIN, '--model', heads('reft-llama'), '--step-tokens', '+ the of'],
        5,
        'has a reward head (score), config.json says LlamaForSequenceClassification: its causal head (step-tokens) is not read',
      ),
    ),
    'step-separator': all(
      async () => {
        const args = ['--dataset', UNMARKED_STEPS, '--no-verify', '--model', heads('qwen2-prm')]
        const without = await ran('run-rm', args)
        expect(column('scores.csv', 'score_reason')(without)).toEqual(['no_steps', 'no_steps'])
        const marked = await ran('run-rm', ['--dataset', STEPS, '--no-verify', '--model', heads('qwen2-prm')])
        const split = await ran('run-rm', [...args, '--step-separator', '\\n\\n'])
        expect(scores(split)).toEqual(scores(marked))
        expect(record('models', 0, 'text', 'steps')(split)).toEqual({ mark: '<extra_0>', separator: '\n\n' })
      },
      refuses('run-rm', ['--dataset', PLAIN, '--step-separator', ''], 2, '--step-separator: needs a value'),
    ),
  },
  'run-dpo': {
    ...withModel('run-dpo'),
    model: changes('run-dpo', plainDpo, policy, scores),
    'ref-model': changes('run-dpo', [...plainDpo, ...policy], reference, scores),
    'ref-revision': all(
      says(
        'run-dpo',
        [...plainDpo, ...policy, ...reference, '--ref-revision', 'main'],
        '--ref-revision changes nothing here: ',
      ),
      says('run-dpo', [...plainDpo, ...policy, '--ref-revision', 'v1'], 'there is no --ref-model'),
    ),
    beta: all(
      changes('run-dpo', plainDpo, ['--beta', '0.2'], scores),
      says('run-dpo', [...plainDpo, ...policy, '--beta', '0.2'], '--beta changes nothing here: without --ref-model'),
    ),
    'ref-free-type': all(
      changes('run-dpo', [...plainDpo, ...policy], ['--ref-free-type', 'sum'], scores),
      says(
        'run-dpo',
        [...plainDpo, '--ref-free-type', 'sum'],
        '--ref-free-type changes nothing here: with a reference',
      ),
      says(
        'run-dpo',
        [...plainDpo, '--config', CONFIG('ref_free_type: norm\n')],
        '--ref-free-type changes nothing here',
      ),
    ),
    truncation: all(
      withModel('run-dpo').truncation,
      refuses(
        'run-dpo',
        [...plainDpo, '--herm-compat', '--truncation', 'error'],
        2,
        'cannot be combined with --herm-compat',
      ),
    ),
  },
  'run-verify': {
    ...everywhere('run-verify'),
    explain: async () => {
      expect((await once('run-verify', ['--dataset', PAIRS])).stdout).not.toContain('meaning')
      const { stdout } = await ran('run-verify', ['--dataset', PAIRS, '--explain'])
      expect(stdout).toMatch(
        /pass \(right_answer\), \d+ completions?, reward 1 in the first\n {4}meaning {3}as expected\n/,
      )
    },
  },
}
