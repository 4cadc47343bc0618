import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { Certificate } from '../../src/setup/certificate.ts'
import { call } from '../command.ts'

/**
 * Trained weights against transformers: `npm run test:big`, with CHEMHERM_REAL_WEIGHTS naming the folder that scripts/oracles/real-weights.py
 * wrote. Not in CI.
 */
const folder = process.env.CHEMHERM_REAL_WEIGHTS
if (!folder) throw new Error('CHEMHERM_REAL_WEIGHTS must name the folder that scripts/oracles/real-weights.py wrote')

const root = mkdtempSync(join(tmpdir(), 'chemherm-big-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

describe.each(readdirSync(folder))('%s', (name) => {
  it('is certified: every probe within 1e-4 of transformers, alone, padded and shared', async () => {
    const dir = join(folder, name)
    const reference = JSON.parse(readFileSync(join(dir, 'certify.json'), 'utf8')) as { kind: string }
    const bin = reference.kind === 'head' ? 'run-rm' : 'run-dpo'
    const flags = [
      '--device',
      'cpu',
      '--limit',
      '2',
      '--no-verify',
      '--resamples',
      '100',
      '--output-dir',
      join(root, name),
    ]
    const { code, stderr } = await call(bin, ['--model', dir, '--certify', ...flags])
    expect(code, stderr).toBe(0)
    const path = readdirSync(join(root, name), { recursive: true, encoding: 'utf8' }).find((one) =>
      one.endsWith('certificate.json'),
    )
    const [model] = (JSON.parse(readFileSync(join(root, name, path!), 'utf8')) as Certificate).models
    const worst = model!.devices.flatMap(({ layouts }) => layouts.map(({ reference: found }) => found!.difference))
    console.log(`${name}: largest difference ${Math.max(...worst).toExponential(1)}`)
    expect(model).toMatchObject({ outcome: 'certified', probes: { unscored: 0 } })
  })
})
