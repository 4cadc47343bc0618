import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { UsageError } from '../../src/errors.ts'
import { openCheckpoint } from '../../src/model/checkpoint.ts'
import { openModel } from '../../src/model/open.ts'
import { packagePath } from '../../src/package.ts'
import type { MeasurementKind } from '../../src/types.ts'
import { type Change, changedCopy, refusalOf } from './changed.ts'

const root = mkdtempSync(join(tmpdir(), 'chemherm-encoder-'))
afterAll(() => rmSync(root, { recursive: true }))

const open = (dir: string, kind: MeasurementKind = 'head') =>
  openModel(openCheckpoint(dir), { kind, device: 'cpu', dtype: 'fp32' })

const refusal = (name: string, change: Change, kind: MeasurementKind = 'head'): string =>
  refusalOf(() => open(changedCopy(root, packagePath('test/data', name), change), kind))

describe('config.json: a known key with a value that we do not compute', () => {
  const cases: [key: string, value: unknown, model: string][] = [
    ['position_embedding_type', 'relative_key', 'parity/bert'],
    ['is_decoder', true, 'parity/bert'],
    ['add_cross_attention', true, 'parity/roberta'],
    ['num_attention_heads', 5, 'parity/bert'],
    ['pad_token_id', null, 'parity/roberta'],
    ['max_position_embeddings', 2, 'parity/roberta'],
    ['n_heads', 5, 'parity/distilbert'],
    ['activation', 'relu6', 'parity/distilbert'],
    ['embedding_size', 48, 'models/electra-narrow'],
    ['pos_att_type', ['c2p', 'p2p'], 'parity/deberta-v2'],
    ['pos_att_type', 'c2p|p2p', 'parity/deberta-v2'],
    ['attention_head_size', 8, 'parity/deberta-v2'],
    ['embedding_size', 24, 'parity/deberta-v2'],
    ['conv_kernel_size', 4, 'parity/deberta-v2'],
    ['pooler_hidden_act', 'xielu', 'parity/deberta-v2'],
    ['talking_head', true, 'models/deberta-c2p'],
    ['rope_scaling', { type: 'linear', factor: 2 }, 'parity/modernbert'],
    ['rope_parameters', { rope_type: 'default', rope_theta: 5 }, 'parity/modernbert'],
    ['rope_parameters', { full_attention: { rope_type: 'axial' } }, 'parity/modernbert'],
    ['rope_parameters', { full_attention: { partial_rotary_factor: 0.5 } }, 'parity/modernbert'],
    ['local_rope_theta', null, 'parity/modernbert'],
    ['layer_types', ['full_attention'], 'parity/modernbert'],
    ['classifier_pooling', 'max', 'parity/modernbert'],
    ['num_attention_heads', 16, 'parity/modernbert'],
  ]
  it.each(cases)('%s = %j (%s)', (key, value, model) => {
    const text = refusal(model, {
      config: (config) => {
        config[key] = value
      },
    })
    expect(text).toContain('changed-')
    expect(text).toContain(key === 'embedding_size' && model.includes('electra') ? 'embeddings' : key)
  })
})

describe('tensors', () => {
  it('a missing pooler: no head is known, and what is left is named', () => {
    const text = refusal('parity/deberta-v2', { tensors: (tensors) => void tensors.delete('pooler.dense.weight') })
    expect(text).toContain('"pooler.dense.bias"')
    expect(text).toContain('"classifier.weight"')
  })
  it("pretraining's heads and old buffers are passed over with a reason", () => {
    const extra = { dtype: 'F32', shape: [2], data: Buffer.alloc(8) } as const
    const dir = changedCopy(root, packagePath('test/data/parity/bert'), {
      tensors: (tensors) => {
        for (const name of ['bert.embeddings.position_ids', 'cls.predictions.bias']) tensors.set(name, extra)
      },
    })
    expect(
      open(dir)
        .description.ignoredTensors.map(({ name }) => name)
        .sort(),
    ).toEqual(['bert.embeddings.position_ids', 'cls.predictions.bias'])
  })
  it('position embeddings that config.json does not use are passed over, as transformers does', () => {
    const dir = changedCopy(root, packagePath('test/data/parity/deberta-v2'), {
      tensors: (tensors) => {
        const data = Buffer.alloc(4 * 512 * 48)
        tensors.set('deberta.embeddings.position_embeddings.weight', { dtype: 'F32', shape: [512, 48], data })
      },
    })
    expect(open(dir).description.ignoredTensors).toMatchObject([
      {
        name: 'deberta.embeddings.position_embeddings.weight',
        reason: expect.stringContaining('position_biased_input'),
      },
    ])
  })
})

describe('what an encoder is not', () => {
  const withoutHead: Change = {
    tensors: (tensors) => {
      for (const name of [...tensors.keys()]) if (/^(classifier|bert\.pooler)\./.test(name)) tensors.delete(name)
    },
  }
  it('a language model: run-dpo has nothing to measure, and run-rm is named', () => {
    const text = refusal('parity/bert', withoutHead, 'logProb')
    expect(text).toMatch(/is an encoder \(model_type bert\).*no log-probability.*run-rm/)
  })
  it('a reward model without its head', () => {
    expect(refusal('parity/bert', withoutHead)).toContain('no classification head')
  })
  it('with a head it gives rewards, no log-probabilities', () => {
    expect(refusal('parity/bert', {}, 'logProb')).toMatch(/classification head \(bert-pooler\).*run-rm/)
  })
  it.each(['split', 'gqa'] as const)('causal: %s attention is refused', (attention) => {
    const checkpoint = openCheckpoint(packagePath('test/data/parity/bert'))
    expect(() => openModel(checkpoint, { kind: 'head', device: 'cpu', dtype: 'fp32', attention })).toThrow(UsageError)
  })
})
