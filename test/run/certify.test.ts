import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { packagePath } from '../../src/package.ts'
import type { Certificate } from '../../src/setup/certificate.ts'
import { call, type Done } from '../command.ts'

const root = mkdtempSync(join(tmpdir(), 'chemherm-certify-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const output = (name: string): string => join(root, name)
const usual = (name: string): string[] => {
  const flags = ['--device', 'cpu', '--limit', '4', '--no-verify', '--resamples', '100']
  return [...flags, '--output-dir', output(name)]
}
const run = (name: string, ...more: string[]): Promise<Done> => call('run-rm', [...usual(name), ...more])
const find = (name: string, file: string): string => {
  const found = readdirSync(output(name), { recursive: true, encoding: 'utf8' }).find((path) => path.endsWith(file))
  return join(output(name), found ?? `no ${file}`)
}
const json = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'))
const certificateOf = (name: string): Certificate => json(find(name, 'certificate.json')) as Certificate
const reference = packagePath('src/embedded/certify/demo-reward-model.json')

it("the demo reward model is certified against transformers' own numbers", async () => {
  const { code, stderr } = await run('rm', '--certify')
  expect(code, stderr).toBe(0)
  expect(stderr).toContain('rm demo-reward-model: certified on cpu in fp32; 25 of 25 probes')
  expect(stderr).toContain(`the certificate is ${find('rm', 'certificate.json')}\n`)
  const [model] = certificateOf('rm').models
  expect(model).toMatchObject({
    role: 'rm',
    outcome: 'certified',
    reason: null,
    probes: { completions: 25, unscored: 0 },
  })
  const [cpu] = model!.devices
  expect(cpu!.layouts.map(({ layout }) => layout)).toEqual(['alone', 'padded', 'shared'])
  for (const { layout, itself, reference: found } of cpu!.layouts) {
    // something was compared, and float32 leaves a trace
    expect(found!.difference, layout).toBeGreaterThan(0)
    expect(found!.difference, layout).toBeLessThan(1e-4)
    if (layout !== 'alone') expect(itself!.share, layout).toBeLessThanOrEqual(1)
  }
  const manifest = json(find('rm', 'run.json')) as { models: { certificate: unknown }[] }
  expect(manifest.models[0]!.certificate).toEqual({
    role: 'rm',
    outcome: 'certified',
    reason: null,
    file: 'certificate.json',
  })
})

it('a later run of the same weights says that they are certified; without a certificate only run.json says so', async () => {
  const other = join(root, 'other.jsonl')
  writeFileSync(other, '{"prompt": "Name CCO.", "chosen": "ethanol", "rejected": "methanol"}\n')
  const later = await run('rm', '--dataset', other)
  expect(later.stderr).toContain(`rm demo-reward-model: certified (${find('rm', 'certificate.json')})`)
  const fresh = await run('fresh')
  expect(fresh.stderr).not.toContain('certifi')
  const manifest = json(find('fresh', 'run.json')) as { models: { certificate: { outcome: string } }[] }
  expect(manifest.models[0]!.certificate.outcome).toBe('none')
})

it('a policy and its reference have one each, token by token', async () => {
  const done = await call('run-dpo', [...usual('dpo'), '--certify'])
  expect(done.code, done.stderr).toBe(0)
  const { models } = certificateOf('dpo')
  expect(models.map(({ role, outcome }) => [role, outcome])).toEqual([
    ['policy', 'certified'],
    ['reference', 'certified'],
  ])
})

/** The demo's reference with one number or one word changed. */
function changed(
  name: string,
  change: (record: { completions: { values: number[]; text_sha256: string }[]; files: Record<string, string> }) => void,
): string {
  const record = json(reference) as Parameters<typeof change>[0]
  change(record)
  const path = join(root, `${name}.json`)
  writeFileSync(path, JSON.stringify(record))
  return path
}

it('a number that is 2e-4 off fails: nothing is measured, and the certificate says which probe', async () => {
  const wrong = changed('number', ({ completions }) => {
    completions[7]!.values[0]! += 2e-4
  })
  const { code, stderr, stdout } = await run('number', '--certify', '--certify-reference', wrong)
  expect({ code, stdout }).toEqual({ code: 5, stdout: '' })
  expect(stderr).toContain(
    'demo-reward-model is not certified: on cpu, alone: 2.0e-4 from the reference (probe numbers 0)',
  )
  expect(certificateOf('number').models[0]!.outcome).toBe('failed')
  expect(readdirSync(join(find('number', 'certificate.json'), '..'))).not.toContain('scores.csv')
})

it('another text, other weights and a file that is none are named', async () => {
  const text = changed('text', ({ completions }) => {
    completions[0]!.text_sha256 = '0'.repeat(64)
  })
  const template = await run('text', '--certify', '--certify-reference', text)
  expect(template.code).toBe(5)
  expect(template.stderr).toContain(
    '1 of 25 probes are not those of the reference: formula 0 is another text: the template differs',
  )
  const weights = changed('weights', ({ files }) => {
    files['model.safetensors'] = '0'.repeat(64)
  })
  const stale = await run('weights', '--certify', '--certify-reference', weights)
  expect(stale).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('is of other weights: model.safetensors differs'),
  })
  const none = join(root, 'none.json')
  writeFileSync(none, '{"kind": "head"}')
  const bad = await run('none', '--certify', '--certify-reference', none)
  expect(bad).toMatchObject({ code: 3, stderr: expect.stringContaining('is no reference: probes_sha256') })
})

it('weights without a reference are consistent, no more', async () => {
  const model = join(root, 'qwen3')
  cpSync(packagePath('test/data/parity/qwen3'), model, { recursive: true })
  const { code, stderr } = await run('qwen3', '--certify', '--model', model)
  expect(code, stderr).toBe(0)
  expect(stderr).toContain('qwen3: consistent, not certified: there is no reference for these weights')
  expect(certificateOf('qwen3').models[0]!.devices[0]!.layouts[1]).toMatchObject({ layout: 'padded', reference: null })
})

it('a probe that is not scored is named with its reason', async () => {
  const { stderr } = await run('short', '--certify', '--max-length', '60')
  expect(stderr).toMatch(/rm demo-reward-model: probe \S+ \d is not scored: too_long, /)
  const [{ probes }] = certificateOf('short').models as [Certificate['models'][number]]
  expect(probes.left).toHaveLength(probes.unscored)
  expect(probes.unscored).toBeGreaterThan(0)
})
