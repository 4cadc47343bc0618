import {
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HarnessError, ModelError } from '../../../src/errors.ts'
import type { DtypeChoice } from '../../../src/model/dtype.ts'
import { type ElementType, encodeModel, Message, type ModelRecord, type ValueRecord } from '../../../src/model/onnx.ts'
import { externalFilesOf } from '../../../src/model/ready-made/file.ts'
import { openReadyMade } from '../../../src/model/ready-made/open.ts'
import { readOnnx } from '../../../src/model/ready-made/proto.ts'
import { startReadyMade } from '../../../src/model/ready-made/session.ts'
import type { MeasurementKind } from '../../../src/types.ts'
import { modelFolder, sequence } from './folder.ts'
import { fixture } from './golden.ts'

const value = (name: string, dims: readonly (number | string)[], type: ElementType = 'int64'): ValueRecord => ({
  name,
  type,
  dims,
})
const IDS = value('input_ids', ['batch', 'seq'])
const MASK = value('attention_mask', ['batch', 'seq'])
const SCORES = value('logits', ['batch', 1], 'float')
const LOGITS = value('logits', ['batch', 'seq', 400], 'float')

interface Made {
  readonly inputs?: readonly ValueRecord[]
  readonly outputs?: readonly ValueRecord[]
  readonly opset?: number
  readonly model?: Partial<ModelRecord['graph']>
}
const bytesOf = ({ inputs = [IDS, MASK], outputs = [SCORES], opset = 18, model = {} }: Made): Uint8Array =>
  encodeModel(
    { graph: { name: 'made', nodes: [], initializers: [], inputs, outputs, ...model }, opsets: { '': opset } },
    (file) => file,
  )

/** A BERT's or Llama's folder whose export is another. */
function folderWith(made: Made, base: 'bert' | 'llama-gqa' = 'llama-gqa'): string {
  const folder = modelFolder(base)
  writeFileSync(join(folder, 'model.onnx'), bytesOf(made))
  return folder
}
const open = (folder: string, kind: MeasurementKind = 'head', dtype: DtypeChoice = 'auto', file = 'model.onnx') =>
  openReadyMade(folder, file, { kind, device: 'cpu', deviceId: null, dtype })

function refused(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (error instanceof HarnessError) return `${error.tag} ${error.where}: ${error.message} | ${error.hint}`
    throw error
  }
  throw new Error('was taken')
}

describe('inputs that cannot be filled are refused by name', () => {
  it.each<[string, Made]>([
    [
      'takes an input "inputs_embeds" [batch, seq, 48], which is not known here',
      { inputs: [IDS, MASK, value('inputs_embeds', ['batch', 'seq', 48], 'float')] },
    ],
    ['has no input "attention_mask"', { inputs: [IDS] }],
    ['has no input "input_ids"', { inputs: [MASK] }],
    [
      'input "input_ids" is of float; int64 or int32 can be given',
      { inputs: [value('input_ids', ['batch', 'seq'], 'float'), MASK] },
    ],
    ['takes texts of 128 tokens exactly', { inputs: [value('input_ids', ['batch', 128]), MASK] }],
    ['takes batches of 4 texts exactly', { inputs: [value('input_ids', [4, 'seq']), MASK] }],
    [
      'input "past_key_values.0.key" is [batch, heads, past, 12]',
      { inputs: [IDS, MASK, value('past_key_values.0.key', ['batch', 'heads', 'past', 12], 'float')] },
    ],
    [
      'input "past_key_values.0.key" is [batch, past, 64]',
      { inputs: [IDS, MASK, value('past_key_values.0.key', ['batch', 'past', 64], 'float')] },
    ],
    [
      'input "past_key_values.0.key" is of int8',
      { inputs: [IDS, MASK, value('past_key_values.0.key', ['batch', 2, 'past', 12], 'int8')] },
    ],
    [
      'input "use_cache_branch" is of int64; bool can be given',
      { inputs: [IDS, MASK, value('use_cache_branch', [1])] },
    ],
  ])('%s', (message, made) => expect(refused(() => open(folderWith(made)))).toContain(message))

  it('position_ids of a RoBERTa, which counts them from behind its pad id', () => {
    const folder = folderWith({ inputs: [IDS, MASK, value('position_ids', ['batch', 'seq'])] }, 'bert')
    const config = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as object
    writeFileSync(join(folder, 'config.json'), JSON.stringify({ ...config, model_type: 'roberta' }))
    expect(refused(() => open(folder))).toContain('takes "position_ids", which roberta counts from behind its pad id')
  })
})

describe('outputs that cannot be read are refused by name', () => {
  const hidden = value('last_hidden_state', ['batch', 'seq', 48], 'float')
  it.each<[string, Made, MeasurementKind]>([
    ['gives pooler_output', { outputs: [value('pooler_output', ['batch', 48], 'float')] }, 'head'],
    ['gives "logits" [batch, 1]: rewards of a text, no log-probabilities', {}, 'logProb'],
    ['gives "logits" [batch, seq, 400], a row for every token: a language model', { outputs: [LOGITS] }, 'head'],
    ['gives "logits" [batch]; [batch, labels] or', { outputs: [value('logits', ['batch'], 'float')] }, 'head'],
    ['output "logits" is of int64', { outputs: [value('logits', ['batch', 1])] }, 'head'],
    ['gives "last_hidden_state" and no "logits": no log-probabilities', { outputs: [hidden] }, 'logProb'],
    ['gives "last_hidden_state" and no rewards, and there are no safetensors beside it', { outputs: [hidden] }, 'head'],
    [
      'the file gives 3 values, config.json names 1 labels',
      { outputs: [value('logits', ['batch', 3], 'float')] },
      'head',
    ],
    [
      'is of operator set 10 and IR version 10; "logits" can be read from 11',
      { outputs: [LOGITS], opset: 10 },
      'logProb',
    ],
  ])('%s', (message, made, kind) => expect(refused(() => open(folderWith(made), kind))).toContain(message))

  it('log-probabilities of an encoder', () => {
    expect(refused(() => open(folderWith({ outputs: [LOGITS] }, 'bert'), 'logProb'))).toContain(
      'is of an encoder (bert)',
    )
  })
  it('hidden states of an encoder', () => {
    expect(refused(() => open(folderWith({ outputs: [hidden] }, 'bert')))).toContain(
      'the pooler and the head of an encoder (bert) are not added',
    )
  })
  it('hidden states of another width than the head has', () => {
    const folder = modelFolder('llama-gqa', { safetensors: true })
    writeFileSync(
      join(folder, 'model.onnx'),
      bytesOf({ outputs: [value('last_hidden_state', ['batch', 'seq', 64], 'float')] }),
    )
    expect(refused(() => open(folder))).toContain('"score.weight" is [1, 48], the export gives 64 numbers a token')
  })
  it('another shape than the file states', async () => {
    const folder = folderWith({
      outputs: [value('logits', ['batch', 'labels'], 'float')],
      model: {
        nodes: [
          { op: 'Cast', domain: '', name: 'a', inputs: ['input_ids'], outputs: ['x'], attributes: { to: 1 } },
          { op: 'Identity', domain: '', name: 'b', inputs: ['x'], outputs: ['logits'], attributes: {} },
        ],
      },
    })
    await expect(startReadyMade(open(folder))).rejects.toThrow('gives "logits" of [1, 8], expected [1, 1]')
  })
})

describe('config.json', () => {
  const without = (...keys: string[]): string => {
    const folder = modelFolder('llama-gqa')
    const config = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as Record<string, unknown>
    for (const key of keys) delete config[key]
    writeFileSync(join(folder, 'config.json'), JSON.stringify(config))
    return folder
  }
  it('is needed', () => {
    const folder = modelFolder('llama-gqa')
    rmSync(join(folder, 'config.json'))
    expect(refused(() => open(folder))).toContain('has no config.json beside the export')
  })
  it('must say how long a text may be', () => {
    expect(refused(() => open(without('max_position_embeddings')))).toContain('how many positions')
  })
  it('has no reward token of a class of its own', () => {
    const folder = modelFolder('llama-gqa')
    const config = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as object
    writeFileSync(join(folder, 'config.json'), JSON.stringify({ ...config, reward_token_id: 7 }))
    expect(refused(() => open(folder))).toContain('has a "reward_token_id"')
  })
  it('is of no model that compares two answers', () => {
    const folder = modelFolder('llama-gqa')
    const config = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as object
    writeFileSync(join(folder, 'config.json'), JSON.stringify({ ...config, cand1_prefix_id: 398 }))
    expect(refused(() => open(folder))).toContain('compares two answers (PairRM: "cand1_prefix_id")')
  })
  it('with a rope that changes with the length: texts end where it would', () => {
    const folder = modelFolder('llama-gqa')
    const config = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as { max_position_embeddings: number }
    const bounds = (more: object) => {
      writeFileSync(join(folder, 'config.json'), JSON.stringify({ ...config, ...more }))
      const { maxPositions, positionRows } = open(folder).description
      return [maxPositions, positionRows]
    }
    const longest = config.max_position_embeddings
    expect(bounds({})).toEqual([longest, null])
    expect(bounds({ rope_scaling: { rope_type: 'linear', factor: 2 } })).toEqual([longest, null])
    expect(bounds({ rope_scaling: { type: 'dynamic', factor: 2 } })).toEqual([longest, longest])
    expect(bounds({ rope_scaling: { rope_type: 'longrope' }, original_max_position_embeddings: 64 })).toEqual([64, 64])
    expect(bounds({ rope_parameters: { rope_type: 'longrope', original_max_position_embeddings: 32 } })).toEqual([
      32, 32,
    ])
  })
  it('must name the vocabulary', () =>
    expect(refused(() => open(without('vocab_size')))).toContain('has no "vocab_size"'))
})

describe('number format', () => {
  it.each<[DtypeChoice, string, string]>([
    ['fp32', 'onnx/model_quantized.onnx', 'onnx/model_quantized.onnx computes in q8, as it was exported'],
    ['fp32', 'onnx/model_fp16.onnx', 'computes in fp16'],
    ['bf16', 'onnx/model.onnx', 'computes in fp32'],
  ])('--dtype %s of %s is a contradiction', (dtype, file, message) => {
    const text = refused(() => open(modelFolder('gpt2'), 'head', dtype, file))
    expect(text).toContain(message)
    expect(text.startsWith(`usage --dtype ${dtype}`)).toBe(true)
  })
  it('what the file has is taken', () =>
    expect(open(modelFolder('gpt2'), 'head', 'fp32', 'onnx/model.onnx').dtype).toBe('fp32'))
})

describe('weights in another file', () => {
  const location = (text: string): string => {
    const folder = modelFolder('llama-gqa')
    const path = join(folder, 'model.onnx')
    const bytes = readFileSync(path)
    // of the same length, so that the lengths around it stay right
    const padded = text.padEnd('model.onnx_data'.length, 'x')
    expect(padded.length).toBe('model.onnx_data'.length)
    writeFileSync(path, Buffer.from(bytes.toString('latin1').replaceAll('model.onnx_data', padded), 'latin1'))
    return folder
  }
  it.each(['../elsewhere/w', '/etc/passwdxxxx', 'a/../../b', 'C:\\weights.bin', 'a\0b'])(
    '%j is outside the folder',
    (path) => {
      const folder = location(path)
      expect(refused(() => open(folder))).toContain('outside the folder of the file')
      expect(() => externalFilesOf(join(folder, 'model.onnx'))).toThrow(ModelError)
    },
  )
  it('is named where it is missing', () => {
    const folder = modelFolder('llama-gqa')
    rmSync(join(folder, 'model.onnx_data'))
    expect(refused(() => open(folder))).toMatch(/model\.onnx_data: no such file/)
  })
  it('is measured: a cut file is refused before ONNX Runtime maps it', () => {
    const folder = modelFolder('llama-gqa')
    truncateSync(join(folder, 'model.onnx_data'), 200_000)
    expect(refused(() => open(folder))).toMatch(/tensor ".+" ends at byte \d+, the file has 200000/)
  })
  it('may not be the file itself, nor a folder', () => {
    const folder = location('model.onnx')
    expect(refused(() => open(folder))).toContain('model.onnxxxxxx: no such file')
    symlinkSync(join(folder, 'model.onnx'), join(folder, 'model.onnxxxxxx'))
    expect(refused(() => open(folder))).toContain('names itself')
    rmSync(join(folder, 'model.onnxxxxxx'))
    mkdirSync(join(folder, 'model.onnxxxxxx'))
    expect(refused(() => open(folder))).toContain('is not a regular file')
  })
  it('is listed for a download', () => {
    expect(externalFilesOf(join(fixture('llama-gqa'), 'model.onnx'))).toEqual(['model.onnx_data'])
    expect(externalFilesOf(join(fixture('bert'), 'model.onnx'))).toEqual([])
  })
  it('is found where a link alone leads out of the folder', async () => {
    const folder = modelFolder('llama-gqa')
    const elsewhere = join(folder, '..', `${basename(folder)}-weights`)
    renameSync(join(folder, 'model.onnx_data'), elsewhere)
    symlinkSync(elsewhere, join(folder, 'model.onnx_data'))
    const runner = await startReadyMade(open(folder))
    await runner.release()
    rmSync(elsewhere)
  })
  it('is found behind links, as the hub’s cache has them', async () => {
    const folder = modelFolder('llama-gqa')
    const blobs = modelFolder('llama-gqa')
    for (const [name, blob] of [
      ['model.onnx', 'aaaa'],
      ['model.onnx_data', 'bbbb'],
    ] as const) {
      copyFileSync(join(folder, name), join(blobs, blob))
      rmSync(join(blobs, name))
      rmSync(join(folder, name))
      symlinkSync(join(blobs, blob), join(folder, name))
    }
    const linked = await startReadyMade(open(folder))
    const plain = await startReadyMade(open(modelFolder('llama-gqa')))
    const batch = { layout: 'padded', sequences: [0], prefix: 0, tokens: 4 } as const
    expect(await linked.run(batch, [sequence([7, 8, 9, 10])])).toEqual(
      await plain.run(batch, [sequence([7, 8, 9, 10])]),
    )
    await linked.release()
    await plain.release()
  })
})

describe('a file that is none', () => {
  const written = (bytes: Uint8Array): string => {
    const folder = modelFolder('bert')
    writeFileSync(join(folder, 'model.onnx'), bytes)
    return folder
  }
  it.each<[string, string | Uint8Array]>([
    ['is a Git LFS pointer', 'version https://git-lfs.github.com/spec/v1\noid sha256:00\n'],
    ['it has no graph', ''],
    ['wire type 7', Uint8Array.of(0x0f)],
    ['does not end', Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff)],
    ['ends at byte 102', Uint8Array.of(0x3a, 100, 1)],
    ['field number 0', Uint8Array.of(0x02, 0)],
    ['it has two graphs', Uint8Array.of(0x3a, 0, 0x3a, 0)],
    ['it names no operator set', Uint8Array.of(0x3a, 0)],
    ['not valid UTF-8', Uint8Array.of(0x12, 1, 0xff)],
    ['holds a training graph', Uint8Array.of(0xa2, 0x01, 0)],
  ])('%s', (message, bytes) => {
    expect(refused(() => open(written(typeof bytes === 'string' ? Buffer.from(bytes) : bytes)))).toContain(message)
  })
  it('with a tensor that says twice where its bytes are', () => {
    const entry = (value: string): Message => new Message().text(1, 'location').text(2, value)
    const tensor = new Message().int(2, 1).text(8, 'w').message(13, entry('a')).message(13, entry('../b')).int(14, 1)
    const opset = new Message().int(2, 18)
    const bytes = new Message().message(8, opset).message(7, new Message().message(5, tensor)).bytes()
    expect(() => readOnnx(bytes, 'x')).toThrow('tensor "w" names its "location" twice')
  })
  it('with graphs nested without end', () => {
    // node { attribute { g { node { … } } } }
    let graph = new Uint8Array()
    const field = (number: number, inner: Uint8Array): Uint8Array => {
      const length = [
        (inner.length & 127) | (inner.length > 127 ? 128 : 0),
        ...(inner.length > 127 ? [inner.length >> 7] : []),
      ]
      return Uint8Array.of(number * 8 + 2, ...length, ...inner)
    }
    for (let i = 0; i < 40; i++) graph = new Uint8Array(field(1, field(5, field(6, graph))))
    const opset = [0x42, 2, 0x10, 18]
    expect(() => readOnnx(Uint8Array.of(...opset, ...field(7, graph)), 'x')).toThrow('nested more than 16 deep')
  })
  it('whatever byte of it is another: a ModelError or a model, never a crash', () => {
    const whole = readFileSync(join(fixture('llama-gqa'), 'model.onnx'))
    void fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.boolean(), (at, byte, cut) => {
        const bytes = Uint8Array.from(cut ? whole.subarray(0, at) : whole)
        if (!cut) bytes[at] = byte
        try {
          readOnnx(bytes, 'x')
        } catch (error) {
          expect(error).toBeInstanceOf(ModelError)
        }
      }),
      { numRuns: 300, seed: 7 },
    )
  })
})
