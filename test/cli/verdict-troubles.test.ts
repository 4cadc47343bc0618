import { expect, it } from 'vitest'
import { verdictTroubleLines } from '../../src/cli/verdict-troubles.ts'
import { Ledger } from '../../src/score/ledger.ts'
import { VerdictQueue } from '../../src/score/verdicts.ts'
import type { SolutionInput, Verdict, Verifier } from '../../src/types.ts'

/** What is said of completions whose verdicts are these. */
async function said(rows: readonly (readonly [where: string, solution: SolutionInput, verdict: Verdict])[]) {
  const ledger = new Ledger(0)
  const verdicts = [...rows]
  const verifier = { verify: async () => verdicts.shift()![2] } as unknown as Verifier
  const queue = new VerdictQueue(verifier, ledger, 100, () => false)
  const blank = {
    unscored: null,
    promptTokens: null,
    completionTokens: null,
    truncated: 'no',
    textSha256: null,
  } as const
  for (const [where, solution] of rows) queue.push(ledger.append(blank), '', solution, where)
  await queue.drain()
  return verdictTroubleLines(queue.troubles)
}
const raised = (error: string): Verdict => ({
  value: null,
  status: 'unverifiable',
  reason: null,
  metadata: { error },
})

it('a function that ether0 does not have: rows, the name, the names there are and the form', async () => {
  const rows = ['p:1', 'p:1', 'p:2', 'p:3', 'p:4'].map(
    (row) => [row, 'smell_eval!:!CCO!:!x', raised('KeyError')] as const,
  )
  const [line, ...more] = await said(rows)
  expect(more).toEqual([])
  expect(line).toContain(
    '5 completions could not be verified (KeyError), unverifiable, not failed: p:1, p:2, p:3 …; in p:1 ',
  )
  expect(line).toContain(
    'the function "smell_eval"; it is fxn_name!:!answer_info!:!problem_type, and fxn_name is one of',
  )
  expect(line).toContain('str_eval, valid_mol_eval, caption_eval')
})

it('a solution of another form is shown', async () => {
  const [line] = await said([['p:7', 'CCO', raised('ValidationError')]])
  expect(line).toContain('in p:7 the solution "CCO" is not of the form fxn_name!:!answer_info!:!problem_type')
})

it('a ground truth that cannot be read', async () => {
  const truth: Verdict = { value: 0, status: 'unverifiable', reason: 'invalid_ground_truth', metadata: {} }
  const [line] = await said([['p:2', 'formula_eval!:!C2H6O!:!formula', truth]])
  expect(line).toBe(
    '1 completion could not be verified (invalid_ground_truth), unverifiable, not failed: p:2; in p:2 formula_eval with the answer_info "C2H6O" cannot be judged: it is no molecule that RDKit reads (a SMILES is expected)',
  )
})

it('a ground truth that ether0 takes for a counter-ion, and a synthesis without a model that judges it', async () => {
  const truth: Verdict = { value: 0, status: 'unverifiable', reason: 'invalid_ground_truth', metadata: {} }
  const [short] = await said([['p:2', 'product_eval!:!CCO!:!name', truth]])
  expect(short).toContain('with the answer_info "CCO" cannot be judged: ether0 takes parts of up to 3 characters for')
  expect(short).not.toContain('RDKit')
  expect((await said([['p:2', 'caption_eval!:!CCO!:!name', truth]]))[0]).toContain('for counter-ions')
  expect((await said([['p:2', 'product_eval!:!CC(=!:!name', truth]]))[0]).toContain('no molecule that RDKit reads')
  const [oracle] = await said([['p:3', 'rxn_forward!:!CCOC!:!x', raised('OracleError')]])
  expect(oracle).toContain('no forward-reaction model ships, ETHER0_REMOTES_API_BASE_URL names a server')
})

it('of a pass or a fail nothing is said', async () => {
  const fail: Verdict = { value: 0, status: 'fail', reason: null, metadata: {} }
  expect(await said([['p:1', 'str_eval!:!a!:!x', fail]])).toEqual([])
})
