import fs, { appendFileSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { Journal, type JournalEntry } from '../../src/serve/journal.ts'
import { jsonLines, readCsv } from '../run/bin.ts'

const folder = (): string => mkdtempSync(join(tmpdir(), 'journal-'))
const entry = (prompt: string, completions: readonly string[], subset = ''): JournalEntry => ({
  route: '/rewards',
  time: '2026-01-01T00:00:00.000Z',
  rows: (idOf) => [
    {
      prompt,
      completions,
      step: 3,
      solution: null,
      rewards: completions.map((_, i) => i),
      scored: completions.map((text, index) => ({
        id: idOf(0),
        subset,
        problemType: null,
        role: 'completion',
        index,
        text,
        score: 0.1 + index,
        scoreReason: null,
        verifiableReward: null,
        verifiableStatus: 'unverifiable',
        verifiableReason: null,
        formatReward: 0,
        promptTokens: 3,
        completionTokens: 2,
      })),
      details: completions.map(() => ({ truncated: false, scoredTokenIndex: 4, textSha256: 'ab', own: [1.5] })),
    },
  ],
})

it('numbers requests in the order in which they come, over restarts', async () => {
  const path = folder()
  const first = new Journal(path, ['head_0'])
  await Promise.all([first.append(entry('a', ['x', 'y'])), first.append(entry('b', ['z']))])
  first.close()
  const second = new Journal(path, ['head_0'])
  expect(second.found).toEqual({ requests: 2, tornBytes: 0 })
  await second.append(entry('c', ['=1+1']))
  second.close()
  const rows = readCsv(path, 'scores.csv')
  expect(
    rows.map(({ id, index, request, score, head_0, step, reward }) => [
      id,
      index,
      request,
      score,
      head_0,
      step,
      reward,
    ]),
  ).toEqual([
    ['1', '0', '1', '0.1', '1.5', '3', '0'],
    ['1', '1', '1', '1.1', '1.5', '3', '1'],
    ['2', '0', '2', '0.1', '1.5', '3', '0'],
    ['3', '0', '3', '0.1', '1.5', '3', '0'],
  ])
  const requests = readFileSync(join(path, 'requests.jsonl'), 'utf8')
  expect(requests).toBe(
    jsonLines([
      {
        id: '1',
        prompt: 'a',
        completions: ['x', 'y'],
        request: 1,
        time: '2026-01-01T00:00:00.000Z',
        route: '/rewards',
        step: 3,
      },
      {
        id: '2',
        prompt: 'b',
        completions: ['z'],
        request: 2,
        time: '2026-01-01T00:00:00.000Z',
        route: '/rewards',
        step: 3,
      },
      {
        id: '3',
        prompt: 'c',
        completions: ['=1+1'],
        request: 3,
        time: '2026-01-01T00:00:00.000Z',
        route: '/rewards',
        step: 3,
      },
    ]),
  )
})

it('cuts off what was not written to its end, at whatever byte, and the request that it was of', async () => {
  const path = folder()
  const journal = new Journal(path, ['head_0'])
  await journal.append(entry('a', ['x']))
  const files = ['scores.csv', 'requests.jsonl'] as const
  const read = () => files.map((file) => readFileSync(join(path, file)))
  const [answered] = [read()]
  await journal.append(entry('b', ['y', 'z']))
  journal.close()
  const [scores, requests] = read() as [Buffer, Buffer]
  for (let end = answered[0]!.length; end < scores.length; end++) {
    writeFileSync(join(path, 'scores.csv'), scores.subarray(0, end))
    writeFileSync(join(path, 'requests.jsonl'), requests)
    const again = new Journal(path, ['head_0'])
    const cut = end - answered[0]!.length + requests.length - answered[1]!.length
    expect(again.found).toEqual({ requests: 1, tornBytes: cut })
    again.close()
    expect(read()).toEqual(answered)
  }
  appendFileSync(join(path, 'requests.jsonl'), '{"id":"2"')
  const last = new Journal(path, ['head_0'])
  await last.append(entry('c', ['x']))
  last.close()
  expect(readCsv(path, 'scores.csv').map(({ id }) => id)).toEqual(['1', '2'])
})

it('gives no number again whose text a power cut took', async () => {
  const path = folder()
  const journal = new Journal(path, ['head_0'])
  await journal.append(entry('a', ['x']))
  const before = readFileSync(join(path, 'requests.jsonl'))
  await journal.append(entry('b', ['y']))
  journal.close()
  for (const left of [before, Buffer.alloc(0)]) {
    writeFileSync(join(path, 'requests.jsonl'), left)
    const again = new Journal(path, ['head_0'])
    expect(again.found).toEqual({ requests: 2, tornBytes: 0 })
    again.close()
  }
})

it('refuses files that are not its own', () => {
  const path = folder()
  writeFileSync(join(path, 'scores.csv'), 'id,score\n1,2\n')
  expect(() => new Journal(path, ['head_0'])).toThrow('has other columns than this version writes')
  const other = folder()
  writeFileSync(join(other, 'requests.jsonl'), '{"id":"1"}\n')
  expect(() => new Journal(other, ['head_0'])).toThrow('its last line is no request of ours')
})

it('rejects every entry of a write that fails, and keeps what was written before', async () => {
  const path = folder()
  const journal = new Journal(path, ['head_0'])
  await journal.append(entry('a', ['x']))
  const whole = readFileSync(join(path, 'scores.csv'))
  const broken: JournalEntry = { ...entry('b', ['y']), rows: () => { throw new Error('no') } } // biome-ignore format: one line says it
  const ends = await Promise.allSettled([journal.append(broken), journal.append(entry('c', ['z']))])
  expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect(readFileSync(join(path, 'scores.csv'))).toEqual(whole)
  await journal.append(entry('d', ['w']))
  expect(readCsv(path, 'scores.csv').map(({ id }) => id)).toEqual(['1', '2'])
  journal.close()
})

it('gives no number to two texts where one of its files cannot be written', async () => {
  const path = folder()
  const journal = new Journal(path, ['head_0'])
  await journal.append(entry('a', ['x']))
  // requests.jsonl is written first; then the disk is full
  const { writeSync } = fs
  let writes = 0
  fs.writeSync = ((...args: Parameters<typeof writeSync>) => {
    if (++writes === 2) throw Object.assign(new Error('no space'), { code: 'ENOSPC' })
    return writeSync(...args)
  }) as typeof writeSync
  syncBuiltinESMExports()
  try {
    await expect(journal.append(entry('refused', ['y']))).rejects.toThrow('the disk is full')
  } finally {
    fs.writeSync = writeSync
    syncBuiltinESMExports()
  }
  await journal.append(entry('b', ['z']))
  journal.close()
  const lines = readFileSync(join(path, 'requests.jsonl'), 'utf8').trim().split('\n')
  const requests = lines.map((line) => JSON.parse(line) as { id: string; prompt: string })
  expect(requests.map(({ id, prompt }) => `${id} ${prompt}`)).toEqual(['1 a', '2 b'])
  expect(readCsv(path, 'scores.csv').map(({ id }) => id)).toEqual(['1', '2'])
})
