import { describe, expect, it } from 'vitest'
import { identityOf, twinsOf } from '../../analysis/run-identity.ts'
import type { Run } from '../../analysis/runs.ts'

const manifest = (
  change: { weights?: string; dtype?: string; device?: string; score?: string; batch?: number } = {},
) => ({
  score: change.score ?? 'raw output of label 0',
  config: { reasoning: 'keep', hermCompat: false, threads: null },
  dataset: { sha256: 'd' },
  plan: { batchTokens: change.batch ?? 1024 },
  versions: { 'onnxruntime-node': '1.30.0' },
  models: [
    {
      role: 'rm',
      weights_sha256: change.weights ?? 'w',
      tokenizer: { sha256: 't' },
      text: { template_sha256: 'c', max_length: 512, truncation: 'skip', pooling: 'hf' },
      device: change.device ?? 'cpu',
      dtype: change.dtype ?? 'fp32',
    },
  ],
})
const run = (model: string, record: unknown): Run => ({ model, manifest: record }) as Run
const found = (...runs: Run[]): [string, string, string | null][] =>
  twinsOf(runs).map(({ a, b, differs }) => [a.model, b.model, differs])

describe('two runs of one model', () => {
  it('are known by their weights, whatever their folders are called, and it is said what differs', () => {
    const runs = [
      run('x', manifest()),
      run('y', manifest({ dtype: 'bf16', device: 'cuda' })),
      run('z', manifest({ batch: 64 })),
      run('other', manifest({ weights: 'v' })),
    ]
    expect(found(...runs)).toEqual([
      ['x', 'y', 'dtype fp32 / bf16, device cpu / cuda'],
      ['x', 'z', 'batch tokens 1024 / 64'],
      ['y', 'z', 'dtype bf16 / fp32, device cuda / cpu, batch tokens 1024 / 64'],
    ])
  })
  it('are not two formulas, texts or data of one model, and a name does not make them so', () => {
    expect(found(run('m@a', manifest()), run('m@b', manifest({ score: 'softmax' })))).toEqual([])
    expect(found(run('m@a', manifest()), run('m@b', { ...manifest(), dataset: { sha256: 'e' } }))).toEqual([])
    expect(found(run('m@a', manifest()), run('m@b', { ...manifest(), config: { reasoning: 'strip' } }))).toEqual([])
  })
  it('are known by what stands before @ where a run.json is missing', () => {
    expect(found(run('m', manifest()), run('m@bf16', null), run('n', null))).toEqual([['m', 'm@bf16', null]])
  })
  it('need weights: other documents say nothing', () => {
    for (const record of [
      null,
      3,
      'x',
      [],
      {},
      { models: [] },
      { models: [null] },
      { models: [{ weights_sha256: 1 }] },
    ])
      expect(identityOf(run('m', record))).toBeNull()
  })
})
