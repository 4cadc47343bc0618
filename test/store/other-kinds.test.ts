import { lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { HarnessError } from '../../src/errors.ts'
import { CompletionsFile } from '../../src/store/completions.ts'
import { openLocalStore } from '../../src/store/local.ts'
import { takeLock } from '../../src/store/lock.ts'
import { openStore } from '../../src/store/log.ts'
import { mergeShards } from '../../src/store/merge.ts'
import { createFresh, WholeFile, writeWholeSync } from '../../src/whole-file.ts'
import { OTHER_KINDS, putOther, SYSTEM_CODE } from '../other-kinds.ts'

/** Something else where a store, a lock or a file under way belongs: refused in words, or replaced; never waited for, never written through. */
const dir = mkdtempSync(join(tmpdir(), 'store-kinds-'))
afterAll(() => rmSync(dir, { recursive: true }))
let place: string
let made = 0
beforeEach(() => {
  place = join(dir, String(made++))
  mkdirSync(place)
})
async function refused(path: string, action: () => unknown): Promise<void> {
  let error: unknown
  try {
    await action()
  } catch (caught) {
    error = caught
  }
  if (!(error instanceof HarnessError)) throw error ?? new Error('was taken')
  expect(error.exitCode).toBe(3)
  expect(error.where).toBe(path)
  expect(error.message).not.toMatch(SYSTEM_CODE)
}
const others = OTHER_KINDS.filter((kind) => kind !== 'an empty file' && kind !== 'a link to nothing')

describe.skipIf(process.platform === 'win32').each(others)('%s', (kind) => {
  it('where the store belongs', async () => {
    const path = join(place, 'measurements.jsonl')
    putOther(kind, path)
    await refused(path, () => openStore(path, { config: {} }))
    await refused(path, () => openStore(path, { config: {}, readOnly: true }))
    // of a link to itself there is nothing to copy: the copy is moved over it
    if (kind === 'a link to itself') return
    await refused(path, () =>
      openLocalStore(path, {
        config: {},
        folder: join(place, 'local'),
        everyMs: 1e9,
        clock: () => 0,
        onTrouble: () => {},
      }),
    )
  })
  it('where a shard belongs', async () => {
    const path = join(place, 'measurements.shard-1-of-2.jsonl')
    putOther(kind, path)
    const merge = () => mergeShards(place, 2, {})
    // behind a link that leads nowhere there is no shard
    if (kind === 'a link to itself') expect(await merge()).toMatchObject({ state: 'waiting' })
    else await refused(path, merge)
  })
  it('where the lock belongs, is refused at once', async () => {
    const path = join(place, 'measurements.jsonl')
    putOther(kind, `${path}.lock`)
    const from = performance.now()
    await refused(`${path}.lock`, () => takeLock(path))
    expect(performance.now() - from).toBeLessThan(1000)
    expect(lstatSync(`${path}.lock`)).toBeDefined()
  })
  it('where completions are kept', async () => {
    for (const name of ['completions.jsonl.partial', 'completions.jsonl']) {
      const path = join(place, name)
      putOther(kind, path)
      if (kind === 'a link to itself' && name === 'completions.jsonl') continue
      await refused(path, () => CompletionsFile.open(place, '{}', { finished: true, resume: true }))
      rmSync(path, { recursive: true })
    }
  })
  it('where a file of results is under way, is replaced; a folder is refused', async () => {
    const path = join(place, 'scores.csv')
    putOther(kind, `${path}.partial`)
    if (kind === 'a folder') return refused(path, () => writeWholeSync(path, 'id\n'))
    writeWholeSync(path, 'id\n')
    expect(lstatSync(path).isFile()).toBe(true)
    expect(readFileSync(path, 'utf8')).toBe('id\n')
  })
})

it('a link where a file is under way is not followed', () => {
  const [path, elsewhere] = [join(place, 'scores.csv'), join(place, 'somebody-elses')]
  writeFileSync(elsewhere, 'kept')
  for (const name of [`${path}.partial`, `${path}.scratch`]) symlinkSync(elsewhere, name)
  const file = new WholeFile(path)
  file.write('id\n')
  file.close()
  expect(createFresh(`${path}.scratch`, 'wx+')).toBeGreaterThan(0)
  expect(readFileSync(elsewhere, 'utf8')).toBe('kept')
  expect(readFileSync(path, 'utf8')).toBe('id\n')
})

it('a link to nothing where the lock belongs is said', async () => {
  const path = join(place, 'measurements.jsonl')
  symlinkSync('nothing', `${path}.lock`)
  await refused(`${path}.lock`, () => takeLock(path))
})
