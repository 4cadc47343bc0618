import {
  appendFileSync,
  closeSync,
  cpSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it, onTestFinished } from 'vitest'
import { ModelError } from '../../src/errors.ts'
import { resolveDevice } from '../../src/model/device.ts'
import { packagePath } from '../../src/package.ts'
import type { Prepared } from '../../src/score/subject.ts'
import { toRunConfig } from '../../src/setup/config.ts'
import { openGeneration } from '../../src/setup/generation.ts'
import { guarded, guardedOpen } from '../../src/setup/guard.ts'
import { loadModels } from '../../src/setup/models.ts'
import { type OpenSubject, subjectOf } from '../../src/setup/subject.ts'
import type { Batch, Runner, Sequence } from '../../src/types.ts'

const folder = mkdtempSync(join(tmpdir(), 'chemherm-guard-'))
afterAll(() => rmSync(folder, { recursive: true }))

it('hands out no runner of weights that changed after they were hashed', async () => {
  const checkpoint = join(folder, 'checkpoint-500')
  cpSync(packagePath('src/embedded/demo/demo-reward-model'), checkpoint, { recursive: true })
  const since = Date.now() + 60_000
  const [model] = await loadModels(
    toRunConfig('run-rm', { model: checkpoint }),
    await resolveDevice('cpu', 'fp32'),
    () => {},
  )
  let released = 0
  const runner = { info: { kind: 'head' }, release: async () => void released++ }
  const subject = { open: async () => runner } as unknown as OpenSubject
  const open = (from: number) => guarded(model!, subject, from).open()
  const opened = [await open(since)]
  // touched, but the same bytes
  opened.push(await open(0))
  const file = join(checkpoint, 'model.safetensors')
  const bytes = readFileSync(file)
  bytes[bytes.length - 1]! ^= 0x80
  writeFileSync(file, bytes)
  await expect(open(0)).rejects.toThrow(ModelError)
  await expect(open(0)).rejects.toThrow('model.safetensors changed after it was hashed')
  rmSync(file)
  await expect(open(since)).rejects.toThrow('changed after it was hashed')
  expect(released).toBe(3)
  for (const runner of opened) await runner.release()
})

/** A guarded runner that computes nothing and counts its runs. */
async function counting(name: string) {
  const checkpoint = join(folder, name)
  cpSync(packagePath('src/embedded/demo/demo-reward-model'), checkpoint, { recursive: true })
  const device = await resolveDevice('cpu', 'fp32')
  const [model] = await loadModels(toRunConfig('run-rm', { model: checkpoint }), device, () => {})
  let runs = 0
  const own = { info: { kind: 'head' }, run: async () => void runs++, release: async () => {} }
  const subject = { open: async () => own } as unknown as OpenSubject
  const runner = await guarded(model!, subject, Date.now() + 60_000).open()
  onTestFinished(() => runner.release())
  const file = join(checkpoint, 'model.safetensors')
  return { checkpoint, file, run: () => runner.run({} as Batch, []), runs: () => runs }
}

it('computes nothing from weights that were cut short in place: to read behind their end would end the process', async () => {
  const { file, run, runs } = await counting('cut-short')
  await run()
  const bytes = readFileSync(file)
  truncateSync(file, bytes.length - 4096)
  for (let i = 0; i < 2; i++)
    await expect(run()).rejects.toThrow(
      expect.objectContaining({
        exitCode: 5,
        message: 'model.safetensors was cut short after it was hashed: nothing more is measured',
      }) as ModelError,
    )
  expect(runs()).toBe(1)
  // with all its bytes again it is the same file
  writeFileSync(file, bytes, { flag: 'r+' })
  await run()
  expect(runs()).toBe(2)
  truncateSync(file, bytes.length - 1)
  await expect(run()).rejects.toThrow('was cut short')
  // what is mapped is cut short, whatever has its name now
  rmSync(file)
  await expect(run()).rejects.toThrow('was cut short')
  writeFileSync(file, bytes)
  await expect(run()).rejects.toThrow('was cut short')
  expect(runs()).toBe(2)
})

it('computes on where a whole file is gone, or has another in its place: it stays mapped', async () => {
  const { checkpoint, file, run, runs } = await counting('gone')
  rmSync(file)
  await run()
  writeFileSync(file, '')
  await run()
  expect(runs()).toBe(2)
  // another file that was touched does not bring the one up that is gone
  utimesSync(join(checkpoint, 'config.json'), new Date(), new Date())
  await run()
  expect(runs()).toBe(3)
})

it('knows that what is mapped was cut short when its name is gone since', async () => {
  const { file, subject, run } = await loaded('cut-and-gone')
  const runner = await subject.open()
  truncateSync(file, 4096)
  rmSync(file)
  await expect(run(runner)).rejects.toThrow('model.safetensors was cut short')
  await runner.release()
})

it('computes again with weights that are whole again, but for what may have been computed before', async () => {
  const { file, subject, run } = await loaded('whole-again')
  const runner = await subject.open()
  const scores = await run(runner)
  const bytes = readFileSync(file)
  truncateSync(file, bytes.length - 4096)
  await expect(run(runner)).rejects.toThrow('was cut short')
  // as a copy that takes its room first
  truncateSync(file, bytes.length)
  for (let i = 0; i < 2; i++) await expect(run(runner)).rejects.toThrow('model.safetensors changed after it was hashed')
  writeFileSync(file, bytes, { flag: 'r+' })
  await expect(run(runner)).rejects.toThrow('model.safetensors changed after it was hashed')
  expect(await run(runner)).toEqual(scores)
  await runner.release()
})

const loaded = async (name: string) => {
  const checkpoint = join(folder, name)
  cpSync(packagePath('src/embedded/demo/demo-reward-model'), checkpoint, { recursive: true })
  const config = toRunConfig('run-rm', { model: checkpoint })
  const device = await resolveDevice('cpu', 'fp32')
  const since = Date.now()
  const [model] = await loadModels(config, device, () => {})
  const subject = guarded(model!, await subjectOf(model!, config, device, new Date(), () => {}), since)
  const [prepared] = subject.prepare({
    kind: 'group',
    id: 'a',
    subset: '',
    problemType: null,
    prompt: 'Name the alcohol of two carbons.',
    completions: [{ role: 'completion', index: 0, text: 'ethanol' }],
    solution: null,
    where: 'here',
    extra: {},
  })
  const sequence: Sequence = { ...(prepared as Prepared), group: 0 }
  const batch: Batch = { layout: 'padded', sequences: [0], prefix: 0, tokens: sequence.ids.length }
  const file = join(checkpoint, 'model.safetensors')
  return { checkpoint, file, subject, run: (runner: Runner) => runner.run(batch, [sequence]) }
}

it.each([true, false])(
  'gives no score of weights that were written over while the model was open (own thread: %s)',
  async (ownThread) => {
    const { file, subject, run } = await loaded(`written-over-${ownThread}`)
    const runner = await subject.open({ ownThread })
    const scores = await run(runner)
    // touched, but the same bytes
    utimesSync(file, new Date(), new Date())
    expect(await run(runner)).toEqual(scores)
    const bytes = readFileSync(file)
    bytes.fill(60, bytes.length / 2)
    const handle = openSync(file, 'r+')
    writeSync(handle, bytes)
    closeSync(handle)
    await expect(run(runner)).rejects.toThrow(
      'model.safetensors changed after it was hashed: what is measured from here on is not kept',
    )
    await expect(run(runner)).rejects.toThrow(ModelError)
    await runner.release()
  },
)

it('goes on where another file took the place of the weights, or they are gone: what is mapped stays', async () => {
  const { checkpoint, file, subject, run } = await loaded('renamed')
  const runner = await subject.open()
  const scores = await run(runner)
  writeFileSync(join(checkpoint, 'new'), 'other weights')
  renameSync(join(checkpoint, 'new'), file)
  expect(await run(runner)).toEqual(scores)
  rmSync(file)
  expect(await run(runner)).toEqual(scores)
  await runner.release()
})

it('gives no next token of weights that were written over', async () => {
  const checkpoint = join(folder, 'policy')
  cpSync(packagePath('src/embedded/demo/demo-policy-dpo'), checkpoint, { recursive: true })
  const config = toRunConfig('run-generate', { model: checkpoint })
  const device = await resolveDevice('cpu', 'fp32')
  const since = Date.now()
  const [model] = await loadModels(config, device, () => {})
  const generation = await openGeneration(model!, config, device, new Date(), () => {})
  const decoder = await guardedOpen(model!, () => generation.open(), since)()
  const [prefix] = await decoder.prefill([Int32Array.of(3, 4, 5)])
  const table = decoder.table()
  table.add(prefix!)
  await table.step(Int32Array.of(6))
  expect(table.size).toBe(1)
  appendFileSync(join(checkpoint, 'model.safetensors'), 'x')
  await expect(table.step(Int32Array.of(7))).rejects.toThrow('changed after it was hashed')
  await expect(decoder.prefill([Int32Array.of(3)])).rejects.toThrow('changed after it was hashed')
  await decoder.release()
})
