import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, expect, it } from 'vitest'
import { call, type Started, start } from '../command.ts'
import { readCsv, readJson } from '../run/bin.ts'
import { DEMO } from './served.ts'

const running: Started[] = []
afterEach(() => {
  for (const { child } of running.splice(0)) child.kill('SIGKILL')
})

interface Serving {
  readonly started: Started
  ask(body: object): Promise<{ completions: { reward: number; learned: number; verifiable: number | null }[] }>
}
async function serve(store: string, ...more: string[]): Promise<Serving> {
  const started = start('serve-rewards', ['--port', '0', '--model', DEMO, '--device', 'cpu', '--store', store, ...more])
  running.push(started)
  const [url] = (await once(createInterface({ input: started.child.stdout! }), 'line')) as [string]
  return {
    started,
    async ask(body) {
      const response = await fetch(`${url}/rewards`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      })
      if (!response.ok) throw new Error(await response.text())
      return (await response.json()) as Awaited<ReturnType<Serving['ask']>>
    },
  }
}
const newStore = (): string => mkdtempSync(join(tmpdir(), 'served-store-'))
const wrap = (answer: string): string => `<|think_start|>t<|think_end|><|answer_start|>${answer}<|answer_end|>`
/** The i-th request of a training: the right answer, and two that are not. */
const question = (i: number) => ({
  prompt: `What is the SMILES of alcohol ${i}?`,
  completions: [wrap(`C${'C'.repeat(i)}O`), wrap('CN'), 'no idea'],
  solution: `str_eval!:!C${'C'.repeat(i)}O!:!${i % 2 === 0 ? 'even' : 'odd'}`,
  step: i,
})

it('loses no answered request when it is killed, goes on where it was, and analyze reads it', async () => {
  const store = newStore()
  const first = await serve(store)
  const answered = new Map<string, readonly number[]>()
  const keep = async (serving: Serving, i: number): Promise<void> => {
    const { completions } = await serving.ask(question(i))
    answered.set(
      question(i).prompt,
      completions.map(({ learned }) => learned),
    )
  }
  await Promise.all(Array.from({ length: 15 }, (_, i) => keep(first, i)))
  // many are under way: some are answered, some not
  const many = Array.from({ length: 30 }, (_, i) => keep(first, i + 15).catch(() => {}))
  await Promise.race(many)
  first.started.child.kill('SIGKILL')
  await Promise.all(many)
  expect(answered.size).toBeGreaterThan(15)

  const folder = join(store, 'demo-reward-model', 'served')
  const kept = (): Map<string, number[]> => {
    const byId = new Map<string, number[]>()
    for (const { id, score } of readCsv(folder, 'scores.csv')) byId.set(id!, [...(byId.get(id!) ?? []), Number(score)])
    const lines = readFileSync(join(folder, 'requests.jsonl'), 'utf8').trim().split('\n')
    const requests = lines.map((line) => JSON.parse(line) as { id: string; prompt: string })
    return new Map(requests.map(({ id, prompt }) => [prompt, byId.get(id) ?? []]))
  }
  for (const [prompt, scores] of answered) expect(kept().get(prompt), prompt).toEqual(scores)

  const second = await serve(store)
  await keep(second, 60)
  // what was asked before is found, and kept as a request of its own
  expect((await second.ask(question(0))).completions.map(({ learned }) => learned)).toEqual(
    answered.get(question(0).prompt),
  )
  // live: while the server may write
  const live = await call('analyze', ['--output-dir', store, '--resamples', '100'])
  expect(live.code, live.stderr).toBe(0)
  second.started.child.kill('SIGTERM')
  const ended = await second.started.done
  expect(ended.code).toBe(0)
  expect(ended.stderr).toMatch(/goes on after \d+ requests/)
  for (const [prompt, scores] of answered) expect(kept().get(prompt), prompt).toEqual(scores)
  const rows = readCsv(folder, 'scores.csv')
  expect(new Set(rows.map(({ id, index }) => `${id} ${index}`)).size).toBe(rows.length)
  expect(rows.at(-1)).toMatchObject({ subset: 'even', role: 'completion', index: '2', route: '/rewards', step: '0' })
  // a text that was asked again is not measured again
  const measured = readFileSync(join(folder, 'measurements.jsonl'), 'utf8').match(/^\{"key":"[^"]+"/gm)!
  expect(new Set(measured).size).toBe(measured.length)
  expect(readJson(folder, 'run.json')).toMatchObject({
    score: 'raw output of label 0 (LABEL_0)',
    models: [{ role: 'rm', name: 'demo-reward-model' }],
    served: { rule: { mix: 'learned', lambda: 1 } },
  })
  expect(readdirSync(folder).sort()).toEqual([
    ...['codebook.md', 'identity.json', 'measurements.jsonl', 'requests.jsonl', 'run.json', 'scores.csv'],
  ])

  const analysed = await call('analyze', ['--output-dir', store, '--resamples', '100'])
  expect(analysed.code, analysed.stderr).toBe(0)
  const auroc = readCsv(store, 'analysis', 'served', 'agreement.csv').find(
    ({ scope, subset, statistic }) => scope === 'completions' && subset === 'all' && statistic === 'auroc',
  )!
  // recomputed: the share of (right, wrong) pairs that the score orders rightly, ties counting half
  const of = (reward: string): number[] =>
    rows.filter((row) => row.verifiable_reward === reward).map(({ score }) => Number(score))
  const [right, wrong] = [of('1'), of('0')]
  const wins = right.flatMap((a) => wrong.map((b) => (a > b ? 1 : a === b ? 0.5 : 0) as number))
  expect(Number(auroc.value)).toBeCloseTo(wins.reduce((sum, one) => sum + one) / wins.length, 9)
  expect(Number(auroc.n)).toBe(rows.length)
  expect(analysed.stderr).not.toContain('left out')

  // the texts are a data set: a run gives the same scores
  const again = await call('run-rm', [
    ...['--dataset', join(folder, 'requests.jsonl'), '--output-dir', store, '--name', 'again', '--resamples', '100'],
    ...['--device', 'cpu', '--batch-tokens', '200'],
  ])
  expect(again.code, again.stderr).toBe(0)
  const rerun = new Map(
    readCsv(store, 'again', 'requests', 'scores.csv').map((row) => [`${row.id} ${row.index}`, row] as const),
  )
  expect(rerun.size).toBe(rows.length)
  for (const row of rows) {
    const other = rerun.get(`${row.id} ${row.index}`)!
    expect(Math.abs(Number(row.score) - Number(other.score))).toBeLessThanOrEqual(
      2e-5 + 1e-5 * Math.abs(Number(row.score)),
    )
    for (const name of [
      'verifiable_reward',
      'verifiable_reason',
      'format_reward',
      'text_sha256',
      'cluster',
      'completion_hash',
    ])
      expect(other[name]).toBe(row[name])
  }

  // the same over time: parts of whole requests, in the order in which they were asked for
  const parts = readCsv(store, 'analysis', 'served', 'over-time.csv').filter(
    ({ statistic }) => statistic === 'pass_rate',
  )
  expect(parts.length).toBe(Math.min(10, Math.floor(rows.length / 20)))
  expect([parts[0]!.first_id, parts.at(-1)!.last_id]).toEqual(['1', rows.at(-1)!.id])
  expect(analysed.stdout).toMatch(/served, over time +requests +pass rate +AUROC +τ-b within a prompt\n/)
  expect(analysed.stdout).toContain(`${parts[0]!.first_id} – ${parts[0]!.last_id}`)
  let next = 0
  for (const part of parts) {
    const own = rows.slice(
      rows.findIndex(({ id }) => id === part.first_id),
      rows.findLastIndex(({ id }) => id === part.last_id) + 1,
    )
    expect(rows.indexOf(own[0]!)).toBe(next)
    next += own.length
    expect([Number(part.n), Number(part.value)]).toEqual([
      own.length,
      expect.closeTo(own.filter((row) => row.verifiable_reward === '1').length / own.length, 12),
    ])
  }
  expect(next).toBe(rows.length)
})

it('other options that move an answer have a folder of their own', async () => {
  const store = newStore()
  for (const more of [[], ['--mix', 'sum', '--unverifiable-reward', '0']]) {
    const serving = await serve(store, ...more)
    await serving.ask(question(1))
    serving.started.child.kill('SIGTERM')
    const { stderr } = await serving.started.done
    expect(stderr.includes('belongs to other options or other chemistry data')).toBe(more.length > 0)
  }
  const folders = readdirSync(join(store, 'demo-reward-model')).filter((name) => name.startsWith('served'))
  expect(folders).toEqual(['served', expect.stringMatching(/^served~[0-9a-f]{8}$/)])
})

it('two servers do not write into one folder', async () => {
  const store = newStore()
  await serve(store)
  const second = await start('serve-rewards', ['--port', '0', '--model', DEMO, '--device', 'cpu', '--store', store])
    .done
  expect(second).toMatchObject({ code: 3, stdout: '', stderr: expect.stringContaining('is in use by process') })
})
