import { writeFileSync } from 'node:fs'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { faultOf, keep, kept, minimised } from './corpus.ts'
import { damaged } from './damage.ts'
import type { Target } from './target.ts'
import { allTargets } from './targets/index.ts'

/**
 * Damaged inputs for everything that reads what strangers made: each is taken, or refused in words, within ten seconds. The short mode is
 * part of the suite; `npm run fuzz -- --minutes N` (scripts/fuzz.mjs) goes on for N minutes and puts what broke, minimised, into test/data/fuzz.
 */
const MINUTES = Number(process.env.CHEMHERM_FUZZ_MINUTES ?? 0)
const SEED = Number(process.env.CHEMHERM_FUZZ_SEED ?? 20261128)
/** Where the long mode writes what it has counted, and the input under way, for the process that watches it. */
const WATCHED = process.env.CHEMHERM_FUZZ_WATCHED
const SHORT_RUNS = { quick: 25, slow: 2 }
const SLOWEST_MS = 10_000
/** One turn of a target in the long mode. */
const TURN_MS = 3000
const unhandled: unknown[] = []
const listener = (reason: unknown): void => {
  unhandled.push(reason)
}
let targets: readonly Target[] = []
beforeAll(async () => {
  process.on('unhandledRejection', listener)
  targets = await allTargets()
})
afterAll(() => void process.off('unhandledRejection', listener))

interface Count {
  inputs: number
  faults: number
  longestMs: number
}
const counts = new Map<string, Count>()

async function tried(target: Target, input: Buffer): Promise<void> {
  if (WATCHED !== undefined) writeFileSync(`${WATCHED}/input`, Buffer.concat([Buffer.from(`${target.name}\n`), input]))
  const start = performance.now()
  try {
    await target.run(input)
    if (unhandled.length > 0) throw new Error('a promise was left to fail alone', { cause: unhandled.splice(0)[0] })
  } finally {
    const ms = performance.now() - start
    const count = counts.get(target.name) ?? { inputs: 0, faults: 0, longestMs: 0 }
    counts.set(target.name, count)
    count.inputs++
    count.longestMs = Math.max(count.longestMs, ms)
  }
}
async function timely(target: Target, input: Buffer): Promise<void> {
  const start = process.cpuUsage()
  await tried(target, input)
  const { user, system } = process.cpuUsage(start)
  if ((user + system) / 1000 > SLOWEST_MS) throw new Error(`${target.name} takes more than ${SLOWEST_MS} ms`)
}
const thrown = async (target: Target, input: Buffer): Promise<unknown> => {
  try {
    await timely(target, input)
    return null
  } catch (error) {
    return error
  }
}

/** @returns what broke, in words, and the input in the corpus */
async function fuzzed(target: Target, runs: number, seed: number, known: Set<string>): Promise<string | null> {
  const result = await fc.check(
    fc.asyncProperty(damaged(target), async (input) => {
      const error = await thrown(target, input)
      if (error !== null && !known.has(faultOf(error))) throw error
    }),
    { numRuns: runs, seed },
  )
  if (!result.failed || result.counterexample === null) return null
  const [input] = result.counterexample
  const fault = faultOf(result.errorInstance)
  known.add(fault)
  counts.get(target.name)!.faults++
  const shows = async (smaller: Buffer): Promise<boolean> => {
    const error = await thrown(target, smaller)
    return error !== null && faultOf(error) === fault
  }
  const smallest = MINUTES > 0 && target.slow !== true ? await minimised(input, shows) : input
  const file = MINUTES > 0 ? keep(target.name, fault, smallest) : ''
  const { stack, cause } = result.errorInstance as Error
  return `${target.name}, seed ${seed}: ${stack?.slice(0, 600)} ${cause === undefined ? '' : String((cause as Error).stack ?? cause)} on ${JSON.stringify(smallest.toString('latin1')).slice(0, 500)} ${file}`
}

it('what broke once does not again', async () => {
  for (const target of targets) for (const input of kept(target)) await timely(target, input)
})

it.runIf(MINUTES === 0)('damaged inputs are taken or refused in words', { timeout: 240_000 }, async () => {
  const faults: string[] = []
  for (const target of targets) {
    const fault = await fuzzed(target, target.slow === true ? SHORT_RUNS.slow : SHORT_RUNS.quick, SEED, new Set())
    if (fault !== null) faults.push(fault)
  }
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(faults).toEqual([])
  expect(unhandled).toEqual([])
})

it.runIf(MINUTES > 0)('for so many minutes', { timeout: (MINUTES + 10) * 60_000 }, async () => {
  const faults: string[] = []
  const known = new Map(targets.map(({ name }) => [name, new Set<string>()]))
  const pace = new Map<string, number>()
  const end = Date.now() + MINUTES * 60_000
  for (let seed = SEED; Date.now() < end; seed++)
    for (const target of targets) {
      if (Date.now() > end) break
      const runs = pace.get(target.name) ?? 20
      const start = performance.now()
      const fault = await fuzzed(target, runs, seed, known.get(target.name)!)
      // as many as fit into a turn: the quick ones get most inputs
      const next = (runs * TURN_MS) / Math.max(1, performance.now() - start)
      pace.set(target.name, Math.max(1, Math.min(20_000, runs * 8, Math.round(next))))
      if (fault !== null) {
        faults.push(fault)
        console.error(fault)
      }
      if (WATCHED !== undefined)
        writeFileSync(
          `${WATCHED}/counts.json`,
          JSON.stringify({
            counts: Object.fromEntries(counts),
            faults: faults.length,
            largestMiB: process.resourceUsage().maxRSS / 1024,
          }),
        )
    }
  expect([...faults, ...unhandled.map(String)]).toEqual([])
})
