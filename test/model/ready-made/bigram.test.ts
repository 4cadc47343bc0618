import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { Graph } from '../../../src/model/graph.ts'
import { type ElementType, encodeModel } from '../../../src/model/onnx.ts'
import { openReadyMade } from '../../../src/model/ready-made/open.ts'
import { startReadyMade } from '../../../src/model/ready-made/session.ts'
import { sequence } from './folder.ts'

// A language model that can be computed by hand: the logits of the next token are a row of a table, whatever stood before. It is exported
// in ways that no fixture has: int32 inputs, the switch of how many logits are kept, a batch fixed at one, half-precision logits.

const VOCAB = 12
const TABLE = Float32Array.from({ length: VOCAB * VOCAB }, (_, i) => Math.sin(i * 1.7) * 3)

const folder = mkdtempSync(join(tmpdir(), 'bigram-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
writeFileSync(
  join(folder, 'config.json'),
  JSON.stringify({ model_type: 'bigram', vocab_size: VOCAB, max_position_embeddings: 64, pad_token_id: 0 }),
)

interface Form {
  readonly ids?: ElementType
  readonly keep?: boolean
  readonly batch?: 1
  readonly half?: boolean
  /** Padding moves the logits of texts of more than 16 tokens, which the probe's are not. */
  readonly careless?: boolean
}
function exported(name: string, { ids = 'int64', keep = false, batch, half = false, careless = false }: Form): string {
  const graph = new Graph('bigram')
  const rows = batch ?? 'batch'
  const tokens = graph.input('input_ids', ids, [rows, 'seq'])
  const mask = graph.input('attention_mask', ids, [rows, 'seq'])
  let logits = graph.op('Gather', [graph.inline('table', [VOCAB, VOCAB], TABLE), tokens], { axis: 0 })
  if (careless) {
    const attended = graph.op('ReduceMean', [graph.op('Cast', [mask], { to: 1 }), graph.ints([1])], { keepdims: 1 })
    const seq = graph.op('Cast', [graph.op('Gather', [graph.op('Shape', [tokens]), graph.int(1)])], { to: 1 })
    const over = graph.op('Relu', [graph.op('Sub', [seq, graph.float(16)])])
    const padded = graph.op('Mul', [graph.op('Sub', [graph.float(1), attended]), over])
    const ramp = graph.inline(
      'ramp',
      [VOCAB],
      Float32Array.from({ length: VOCAB }, (_, i) => i),
    )
    logits = graph.op('Add', [logits, graph.op('Mul', [graph.op('Unsqueeze', [padded, graph.ints([2])]), ramp])])
  }
  if (keep) {
    const count = graph.op('Reshape', [graph.input('num_logits_to_keep', 'int64', []), graph.ints([1])])
    const from = graph.op('Neg', [count])
    logits = graph.op('Slice', [logits, from, graph.ints([2 ** 31]), graph.ints([1])])
  }
  if (half) logits = graph.op('Cast', [logits], { to: 10 })
  graph.output('logits', half ? 'float16' : 'float', [rows, 'seq', VOCAB], logits)
  writeFileSync(
    join(folder, name),
    encodeModel(graph.model(), (file) => file),
  )
  return name
}

/** log softmax(table[before])[now], in float64. */
function logProb(before: number, now: number): number {
  const row = TABLE.subarray(before * VOCAB, (before + 1) * VOCAB)
  const total = row.reduce((sum, z) => sum + Math.exp(z), 0)
  return row[now]! - Math.log(total)
}

describe.each<[string, Form, string, number]>([
  ['as usual', {}, 'padded', 2e-6],
  ['int32 inputs', { ids: 'int32' }, 'padded', 2e-6],
  ['num_logits_to_keep', { keep: true }, 'padded', 2e-6],
  ['a batch of one', { batch: 1 }, 'one by one', 2e-6],
  ['half-precision logits', { half: true }, 'padded', 4e-3],
])('%s', (name, form, batches, bound) => {
  it('gives the log-probabilities of the completion', async () => {
    const file = exported(`${name.replaceAll(' ', '-')}.onnx`, form)
    const model = openReadyMade(folder, file, { kind: 'logProb', device: 'cpu', deviceId: null, dtype: 'auto' })
    expect(model.dtype).toBe(form.half ? 'fp16' : 'fp32')
    const runner = await startReadyMade(model)
    expect(runner.info.found).toEqual({ batches, pooling: null })
    const texts = [sequence([3, 7, 1, 11, 4], 2), sequence([5, 2], 1), sequence([9, 9, 0, 0, 8, 6, 10], 3)]
    const outputs = await runner.run({ layout: 'padded', sequences: [2, 0, 1], prefix: 0, tokens: 21 }, texts)
    for (const [n, i] of [2, 0, 1].entries()) {
      const { ids, reads } = texts[i]!
      const expected = [...ids].slice(reads[0]!).map((id, t) => logProb(ids[reads[0]! + t - 1]!, id))
      expect(outputs[n]).toHaveLength(expected.length)
      for (const [t, value] of expected.entries()) expect(Math.abs(outputs[n]![t]! - value)).toBeLessThan(bound)
    }
    await runner.release()
  })
})

it('an export that the probe finds nothing wrong with, and the first batch does: each text runs alone then, and that is said', async () => {
  const file = exported('careless.onnx', { careless: true })
  const runner = await startReadyMade(
    openReadyMade(folder, file, { kind: 'logProb', device: 'cpu', deviceId: null, dtype: 'auto' }),
  )
  expect(runner.info).toMatchObject({ found: { batches: 'padded' }, notes: [] })
  const texts = [
    sequence(
      Array.from({ length: 30 }, (_, i) => i % 12),
      29,
    ),
    sequence([5, 2, 9], 2),
  ]
  const outputs = await runner.run({ layout: 'padded', sequences: [0, 1], prefix: 0, tokens: 60 }, texts)
  expect(Math.abs(outputs[1]![0]! - logProb(2, 9))).toBeLessThan(2e-6)
  expect(Math.abs(outputs[0]![0]! - logProb(4, 5))).toBeLessThan(2e-6)
  expect(runner.info).toMatchObject({
    found: { batches: 'one by one' },
    notes: ['careless.onnx: a text of the data gives other numbers beside others than alone, so each runs alone'],
  })
  await runner.release()
})

it('an id beyond the vocabulary is refused before the graph reads it', async () => {
  const file = exported('plain.onnx', {})
  const runner = await startReadyMade(
    openReadyMade(folder, file, { kind: 'logProb', device: 'cpu', deviceId: null, dtype: 'auto' }),
  )
  const batch = { layout: 'padded', sequences: [0], prefix: 0, tokens: 2 } as const
  await expect(runner.run(batch, [sequence([1, VOCAB])])).rejects.toThrow('outside the model')
  await expect(runner.run(batch, [sequence(Array.from({ length: 65 }, () => 1))])).rejects.toThrow(
    '64 learned positions',
  )
  await runner.release()
})
