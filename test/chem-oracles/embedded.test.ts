import { afterEach, beforeAll, expect, it, vi } from 'vitest'
import type { OracleError } from '../../src/chem/oracles/error.ts'
import { createOracles, type OracleSet } from '../../src/chem/oracles/index.ts'
import { Toolkit } from '../../src/chem/toolkit/toolkit.ts'
import { UsageError } from '../../src/errors.ts'
import { stubServer } from './stub-server.ts'

const SOLD = new Set(['CC(=O)O'])
let chemistry: Parameters<typeof createOracles>[1]
beforeAll(async () => {
  chemistry = { mols: await Toolkit.load(), data: { purchasable: SOLD } }
})
const open: OracleSet[] = []
const oracles = (options: Parameters<typeof createOracles>[0]) => {
  const made = createOracles(options, chemistry)
  open.push(made)
  return made
}
afterEach(async () => {
  vi.unstubAllEnvs()
  await Promise.all(open.splice(0).map((o) => o.close()))
})
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => null,
    (error: OracleError) => error.failure,
  )

it('embedded: answers what ether0.remotes would, and has no forward reaction', async () => {
  const embedded = oracles({ kind: 'embedded' })
  expect(await embedded.solubility('OCC(O)CO')).toBeCloseTo(-0.3215, 3)
  expect(await embedded.purchasable(['OC(C)=O', 'OC(=O)CBr', 'nope'])).toEqual({
    'OC(C)=O': true,
    'OC(=O)CBr': false,
    nope: false,
  })
  expect(await failure(embedded.solubility('[Na+].[Cl-]'))).toBe('declined')
  expect(await failure(embedded.solubility('nope'))).toBe('declined')
  expect(await failure(embedded.forwardReaction('CC(=O)O.CCO>>'))).toBe('declined')
  expect(embedded.provenance.map((p) => [p.oracle, p.kind])).toEqual([
    ['solubility', 'embedded'],
    ['purchasable', 'embedded'],
    ['forward_reaction', 'none'],
  ])
  expect(embedded.provenance[0]!.sha256).toMatch(/^[\da-f]{64}$/)
})

it('none: never answers', async () => {
  const none = oracles({ kind: 'none' })
  for (const ask of [none.solubility('C'), none.purchasable(['C']), none.forwardReaction('C>>')]) {
    expect(await failure(ask)).toBe('declined')
  }
})

it('is remote where the environment names a server, and says so; an explicit kind wins', async () => {
  const server = await stubServer([{ json: { mean: -9 } }])
  vi.stubEnv('ETHER0_REMOTES_API_BASE_URL', server.baseUrl)
  vi.stubEnv('ETHER0_REMOTES_API_TOKEN', 'hush')
  const remote = oracles({})
  expect(await remote.solubility('C')).toBe(-9)
  expect(server.asked[0]!.headers.authorization).toBe('Bearer hush')
  expect(remote.provenance[0]).toEqual({
    oracle: 'solubility',
    kind: 'remote',
    api: 'ether0.remotes',
    baseUrl: server.baseUrl,
  })
  expect(JSON.stringify(remote.provenance)).not.toContain('hush')
  expect(oracles({ kind: 'embedded' }).kind).toBe('embedded')
  await server.close()
  vi.stubEnv('ETHER0_REMOTES_API_BASE_URL', '')
  expect(oracles({}).kind).toBe('embedded')
  expect(() => oracles({ kind: 'remote' })).toThrow(UsageError)
})

it('embedded with a server for forward reactions alone does not send it the token of the other', async () => {
  const server = await stubServer([{ json: { product: 'CCOC(C)=O' } }])
  vi.stubEnv('ETHER0_REMOTES_API_TOKEN', 'hush')
  const mixed = oracles({ kind: 'embedded', forward: { baseUrl: server.baseUrl } })
  expect(await mixed.forwardReaction('CC(=O)O.CCO>>')).toBe('CCOC(C)=O')
  expect(server.asked[0]!.headers.authorization).toBeUndefined()
  expect(mixed.provenance[2]).toMatchObject({ oracle: 'forward_reaction', kind: 'remote', baseUrl: server.baseUrl })
  await server.close()
})
