import { cpSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { openCheckpoint } from '../../src/model/checkpoint.ts'
import { openModel } from '../../src/model/open.ts'
import { packagePath } from '../../src/package.ts'
import { openRunner } from './runner.ts'

const root = mkdtempSync(join(tmpdir(), 'chemherm-session-'))
afterAll(() => rmSync(root, { recursive: true }))

const sequence = {
  ids: Int32Array.of(1, 5, 6, 7, 8),
  typeIds: null,
  positionStart: 0,
  reads: Int32Array.of(4),
  group: 0,
}
const batch = { layout: 'padded' as const, sequences: [0], prefix: 0, tokens: 5 }
const scoreOf = async (dir: string) => {
  const runner = await openRunner(openCheckpoint(dir), { kind: 'head', device: 'cpu', dtype: 'auto' })
  const [output] = await runner.run(batch, [sequence])
  await runner.release()
  return { output: [...output!], info: runner.info }
}

it('scores shards that lie in several folders behind symlinks, as a cache may have them', async () => {
  const original = packagePath('test/data/parity/mistral-sharded')
  const links = join(root, 'snapshot')
  mkdirSync(links)
  readdirSync(original).forEach((name, i) => {
    const blob = join(root, 'blobs', String(i % 2), 'deep'.repeat(i % 2), `${i}-${basename(name)}`)
    cpSync(join(original, name), blob, { recursive: true })
    symlinkSync(realpathSync(blob), join(links, name))
  })
  const [there, here] = [await scoreOf(links), await scoreOf(original)]
  expect(there.output).toEqual(here.output)
  expect(there.info.weightBytes).toBe(here.info.weightBytes)
})

it('gives a moved checkpoint the same graph hash, and another model another one', async () => {
  const original = packagePath('test/data/parity/llama-gqa')
  const moved = join(root, 'moved')
  cpSync(original, moved, { recursive: true })
  const hash = (await scoreOf(original)).info.graphSha256
  expect((await scoreOf(moved)).info.graphSha256).toBe(hash)
  expect((await scoreOf(packagePath('test/data/parity/llama-pad-eos'))).info.graphSha256).not.toBe(hash)
})

it('says what a model is', async () => {
  const { info } = await scoreOf(packagePath('test/data/parity/llama-armo5'))
  expect(info).toMatchObject({
    kind: 'head',
    architecture: 'llama',
    labels: ['LABEL_0', 'LABEL_1', 'LABEL_2', 'LABEL_3', 'LABEL_4'],
    device: 'cpu',
    provider: 'CPUExecutionProvider',
    dtype: 'fp32',
    maxPositions: 512,
    padTokenId: 5,
    vocabSize: 400,
  })
})

it('describes a model without opening it', () => {
  const described = openModel(openCheckpoint(packagePath('test/data/parity/llama-tied-bias')), {
    kind: 'head',
    device: 'cpu',
    dtype: 'auto',
  }).description
  expect(described).toMatchObject({ architecture: 'llama', layers: 2, maxPositions: 512, padTokenId: 399 })
  expect(described.ignoredTensors.map(({ name }) => name).sort()).toEqual([
    'lm_head.weight',
    'model.layers.0.self_attn.rotary_emb.inv_freq',
  ])
  expect(described.size).toEqual({
    ...{ hidden: 48, inner: 80, heads: 4, logits: 0, weightBytes: 4 * described.parameters! },
    ...{ numberBytes: 4, carried: 192, scores: 'block' },
  })
})

it('rotates positions far beyond the configured length: the tables grow with the run', async () => {
  const checkpoint = openCheckpoint(packagePath('test/data/parity/llama-gqa'))
  const runner = await openRunner(checkpoint, { kind: 'head', device: 'cpu', dtype: 'auto' })
  const far = { ...sequence, positionStart: 5000 }
  const [[near], [away]] = [await runner.run(batch, [sequence]), await runner.run(batch, [far])]
  // Rotary attention sees distances only: a shifted sequence scores the same up to rounding of the angles.
  expect(Math.abs(near![0]! - away![0]!)).toBeLessThan(1e-3)
  await runner.release()
})
