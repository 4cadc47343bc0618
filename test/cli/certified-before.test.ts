import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { certifiedBefore, certifiedLines } from '../../src/cli/certify.ts'
import { packageVersion } from '../../src/package.ts'
import { CERTIFICATE_FILE } from '../../src/setup/certificate.ts'
import { referenceOf } from '../../src/setup/certificate-reference.ts'
import type { LoadedModel } from '../../src/setup/models.ts'

const root = mkdtempSync(join(tmpdir(), 'chemherm-certified-'))
afterAll(() => rmSync(root, { recursive: true }))
const model = {
  choice: { role: 'rm' },
  weightsSha256: 'abc',
  opened: { device: 'cpu', dtype: 'fp32', kind: 'head', head: {} },
  hashes: [{ name: 'config.json', sha256: 'abc' }],
} as unknown as LoadedModel
const own = {
  role: 'rm',
  weightsSha256: 'abc',
  outcome: 'certified',
  reason: null,
  devices: [{ device: 'cpu', dtype: 'fp32', unusable: null }],
}
const versions = { chemherm: packageVersion }
let count = 0
/** The outcome for a run beside another with this certificate. */
function outcome(write: (file: string) => void): string {
  const parent = join(root, String(count++))
  mkdirSync(join(parent, 'other'), { recursive: true })
  write(join(parent, 'other', CERTIFICATE_FILE))
  return certifiedBefore(join(parent, 'run'), [model])[0]!.outcome
}
const of = (value: unknown): string => outcome((file) => writeFileSync(file, JSON.stringify(value)))

describe('a certificate that lies beside a run', () => {
  it('counts where it is whole', () => expect(of({ versions, models: [own] })).toBe('certified'))
  it.each([
    ['no model', { versions, models: [null] }],
    ['a number', { versions, models: [5] }],
    ['no devices', { versions, models: [{ ...own, devices: undefined }] }],
    ['devices that are no list', { versions, models: [{ ...own, devices: {} }] }],
    ['a device that is none', { versions, models: [{ ...own, devices: [null] }] }],
    ['a device that is a number', { versions, models: [{ ...own, devices: [{ device: 5, dtype: 'fp32' }] }] }],
    ['an outcome that is an object', { versions, models: [{ ...own, outcome: { a: 1 } }] }],
    ['an outcome of other words', { versions, models: [{ ...own, outcome: '\u001b[31mcertified' }] }],
    ['a reason that is an object', { versions, models: [{ ...own, reason: {} }] }],
    ['no versions', { versions: null, models: [] }],
    ['null', null],
  ])('is none with %s', (_, value) => expect(of(value)).toBe('none'))
  it.each([
    ['of other weights', { versions, models: [{ ...own, name: 'm', weightsSha256: 'older' }] }, 'is of other weights'],
    ['of another version', { versions: { chemherm: '0.0.1' }, models: [own] }, 'was written by chemherm 0.0.1'],
    [
      'of another dtype',
      { versions, models: [{ ...own, devices: [{ device: 'cpu', dtype: 'q8' }] }] },
      'is not of fp32 on cpu',
    ],
  ])('gives way with a word where it is %s', (_, value, says) => {
    const parent = join(root, String(count++))
    mkdirSync(join(parent, 'other'), { recursive: true })
    writeFileSync(join(parent, 'other', CERTIFICATE_FILE), JSON.stringify(value))
    const found = certifiedBefore(join(parent, 'run'), [{ ...model, name: 'm' }])
    expect(found).toEqual([{ role: 'rm', outcome: 'none', reason: expect.stringContaining(says), file: null }])
    const lines = certifiedLines(found, [{ ...model, name: 'm' }], join(parent, 'run'))
    expect(lines).toEqual([
      expect.stringMatching(/^rm m: not certified, .*other\/certificate\.json (is|was) .*--certify/),
    ])
  })
  it('is none where it is no JSON, a folder, or too large', () => {
    expect(outcome((file) => writeFileSync(file, '{'))).toBe('none')
    expect(outcome((file) => mkdirSync(file))).toBe('none')
    const text = JSON.stringify({ versions, models: [own], more: 'x'.repeat(5_000_000) })
    expect(outcome((file) => writeFileSync(file, text))).toBe('none')
  })
  it.runIf(process.platform === 'linux')('is none where it is a pipe, which is not waited for', () =>
    expect(outcome((file) => void execFileSync('mkfifo', [file]))).toBe('none'),
  )
})

describe('certify.json in the folder of a model', () => {
  const dir = join(root, 'model')
  const inFolder = { ...model, resolved: { dir } } as unknown as LoadedModel
  const file = join(dir, 'certify.json')
  const write = (text: string): void => {
    mkdirSync(dir, { recursive: true })
    writeFileSync(file, text)
  }
  const reference = (sha256: string) =>
    JSON.stringify({
      kind: 'head',
      probes_sha256: 'x',
      files: { 'config.json': sha256 },
      made_with: 't',
      completions: [],
    })

  it.each(['{', '{"kind": "head"}'])('that is broken is trouble of the model: %s', (text) => {
    write(text)
    expect(() => referenceOf(inFolder, null)).toThrow(expect.objectContaining({ exitCode: 5, where: file }))
    expect(() => referenceOf(inFolder, file)).toThrow(expect.objectContaining({ exitCode: 3, where: file }))
  })
  it('of other weights gives way to the embedded one; where it is named it is refused', () => {
    const embedded = JSON.parse(readFileSync('src/embedded/certify/demo-reward-model.json', 'utf8')) as {
      files: Record<string, string>
    }
    const hashes = Object.entries(embedded.files).map(([name, sha256]) => ({ name, sha256 }))
    write(reference('another'))
    const demo = { ...inFolder, hashes } as unknown as LoadedModel
    expect(referenceOf(demo, null)?.file).toMatch(/demo-reward-model\.json$/)
    expect(referenceOf(inFolder, null)).toBeNull()
    expect(() => referenceOf(demo, file)).toThrow(/is of other weights/)
  })
})
