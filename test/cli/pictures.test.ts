import { readFileSync } from 'node:fs'
import { afterAll, expect, it, onTestFinished } from 'vitest'
import { PageSearch } from '../../src/chem/toolkit/page-search.ts'
import { createPooledVerifier } from '../../src/chem/workers/verifier.ts'
import { answerPort } from '../../src/cli/answer-port.ts'
import { moleculesOf } from '../../src/cli/html.ts'
import { PicturesAhead } from '../../src/cli/pictures.ts'
import { packagePath } from '../../src/package.ts'
import { type Couple, couplesAhead, PICTURE_SIZE } from '../../src/report/html/couples.ts'
import { Drawings } from '../../src/report/html/drawings.ts'
import { pairsByInterest } from '../../src/report/html/informative.ts'
import type { MoleculePort } from '../../src/report/html/input.ts'
import { LIMITS } from '../../src/report/html/limits.ts'
import { pairTable } from '../../src/report/html/pair-table.ts'
import { leftText } from '../../src/report/html/row-browser.ts'
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
const tableOf = (molecules: MoleculePort) => pairTable(pairs, { molecules, answers }, LIMITS)!

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
  const couple = [...couplesAhead(pairs, answers, LIMITS.rows)].find(({ a }) => a !== null)!
  const small = { width: 50, height: 40, highlightAtoms: [] }
  const workers = {
    pictures: async () => ({ differing: [], drawn: [{ smiles: couple.a!, highlightAtoms: [], svg: '<svg/>' }] }),
  }
  const molecules = await new PicturesAhead({ pairs, solutions }, VERIFICATION, workers).before(here)
  expect(molecules.draw(couple.a!, { ...small, ...PICTURE_SIZE })).toBe('<svg/>')
  expect(molecules.draw(couple.a!, small)).toBe(here.draw(couple.a!, small))
  for (const pictures of [async () => null, async () => Promise.reject(new Error('closed'))]) {
    const none = new PicturesAhead({ pairs, solutions }, VERIFICATION, { pictures })
    expect(tableOf(await none.before(here))).toEqual(tableOf(here))
  }
})

it('are asked for in order of interest, each couple once', () => {
  const twice = [...pairs, ...pairs.map((pair) => ({ ...pair, id: `${pair.id} again` }))]
  const ahead = (of: typeof pairs, rows: number) => [...couplesAhead(of, answers, rows)].filter(({ a }) => a !== null)
  const all = ahead(pairs, LIMITS.rows)
  expect(ahead(twice, LIMITS.rows)).toEqual(all)
  const few = ahead(pairs, 5)
  expect(few.length).toBeLessThanOrEqual(5)
  expect(all.slice(0, few.length)).toEqual(few)
})

it.each(['one worker', 'several'])(
  'are asked for until the page has no room, however often couples share a drawing: %s',
  async (who) => {
    const asked: string[] = []
    // a molecule has one drawing, whatever it stands beside: of two hundred couples nine
    const limits = { rows: 10_000, drawings: 8 }
    const many = Array.from({ length: 200 }, (_, i) => ({ ...pairs[0]!, id: String(i), margin: i }))
    const says = (answer: string): string => `<|think_start|>t<|think_end|><|answer_start|>${answer}<|answer_end|>`
    const crowd = many.map((pair, i) => ({
      ...pair,
      chosen: { ...pair.chosen, id: pair.id, text: says('C'.repeat(4 + Math.min(8, Math.floor(i / 20)))) },
      // which RDKit does not draw
      rejected: { ...pair.rejected, id: pair.id, text: says('N'.repeat(4 + i)) },
    }))
    const workers = {
      pictures: async (couples: readonly Couple[]) => {
        // several do not know of each other
        const all = couples
          .flatMap(({ a, b }) => [a!, b!])
          .filter((smiles) => who === 'several' || !asked.includes(smiles))
        const fresh = [...new Set(all)]
        asked.push(...fresh)
        const svg = (smiles: string) => (smiles.startsWith('N') ? null : `<svg>${smiles}</svg>`)
        const drawn = fresh.map((smiles) => ({ smiles, highlightAtoms: [], svg: svg(smiles) }))
        return { differing: couples.map(() => ({ a: [], b: [] })), drawn }
      },
    }
    const ahead = new PicturesAhead({ pairs: crowd, solutions: new Map() }, VERIFICATION, workers, limits)
    await ahead.before({ draw: () => null, differingAtoms: () => null })
    const carbons = new Set(asked.filter((smiles) => smiles.startsWith('C')))
    expect([...carbons]).toEqual(Array.from({ length: 9 }, (_, i) => 'C'.repeat(4 + i)))
  },
)

it('are made without marks once the time of the page is over, and counted', async () => {
  const limited = createPooledVerifier({}, { workers: 1 }, 1e-6)
  onTestFinished(() => limited.close())
  const ahead = new PicturesAhead({ pairs, solutions }, VERIFICATION, limited)
  const here = (await moleculesOf([], [...solutions.keys()], answers))!
  const { asked, counting } = drawn(here)
  const { left, drawings } = tableOf(await ahead.before(counting))
  // the first one is begun before anything is taken, and nobody looks for the others again
  expect(asked.differing).toBe(0)
  expect(drawings.filter(({ wash }) => wash.length > 0).length).toBeLessThanOrEqual(2)
  const all = tableOf(here)
  const { unsearched, ...others } = left
  expect(all.left).toEqual(others)
  expect(unsearched).toBeGreaterThan(10)
  expect(await ahead.unsearched()).toBeGreaterThanOrEqual(unsearched!)
  expect(leftText(tableOf(await ahead.before(here)), true).join(' ')).toContain(
    `In ${unsearched} pairs of less informative rows the atoms that differ are not marked`,
  )
  expect(leftText(all, true).join(' ')).not.toContain('less informative')
  expect(await new PicturesAhead({ pairs, solutions }, VERIFICATION, verifier).unsearched()).toBe(0)
})

it('are searched for until a thread has had its time: the one that is begun comes to its end', () => {
  let now = 0
  const drawer = {
    differingAtoms() {
      now += 400
      return { a: [now], b: [] }
    },
  }
  const search = new PageSearch(1000, { read: () => now })
  expect([1, 2, 3, 4, 5].map(() => search.differing(drawer, 'C', 'N'))).toEqual([
    { a: [400], b: [] },
    { a: [800], b: [] },
    { a: [1200], b: [] },
    'no_time',
    'no_time',
  ])
})
