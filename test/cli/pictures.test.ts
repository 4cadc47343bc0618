import { readFileSync } from 'node:fs'
import { afterAll, expect, it } from 'vitest'
import { createPooledVerifier } from '../../src/chem/workers/verifier.ts'
import { answerPort } from '../../src/cli/answer-port.ts'
import { moleculesOf } from '../../src/cli/html.ts'
import { PicturesAhead } from '../../src/cli/pictures.ts'
import { packagePath } from '../../src/package.ts'
import { couplesAhead } from '../../src/report/html/couples.ts'
import { Drawings } from '../../src/report/html/drawings.ts'
import { pairsByInterest } from '../../src/report/html/informative.ts'
import type { MoleculePort } from '../../src/report/html/input.ts'
import { LIMITS } from '../../src/report/html/limits.ts'
import { pairTable } from '../../src/report/html/pair-table.ts'
import { pairOf } from '../agreement/pair-data.ts'

const VERIFICATION = { extraction: 'strict', requireReasoning: true } as const
const demo = readFileSync(packagePath('src/embedded/demo/pairs.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .slice(0, 60)
  .map((line) => JSON.parse(line) as { id: string; chosen: string; rejected: string; solution: string })
const pairs = demo.map(({ id, chosen, rejected }, i) => {
  const pair = pairOf({ chosen, rejected })
  return { ...pair, margin: i, id, chosen: { ...pair.chosen, id }, rejected: { ...pair.rejected, id } }
})
const solutions = new Map(demo.map(({ id, solution }) => [id, solution]))
const answers = answerPort(solutions, VERIFICATION)
const verifier = createPooledVerifier({}, { workers: 1 })
afterAll(() => verifier.close())

/** What a table's drawings come to, and how often the thread's own RDKit was asked. */
function drawn(molecules: MoleculePort) {
  const asked = { draw: 0, differing: 0 }
  const counting: MoleculePort = {
    draw: (...args) => {
      asked.draw++
      return molecules.draw(...args)
    },
    differingAtoms: (...args) => {
      asked.differing++
      return molecules.differingAtoms(...args)
    },
  }
  return { asked, counting }
}
const tableOf = (molecules: MoleculePort) => pairTable(pairs, { molecules, answers }, LIMITS)

it('are the page’s, and none is drawn twice', async () => {
  const here = (await moleculesOf([], [...solutions.keys()], answers))!
  const { asked, counting } = drawn(here)
  const ahead = new PicturesAhead({ pairs, solutions }, VERIFICATION, verifier)
  const there = await ahead.before(counting)
  expect(tableOf(there)).toEqual(tableOf(here))
  const drawings = new Drawings(here, answers, LIMITS)
  for (const i of pairsByInterest(pairs)) drawings.pair(pairs[i]!)
  expect(drawings.all.length).toBeGreaterThan(60)
  // a second candidate, where RDKit cannot draw the first, is not asked for ahead
  expect(asked.differing).toBe(0)
  expect(asked.draw).toBeLessThan(10)
})

it('of another size, or of workers that gave up, are drawn by the thread itself', async () => {
  const here = (await moleculesOf([], [...solutions.keys()], answers))!
  const couple = couplesAhead(pairs, answers, LIMITS).find(({ a }) => a !== null)!
  const small = { width: 50, height: 40, highlightAtoms: [] }
  const ahead = new PicturesAhead({ pairs, solutions }, VERIFICATION, verifier)
  expect((await ahead.before(here)).draw(couple.a!, small)).toBe(here.draw(couple.a!, small))
  for (const pictures of [async () => null, async () => Promise.reject(new Error('closed'))]) {
    const none = new PicturesAhead({ pairs, solutions }, VERIFICATION, { pictures })
    expect(tableOf(await none.before(here))).toEqual(tableOf(here))
  }
})

it('are asked for in order of interest, each couple once, and no more than the page takes', () => {
  const twice = [...pairs, ...pairs.map((pair) => ({ ...pair, id: `${pair.id} again` }))]
  const all = couplesAhead(pairs, answers, LIMITS)
  expect(couplesAhead(twice, answers, LIMITS).filter(({ a }) => a !== null)).toEqual(all.filter(({ a }) => a !== null))
  const few = couplesAhead(pairs, answers, { rows: 10_000, drawings: 20 })
  expect(all.slice(0, few.length)).toEqual(few)
  expect(few.length).toBeLessThan(25)
  expect(couplesAhead(pairs, answers, { rows: 5, drawings: 1000 }).length).toBeLessThanOrEqual(5)
})
