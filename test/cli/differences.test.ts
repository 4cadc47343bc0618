import { describe, expect, it } from 'vitest'
import { differences, replacedBy, replacedText } from '../../src/cli/differences.ts'
import { configAsRun } from '../../src/cli/replaced.ts'
import { toRunConfig } from '../../src/setup/config.ts'
import type { Given } from '../../src/setup/option.ts'
import type { RunOption } from '../../src/setup/options.ts'

const run = (args: Given<RunOption> = {}, facts: Record<string, unknown> = {}) => ({
  created: '2026-11-27T12:00:30.000Z',
  config: JSON.parse(JSON.stringify(toRunConfig('run-rm', args))) as unknown,
  models: [{ role: 'rm', tokenizer: { sha256: 'aaaaaaaaaa' }, text: { template_sha256: 'tttttttttt' }, dtype: 'fp32' }],
  device: { device: 'cpu' },
  versions: { chemherm: '1.0.0', 'onnxruntime-node': '1.2.3' },
  verification: { provenance: [{ name: 'rings', sha256: '1' }] },
  ...facts,
})
const sentence = (earlier: unknown, now: unknown): string => replacedText(replacedBy(earlier, now)!, 'results/m/d')

describe('what a run replaces', () => {
  it('is nothing where no run is', () => {
    expect(replacedBy(null, run())).toBeNull()
  })
  it('is the same run again', () => {
    // where it works, how much it says and how many workers it has are no differences
    const other = run({ outputDir: 'x', quiet: true, shard: '1/2', resume: false, verifyWorkers: 7, name: 'n' })
    expect(replacedBy(run(), other)).toEqual({ created: run().created, how: 'again', differences: [] })
    expect(sentence(run(), other)).toBe(
      'writes the results of the run of 2026-11-27 12:00 UTC in results/m/d again: the same options',
    )
  })
  it('is the same data and weights from elsewhere', () => {
    const moved = run({ dataset: 'copy/d.jsonl' })
    expect(replacedBy(run({ dataset: 'd.jsonl' }), moved)).toMatchObject({ how: 'again' })
    expect(sentence(run({ dataset: 'd.jsonl' }), moved)).toContain('again with --dataset d.jsonl (now copy/d.jsonl)')
  })
  it.each([
    [2, 10, 'goes_on'],
    [2, undefined, 'goes_on'],
    [10, 2, 'replaces'],
    [undefined, 2, 'replaces'],
  ] as const)('from --limit %s to %s: %s', (before, now, how) => {
    const limit = (n: number | undefined) => run(n === undefined ? {} : { limit: n })
    expect(replacedBy(limit(before), limit(now))).toMatchObject({ how })
    const [from, to] = [before ?? 'all', now ?? 'all']
    expect(sentence(limit(before), limit(now))).toBe(
      `${how === 'goes_on' ? 'goes on from' : 'replaces'} the run of 2026-11-27 12:00 UTC in results/m/d with --limit ${from} (now ${to})`,
    )
  })
  it('goes on with a larger limit only where nothing else differs', () => {
    expect(replacedBy(run({ limit: 2 }), run({ limit: 3, filter: ['a'] }))).toMatchObject({ how: 'replaces' })
  })
  it.each([
    [{ filter: ['a', 'b'] }, '--filter all (now a b)'],
    [{ split: 'test' }, '--split not given (now test)'],
    [{ chatTemplate: 'raw' }, '--chat-template tokenizer (now raw)'],
    [{ maxLength: 64 }, '--max-length not given (now 64)'],
    [{ truncation: 'left' }, '--truncation not given (now left)'],
    [{ head: '1' }, '--head not given (now 1)'],
    [{ pooling: 'mask' }, '--pooling hf (now mask)'],
    [{ tokenizer: 'org/t' }, '--tokenizer not given (now org/t)'],
    [{ dtype: 'fp16' }, '--dtype auto (now fp16)'],
    [{ device: 'cuda' }, '--device auto (now cuda)'],
    [{ reasoning: 'strip' }, '--reasoning keep (now strip)'],
    [{ hermCompat: true }, '--herm-compat off (now on)'],
    [{ seed: 1 }, '--seed 0 (now 1)'],
    [{ resamples: 100 }, '--resamples 2000 (now 100)'],
    [{ batchSize: 2 }, '--batch-size not given (now 2)'],
    [{ extraction: 'loose' }, '--extraction strict (now loose)'],
    [{ requireReasoning: false }, '--require-reasoning on (now off)'],
    [{ soft: true }, '--soft off (now on)'],
    [{ goodMoleculeBonus: 0.5 }, '--good-molecule-bonus 0 (now 0.5)'],
    [{ ringsBloom: 'r.bloom' }, '--rings-bloom not given (now r.bloom)'],
    [{ oracles: 'none' }, '--oracles not given (now none)'],
    [{ verify: false }, '--verify on (now off)'],
  ])('with %j', (args, text) => {
    expect(sentence(run(), run(args))).toBe(`replaces the run of 2026-11-27 12:00 UTC in results/m/d with ${text}`)
  })
  it('with other files behind the same options', () => {
    const [model] = run().models
    const of = (change: object) => differences(run(), run({}, { models: [{ ...model, ...change }] }))
    expect(of({ tokenizer: { sha256: 'bbbbbbbbbb' } })).toEqual([
      { what: 'tokenizer of the rm', before: 'aaaaaaaa', now: 'bbbbbbbb' },
    ])
    expect(of({ text: { template_sha256: null } })).toEqual([
      { what: 'chat template of the rm', before: 'tttttttt', now: 'none' },
    ])
    expect(of({ dtype: 'bf16' })).toEqual([{ what: 'dtype of the rm', before: 'fp32', now: 'bf16' }])
    expect(differences(run(), run({}, { device: { device: 'cuda' } }))).toEqual([
      { what: 'device', before: 'cpu', now: 'cuda' },
    ])
    expect(differences(run(), run({}, { versions: { chemherm: '2.0.0' } }))).toEqual([
      { what: 'chemherm', before: '1.0.0', now: '2.0.0' },
    ])
    const other = { verification: { provenance: [{ name: 'rings', sha256: '2' }] } }
    expect(differences(run(), run({}, other)).map(({ what }) => what)).toEqual(['data of the verifier'])
  })
  it('with an option that the earlier version did not record', () => {
    const { config, ...rest } = run()
    const { pooling, split, ...older } = config as Record<string, unknown>
    expect([pooling, split]).toEqual(['hf', null])
    expect(differences({ ...rest, config: older }, run())).toEqual([
      { what: '--pooling', before: 'not recorded', now: 'hf' },
    ])
  })
  it('that cannot be read', () => {
    expect(replacedBy(undefined, run())).toMatchObject({ created: null, how: 'replaces' })
    expect(sentence({}, run())).toMatch(/^replaces the run in results\/m\/d/)
  })
  it('is in a dry run what would be replaced', () => {
    const dry = (earlier: unknown, now: unknown): string => replacedText(replacedBy(earlier, now)!, 'results/m/d', true)
    expect(dry({}, run())).toMatch(/^would replace the run in results\/m\/d/)
    expect(dry(run(), run())).toMatch(/^would write the results of the run of .* again: the same options$/)
  })
})

it('the template that --herm-compat does not use is no difference', () => {
  const asRun = (chatTemplate: string, used: readonly string[]) =>
    configAsRun(
      toRunConfig('run-dpo', { chatTemplate, hermCompat: true }),
      used.map((chat_template) => ({ text: { chat_template } as never })),
    ).chatTemplate
  expect(asRun('pair', ['tokenizer'])).toBe('tokenizer')
  expect(asRun('tulu', ['tulu'])).toBe('tulu')
  // a policy with a template of its own beside a reference without one
  expect(asRun('tulu', ['tokenizer', 'tulu'])).toBe('tulu')
  expect(asRun('raw', [])).toBe('raw')
})

it('a separator with line breaks is quoted', () => {
  expect(sentence(run(), run({ stepSeparator: '\n\n' }))).toContain('--step-separator not given (now "\\n\\n")')
})
