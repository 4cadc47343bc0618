import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { modelSpec } from '../../src/model/archs/index.ts'
import { buildModel } from '../../src/model/build.ts'
import { openCheckpoint } from '../../src/model/checkpoint.ts'
import { packagePath } from '../../src/package.ts'
import { build, type Change, changed as changedCopy, refusal } from './changed.ts'
import { openRunner } from './runner.ts'
import { encodeTensors, type Tensors } from './safetensors-edit.ts'

/** A copy of a head's checkpoint with changes. */
const changed = (name: string, change: Change): string => changedCopy(join('heads', name), change)
const set =
  (values: Record<string, unknown>): NonNullable<Change['config']> =>
  (config) =>
    Object.assign(config, values)
/** Drops the last row of a matrix. */
const cut =
  (name: string): NonNullable<Change['tensors']> =>
  (tensors) => {
    const { dtype, shape, data } = tensors.get(name)!
    const rows = shape[0]! - 1
    tensors.set(name, {
      dtype,
      shape: [rows, ...shape.slice(1)],
      data: data.subarray(0, (data.length / shape[0]!) * rows),
    })
  }
/** The same row twice. */
const twice =
  (name: string): NonNullable<Change['tensors']> =>
  (tensors) => {
    const { dtype, shape, data } = tensors.get(name)!
    tensors.set(name, { dtype, shape: [2, ...shape.slice(1)], data: Buffer.concat([data, data]) })
  }

/** A linear layer of three rows. */
const thrice =
  (name: string): NonNullable<Change['tensors']> =>
  (tensors) => {
    for (const part of [`${name}.weight`, `${name}.bias`]) {
      const { dtype, shape, data } = tensors.get(part)!
      const rows = Buffer.concat([data, data]).subarray(0, (3 * data.length) / shape[0]!)
      tensors.set(part, { dtype, shape: [3, ...shape.slice(1)], data: rows })
    }
  }

describe('a head that is not known for certain is refused', () => {
  const cases: [name: string, head: string, change: Change, says: RegExp][] = [
    [
      'an MLP of another class',
      'inform',
      { config: set({ architectures: ['OtherForSequenceClassification'] }) },
      /MLP as its head .*config.json says OtherForSequenceClassification.*Known: INFORMForSequenceClassification, Qwen2ForRewardModel/,
    ],
    ['an MLP of no class', 'inform', { config: set({ architectures: null }) }, /says no architecture/],
    [
      "Starling's tensors under another class",
      'starling-7b',
      { config: set({ architectures: ['LlamaModel'] }) },
      /says LlamaModel: which token it reads is not known.*GPTRewardModel/,
    ],
    [
      'GRM: a linear head that is an MLP',
      'grm-linear',
      { config: set({ vhead_layer_type: 'mlp' }) },
      /the weights are one linear layer/,
    ],
    [
      'GRM: an MLP that is linear',
      'grm-llama',
      { config: set({ vhead_layer_type: 'linear' }) },
      /the weights are an MLP/,
    ],
    [
      'GRM: other layers',
      'grm-llama',
      { config: set({ vhead_num_layers: 3 }) },
      /"vhead_num_layers": 3, the weights have 1/,
    ],
    [
      'GRM: another layer type',
      'grm-llama',
      { config: set({ vhead_layer_type: 'rnn' }) },
      /vhead_layer_type" is "rnn"/,
    ],
    [
      'Beaver: normalised by nothing',
      'beaver-reward',
      {
        config: set({ mean: null }),
        tensors: (tensors) => tensors.delete('normalizer.mean'),
      },
      /"do_normalize": true; neither it \("mean"\) nor the weights/,
    ],
    [
      'Beaver: another type of score',
      'beaver-reward',
      { config: set({ score_type: 'margin' }) },
      /score_type" is "margin"/,
    ],
    [
      'QRM: other quantiles',
      'qrm-llama31',
      { config: set({ num_quantiles: 5 }) },
      /has 361 rows; 19 objectives of 5 quantiles .* are 95/,
    ],
    ['QRM: no quantiles', 'qrm-llama31', { config: (config) => delete config.num_quantiles }, /has no "num_quantiles"/],
    [
      "QRM for Llama without its matrix, as v2's code may have it",
      'qrm-llama31',
      { tensors: (tensors) => tensors.delete('reward_transform_matrix') },
      /QRM's head without its matrix on a llama: .* known for Gemma 2 alone/,
    ],
    [
      'QRM for Gemma: other quantiles',
      'qrm-gemma2',
      { config: set({ num_quantiles: 19 }) },
      /has 35 rows and the gate 5 outputs: not 5 objectives of 19 quantiles/,
    ],
    [
      'QRM for Gemma: a gate with two layers in a row',
      'qrm-gemma2',
      { tensors: (tensors) => tensors.delete('gating.layers.6.weight') },
      /not Linear and BatchNorm by turns/,
    ],
    ['ArmoRM with quantiles', 'armorm', { config: set({ num_quantiles: 19 }) }, /"num_quantiles" is 19/],
    ['URM: an odd row', 'urm', { tensors: cut('score.weight') }, /has 9 rows; 5 weights ask for 10/],
    [
      'LDL: other bins',
      'ldl-gemma2',
      { tensors: cut('gating_layer.network.6.weight') },
      /gives 220 values and the gate 21 weights/,
    ],
    [
      'two values where one is meant',
      'ultrarm',
      { tensors: twice('regression_head.weight') },
      /gives 2 values, this head gives one/,
    ],
    [
      'a value head beside a score head',
      'ultrarm',
      {
        tensors: (tensors) => {
          tensors.set('value_head.weight', tensors.get('regression_head.weight')!)
          tensors.set('v_head.summary.weight', tensors.get('regression_head.weight')!)
        },
      },
      /has two heads: .*"v(alue)?_head\./,
    ],
    [
      'two heads in one checkpoint',
      'ultrarm',
      { tensors: (tensors) => tensors.set('score.weight', tensors.get('regression_head.weight')!) },
      /has two heads: the one that is read \(regression-head\), and "score.weight"/,
    ],
    [
      'a classifier of tokens into three',
      'trl-prm-qwen2',
      { tensors: thrice('score') },
      /classifies tokens into 3 labels/,
    ],
    [
      'a process head of one value a step',
      'qwen2-prm',
      { tensors: cut('score.2.weight') },
      /gives 1 values a step, this head gives two/,
    ],
    [
      "PairRM's tensors under another class",
      'pairrm',
      { config: set({ architectures: ['DebertaV2Other'] }) },
      /has PairRM's tensors, config.json says DebertaV2Other/,
    ],
    ['PairRM: other tasks', 'pairrm', { config: set({ n_tasks: 2 }) }, /gives 1 values, config.json says n_tasks 2/],
    ['PairRM: no mark', 'pairrm', { config: (config) => delete config.cand2_prefix_id }, /cand2_prefix_id/],
    [
      'PairRM: one mark twice',
      'pairrm',
      { config: set({ cand2_prefix_id: 398 }) },
      /source_prefix_id, cand1_prefix_id and cand2_prefix_id are not three tokens/,
    ],
    [
      'PairRM: one layer of its head',
      'pairrm',
      { tensors: (tensors) => tensors.delete('head_layer.4.weight') },
      /head_layer.4.weight/,
    ],
    [
      'a normalised reward without its numbers',
      'ziya',
      { config: set({ normalize_reward: true, mean: 1 }) },
      /"normalize_reward": true and lacks "mean" or "std"/,
    ],
  ]
  it.each(cases)('%s', (_, head, change, says) => expect(refusal(changed(head, change))).toMatch(says))
})

describe('labels', () => {
  const armo5 = (values: Record<string, unknown>): string => changedCopy('parity/llama-armo5', { config: set(values) })
  // AutoModelForSequenceClassification.from_pretrained, transformers 5.24, for a head of 1, 2 and 3 rows. "raises": "size mismatch …
  // ignore_mismatched_sizes". config.json says nothing: raises, takes it, raises. num_labels 1: takes it, raises, raises; 2: raises, takes it,
  // raises. id2label of n names: takes n rows only. Both, of other numbers: goes by num_labels with LABEL_i (4.x by id2label).
  // id2label {}: raises. id2label {0, 2}: takes two rows, in the order of the numbers.
  it('of another number than the head has rows are refused, as transformers raises on them', () => {
    expect(refusal(armo5({ id2label: { 0: 'good' }, num_labels: 4 }))).toMatch(
      /gives 5 values, config.json names 1 labels: good/,
    )
    expect(refusal(armo5({ id2label: null, num_labels: 3 }))).toMatch(/config.json names 3 labels/)
    expect(refusal(armo5({ id2label: {} }))).toMatch(/config.json names 0 labels/)
  })
  it('that are said twice are those of the head, and a note says so', () => {
    const byNumber = build(armo5({ id2label: { 0: 'good' }, num_labels: 5 })).head
    expect(byNumber.labels).toEqual(['LABEL_0', 'LABEL_1', 'LABEL_2', 'LABEL_3', 'LABEL_4'])
    expect(byNumber.notes).toEqual([
      'config.json says 5 labels ("num_labels") and names 1 ("id2label"); the head has 5',
    ])
    const byName = build(armo5({ num_labels: 3 })).head
    expect(byName.labels).toHaveLength(5)
    expect(byName.notes).toEqual(['config.json says 3 labels ("num_labels") and names 5 ("id2label"); the head has 5'])
    expect(build(armo5({})).head.notes).toBeUndefined()
  })
  it('that are not said are read from the head, and a note says that transformers would stop', () => {
    const silent = { id2label: null, num_labels: null, label2id: null }
    const one = build(changedCopy('parity/llama-gqa', { config: set(silent) })).head
    expect(one.labels).toEqual(['LABEL_0'])
    expect(one.notes).toEqual([
      'config.json says nothing of labels: transformers then expects two and stops at this head, which has one row, the reward',
    ])
    expect(build(armo5(silent)).head.notes).toEqual([expect.stringMatching(/which has 5 rows, called LABEL_0 …$/)])
    // two rows are what transformers expects
    expect(build(changedCopy('heads/reft-llama', { config: set(silent) })).head.notes).toBeUndefined()
    expect(build(changedCopy('parity/roberta', { config: set(silent) })).head.notes).toEqual([
      expect.stringMatching(/^config.json says nothing of labels/),
    ])
  })
  it('a single class is refused, as transformers raises on it', () => {
    const values = { problem_type: 'single_label_classification' }
    expect(refusal(changedCopy('parity/llama-gqa', { config: set(values) }))).toMatch(/"problem_type" is "single_label/)
    expect(build(armo5(values)).head.labels).toHaveLength(5)
  })
})

interface Golden {
  readonly cases: readonly {
    readonly id: string
    readonly input_ids: readonly number[]
    readonly scores: readonly number[]
  }[]
}
const goldenOf = (dir: string): Golden =>
  JSON.parse(gunzipSync(readFileSync(join(dir, 'golden.json.gz'))).toString('utf8')) as Golden

/** The score of a text at its last token, beside the reference's of the checkpoint that was changed. */
async function scored(dir: string): Promise<{ readonly got: number; readonly want: number }> {
  const { input_ids, scores } = goldenOf(dir).cases.find(({ id }) => id === 'smiles-right')!
  const ids = Int32Array.from(input_ids)
  const runner = await openRunner(openCheckpoint(dir), { kind: 'head', device: 'cpu', dtype: 'fp32' })
  const sequence = { ids, typeIds: null, positionStart: 0, reads: Int32Array.of(ids.length - 1), group: 0 }
  const batch = { layout: 'padded', sequences: [0], prefix: 0, tokens: ids.length } as const
  const [output] = await runner.run(batch, [sequence])
  await runner.release()
  return { got: output![0]!, want: scores[0]! }
}

describe('a head beside the model', () => {
  /** Moves tensors to a file of their own, without `prefix`. */
  const beside = (name: string, parts: Readonly<Record<string, string>>): string =>
    changed(name, {
      tensors(tensors) {
        for (const [file, prefix] of Object.entries(parts)) {
          const moved: Tensors = new Map()
          for (const [key, tensor] of [...tensors])
            if (key.startsWith(prefix)) {
              moved.set(file === 'value_head.safetensors' ? key : key.slice(prefix.length), tensor)
              tensors.delete(key)
            }
          pending.push([file, encodeTensors(moved)])
        }
      },
    })
  const pending: [file: string, bytes: Buffer][] = []
  const write = (dir: string): string => {
    for (const [file, bytes] of pending.splice(0)) writeFileSync(join(dir, file), bytes)
    return dir
  }

  it("LLaMA-Factory's value_head.safetensors gives the scores of the head inside", async () => {
    const dir = write(beside('grm-linear', { 'value_head.safetensors': 'v_head.' }))
    expect(build(dir).tensors).toContain('v_head.summary.weight')
    expect(openCheckpoint(dir).fileNames).toEqual(['config.json', 'model.safetensors', 'value_head.safetensors'])
    const { got, want } = await scored(dir)
    expect(Math.abs(got - want)).toBeLessThanOrEqual(2e-5)
  })
  it("LDL's two heads in files of their own", async () => {
    const parts = { 'regression_layer.safetensors': 'regression_layer.', 'gating_layer.safetensors': 'gating_layer.' }
    expect(build(write(beside('ldl-gemma2', parts))).head.name).toBe('ldl')
  })
  it.each([
    ['value_head.bin', 'value_head.safetensors'],
    ['v_head.bin', 'value_head.safetensors'],
    ['regression_layer.pt', 'regression_layer.safetensors'],
  ])('%s is a pickle: refused with the way to convert it', (pickle, safe) => {
    const dir = write(beside('grm-linear', { 'value_head.safetensors': 'v_head.' }))
    renameSync(join(dir, 'value_head.safetensors'), join(dir, pickle))
    expect(refusal(dir)).toMatch(
      new RegExp(`has its reward head in ${pickle}, a pickle.*torch.load\\("${pickle}".*"${safe}"`),
    )
  })
  it('a head that the model has, too, is refused', () => {
    const dir = changed('grm-linear', {
      tensors: (tensors) => pending.push(['value_head.safetensors', encodeTensors(tensors)]),
    })
    expect(refusal(write(dir))).toMatch(
      /value_head.safetensors: holds tensor ".*", which the model's weights have, too/,
    )
  })
  it('its causal head is measured once the head is moved away, and that is said', () => {
    const dir = write(beside('grm-linear', { 'value_head.safetensors': 'v_head.' }))
    expect(refusal(dir, 'logProb')).toMatch(
      /has a classification head \(grm\).*move the head beside the model out of the folder/,
    )
  })
})

describe("OpenRLHF's head", () => {
  const unbiased = (tensors: Tensors): void => {
    tensors.set('value_head.bias', { dtype: 'F32', shape: [1], data: Buffer.alloc(4) })
  }
  it('is normalised by config.json where it says so', async () => {
    const raw = await scored(changed('ziya', { tensors: unbiased }))
    const { got } = await scored(
      changed('ziya', { config: set({ normalize_reward: true, mean: 0.5, std: 4 }), tensors: unbiased }),
    )
    expect(got).toBeCloseTo((raw.got - 0.5) / 4, 6)
  })
  it('is raw where it does not, and that is said', async () => {
    const dir = changed('ziya', { config: set({ normalize_reward: false, mean: 0.5, std: 4 }) })
    const { got, want } = await scored(dir)
    expect(Math.abs(got - want)).toBeLessThanOrEqual(2e-5)
    expect(build(dir).head.notes!.join()).toContain('the raw output is taken')
  })
  it('may have any name that config.json gives', async () => {
    const dir = changed('ultrarm', {
      config: set({ value_head_prefix: 'reward_out' }),
      tensors(tensors) {
        tensors.set('reward_out.weight', tensors.get('regression_head.weight')!)
        tensors.delete('regression_head.weight')
      },
    })
    expect(build(dir).head.name).toBe('value-head')
    const { got, want } = await scored(dir)
    expect(Math.abs(got - want)).toBeLessThanOrEqual(2e-5)
  })
})

it('without the token that marks steps nothing is read', () => {
  const { reads } = build(changed('qwen2-prm', {})).head
  const facts = { padTokenId: null, encode: () => Int32Array.of(7, 8) }
  expect(reads!(Int32Array.of(7, 8), facts)).toMatchObject({
    reason: 'no_steps',
    message: expect.stringContaining('no token <extra_0>'),
  })
  expect(reads!(Int32Array.of(5, 6), { ...facts, encode: () => Int32Array.of(7) })).toMatchObject({
    reason: 'no_steps',
    message: expect.stringContaining('see --step-separator'),
  })
})

describe("OpenAssistant's head", () => {
  /** Ziya's tensors under the names of GPTNeoXRewardModel, over a Llama. */
  const oasst = (pooling?: string) => {
    const dir = changed('ziya', {
      tensors(tensors) {
        for (const part of ['weight', 'bias']) {
          tensors.set(`out_proj.${part}`, tensors.get(`value_head.${part}`)!)
          tensors.delete(`value_head.${part}`)
        }
      },
    })
    const checkpoint = openCheckpoint(dir)
    const config = {
      ...checkpoint.config,
      model_type: 'gpt_neox_reward_model',
      ...(pooling !== undefined && { pooling }),
    }
    const options = { kind: 'head', attention: 'split', type: 'float' } as const
    return buildModel({ ...checkpoint, config }, modelSpec(checkpoint), options)
  }
  it('is known by its tensors and its model_type, and reads the last token', () => {
    const { head, tensors } = oasst('last')
    expect(head.name).toBe('oasst')
    expect(tensors).toEqual(expect.arrayContaining(['out_proj.weight', 'out_proj.bias']))
    expect(head.reads!(Int32Array.of(5, 0, 0), { padTokenId: 0, encode: () => Int32Array.of() })).toEqual(
      Int32Array.of(2),
    )
    expect(oasst().head.name).toBe('oasst')
  })
  it('is not run with another pooling', () =>
    expect(() => oasst('mean')).toThrow('"pooling" is "mean": supported: "last"'))
})

it('Ziya: what is assumed of its class is said', () => {
  expect(build(changed('ziya', {})).head.notes!.join()).toContain('is assumed')
})

it('a linear head under a class that is not known is read by its tensors, with a word', () => {
  const notes = (change: Change, name = 'reft-llama') => build(changed(name, change)).head.notes
  expect(notes({ config: set({ architectures: ['LlamaForMyFancyReward'] }) })).toEqual([
    "the class LlamaForMyFancyReward of config.json is unknown here: read as a linear head by its tensors (score.weight), as transformers' AutoModelForSequenceClassification reads it",
  ])
  expect(notes({ config: set({ architectures: ['FancyForSequenceClassification'] }) })).toHaveLength(1)
  for (const silent of [{}, { config: set({ architectures: null }) }]) expect(notes(silent)).toBeUndefined()
  expect(notes({}, 'reft-gpt2')).toBeUndefined()
})
it('the classes of transformers are known by their model_type, however it is spelt', () => {
  for (const name of ['gemma3', 'gpt-neox', 'llama-gqa', 'mistral-swa', 'olmo2', 'opt', 'phi3', 'qwen2', 'qwen3'])
    expect(build(packagePath('test/data/parity', name)).head.notes, name).toBeUndefined()
  for (const name of ['gemma3-layout4', 'qwen2-moe', 'qwen3-moe', 'smollm3', 'stablelm', 'starcoder2', 'ministral'])
    expect(build(packagePath('test/data/models', name)).head.notes, name).toBeUndefined()
})
