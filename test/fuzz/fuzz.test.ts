import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Target, targetsIn } from './targets.ts'

/**
 * Damaged inputs for everything that reads what strangers made: each is taken, or refused in words, within ten seconds. The short mode is
 * part of the suite; `npm run fuzz -- --minutes N` goes on for N minutes and puts what crashed, minimised, into test/data/fuzz.
 */
const CORPUS = 'test/data/fuzz'
const MINUTES = Number(process.env.CHEMHERM_FUZZ_MINUTES ?? 0)
const SHORT_RUNS = 25
const SLOWEST_MS = 10_000
const unhandled: unknown[] = []
const listener = (reason: unknown): void => {
  unhandled.push(reason)
}
let targets: readonly Target[] = []
beforeAll(async () => {
  process.on('unhandledRejection', listener)
  targets = await targetsIn()
})
afterAll(() => void process.off('unhandledRejection', listener))

/** What stands in the place of some bytes. */
const PIECES = [
  '{',
  '}',
  '[',
  ']',
  '"',
  '\\',
  ',',
  ':',
  '(',
  ')',
  '<',
  '>',
  '%',
  '{{',
  '%}',
  'null',
  '-1',
  '1e999',
  '0',
  '9'.repeat(30),
  '\u0000',
  '\ud800',
  '\u202e',
  '[['.repeat(200),
  '((('.repeat(100),
  'C'.repeat(3000),
  '😀',
  '\r\n',
  'true',
  '__proto__',
]
const edit = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  drop: fc.nat(12),
  put: fc.oneof(
    fc.constantFrom(...PIECES).map((text) => Buffer.from(text)),
    fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes)),
  ),
})
const damaged = ({ seeds }: Target) =>
  fc.tuple(fc.constantFrom(...seeds), fc.array(edit, { maxLength: 6 })).map(([from, edits]) =>
    edits.reduce((bytes, { at, drop, put }) => {
      const place = Math.floor(at * bytes.length)
      return Buffer.concat([bytes.subarray(0, place), put, bytes.subarray(place + drop)])
    }, from),
  )

const folderOf = ({ name }: Target): string => join(CORPUS, name.replace(' ', '-'))
const kept = (target: Target): string[] => {
  try {
    return readdirSync(folderOf(target)).sort()
  } catch {
    return []
  }
}
async function tried(target: Target, input: Buffer): Promise<void> {
  const start = performance.now()
  await target.run(input)
  const ms = performance.now() - start
  if (ms > SLOWEST_MS) throw new Error(`${target.name} takes ${Math.round(ms)} ms on ${input.length} bytes`)
}

async function fuzzed(target: Target, runs: number, seed: number): Promise<string | null> {
  const result = await fc.check(
    fc.asyncProperty(damaged(target), (input) => tried(target, input)),
    {
      numRuns: runs,
      seed,
      endOnFailure: false,
    },
  )
  if (!result.failed || result.counterexample === null) return null
  const [input] = result.counterexample
  mkdirSync(folderOf(target), { recursive: true })
  if (MINUTES > 0) writeFileSync(join(folderOf(target), `seed-${seed}`), input)
  return `${target.name}, seed ${seed}: ${String(result.errorInstance)} on ${JSON.stringify(input.toString('latin1')).slice(0, 500)}`
}

it('what crashed once does not again', async () => {
  for (const target of targets)
    for (const name of kept(target)) await tried(target, readFileSync(join(folderOf(target), name)))
})

it.runIf(MINUTES === 0)('damaged inputs are taken or refused in words', { timeout: 120_000 }, async () => {
  const crashes: string[] = []
  for (const target of targets) {
    const crash = await fuzzed(target, SHORT_RUNS, 20261128)
    if (crash !== null) crashes.push(crash)
  }
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(crashes).toEqual([])
  expect(unhandled).toEqual([])
  expect(targets).toHaveLength(11)
})

it.runIf(MINUTES > 0)('for so many minutes', { timeout: (MINUTES + 2) * 60_000 }, async () => {
  const counts = new Map(targets.map(({ name }) => [name, { inputs: 0, crashes: 0 }]))
  const crashes: string[] = []
  const end = Date.now() + MINUTES * 60_000
  for (let seed = Date.now() % 0x7fffffff; Date.now() < end; seed++)
    for (const target of targets) {
      const crash = await fuzzed(target, 200, seed)
      const count = counts.get(target.name)!
      count.inputs += 200
      if (crash === null) continue
      count.crashes++
      crashes.push(crash)
    }
  console.table(Object.fromEntries(counts))
  expect([...crashes, ...unhandled.map(String)]).toEqual([])
})
