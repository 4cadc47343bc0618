import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { applyAdapter, openAdapter } from '../../src/model/adapter.ts'
import { modelSpec } from '../../src/model/archs/index.ts'
import { ATTENTION_FORMS } from '../../src/model/attention-forms.ts'
import { type BuildOptions, buildModel } from '../../src/model/build.ts'
import { type Checkpoint, hashCheckpoint, openCheckpoint } from '../../src/model/checkpoint.ts'
import { mergeRounding, toBfloat16 } from '../../src/model/merge-rounding.ts'
import { openModel, openModelIn } from '../../src/model/open.ts'
import { isTarget, readPeftConfig, scaleOf } from '../../src/model/peft-config.ts'
import { startSession } from '../../src/model/session.ts'
import { packagePath } from '../../src/package.ts'
import { planBatches } from '../../src/score/plan.ts'
import { refusalOf } from './changed.ts'
import { goldenModels } from './golden.ts'
import { openGolden } from './runner.ts'
import { editTensors, type Tensors } from './safetensors-edit.ts'

const root = mkdtempSync(join(tmpdir(), 'chemherm-adapter-'))
afterAll(() => rmSync(root, { recursive: true }))

const LLAMA = packagePath('test/data/parity/dpo-llama/reference')
let count = 0
interface Change {
  readonly config?: Readonly<Record<string, unknown>>
  readonly tensors?: (tensors: Tensors) => void
}
/** A copy of a golden adapter with changes. */
function changed(name: string, { config, tensors }: Change = {}): string {
  const dir = join(root, String(count++))
  cpSync(packagePath('test/data/adapters', name), dir, { recursive: true })
  const file = join(dir, 'adapter_config.json')
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), ...config }))
  if (tensors) editTensors(join(dir, 'adapter_model.safetensors'), tensors)
  return dir
}
const build = (checkpoint: Checkpoint, options: BuildOptions) => buildModel(checkpoint, modelSpec(checkpoint), options)
const applied = (dir: string, base = LLAMA) => applyAdapter(openCheckpoint(base), openAdapter(dir))
const built = (dir: string, base = LLAMA) =>
  build(applied(dir, base), { kind: 'head', attention: 'split', type: 'float' })

describe('adapter_config.json: text that would hang or break a run', () => {
  const long = 'a'.repeat(1e5)
  it.each<[string, Record<string, unknown>, string]>([
    ['target_modules', { target_modules: '(.*.*)*x(.*)*!' }, 'does not come to an end on'],
    ['exclude_modules', { exclude_modules: '([a-z0-9_.]+)+!' }, 'does not come to an end on'],
    ['modules_to_save', { modules_to_save: ['([a-z0-9_.]+)+!'] }, 'does not come to an end on'],
    ['rank_pattern', { rank_pattern: { '([a-z0-9_.]+)+!': 4 } }, 'does not come to an end on'],
    ['a long pattern', { target_modules: long }, 'has 100000 characters'],
    ['a long base', { base_model_name_or_path: long }, '100000 characters: no hub id'],
    ['a NUL in the base', { base_model_name_or_path: 'a\0b' }, 'no hub id'],
    ['a NUL in the revision', { revision: 'a\0b' }, '"revision" is'],
  ])('%s', (_, config, says) => {
    const text = refusalOf(() => {
      const read = readPeftConfig(changed('llama-score', { config }))
      const module = `model.layers.0.self_attn.${'q_proj'.repeat(5)}`
      isTarget(read, module)
      scaleOf(read, module)
    })
    expect(text).toContain(says)
    expect(text).toContain('adapter_config.json')
    expect(text.length).toBeLessThan(700)
  })
})

describe('an adapter that is not finite', () => {
  it.each([{ lora_alpha: 1e308 }, { alpha_pattern: { '.*': 1e300 } }])('%j', (config) =>
    expect(refusalOf(() => applied(changed('llama-score', { config })))).toContain('which float32 does not hold'),
  )
  it.each(['lora_A', 'lora_B'])('a NaN in %s', (factor) => {
    const dir = changed('llama-score', {
      tensors: (tensors) => {
        for (const [name, { data }] of tensors) if (name.includes(factor)) data.writeFloatLE(Number.NaN, 4)
      },
    })
    const checkpoint = applied(dir)
    const { adapted } = build(checkpoint, { kind: 'head', attention: 'split', type: 'float' })
    expect(refusalOf(() => mergeRounding(checkpoint, adapted))).toMatch(new RegExp(`${factor}.*holds NaN`))
  })
})

describe("PEFT's own rules", () => {
  const golden = JSON.parse(readFileSync(packagePath('test/data/adapters/targets.json'), 'utf8')) as {
    modules: string[]
    targets: { config: Record<string, unknown>; targeted: string[] }[]
    patterns: { rank_pattern: Record<string, number>; ranks: number[] }[]
  }
  it.each(golden.targets)('which modules $config adapts', ({ config, targeted }) => {
    const read = readPeftConfig(changed('llama-score', { config: { modules_to_save: null, ...config } }))
    expect(golden.modules.filter((module) => isTarget(read, module))).toEqual(targeted)
  })
  it.each(golden.patterns)('which rank $rank_pattern gives', ({ rank_pattern, ranks }) => {
    const read = readPeftConfig(changed('llama-score', { config: { rank_pattern, r: 8, lora_alpha: 6 } }))
    expect(golden.modules.map((module) => scaleOf(read, module).r)).toEqual(ranks)
    expect(golden.modules.map((module) => scaleOf(read, module).scale)).toEqual(ranks.map((r) => 6 / r))
  })
})

describe('adapter_config.json: what changes the numbers and is not computed is refused by name', () => {
  it.each<[string, unknown]>([
    ...['IA3', 'PREFIX_TUNING', 'PROMPT_TUNING', 'P_TUNING', 'VERA', 'ADALORA', 'LOHA', 'OFT', undefined].map(
      (type): [string, unknown] => ['peft_type', type],
    ),
    ['init_lora_weights', 'pissa_niter_16'],
    ['init_lora_weights', 'olora'],
    ['init_lora_weights', 'corda'],
    ['init_lora_weights', 'lora_ga'],
    ['init_lora_weights', 'loftq'],
    ['target_parameters', ['experts.gate_up_proj']],
    ['layer_replication', [[0, 2]]],
    ['alora_invocation_tokens', [1, 2]],
    ['arrow_config', { top_k: 2 }],
    ['kasa_config', { beta: 1 }],
    ['velora_config', { scale: 1 }],
    ['monteclora_config', { num_samples: 4 }],
    ['use_bdlora', { nblocks: 2 }],
    ['use_qalora', true],
    ['ensure_weight_tying', true],
    ['some_new_lora', true],
    ['r', 0],
    ['rank_pattern', { q_proj: '4' }],
    ['target_modules', '(?P<x'],
    ['base_model_name_or_path', null],
    ['base_model_name_or_path', ''],
  ])('%s = %j', (key, value) => {
    const dir = changed('llama-score', { config: { [key]: value } })
    const text = refusalOf(() => openAdapter(dir))
    expect(text).toContain(join(dir, 'adapter_config.json'))
    expect(text).toContain(key === 'target_modules' ? '(?P<x' : key)
  })
  it('a key that it does not know is passed over where it is off', () => {
    const dir = changed('llama-score', { config: { some_new_lora: false, other: null, more: [], last: {} } })
    expect(built(dir).head.labels).toEqual(['LABEL_0'])
  })
})

describe('adapter_model.safetensors: every tensor is used or refused', () => {
  const Q = 'base_model.model.model.layers.0.self_attn.q_proj'
  const copyTo = (from: string, to: string) => (tensors: Tensors) => {
    tensors.set(to, tensors.get(from)!)
  }
  const drop = (name: string) => (tensors: Tensors) => {
    tensors.delete(name)
  }
  it.each<[string, (tensors: Tensors) => void, string]>([
    ['another prefix', copyTo('base_model.model.score.weight', 'model.score.weight'), 'not named as PEFT names'],
    ['no part of a LoRA', copyTo(`${Q}.lora_A.weight`, `${Q}.ia3_l`), 'not named as PEFT names'],
    [
      'a module that the base lacks',
      (tensors) => {
        for (const part of ['lora_A', 'lora_B'])
          tensors.set(`${Q.replace('.0.', '.7.')}.${part}.weight`, tensors.get(`${Q}.${part}.weight`)!)
      },
      'adapts "model.layers.7.self_attn.q_proj", which the base model does not have',
    ],
    [
      'a module that is not targeted',
      (tensors) => {
        for (const part of ['lora_A', 'lora_B'])
          tensors.set(`${Q.replace('q_proj', 'o_proj')}.${part}.weight`, tensors.get(`${Q}.${part}.weight`)!)
      },
      'adapter_config.json does not target: PEFT would leave them out',
    ],
    ['a factor alone', drop(`${Q}.lora_B.weight`), 'only one of lora_A and lora_B'],
    [
      'a targeted module without factors',
      (tensors) => {
        tensors.delete(`${Q}.lora_A.weight`)
        tensors.delete(`${Q}.lora_B.weight`)
      },
      'has no factors for "model.layers.0.self_attn.q_proj"',
    ],
    ['one tensor twice', copyTo(`${Q}.lora_A.weight`, `${Q}.lora_A.default.weight`), 'which are one tensor'],
    ['a magnitude without DoRA', copyTo(`${Q}.lora_A.weight`, `${Q}.lora_magnitude_vector`), '"use_dora" is false'],
    ['a bias that the base lacks', copyTo(`${Q}.lora_A.weight`, `${Q}.lora_B.bias`), 'adds a bias to'],
    ['no head', drop('base_model.model.score.weight'), 'its scores would be random'],
    [
      'a tensor that the architecture lacks',
      copyTo('base_model.model.score.weight', 'base_model.model.other_head.weight'),
      '"other_head.weight"',
    ],
  ])('%s', (_, tensors, message) => {
    const dir = changed('llama-score', { tensors })
    expect(refusalOf(() => built(dir))).toContain(message)
  })
  it.each<[string, Record<string, unknown>, string]>([
    ['another rank', { r: 8 }, 'says rank 8'],
    ['DoRA without magnitudes', { use_dora: true }, 'has no lora_magnitude_vector'],
    ['a saved module that is not there', { modules_to_save: ['score', 'embed_tokens'] }, '"modules_to_save" names'],
    ['trained rows that are not there', { trainable_token_indices: [1] }, 'holds none of the rows'],
  ])('%s', (_, config, message) => {
    const dir = changed('llama-score', { config })
    expect(refusalOf(() => built(dir))).toContain(message)
  })
  it.each<[string, unknown, string]>([
    ['fewer ids than rows', [95, 4], 'holds 4 trained rows of "model.embed_tokens", "trainable_token_indices" names 2'],
    ['an id twice', [95, 4, 4, 7], 'some of them twice'],
    ['an id beyond the embedding', [95, 4, 40, 96], 'does not have: 96'],
  ])('trained rows: %s', (_, ids, message) => {
    const dir = changed('tied-tokens', { config: { trainable_token_indices: ids } })
    expect(refusalOf(() => applied(dir, packagePath('test/data/models/llama-causal-tied')))).toContain(message)
  })
  it('another base: the shapes of both are named', () => {
    const text = refusalOf(() => built(changed('llama-score'), packagePath('test/data/models/llama-causal-tied')))
    expect(text).toMatch(/"model.layers.0.self_attn.q_proj" has factors \[4, \d+\] and .*, the base's weight is/)
    expect(text).toContain('"base_model_name_or_path"')
  })
  it('the other use: the adapter is named, with what it brings or does not', () => {
    const use = (name: string, kind: 'head' | 'logProb'): string => {
      const dir = packagePath('test/data/adapters', name)
      return refusalOf(() => build(applied(dir), { kind, attention: 'split', type: 'float' })).replace(dir, 'ADAPTER')
    }
    expect(use('llama-score', 'logProb')).toContain(
      `ADAPTER: brings score.weight, so that its base ${LLAMA} has a classification head (score)`,
    )
    expect(use('llama-causal', 'head')).toContain(
      `ADAPTER: brings no classification head (tensor "score.weight"), and its base ${LLAMA} has none`,
    )
  })
  it('a name of older versions that PEFT renames is read; the bare base of a hub has names without the prefix', () => {
    const bare = join(root, 'bare')
    cpSync(packagePath('test/data/models/gpt2-causal-untied'), bare, { recursive: true })
    editTensors(join(bare, 'model.safetensors'), (tensors) => {
      for (const [name, tensor] of [...tensors]) {
        tensors.delete(name)
        tensors.set(name.replace(/^transformer\./, ''), tensor)
      }
    })
    const { adapted } = built(packagePath('test/data/adapters/gpt2-score'), bare)
    expect(adapted).toHaveLength(12)
    expect(adapted.map(({ name }) => name)).toContain('h.2.attn.c_attn.weight')
  })
})

describe('what is made of an adapter and its base', () => {
  it('the base is untouched, the files of both are hashed, names tell them apart', async () => {
    const checkpoint = applied(changed('llama-score'))
    const hashes = await hashCheckpoint(checkpoint, { trustBlobNames: true })
    expect(hashes.map(({ name }) => name)).toEqual([
      'adapter_config.json',
      'adapter_model.safetensors',
      'base/config.json',
      'base/model.safetensors',
    ])
    expect(checkpoint.adapter).toMatchObject({ replaced: [], added: ['score.weight'] })
  })
  it("a head of the base that the adapter's replaces is said, and other label names of it are dropped", () => {
    const base = join(root, 'labelled')
    cpSync(packagePath('test/data/parity/llama-gqa'), base, { recursive: true })
    const config = JSON.parse(readFileSync(join(base, 'config.json'), 'utf8')) as Record<string, unknown>
    writeFileSync(
      join(base, 'config.json'),
      JSON.stringify({ ...config, pad_token_id: null, id2label: { 0: 'good', 1: 'bad' } }),
    )
    const adapter = packagePath('test/data/adapters/llama-rm-again')
    expect(applied(adapter, base).notes).toEqual([
      "the base's own score head is replaced by the adapter's",
      "config.json of the base names 2 labels, the adapter's head has 1: they are called LABEL_0 …",
      'config.json of the base has no pad_token_id, and an adapter brings none: the last token is read',
    ])
    expect(built(adapter, base).head.labels).toEqual(['LABEL_0'])
  })
  it('an embedding that was resized and saved sets the vocabulary', () => {
    const checkpoint = openGolden(packagePath('test/data/adapters/tied-resized'))
    expect(checkpoint.config.vocab_size).toBe(100)
    expect(checkpoint.notes).toEqual(["the adapter's embedding has 100 rows, config.json of the base says 96"])
  })
  it('parameters are those of the merged model', () => {
    const { parameters } = build(openGolden(packagePath('test/data/adapters/llama-causal')), {
      kind: 'logProb',
      attention: 'split',
      type: 'float',
    })
    const base = build(openCheckpoint(LLAMA), { kind: 'logProb', attention: 'split', type: 'float' })
    expect(parameters).toBe(base.parameters)
  })
  it('float32 weights are merged, half-precision ones have the factors beside them; on a GPU in half precision all are merged', () => {
    const how = (name: string, type: 'float' | 'float16') => [
      ...new Set(
        build(openGolden(packagePath('test/data/adapters', name)), {
          kind: 'head',
          attention: 'plain',
          type,
        }).adapted.map((one) => one.how),
      ),
    ]
    expect(how('llama-score', 'float')).toEqual(['merged'])
    expect(how('llama-bf16-base', 'float')).toEqual(['beside'])
    expect(how('llama-bf16-base-dora', 'float')).toEqual(['merged'])
    expect(how('llama-bf16-base', 'float16')).toEqual(['merged'])
  })
  it('the dtype of a model is that of its base', () => {
    const types = (base: string, adapter: string) => {
      const opened = applied(packagePath('test/data/adapters', adapter), packagePath('test/data', base))
      return openModel(opened, { kind: 'head', device: 'cuda', dtype: 'auto' }).dtype
    }
    expect(types('parity/dpo-llama/reference', 'llama-score-patterns')).toBe('fp32') // its factors are bfloat16
    expect(types('parity/qwen2-bf16', 'llama-bf16-base')).toBe('bf16')
  })
  it('an adapter in the place of a base, and a folder that is only half of one, are refused', () => {
    expect(refusalOf(() => openCheckpoint(changed('llama-score')))).toMatch(
      /is a PEFT adapter .*, not a whole model An adapter on an adapter is not opened/,
    )
    const pickled = changed('llama-score')
    rmSync(join(pickled, 'adapter_model.safetensors'))
    writeFileSync(join(pickled, 'adapter_model.bin'), '')
    expect(refusalOf(() => openAdapter(pickled))).toMatch(/only as a pickle .*weights_only=True/)
  })
  it('every golden adapter is found', () => {
    const folders = readdirSync(packagePath('test/data/adapters')).filter((name) =>
      existsSync(packagePath('test/data/adapters', name, 'adapter_config.json')),
    )
    expect(goldenModels('adapters').map(({ name }) => name)).toEqual(folders)
    expect(folders.length).toBeGreaterThan(25)
  })
})

/** On a GPU the hidden states are half; the CPU has float16 kernels too, so the merge and its one rounding can be checked here. */
describe.each(
  goldenModels('adapters').filter(({ name }) =>
    ['llama-bf16-base', 'llama-score-dora', 'gpt2-bf16-score'].includes(name),
  ),
)('$name in float16', (golden) => {
  it.each(ATTENTION_FORMS.filter((form) => form === 'plain' || form === 'attention'))('%s', async (attention) => {
    const model = openModelIn(openGolden(golden.dir), { kind: golden.kind, device: 'cpu', attention }, 'fp16')
    const runner = await startSession(model)
    const sequences = golden.cases.map(({ sequence }) => sequence)
    let worst = 0
    for (const batch of planBatches(sequences, { layout: 'padded', packed: false, batchTokens: 2048, batchSize: 64 })) {
      const outputs = await runner.run(batch, sequences)
      batch.sequences.forEach((index, i) => {
        worst = Math.max(worst, Math.abs(outputs[i]![0]! - golden.cases[index]!.expected[0]!))
      })
    }
    await runner.release()
    const values = golden.cases.map(({ expected }) => expected[0]!)
    expect(worst / (Math.max(...values) - Math.min(...values))).toBeLessThan(0.02)
  })
})

describe('a merge in bfloat16', () => {
  it.each([
    [1.005, 1.0078125],
    [1.00390625, 1], // half-way: to even
    [1.01171875, 1.015625],
    [-3.3, -3.296875],
    [2 ** -130, 2 ** -130],
    [0, 0],
  ])('%d rounds to %d, as torch rounds it', (value, rounded) => expect(toBfloat16(value)).toBe(rounded))
  it('is compared on rows of every layout; not where there is DoRA', () => {
    for (const [name, matrices, rows] of [
      ['llama-score', 4, 16],
      ['gpt2-bf16-score', 12, 48],
      ['tied-embedding', 3, 12],
    ] as const) {
      const checkpoint = openGolden(packagePath('test/data/adapters', name))
      const kind = name === 'tied-embedding' ? 'logProb' : 'head'
      const { adapted } = build(checkpoint, { kind, attention: 'split', type: 'float' })
      const rounding = mergeRounding(checkpoint, adapted)!
      expect(rounding).toMatchObject({ matrices, rows })
      expect(rounding.largest).toBeGreaterThan(rounding.rms)
      // a bfloat16 has 8 bits: half a unit of weights below 2
      expect(rounding.largest).toBeLessThan(2 ** -8 * 4)
      expect(rounding.deltaRms).toBeGreaterThan(rounding.rms)
    }
    const dora = openGolden(packagePath('test/data/adapters/llama-score-dora'))
    expect(mergeRounding(dora, build(dora, { kind: 'head', attention: 'split', type: 'float' }).adapted)).toBeNull()
  })
})
