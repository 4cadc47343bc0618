import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { ModelError } from '../../src/errors.ts'
import { readJsonObject } from '../../src/model/checkpoint.ts'
import { readSafetensorsHeader } from '../../src/model/safetensors.ts'
import { listDataFiles } from '../../src/pairs/files.ts'
import {
  checkRegular,
  digestRegular,
  readBounded,
  readRegular,
  regularStream,
  regularText,
} from '../../src/read-regular.ts'
import { systemWords } from '../../src/system-words.ts'

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
  it.runIf(process.platform === 'linux')('so are files that are streamed, and those that a flag names', async () => {
    const pipe = join(root, 'streamed')
    execFileSync('mkfifo', [pipe])
    for (const read of [regularStream, checkRegular, regularText, (path: string) => readBounded(path, 100)]) {
      expect(() => read(pipe)).toThrow('is not a regular file')
      expect(() => read('/dev/zero')).toThrow('is not a regular file')
    }
    await expect(digestRegular(pipe, createHash('sha256'))).rejects.toThrow('is not a regular file')
    await expect(listDataFiles(pipe)).rejects.toThrow('is not a regular file')
    expect(regularText(file)).toBe('{"a": 1}')
    // what the shell opened is read
    const read =
      "import { readBounded } from './src/read-regular.ts'; process.stdout.write(readBounded('/dev/stdin', 100))"
    const args = ['--import', 'tsx', '--input-type=module', '-e', read]
    const piped = ['-c', `printf 'a: 1' | "$0" "$@"`, process.execPath, ...args]
    expect(execFileSync('sh', piped).toString()).toBe('a: 1')
  })
  it('digests every byte, in order', async () => {
    const long = join(root, 'long.bin')
    for (const size of [0, 1, 2 ** 20, 3 * 2 ** 20 + 5]) {
      const bytes = Buffer.from(Uint32Array.from({ length: Math.ceil(size / 4) }, (_, i) => i).buffer).subarray(0, size)
      writeFileSync(long, bytes)
      const digest = createHash('sha256')
      expect(await digestRegular(long, digest)).toBe(size)
      expect(digest.digest('hex')).toBe(createHash('sha256').update(bytes).digest('hex'))
    }
  })
  it('says what the system says in words', () => {
    symlinkSync('loop.json', join(root, 'loop.json'))
    for (const [path, words] of [
      ['loop.json', 'is a link that leads back to itself'],
      ['folder.json', 'is a folder'],
      ['none.json', 'no such file'],
      ['config.json/x', 'no such file'],
      ['x'.repeat(300), 'has a name that is too long for the file system'],
    ] as const)
      expect(() => readJsonObject(join(root, path))).toThrow(words)
    const other = Object.assign(new Error("EXDEV: cross-device link not permitted, rename 'a' -> 'b'"), {
      code: 'EXDEV',
    })
    expect(systemWords(other)).toBe('the system refuses it (cross-device link not permitted)')
  })
  it.each(['[', '{"a":'])('refuses JSON that is nested without end: %s', (open) => {
    const close = open === '[' ? ']' : '}'
    const nested = (depth: number) => `{"a": ${open.repeat(depth)}1${close.repeat(depth)}}`
    writeFileSync(file, nested(99))
    expect(readJsonObject(file)).toHaveProperty('a')
    writeFileSync(file, nested(100))
    expect(() => readJsonObject(file)).toThrow('is nested more than 100 deep')
    writeFileSync(file, nested(200_000))
    expect(() => readJsonObject(file)).toThrow('is nested more than 100 deep')
    const header = Buffer.from(nested(200_000))
    const length = Buffer.alloc(8)
    length.writeBigUInt64LE(BigInt(header.length))
    writeFileSync(join(root, 'deep.safetensors'), Buffer.concat([length, header]))
    expect(() => readSafetensorsHeader(join(root, 'deep.safetensors'))).toThrow('is nested more than 100 deep')
    writeFileSync(file, JSON.stringify({ a: '['.repeat(1000), b: '\\"[[' }))
    expect(readJsonObject(file)).toHaveProperty('b', '\\"[[')
  })
  it('refuses bytes that are no text', () => {
    writeFileSync(file, Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]))
    expect(() => readJsonObject(file)).toThrow('is not valid UTF-8')
  })
})
