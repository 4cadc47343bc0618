import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hubSettings } from '../../src/hub/settings.ts'

let home: string
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'hf-home-'))
  writeFileSync(join(home, 'token'), 'hf_from_file\n')
})
afterAll(() => rmSync(home, { recursive: true }))

describe('hubSettings reads what huggingface_hub reads', () => {
  it('HF_TOKEN before the token file of HF_HOME', () => {
    expect(hubSettings({}, { HF_HOME: home }).token).toBe('hf_from_file')
    expect(hubSettings({}, { HF_HOME: home, HF_TOKEN: 'hf_env' }).token).toBe('hf_env')
    expect(hubSettings({}, { HF_TOKEN_PATH: join(home, 'token') }).token).toBe('hf_from_file')
    expect(hubSettings({ token: null }, { HF_TOKEN: 'hf_env' }).token).toBeNull()
    expect(hubSettings({}, { HF_HOME: join(home, 'none') }).token).toBeNull()
  })
  it('HF_ENDPOINT, the flag winning', () => {
    expect(hubSettings({}, { HF_HOME: home }).endpoint).toBe('https://huggingface.co')
    expect(hubSettings({}, { HF_HOME: home, HF_ENDPOINT: 'https://mirror.example/' }).endpoint).toBe(
      'https://mirror.example',
    )
    expect(hubSettings({ endpoint: 'http://own' }, { HF_HOME: home, HF_ENDPOINT: 'https://mirror' }).endpoint).toBe(
      'http://own',
    )
  })
  it.each([
    [{ HF_HUB_OFFLINE: '1' }, true],
    [{ HF_HUB_OFFLINE: 'yes' }, true],
    [{ TRANSFORMERS_OFFLINE: 'TRUE' }, true],
    [{ HF_HUB_OFFLINE: '0' }, false],
    [{}, false],
  ])('%o, flag not given: offline %s', (env, offline) => {
    expect(hubSettings({ offline: false }, { HF_HOME: home, ...env }).offline).toBe(offline)
    expect(hubSettings({ offline: true }, { HF_HOME: home, ...env }).offline).toBe(true)
  })
})
