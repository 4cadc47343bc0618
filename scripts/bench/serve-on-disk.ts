/** serve-rewards with a store on a disk that is too small, for full-disk.ts. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parse } from 'csv-parse/sync'
import { packagePath } from '../../src/package.ts'

const DEMO = packagePath('src/embedded/demo/demo-reward-model')
const REQUESTS = 60

interface Server {
  readonly child: ChildProcess
  /** Null where it ended before it listened. */
  readonly url: string | null
  readonly ended: Promise<number | null>
  readonly said: () => string
}
async function start(store: string): Promise<Server> {
  const args = ['--port', '0', '--device', 'cpu', '--model', DEMO, '--store', store]
  const child = spawn(process.execPath, [packagePath('dist/scripts/serve-rewards.js'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH ?? '', HOME: '/nonexistent' },
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const ended = once(child, 'close').then(([code]) => code as number | null)
  const line = once(createInterface({ input: child.stdout }), 'line').then(([url]) => url as string)
  return { child, url: await Promise.race([line, ended.then(() => null)]), ended, said: () => said }
}
function stop({ child, ended }: Server): Promise<number | null> {
  child.kill('SIGTERM')
  return ended
}

interface Answer {
  readonly status: number
  readonly text: string
  /** Null where the model cannot score it: some are too long for it. */
  readonly learned: readonly (number | null)[]
}
async function ask(url: string, i: number): Promise<Answer> {
  const prompt = `Name alcohol ${i}: ${'x'.repeat((i * 37) % 500)}`
  const completions = [`C${'C'.repeat(i % 9)}O`, `amine ${i}`]
  const response = await fetch(`${url}/rewards`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ prompt, completions, solution: null, step: i }),
  })
  const text = await response.text()
  const { completions: found = [] } = JSON.parse(text) as {
    completions?: readonly { readonly learned: number | null }[]
  }
  return { status: response.status, text, learned: found.map(({ learned }) => learned) }
}

const RAW = /\bat .*:\d+:\d+\b|\bE[A-Z]{4,}\b/

export interface ServedOnDisk {
  /** Requests that were answered with 200, and with an error in words. */
  readonly answered: number
  readonly refused: number
  /** It ended with exit 3 before it listened. */
  readonly unopened: boolean
}

/**
 * Sends requests to a server whose store has too little room, then, once `makeRoom` has made some, sends those again that were refused: every
 * request must then be kept once, with the scores that its client was told.
 * @param trouble is told what is wrong
 */
export async function serveOnDisk(
  store: string,
  makeRoom: () => void,
  trouble: (what: string) => void,
): Promise<ServedOnDisk> {
  const told = new Map<number, Answer['learned']>()
  let refused = 0
  const small = await start(store)
  const unopened = small.url === null
  if (small.url !== null) {
    for (let i = 0; i < REQUESTS; i++) {
      const answer = await ask(small.url, i)
      if (answer.status === 200) told.set(i, answer.learned)
      else refused++
      if (answer.status !== 200 && (answer.status < 500 || RAW.test(answer.text)))
        trouble(`request ${i}: ${answer.status} ${answer.text}`)
    }
    const code = await stop(small)
    if (code !== 0 && code !== 3) trouble(`exit ${code} after a stop: ${small.said()}`)
  } else if ((await small.ended) !== 3 || !/cannot be written|disk is full/.test(small.said()))
    trouble(`did not open: exit ${await small.ended}: ${small.said()}`)
  if (RAW.test(small.said())) trouble(`said ${small.said()}`)
  makeRoom()
  const roomy = await start(store)
  if (roomy.url === null) {
    trouble(`did not open with room: ${roomy.said()}`)
    return { answered: told.size, refused, unopened }
  }
  const answered = told.size
  for (let i = 0; i < REQUESTS; i++) {
    if (told.has(i)) continue
    const answer = await ask(roomy.url, i)
    if (answer.status !== 200) trouble(`request ${i} with room: ${answer.status} ${answer.text}`)
    told.set(i, answer.learned)
  }
  const code = await stop(roomy)
  if (code !== 0) trouble(`with room: exit ${code}: ${roomy.said()}`)
  compare(store, told, trouble)
  return { answered, refused, unopened }
}

/** What is kept against what was told. */
function compare(store: string, told: ReadonlyMap<number, Answer['learned']>, trouble: (what: string) => void): void {
  const folder = join(store, 'demo-reward-model', 'served')
  if (!existsSync(join(folder, 'requests.jsonl'))) return trouble('nothing is kept')
  const requests = readFileSync(join(folder, 'requests.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { readonly id: string; readonly step: number })
  const scores = new Map<string, (number | null)[]>()
  const rows = parse(readFileSync(join(folder, 'scores.csv')), { columns: true }) as Record<string, string>[]
  for (const { id, score } of rows) scores.set(id!, [...(scores.get(id!) ?? []), score === '' ? null : Number(score)])
  const kept = new Map<number, readonly (number | null)[]>()
  for (const { id, step } of requests) {
    if (kept.has(step)) trouble(`request ${step} is kept twice`)
    kept.set(step, scores.get(id) ?? [])
  }
  if (scores.size !== requests.length) trouble(`${requests.length} requests and scores of ${scores.size}`)
  for (const [step, learned] of told)
    if (JSON.stringify(kept.get(step)) !== JSON.stringify(learned))
      trouble(`request ${step}: told ${learned}, kept ${kept.get(step)}`)
}
