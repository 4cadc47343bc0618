import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as ort from 'onnxruntime-node'
import { afterEach, expect, it, onTestFinished, vi } from 'vitest'
import { openCheckpoint } from '../../src/model/checkpoint.ts'
import { Graph } from '../../src/model/graph.ts'
import { encodeModel } from '../../src/model/onnx.ts'
import { openModel } from '../../src/model/open.ts'
import { openReadyMade } from '../../src/model/ready-made/open.ts'
import { startReadyMade } from '../../src/model/ready-made/session.ts'
import { startSession } from '../../src/model/session.ts'
import { packagePath } from '../../src/package.ts'

afterEach(() => vi.restoreAllMocks())

const sequence = {
  ids: Int32Array.of(1, 5, 6, 7, 8),
  typeIds: null,
  positionStart: 0,
  reads: Int32Array.of(4),
  group: 0,
}
const batch = { layout: 'padded' as const, sequences: [0], prefix: 0, tokens: 5 }

/** Options that a session was made with, and its score of a text. */
async function run(options: Parameters<typeof startSession>[1]) {
  const model = openModel(openCheckpoint(packagePath('src/embedded/demo/demo-reward-model')), {
    kind: 'head',
    device: 'cpu',
    dtype: 'auto',
  })
  const create = vi.spyOn(ort.InferenceSession, 'create')
  const runner = await startSession(model, options)
  const [, given] = create.mock.calls[0]! as unknown as [unknown, ort.InferenceSession.SessionOptions]
  const [score] = await runner.run(batch, [sequence])
  await runner.release()
  create.mockRestore()
  return { session: given.extra?.session, score: [...score!] }
}

it('lets the threads of a session sleep while they wait, and gives the same numbers', async () => {
  const asleep = await run({ threads: 2 })
  const spinning = await run({ threads: 2, spinning: true })
  expect(asleep.session).toMatchObject({ intra_op: { allow_spinning: '0' } })
  expect(spinning.session).toMatchObject({ intra_op: { allow_spinning: '1' } })
  expect(asleep.score).toEqual(spinning.score)
})

it('does so in a ready-made graph, too', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'chemherm-waiting-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  writeFileSync(
    join(folder, 'config.json'),
    JSON.stringify({ model_type: 'rows', vocab_size: 9, max_position_embeddings: 64, pad_token_id: 0 }),
  )
  const graph = new Graph('rows')
  const tokens = graph.input('input_ids', 'int64', ['batch', 'seq'])
  graph.input('attention_mask', 'int64', ['batch', 'seq'])
  const logits = graph.op('Gather', [graph.inline('table', [9, 9], new Float32Array(81)), tokens], { axis: 0 })
  graph.output('logits', 'float', ['batch', 'seq', 9], logits)
  writeFileSync(
    join(folder, 'model.onnx'),
    encodeModel(graph.model(), (file) => file),
  )
  const create = vi.spyOn(ort.InferenceSession, 'create')
  const model = openReadyMade(folder, 'model.onnx', { kind: 'logProb', device: 'cpu', deviceId: null, dtype: 'auto' })
  const runner = await startReadyMade(model, { threads: 2 })
  await runner.release()
  const given = create.mock.calls.map((args) => (args as unknown as [unknown, ort.InferenceSession.SessionOptions])[1])
  expect(given.map(({ extra }) => extra?.session)).toEqual([
    expect.objectContaining({ intra_op: { allow_spinning: '0' } }),
  ])
})
