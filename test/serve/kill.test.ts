import { once } from 'node:events'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { prng } from '../../src/prng.ts'
import { call, start } from '../command.ts'
import { readCsv } from '../run/bin.ts'
import { DEMO } from './served.ts'

/** Kills on one store. By hand: CHEMHERM_TEST_KILLS=25 npx vitest run test/serve/kill.test.ts */
const KILLS = Number(process.env.CHEMHERM_TEST_KILLS ?? 3)
const CLIENTS = 6
const LONGEST_MS = 700

interface Answer {
  readonly completions: readonly { readonly learned: number; readonly reward: number }[]
}
const question = (i: number) => ({
  prompt: `Name alcohol ${i}.`,
  completions: [`C${'C'.repeat(i % 9)}O`, `amine ${i}`],
  solution: i % 3 === 0 ? null : 'str_eval!:!CCO!:!property',
  step: i,
})

it(`keeps every answered request over ${KILLS} kills at random moments, and analyze reads what is left`, async () => {
  const store = mkdtempSync(join(tmpdir(), 'served-killed-'))
  const answered = new Map<number, Answer['completions']>()
  const random = prng(20_261_128)
  let next = 0
  for (let kill = 0; kill < KILLS; kill++) {
    const { child, done } = start('serve-rewards', [
      '--port',
      '0',
      '--model',
      DEMO,
      '--device',
      'cpu',
      '--store',
      store,
    ])
    const [url] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string]
    const client = async (): Promise<void> => {
      for (;;) {
        const i = next++
        const response = await fetch(`${url}/rewards`, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify(question(i)),
        })
        expect(response.status).toBe(200)
        answered.set(i, ((await response.json()) as Answer).completions)
      }
    }
    const before = answered.size
    const clients = Promise.allSettled(Array.from({ length: CLIENTS }, client))
    await expect.poll(() => answered.size, { timeout: 100_000, interval: 5 }).toBeGreaterThan(before)
    await delay(random() * LONGEST_MS)
    child.kill('SIGKILL')
    expect((await done).code).toBeNull()
    for (const { reason } of (await clients) as PromiseRejectedResult[])
      expect(String(reason)).toMatch(/fetch failed|terminated/)
  }
  // once more, so that torn lines are cut off
  const last = start('serve-rewards', ['--port', '0', '--model', DEMO, '--device', 'cpu', '--store', store])
  await once(createInterface({ input: last.child.stdout! }), 'line')
  last.child.kill('SIGTERM')
  expect((await last.done).code).toBe(0)

  const folder = join(store, 'demo-reward-model', 'served')
  const requests = readFileSync(join(folder, 'requests.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { id: string; prompt: string; step: number; completions: string[] })
  expect(new Set(requests.map(({ id }) => id)).size).toBe(requests.length)
  const scores = new Map<string, { learned: number; reward: number }[]>()
  for (const { id, score, reward } of readCsv(folder, 'scores.csv'))
    scores.set(id!, [...(scores.get(id!) ?? []), { learned: Number(score), reward: Number(reward) }])
  const byStep = new Map(requests.map((request) => [request.step, request]))
  for (const [i, completions] of answered) {
    const kept = byStep.get(i)
    expect(kept, `request ${i}`).toMatchObject({ prompt: question(i).prompt, completions: question(i).completions })
    expect(scores.get(kept!.id), `request ${i}`).toEqual(
      completions.map(({ learned, reward }) => ({ learned, reward })),
    )
  }
  // a row of scores.csv belongs to a request that is there
  const known = new Set(requests.map(({ id }) => id))
  for (const id of scores.keys()) expect(known.has(id), id).toBe(true)
  console.info(`${KILLS} kills, ${answered.size} answered, ${requests.length} kept`)
  expect((await call('analyze', ['--output-dir', store])).code).toBe(0)
})
