import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packagePath } from '../../src/package.ts'
import { type Bin, type Done, manifestOf, QUICK, readCsv, run, start, temporaryFolder } from './bin.ts'

/** What the options do that say, choose or spell. */
const folder = temporaryFolder()
afterAll(() => folder.remove())
const at = (...path: string[]): string => join(folder.path, ...path)
const go = (bin: Bin, name: string, ...args: string[]): Promise<Done> =>
  run(bin, ['--output-dir', folder.path, '--name', name, ...QUICK, ...args])
const OUT = (name: string): string => at(name, 'demo-pairs')
const parity = (...path: string[]): string => packagePath('test/data/parity', ...path)

describe.concurrent('nothing is measured or written by', () => {
  it('--dry-run: the plan of every model', async () => {
    const done = await go('run-dpo', 'dry', '--dry-run', '--limit', '10')
    expect(done.code).toBe(0)
    const [table, below] = done.stdout.trim().split(/\n(?=policy \S+ computes)/)
    expect(below).toContain('computes in fp32')
    expect(below).toContain(`\nwould be written to: ${at('dry')}`)
    const [head, , ...rows] = table!.split('\n')
    expect(head).toMatch(/^model +completions +distinct +unscored +tokens +computed +batches /)
    expect(rows.map((row) => row.split(/ +/).slice(0, 4))).toEqual([
      ['policy', '20', '20', '0'],
      ['reference', '20', '20', '0'],
    ])
    for (const row of rows) {
      const [tokens, computed] = row.split(/ +/).slice(4, 6).map(Number)
      // a prompt is computed once for its two completions
      expect(computed).toBeGreaterThan(0)
      expect(computed).toBeLessThan(0.8 * tokens!)
    }
    expect(existsSync(at('dry'))).toBe(false)
  })

  it('--dump-rendered: text, ids and what is scored', async () => {
    const done = await go('run-dpo', 'dump', '--dump-rendered', '1')
    expect(done.stdout).toMatch(/^> first token of the completion, \* token that the head reads\n/)
    expect(done.code).toBe(0)
    const blocks = done.stdout.trim().split('\n\n').slice(1)
    expect(blocks).toHaveLength(4)
    expect(blocks[0]).toMatch(
      /^pairs\.jsonl:1, test-functional-group-0091, chosen 0, policy demo-policy-dpo: 64 \+ 60 tokens\n"<s>/,
    )
    // the first scored token, and one line per token
    expect(blocks[0]!.match(/^> {5}64 /gm)).toHaveLength(1)
    expect(blocks[0]!.split('\n')).toHaveLength(2 + 124)
    expect(existsSync(at('dump'))).toBe(false)
  })

  it('--print-config: yaml under flags, snake_case keys too', async () => {
    const yaml = at('config.yaml')
    writeFileSync(yaml, 'limit: 3\nbatch_tokens: 500\nseed: 3\nfilter: [property]\nresume: false\nquiet: true\n')
    const done = await go('run-rm', 'config', '--config', yaml, '--limit', '2', '--print-config')
    expect(done).toMatchObject({ code: 0, stderr: '' })
    const set = done.stdout.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
    expect(set.filter((line) => !line.startsWith('output-dir: '))).toEqual([
      'device: cpu',
      'dataset: demo-pairs # the default',
      'filter: [property]',
      'limit: 2',
      'batch-tokens: 500',
      'verify: false',
      'name: config',
      'resume: false',
      'seed: 3',
      'resamples: 100',
      'quiet: true',
    ])
    expect(done.stdout).toContain('\n# revision: main\n')
  })

  it('--help and --version', async () => {
    const help = await start('run-rm', ['--help']).done
    expect(help.code).toBe(0)
    for (const group of [
      'Model',
      'Data',
      'Scoring',
      'Verifiable rewards',
      'Run',
      'As in HERM (RewardBench)',
      'Examples:',
    ])
      expect(help.stdout.split('\n')).toContain(group)
    expect(help.stdout).toContain('Exit codes: 0 done')
    const { version } = JSON.parse(readFileSync(packagePath('package.json'), 'utf8')) as { version: string }
    // beside other flags it is read as they are
    expect((await start('run-dpo', ['--limit', '3', '--version']).done).stdout).toBe(`${version}\n`)
  })
})

it('a reader that closes the pipe does not stop a run', async () => {
  const { child, done } = start('run-rm', ['--output-dir', folder.path, '--name', 'closed', ...QUICK, '--limit', '3'])
  child.stdout!.destroy()
  child.stderr!.destroy()
  expect((await done).code).toBe(0)
  expect(existsSync(join(OUT('closed'), 'report.html'))).toBe(true)
})

describe.concurrent('choosing rows', () => {
  const subsets = (name: string): string[] => [
    ...new Set(readCsv(OUT(name), 'scores.csv').map(({ subset }) => subset!)),
  ]

  it('--filter by name, then --limit of what passes', async () => {
    const done = await go('run-rm', 'only', '--filter', 'property', '--filter', 'simple-formula', '--limit', '7')
    expect(done.code).toBe(0)
    expect(subsets('only').sort()).toEqual(['property', 'simple-formula'])
    expect(readCsv(OUT('only'), 'pairs.csv')).toHaveLength(7)
    expect(manifestOf(OUT('only')).dataset).toMatchObject({ rows: 7, completions: 14 })
  })

  it('--filter !name and re:pattern', async () => {
    await Promise.all([
      go('run-rm', 'without', '--filter', '!property', '--limit', '20'),
      go('run-rm', 'pattern', '--filter', 're:property/(ring|carbon)', '--limit', '4'),
    ])
    expect(subsets('without')).not.toContain('property')
    expect(
      readCsv(OUT('pattern'), 'pairs.csv').every(({ problem_type }) => /^property\/(ring|carbon)/.test(problem_type!)),
    ).toBe(true)
  })
})

describe.concurrent('the log', () => {
  it('--log-format json: one object per line on stderr', async () => {
    const done = await go('run-rm', 'json', '--limit', '3', '--log-format', 'json')
    expect(done.code).toBe(0)
    const lines = done.stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(lines.length).toBeGreaterThan(3)
    for (const line of lines)
      expect(line).toMatchObject({
        level: expect.stringMatching(/^(info|warn)$/),
        elapsedMs: expect.any(Number),
        message: expect.any(String),
      })
    expect(lines.find(({ event }) => event === 'progress')).toMatchObject({
      task: 'scoring',
      done: 6,
      total: 6,
      unit: 'completions',
    })
  })

  it('--log-format json: an error, too', async () => {
    const done = await start('run-rm', ['--log-format', 'json', '--dataset', at('nothing.jsonl')]).done
    expect(done.code).toBe(3)
    expect(JSON.parse(done.stderr.trim().split('\n').at(-1)!)).toMatchObject({
      level: 'error',
      message: 'there is no such file or folder',
      where: at('nothing.jsonl'),
      exitCode: 3,
    })
  })

  it('--quiet: nothing but the table', async () => {
    const done = await go('run-rm', 'quiet', '--limit', '3', '--quiet')
    expect(done.code).toBe(0)
    expect(done.stderr).toBe('')
    expect(done.stdout).toContain('accuracy')
  })
})

describe.concurrent("HERM's command lines", () => {
  it('are understood, and what has no effect is said', async () => {
    const done = await go(
      'run-rm',
      'herm',
      ...'--chat_template tokenizer --batch_size 8 --torch_dtype float32 --not_quantized --do_not_save --trust_remote_code --disable_beaker_save --attn_implementation eager --load_json --max_length 512 --debug'.split(
        ' ',
      ),
    )
    expect(done.code).toBe(0)
    for (const flag of [
      'not_quantized',
      'do_not_save',
      'trust_remote_code',
      'disable_beaker_save',
      'attn_implementation',
      'load_json',
    ])
      expect(done.stderr).toContain(`run-rm: --${flag} is accepted: `)
    expect(done.stderr).toContain('remote code is never run')
    const manifest = manifestOf(OUT('herm'))
    expect(manifest.config).toMatchObject({ batchSize: 8, dtype: 'fp32', maxLength: 512, limit: 10 })
    expect(manifest.dataset.rows).toBe(10)
    // RewardBench's own files are there under the model's name
    expect(readdirSync(join(OUT('herm'), 'herm')).sort()).toEqual(['eval-set', 'eval-set-scores'])
  })

  it('--ref_free_type: the policy alone', async () => {
    const args = ['--model', parity('dpo-llama/policy'), '--limit', '4']
    // the measurements of the first serve the second
    const kinds = ['avg', 'norm']
    for (const kind of kinds) expect((await go('run-dpo', 'alone', ...args, '--ref_free_type', kind)).code).toBe(0)
    const [row] = readCsv(OUT('alone'), 'scores.csv')
    expect(row).toMatchObject({ reference_logprob: '', implicit_reward: '', score: row!.policy_norm })
    expect(manifestOf(OUT('alone')).models).toHaveLength(1)
    expect(manifestOf(OUT('alone')).models[0]!.work.measured).toBe(0)
    expect(Number(row!.policy_mean_logprob)).toBe(Number(row!.policy_logprob) / Number(row!.completion_tokens))
  })
})

describe('several heads', () => {
  const model = ['--model', parity('llama-armo5'), '--limit', '5']
  beforeAll(async () => {
    for (const [name, head] of [
      ['label', '2'],
      ['soft', 'softmax:2'],
      ['all', 'all'],
    ] as const)
      expect((await go('run-rm', name, ...model, '--head', head)).code).toBe(0)
  })

  it('one is the score, all are columns', () => {
    const rows = readCsv(OUT('label'), 'scores.csv')
    for (const row of rows) expect(row.score).toBe(row.head_2)
    expect(manifestOf(OUT('label'))).toMatchObject({ head: '2', score: 'raw output of label 2 (LABEL_2)' })
  })

  it('softmax:K is the probability of a label', () => {
    for (const row of readCsv(OUT('soft'), 'scores.csv')) {
      const powers = [0, 1, 2, 3, 4].map((i) => Math.exp(Number(row[`head_${i}`])))
      expect(Number(row.score)).toBeCloseTo(powers[2]! / powers.reduce((a, b) => a + b), 12)
    }
  })

  it('all of them make no score', () => {
    const rows = readCsv(OUT('all'), 'scores.csv')
    for (const row of rows) expect(row).toMatchObject({ score: '', score_reason: 'head_all' })
    expect(rows.map(({ head_4 }) => head_4)).toEqual(readCsv(OUT('label'), 'scores.csv').map(({ head_4 }) => head_4))
  })
})

describe.concurrent('what a model reads', () => {
  it('--reasoning strip cuts the thought', async () => {
    await Promise.all([
      go('run-rm', 'keep', '--limit', '3'),
      go('run-rm', 'strip', '--limit', '3', '--reasoning', 'strip'),
    ])
    const [keep, strip] = ['keep', 'strip'].map((name) => readCsv(OUT(name), 'scores.csv'))
    for (const [i, row] of keep!.entries()) {
      expect(Number(strip![i]!.completion_tokens)).toBeLessThan(Number(row.completion_tokens))
      expect(strip![i]!.text_sha256).not.toBe(row.text_sha256)
    }
  })

  it('--chat-template: a built-in name, a file, and the same text under both', async () => {
    const file = at('chatml.jinja')
    writeFileSync(
      file,
      "{%- for m in messages %}{{- '<|im_start|>' ~ m.role ~ '\\n' ~ m.content ~ '<|im_end|>\\n' }}{% endfor %}{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{% endif %}",
    )
    await Promise.all([
      go('run-rm', 'built-in', '--limit', '3', '--chat-template', 'chatml'),
      go('run-rm', 'file', '--limit', '3', '--chat-template', file),
    ])
    const [builtIn, own] = ['built-in', 'file'].map((name) => readCsv(OUT(name), 'scores.csv'))
    expect(own).toEqual(builtIn)
    expect(manifestOf(OUT('file')).models[0]!.text.template_sha256).toMatch(/^[0-9a-f]{64}$/)
  })

  it('--pooling mask reads the last token, hf the last that is not the pad token', async () => {
    const model = ['--model', parity('llama-pad-eos'), '--limit', '3']
    await Promise.all([go('run-rm', 'hf', ...model), go('run-rm', 'mask', ...model, '--pooling', 'mask')])
    const [hf, mask] = ['hf', 'mask'].map((name) => readCsv(OUT(name), 'scores.csv'))
    for (const [i, row] of hf!.entries())
      expect(Number(mask![i]!.scored_token_index)).toBe(Number(row.scored_token_index) + 1)
    expect(manifestOf(OUT('hf')).models[0]!.work.repairs).toMatchObject({ pooling_differs: 6 })
  })
})
