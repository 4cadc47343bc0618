import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { UsageError } from '../../src/errors.ts'
import { openCheckpoint } from '../../src/model/checkpoint.ts'
import { packagePath } from '../../src/package.ts'
import { refusedByName } from '../../src/setup/no-reward.ts'
import { build, type Change, changedCopy, refusal } from './changed.ts'
import { openRunner } from './runner.ts'

const root = mkdtempSync(join(tmpdir(), 'chemherm-model-'))
afterAll(() => rmSync(root, { recursive: true }))

/** A copy of a golden checkpoint with changes, of test/data/parity or of another folder of test/data. */
const changed = (name: string, change: Change): string =>
  changedCopy(root, packagePath('test/data', name.includes('/') ? name : `parity/${name}`), change)

describe('config.json: a known key with a value that we do not compute', () => {
  const cases: [key: string, value: unknown, model: string][] = [
    ['model_type', 'mamba', 'llama-gqa'],
    ['hidden_act', 'xielu', 'llama-gqa'],
    ['rope_scaling', { rope_type: 'dynamic', factor: 0 }, 'llama-gqa'],
    ['rope_scaling', { rope_type: 'longrope', long_factor: [1], short_factor: [1] }, 'llama-gqa'],
    ['rope_scaling', { rope_type: 'longrope', short_factor: [1] }, 'llama-gqa'],
    ['rope_scaling', { type: 'su', long_factor: [1], short_factor: [1] }, 'llama-gqa'],
    ['partial_rotary_factor', 0.5, 'llama-gqa'],
    ['num_key_value_heads', 3, 'llama-gqa'],
    ['sliding_window', -1, 'mistral-swa'],
    ['layer_types', ['full_attention', 'chunked_attention', 'full_attention'], 'qwen2'],
    ['layer_types', ['full_attention'], 'qwen2'],
    ['rope_parameters', { full_attention: { rope_type: 'default' } }, 'qwen2'],
    ['quantization_config', { quant_method: 'gptq' }, 'llama-gqa'],
    ['activation_function', 'relu6', 'gpt2'],
    ['add_cross_attention', true, 'gpt2'],
    ['hidden_size', 0, 'llama-gqa'],
    ['num_hidden_layers', 1e9, 'llama-gqa'],
    ['head_dim', 1e12, 'llama-gqa'],
    ['head_dim', 7, 'llama-gqa'],
    ['vocab_size', '400', 'llama-gqa'],
    ['layer_types', ['full_attention', 'full_attention', 'full_attention'], 'mistral-swa'],
    ['rope_scaling', { type: 'linear', factor: 2 }, 'phi3'],
    ['partial_rotary_factor', 0.01, 'phi3'],
    ['partial_rotary_factor', 1.5, 'phi3'],
    ['rope_scaling', { type: 'linear', factor: 2 }, 'gemma3'],
    ['rope_scaling', 'linear', 'gemma3'],
    ['rope_parameters', { rope_type: 'default', rope_theta: 5 }, 'gemma3'],
    ['rope_parameters', { full_attention: 3 }, 'gemma3'],
    ['rope_parameters', { full_attention: { rope_type: 'yarn', factor: 4, truncate: false } }, 'gemma3'],
    ['partial_rotary_factor', 0.5, 'gemma3'],
    ['attn_logit_softcapping', 50, 'gemma3'],
    ['use_bidirectional_attention', true, 'gemma3'],
    ['sliding_window', null, 'gemma3'],
    ['use_bidirectional_attention', true, 'models/gemma'],
    ['hidden_activation', 'gelu', 'models/gemma'],
    ['tie_word_embeddings', false, 'models/gemma3-eyes'],
    ['text_config', { final_logit_softcapping: 30 }, 'models/gemma3-eyes'],
    ['text_config', null, 'models/gemma3-eyes'],
    ['rope_theta', 10_000, 'models/olmo3'],
    ['sliding_window', null, 'models/olmo3'],
    ['head_dim', 20, 'models/stablelm'],
    ['rope_parameters', { partial_rotary_factor: 0.2 }, 'models/stablelm'],
    ['rotary_pct', 0, 'gpt-neox'],
    ['num_attention_heads', 5, 'gpt-neox'],
    ['head_dim', 24, 'gpt-neox'],
    ['rope_theta', 500, 'gpt-neox'],
    ['partial_rotary_factor', 0.25, 'gpt-neox'],
    ['logit_scale', 0, 'models/cohere-causal'],
    ['sliding_window', null, 'models/cohere2-causal'],
    ['no_rope_layers', [1], 'models/smollm3'],
    ['no_rope_layers', [1, 2], 'models/smollm3'],
    ['use_sliding_window', false, 'models/smollm3'],
    ['sliding_window', null, 'models/ministral'],
    ['residual_multiplier', 0, 'models/granite-causal'],
    ['rope_parameters', { partial_rotary_factor: 0.4 }, 'models/phi'],
    ['is_causal', false, 'llama-gqa'],
    ['is_causal', false, 'gpt2'],
    ['is_causal', null, 'gemma2'],
  ]
  it.each(cases)('%s = %j', (key, value, model) => {
    const dir = changed(model, { config: (config) => (config[key] = value) })
    const text = refusal(dir)
    expect(text).toContain(join(dir, 'config.json'))
    expect(text).toContain(key)
  })
  it('names what a rope type may be', () => {
    const dir = changed('llama-gqa', { config: (config) => (config.rope_scaling = { rope_type: 'axial' }) })
    expect(refusal(dir)).toContain(
      'rope_scaling.rope_type" is "axial": supported: default, linear, dynamic, proportional, llama3, yarn, longrope',
    )
  })
  it('names a missing key', () => {
    const dir = changed('llama-gqa', { config: (config) => delete config.num_hidden_layers })
    expect(refusal(dir)).toContain('has no "num_hidden_layers"')
  })
  it('passes over keys that it does not know', () => {
    const dir = changed('llama-gqa', { config: (config) => (config.some_new_key = { deep: [1] }) })
    expect(build(dir).head.labels).toEqual(['LABEL_0'])
  })
})

describe('pad_token_id', () => {
  // transformers' own: Gemma2Config().pad_token_id …
  it.each([
    ['models/gemma', 0],
    ['gemma2', 0],
    ['gemma3', 0],
    ['models/gemma3-eyes', 0],
    ['phi3', 32_000],
    ['olmo2', 1],
    ['models/olmo3', 1],
    ['models/smollm3', 128_004],
    ['models/stablelm', null],
    ['gpt-neox', null],
  ])('%s: where config.json is silent, its family has %j; null is none', (model, id) => {
    const padOf = (change: (config: Record<string, unknown>) => void): number | null => {
      const text = (config: Record<string, unknown>) => (config.text_config ?? config) as Record<string, unknown>
      return build(changed(model, { config: (config) => change(text(config)) })).spec.padTokenId
    }
    expect(padOf((config) => delete config.pad_token_id)).toBe(id)
    expect(padOf((config) => (config.pad_token_id = null))).toBe(null)
    expect(padOf((config) => (config.pad_token_id = 7))).toBe(7)
  })
})

describe('tensors: all are accounted for', () => {
  const q = 'model.layers.0.self_attn.q_proj.weight'
  it('missing', () => {
    const dir = changed('llama-gqa', { tensors: (tensors) => tensors.delete(q) })
    expect(refusal(dir)).toContain(`tensor "${q}" [48, 48] is missing`)
  })
  it('wrong shape: both shapes are named', () => {
    const dir = changed('llama-gqa', { config: (config) => (config.intermediate_size = 64) })
    expect(refusal(dir)).toMatch(/up_proj.weight" is \[80, 48\], config.json asks for \[64, 48\]/)
  })
  it('left over: a custom head is named', () => {
    const dir = changed('llama-gqa', {
      tensors: (tensors) => tensors.set('critic.weight', { dtype: 'F32', shape: [2], data: Buffer.alloc(8) }),
    })
    expect(refusal(dir)).toContain('"critic.weight" [2]')
  })
  it('a custom head instead of ours is named, not called a causal model', () => {
    const dir = changed('llama-gqa', {
      tensors: (tensors) => {
        tensors.set('critic.weight', tensors.get('score.weight')!)
        tensors.delete('score.weight')
      },
    })
    expect(refusal(dir)).toContain('critic.weight')
  })
  it('more labels than the head has', () => {
    const dir = changed('llama-gqa', { config: (config) => (config.id2label = { 0: 'good', 1: 'bad' }) })
    expect(refusal(dir)).toContain('gives 1 values, config.json names 2 labels')
  })
  it('a causal model has no rewards: run-dpo is named', () => {
    const text = refusal(packagePath('test/data/parity/dpo-llama/policy'))
    expect(text).toContain('no classification head')
    expect(text).toContain('run-dpo')
  })
  it('a reward model has no log-probabilities: run-rm is named', () => {
    const text = refusal(packagePath('test/data/parity/llama-gqa'), 'logProb')
    expect(text).toContain('has a classification head')
    expect(text).toContain('run-rm')
  })
  it('integer weights', () => {
    const dir = changed('llama-gqa', {
      tensors: (tensors) => tensors.set(q, { dtype: 'I32', shape: [48, 48], data: Buffer.alloc(48 * 48 * 4) }),
    })
    expect(refusal(dir)).toContain('is I32; weights must be F64, F32, F16 or BF16')
  })
})

describe('a weight that is not finite', () => {
  it('is named with its place', async () => {
    const name = 'model.layers.1.mlp.up_proj.weight'
    const dir = changed('llama-gqa', { tensors: (tensors) => tensors.get(name)!.data.writeFloatLE(Number.NaN, 4 * 7) })
    const runner = await openRunner(openCheckpoint(dir), { kind: 'head', device: 'cpu', dtype: 'auto' })
    const sequence = { ids: Int32Array.of(5, 6, 7), typeIds: null, positionStart: 0, reads: Int32Array.of(2), group: 0 }
    const [output] = await runner.run({ layout: 'padded', sequences: [0], prefix: 0, tokens: 3 }, [sequence])
    expect(output).toEqual(Float32Array.of(Number.NaN))
    await expect(runner.checkWeights!()).rejects.toThrow(/up_proj.weight" \[80, 48\] holds NaN \(element 7\)/)
    await runner.release()
  })
})

describe('what a run refuses', () => {
  const open = (name: string) =>
    openRunner(openCheckpoint(packagePath('test/data/parity', name)), { kind: 'head', device: 'cpu', dtype: 'auto' })
  const alone = (length: number) => ({ layout: 'padded' as const, sequences: [0], prefix: 0, tokens: length })
  it('a token id outside the vocabulary', async () => {
    const runner = await open('llama-gqa')
    const sequence = { ids: Int32Array.of(5, 400), typeIds: null, positionStart: 0, reads: Int32Array.of(1), group: 0 }
    await expect(runner.run(alone(2), [sequence])).rejects.toThrow('token id 400 is outside')
    await runner.release()
  })
  it('more tokens than learned positions', async () => {
    const runner = await open('gpt2')
    const sequence = {
      ids: new Int32Array(449).fill(5),
      typeIds: null,
      positionStart: 0,
      reads: Int32Array.of(1),
      group: 0,
    }
    await expect(runner.run(alone(449), [sequence])).rejects.toThrow('448 learned positions')
    await runner.release()
  })
  it('a plan that belongs to other sequences', async () => {
    const runner = await open('llama-gqa')
    const sequences = [
      [5, 6, 7],
      [5, 9, 7],
    ].map((ids) => ({
      ids: Int32Array.from(ids),
      typeIds: null,
      positionStart: 0,
      reads: Int32Array.of(2),
      group: 0,
    }))
    const batch = { layout: 'shared' as const, sequences: [0, 1], prefix: 2, reused: [0, 2], tokens: 4 }
    await expect(runner.run(batch, sequences)).rejects.toThrow('reuses 2 tokens, but token 1 differs')
    await runner.release()
  })
  it.each([
    ['fp16', 'cpu', 'ONNX Runtime computes float16 on the CPU at'],
    ['bf16', 'cpu', 'ONNX Runtime has no bfloat16 matrix product for the CPU'],
    ['q8', 'webgpu', 'weights in few bits were never tried on WebGPU'],
    ['q4', 'webgpu', 'weights in few bits were never tried on WebGPU'],
  ] as const)('%s on %s, with the reason', async (dtype, device, why) => {
    const checkpoint = openCheckpoint(packagePath('test/data/parity/llama-gqa'))
    const opened = openRunner(checkpoint, { kind: 'head', device, dtype })
    await expect(opened).rejects.toThrow(UsageError)
    await expect(opened).rejects.toThrow(why)
  })
})

describe('models that write answers and have no reward', () => {
  it.each([
    ['t5', {}],
    ['bart', {}],
    ['something-new', { is_encoder_decoder: true }],
  ])('an encoder-decoder (%s) is refused as one', (model_type, keys) => {
    const dir = changed('llama-gqa', {
      config: (config) => {
        Object.assign(config, { model_type, ...keys })
      },
    })
    for (const kind of ['head', 'logProb'] as const)
      expect(refusal(dir, kind)).toMatch(
        new RegExp(`"model_type" is "${model_type}": an encoder-decoder.*SteamSHP.*has no reward.*classification head`),
      )
  })

  const refused = (role: 'rm' | 'policy' | 'reference', name: string, head: string | null = null) =>
    refusedByName({ role, name, revision: 'main' }, head)

  it.each([
    'gpt-4',
    'gpt-4o-2024-08-06',
    'openai/gpt-4o-mini',
    'o1-mini-2024-09-12',
    'claude-3-opus-20240229',
    'anthropic/claude-3-5-sonnet',
    'gemini-1.5-flash-8b',
  ])('%s: a judge behind an API, by name, whatever the bin', (name) => {
    for (const role of ['rm', 'policy', 'reference'] as const)
      expect(refused(role, name)).toMatchObject({
        tag: 'usage',
        where: `--model ${name}`,
        message: expect.stringContaining('generative judge behind an API'),
      })
  })

  it.each([
    ['prometheus-eval/prometheus-7b-v2.0', 'a generative judge'],
    ['NCSOFT/Llama-3-OffsetBias-8B', 'a generative judge'],
    ['Skywork/Skywork-Critic-Llama-3.1-8B', 'a generative judge'],
    ['facebook/Self-taught-evaluator-llama3.1-70B', 'a generative judge'],
    ['stanfordnlp/SteamSHP-flan-t5-large', 'a T5 encoder-decoder'],
    ['llm-blender/PairRM', "LLM-Blender's own layout"],
    ['mightbe/Better-PairRM', 'texts of another format'],
    ['RLHFlow/pair-preference-model-LLaMA3-8B', 'names the better of two answers by a letter'],
    ['Skywork/Skywork-VL-Reward-7B', 'vision'],
    ['internlm/POLAR-7B', 'against a reference answer'],
  ])('run-rm: %s is refused by name as %s', (name, what) => {
    expect(refused('rm', name)).toMatchObject({ tag: 'model', where: name, message: expect.stringContaining(what) })
    // a policy is a causal language model like any other; what is none shows when its files are read
    expect(refused('policy', name)).toBeNull()
  })

  it.each([
    'gpt2',
    'llm-blender/PairRM-hf',
    'openai/gpt-oss-20b',
    'openai-community/gpt2',
    'EleutherAI/gpt-neo-125m',
    'NCSOFT/Llama-3-OffsetBias-RM-8B',
    'Skywork/Skywork-Reward-V2-Llama-3.2-1B',
    'google/gemma-2-2b',
    'org/o1',
    'CohereForAI/c4ai-command-r-v01',
    'internlm/internlm2-7b-reward',
  ])('%s is not taken for one', (name) => {
    expect(refused('rm', name)).toBeNull()
  })

  it('a model that names the better answer by a letter is run where that is asked for', () => {
    const name = 'RLHFlow/pair-preference-model-LLaMA3-8B'
    expect(refused('rm', name)).toMatchObject({ hint: expect.stringContaining('--head letters') })
    expect(refused('rm', name, 'letters')).toBeNull()
  })

  it('a folder of such a name is judged by its files', () => {
    const dir = join(root, 'SteamSHP')
    cpSync(packagePath('test/data/parity', 'llama-gqa'), dir, { recursive: true })
    expect(refused('rm', dir)).toBeNull()
  })
})
