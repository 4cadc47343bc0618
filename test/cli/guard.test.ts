import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { guarded } from '../../src/cli/guard.ts'
import { ModelError } from '../../src/errors.ts'
import { resolveDevice } from '../../src/model/device.ts'
import { packagePath } from '../../src/package.ts'
import { toRunConfig } from '../../src/setup/config.ts'
import { loadModels } from '../../src/setup/models.ts'
import type { OpenSubject } from '../../src/setup/subject.ts'

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
  const runner = { release: async () => void released++ }
  const subject = { open: async () => runner } as unknown as OpenSubject
  const open = (from: number) => guarded(model!, subject, from).open()
  expect(await open(since)).toBe(runner)
  // touched, but the same bytes
  expect(await open(0)).toBe(runner)
  const file = join(checkpoint, 'model.safetensors')
  const bytes = readFileSync(file)
  bytes[bytes.length - 1]! ^= 0x80
  writeFileSync(file, bytes)
  await expect(open(0)).rejects.toThrow(ModelError)
  await expect(open(0)).rejects.toThrow('model.safetensors changed after it was hashed')
  rmSync(file)
  await expect(open(since)).rejects.toThrow('changed after it was hashed')
  expect(released).toBe(3)
})
