import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import { createPooledVerifier, type PooledVerifier, verificationOf } from '../../src/chem/workers/verifier.ts'
import { DataError, UsageError } from '../../src/errors.ts'
import { packagePath } from '../../src/package.ts'
import { stubServer } from './stub-server.ts'

interface Pair {
  readonly chosen: string
  readonly rejected: string
  readonly solution: string
  readonly chosen_reward: number
  readonly rejected_reward: number
}
const pairs = readFileSync(packagePath('src/embedded/demo/pairs.jsonl'), 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as Pair)
const items = pairs.flatMap((p) => [
  { completion: p.chosen, solution: p.solution, reward: p.chosen_reward },
  { completion: p.rejected, solution: p.solution, reward: p.rejected_reward },
])

const open: PooledVerifier[] = []
const verifier = (...args: Parameters<typeof createPooledVerifier>) => {
  const made = createPooledVerifier(...args)
  open.push(made)
  return made
}
afterEach(async () => {
  await Promise.all(open.splice(0).map((v) => v.close()))
})
const wrap = (answer: string) => `<|think_start|>t<|think_end|><|answer_start|>${answer}<|answer_end|>`

it('gives the rewards of the embedded pairs, the same with one worker and with three, in any order', async () => {
  const one = verifier({ oracles: { kind: 'embedded' } })
  const three = verifier({ oracles: { kind: 'embedded' } }, { workers: 3 })
  const forward = await Promise.all(items.map((i) => one.verify(i.completion, i.solution)))
  const backward = await Promise.all([...items].reverse().map((i) => three.verify(i.completion, i.solution)))
  expect(backward.reverse()).toEqual(forward)
  const judged = forward.flatMap((v, i) => (v.value === null ? [] : [{ got: v.value, want: items[i]!.reward }]))
  expect(judged.map((j) => j.got)).toEqual(judged.map((j) => j.want))
  expect(judged.length).toBeGreaterThan(items.length * 0.9)
})

it('asks the embedded solubility model, and calls a reaction without a model unverifiable, never 0', async () => {
  const v = verifier({ oracles: { kind: 'embedded' } })
  const sol = await v.verify(wrap('OCC(O)CO'), `sol_eval!:!('scaffold', 'CCO', 0.0, 'increase')!:!oracle-solubility`)
  expect(sol.reason).not.toBe('reward_function_exception')
  const rxn = await v.verify(wrap('CC(=O)O.CCO>>'), 'rxn_forward!:!CCOC(C)=O!:!retro-synthesis')
  expect(rxn).toMatchObject({ value: null, status: 'unverifiable', formatReward: 1 })
})

it('asks a remote server where one is named, several questions at a time', async () => {
  const server = await stubServer([{ json: { product: 'CCOC(C)=O' } }], 30)
  const v = verifier({ oracles: { kind: 'embedded', forward: { baseUrl: server.baseUrl } } })
  const verdicts = await Promise.all(
    Array.from({ length: 6 }, (_, i) =>
      v.verify(wrap(`CC(=O)O.CCO>${'O.'.repeat(i)}O>`), 'rxn_forward!:!CCOC(C)=O!:!retro-synthesis'),
    ),
  )
  expect(verdicts.map((d) => d.value)).toEqual([1, 1, 1, 1, 1, 1])
  expect(server.mostUnderWay()).toBeGreaterThan(1)
  await server.close()
})

it('an answer that waits for a server is not lost with one on which RDKit throws meanwhile', async () => {
  const server = await stubServer([{ json: { product: 'CC(=O)OCC' } }], 400)
  const v = verifier({ oracles: { kind: 'embedded', forward: { baseUrl: server.baseUrl } } }, { workers: 1 })
  const verdicts = await Promise.all([
    v.verify(wrap('CC(=O)O.CCO>O>'), 'rxn_forward!:!CCOC(C)=O!:!retro-synthesis'),
    v.verify(wrap('C1=CC2=CC=CC2=s1'), 'valid_mol_eval!:!C!:!molecule-completion'),
  ])
  expect(server.asked.length).toBe(1)
  expect(verdicts[1]).toMatchObject({ value: 0, reason: 'invalid_mol' })
  expect(verdicts[0]).toMatchObject({ value: 1, status: 'pass' })
  await server.close()
})

describe('what was given up', () => {
  it.each([
    [{ kind: 'timeout' } as const, { error: 'Timeout' }],
    [{ kind: 'stalled' } as const, { error: 'Stalled' }],
    [{ kind: 'crash', message: 'out of memory' } as const, { error: 'WorkerCrash', message: 'out of memory' }],
  ])('%j is unverifiable, its format judged all the same', (outcome, metadata) => {
    expect(verificationOf(outcome, wrap('C'), {})).toEqual({
      value: null,
      status: 'unverifiable',
      reason: null,
      metadata,
      formatReward: 1,
      cause: 'verifier',
      hingesOn: null,
    })
  })
})

it('names every data file and oracle with its origin', () => {
  const { provenance } = verifier({ oracles: { kind: 'none' } })
  expect(provenance.map((p) => p.name ?? p.oracle)).toEqual([
    'rings',
    'fingerprints',
    'purchasable',
    'functional-groups',
    'solubility',
    'purchasable',
    'forward_reaction',
  ])
})

it('refuses a filter or a server that is no good before any row is verified', () => {
  expect(() => createPooledVerifier({ data: { ringsBloom: packagePath('package.json') } })).toThrow(DataError)
  expect(() => createPooledVerifier({ data: { purchasableBloom: '/nonexistent.bloom' } })).toThrow(DataError)
  expect(() => createPooledVerifier({ oracles: { kind: 'remote', baseUrl: 'nope' } })).toThrow(UsageError)
})
