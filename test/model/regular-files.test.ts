import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { ModelError } from '../../src/errors.ts'
import { readJsonObject } from '../../src/model/checkpoint.ts'
import { readRegular } from '../../src/read-regular.ts'

const root = mkdtempSync(join(tmpdir(), 'chemherm-regular-'))
afterAll(() => rmSync(root, { recursive: true }))
const file = join(root, 'config.json')
writeFileSync(file, '{"a": 1}')

describe('files of a model are regular ones', () => {
  it('reads one, also by a link', () => {
    symlinkSync(file, join(root, 'link.json'))
    expect(readJsonObject(join(root, 'link.json'))).toEqual({ a: 1 })
  })
  it('refuses one that is too large, and a folder', () => {
    expect(() => readRegular(file, 7)).toThrow('has 8 bytes, at most 7 bytes are read')
    mkdirSync(join(root, 'folder.json'))
    expect(() => readJsonObject(join(root, 'folder.json'))).toThrow(ModelError)
  })
  it.runIf(process.platform === 'linux')('refuses a pipe at once', () => {
    execFileSync('mkfifo', [join(root, 'pipe.json')])
    expect(() => readJsonObject(join(root, 'pipe.json'))).toThrow('is not a regular file')
    expect(() => readJsonObject(join(root, 'pipe.json'))).toThrow(ModelError)
    expect(() => readJsonObject('/dev/zero')).toThrow('is not a regular file')
  })
})
