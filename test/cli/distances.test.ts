import { readFileSync } from 'node:fs'
import { afterAll, expect, it, vi } from 'vitest'
import type { Rdkit } from '../../src/chem/toolkit/rdkit.ts'
import { Toolkit } from '../../src/chem/toolkit/toolkit.ts'
import { createPooledVerifier } from '../../src/chem/workers/verifier.ts'
import { DistancesAhead, distancesOf } from '../../src/cli/distances.ts'
import { packagePath } from '../../src/package.ts'
import { pairOf } from '../agreement/pair-data.ts'

const demo = readFileSync(packagePath('src/embedded/demo/pairs.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .slice(0, 60)
  .map((line) => JSON.parse(line) as { id: string; chosen: string; rejected: string; solution: string })
const pairs = demo.map(({ id, chosen, rejected }) => ({ ...pairOf({ chosen, rejected }), id }))
const joined = {
  pairs: pairs.map((pair, i) => ({ ...pair, chosen: { ...pair.chosen, id: demo[i]!.id } })),
  groups: [],
  solutions: new Map(demo.map(({ id, solution }) => [id, solution])),
}
const rowOf = ({ chosen, rejected, solution }: (typeof demo)[number]) => ({
  kind: 'pair' as const,
  solution,
  completions: [
    { role: 'chosen' as const, index: 0, text: chosen },
    { role: 'rejected' as const, index: 0, text: rejected },
  ],
})
const verifier = createPooledVerifier({}, { workers: 1 })
afterAll(() => verifier.close())

it('are the same where the workers computed them ahead of time, and nothing is asked twice', async () => {
  let asked = 0
  const ahead = new DistancesAhead((a, b) => {
    asked++
    return verifier.apart(a, b)
  })
  for (const row of demo) ahead.push(rowOf(row))
  const before = asked
  const there = await distancesOf(joined, { compare: ahead.between })
  expect(there).toEqual(await distancesOf(joined))
  expect(there.pairs.filter(({ tanimoto }) => tanimoto !== null).length).toBeGreaterThan(20)
  expect(before).toBeGreaterThan(20)
  expect(asked).toBe(before)
})

it('are known of the pairs that were asked for', async () => {
  const found = { similarity: 0.5, edits: 1, sameFormula: false }
  const ahead = new DistancesAhead(async () => found)
  ahead.push(rowOf({ id: '', chosen: '<answer>CC</answer>', rejected: '<answer>CCC</answer>', solution: '' }))
  expect(await ahead.known(['CC'], ['CCC'])).toEqual(found)
  expect(await ahead.known(['CCC'], ['CC'])).toBeNull()
  await ahead.between(['C', 'CC'], ['N'])
  expect(await ahead.known(['C', 'CC'], ['N'])).toEqual(found)
  // one answer with a space in it is not two
  expect(await ahead.known(['C CC'], ['N'])).toBeNull()
})

it('are asked of no more pairs than are compared, and not of groups', () => {
  let asked = 0
  const ahead = new DistancesAhead(() => {
    asked++
    return Promise.resolve(null)
  }, 3)
  const row = rowOf({ id: '', chosen: '<answer>CC</answer>', rejected: '<answer>CCC</answer>', solution: '' })
  ahead.push({ ...row, kind: 'group' })
  expect(asked).toBe(0)
  for (const last of ['C', 'N', 'O', 'S', 'F'])
    ahead.push({
      ...row,
      completions: [row.completions[0]!, { ...row.completions[1]!, text: `<answer>C${last}</answer>` }],
    })
  expect(asked).toBe(3)
})

it('of answers that are no molecules nobody asks; one that rejects is no unhandled rejection', async () => {
  const ahead = new DistancesAhead(() => Promise.reject(new Error('closed')))
  expect(await ahead.between([], ['C'])).toBeNull()
  ahead.push(rowOf({ id: '', chosen: '<answer>CC</answer>', rejected: '<answer>CCC</answer>', solution: '' }))
  await new Promise((resolve) => setImmediate(resolve))
  await expect(ahead.between(['CC'], ['CCC'])).rejects.toThrow('closed')
})

it('on this thread: a pair that breaks RDKit costs the others nothing', async () => {
  const whole = await distancesOf(joined, { compare: (a, b) => verifier.apart(a, b) })
  const broken = whole.pairs.findIndex(({ tanimoto }) => tanimoto !== null)
  const { read } = Toolkit.prototype
  // none of the molecules is known any more
  const toolkit = await Toolkit.load()
  vi.spyOn(Toolkit, 'shared').mockImplementation(async () => {
    await toolkit.recover()
    return toolkit
  })
  const chosen = /<\|answer_start\|>(.*)<\|answer_end\|>/.exec(demo[broken]!.chosen)![1]!
  vi.spyOn(Toolkit.prototype, 'read').mockImplementation(function (this: Toolkit, smiles) {
    if (smiles !== chosen) return read.call(this, smiles)
    const { rdkit } = this as unknown as { readonly rdkit: Rdkit }
    return rdkit.guard(() => {
      throw new WebAssembly.RuntimeError('unreachable')
    })
  })
  try {
    const { pairs } = await distancesOf(joined)
    expect(pairs[broken]).toMatchObject({ tanimoto: null, edits: null })
    expect(pairs.toSpliced(broken, 1)).toEqual(whole.pairs.toSpliced(broken, 1))
  } finally {
    vi.restoreAllMocks()
  }
})
