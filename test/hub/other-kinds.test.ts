import { readFileSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { HarnessError } from '../../src/errors.ts'
import { blobPath, lockPath } from '../../src/hub/cache.ts'
import { resolveModel } from '../../src/hub/model.ts'
import { hubSettings } from '../../src/hub/settings.ts'
import { OTHER_KINDS, putOther, SYSTEM_CODE } from '../other-kinds.ts'
import { freshHub, gitId } from './server.ts'

/**
 * Something else in the place of any file or folder of the hub's cache: what can be replaced is, the rest is refused in words, with its path;
 * nothing is waited for, and no bytes but the hub's are taken.
 */
const C1 = '1'.repeat(40)
const config = Buffer.from('{"model_type":"llama"}')
const files = { 'config.json': config, 'model.safetensors': Buffer.from('weights, for all that the hub knows') }
const repo = { type: 'model', id: 'org/name', revision: 'main' } as const
const { hub, cacheDir } = await freshHub({ ...repo, refs: { main: C1 }, commits: { [C1]: files } })
const resolve = (offline = false) =>
  resolveModel('org/name', {
    ...{ endpoint: hub.endpoint, token: null, cacheDir, offline },
    ...{ timeoutMs: 60_000, retries: 0, retryMinMs: 5 },
  })

const own = 'models--org--name'
const blob = `${own}/blobs/${gitId(config)}`
const PLACES = [
  own,
  `${own}/blobs`,
  `${own}/refs`,
  `${own}/refs/main`,
  `${own}/snapshots`,
  `${own}/snapshots/${C1}`,
  `${own}/snapshots/${C1}/config.json`,
  blob,
  `${blob}.chemherm.incomplete`,
  `.locks/${own}/${gitId(config)}.chemherm.lock`,
] as const

describe.skipIf(process.platform === 'win32').each(PLACES)('in the place of %s', (place) => {
  it('is a place of the cache', () => {
    const [blobs, locks] = [blobPath, lockPath].map((path) => path(cacheDir, repo, gitId(config)))
    expect([
      blobs,
      `${blobs}.chemherm.incomplete`,
      locks,
      ...PLACES.slice(0, 7).map((one) => join(cacheDir, one)),
    ]).toContain(join(cacheDir, place))
  })
  it.each(OTHER_KINDS)('%s', async (kind) => {
    putOther(kind, join(cacheDir, place))
    // a folder is a lock, of a process that has not touched it for long
    if (place.endsWith('.lock') && kind === 'a folder') utimesSync(join(cacheDir, place), 1e9, 1e9)
    try {
      const { dir } = await resolve()
      for (const [name, bytes] of Object.entries(files)) expect(readFileSync(join(dir, name))).toEqual(bytes)
      // and without the hub it is there
      expect((await resolve(true)).revision).toBe(C1)
    } catch (error) {
      if (!(error instanceof HarnessError)) throw error
      expect(error.exitCode).toBe(3)
      expect(error.where).toBe(join(cacheDir, place))
      expect(error.message).toMatch(
        /is a (?:folder|file), and|is not a regular file|link that leads back|is a link to nothing|cannot be used: is a folder$/,
      )
      expect(error.message).not.toMatch(SYSTEM_CODE)
      expect(error.hint).not.toBeNull()
    }
  })
  it.each(OTHER_KINDS)('%s, offline, where all else is there', async (kind) => {
    await resolve()
    putOther(kind, join(cacheDir, place))
    try {
      expect((await resolve(true)).revision).toBe(C1)
    } catch (error) {
      if (!(error instanceof HarnessError)) throw error
      // 7: the cache does not have it
      expect([3, 7]).toContain(error.exitCode)
      expect(error.message).not.toMatch(SYSTEM_CODE)
    }
  })
})

it.each(OTHER_KINDS.filter((kind) => !/^an empty|^a link to (?:itself|nothing)/.test(kind)))(
  '%s in the place of the token is refused with its path, and HF_TOKEN goes before it',
  (kind) => {
    const file = join(cacheDir, 'token')
    putOther(kind, file)
    expect(() => hubSettings({}, { HF_TOKEN_PATH: file })).toThrow(
      expect.objectContaining({
        exitCode: 2,
        where: file,
        message: expect.stringMatching(/^the file of the token is /) as string,
      }) as Error,
    )
    expect(hubSettings({}, { HF_TOKEN_PATH: file, HF_TOKEN: 'hf_a' }).token).toBe('hf_a')
  },
)
