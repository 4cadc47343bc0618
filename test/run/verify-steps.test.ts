import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { undocumented } from '../../src/agreement/codebook/codebook.ts'
import { STEP_VERDICT_FILES } from '../../src/cli/process/verify-steps.ts'
import { header, jsonLines, manifestOf, readCsv, run, temporaryFolder } from './bin.ts'

const folder = temporaryFolder()
afterAll(() => folder.remove())
const LABELLED = 'test/data/steps/labelled.jsonl'
const go = (file: string, ...more: string[]) =>
  run('run-process', ['--verify-steps', file, '--output-dir', folder.path, ...more])
const made = (name: string, rows: readonly unknown[]): string => {
  const path = join(folder.path, `${name}.jsonl`)
  writeFileSync(path, jsonLines(rows))
  return path
}

it('verdicts of the labelled steps, without a model', async () => {
  const done = await go(LABELLED, '--resamples', '100')
  expect(done, done.stderr).toMatchObject({ code: 0 })
  const out = join(folder.path, 'no-model/labelled')
  expect(header(out, 'step-verdicts.csv').slice(0, 6)).toEqual([
    'id', 'step', 'candidate', 'step_verdict', 'step_claims', 'step_reason',
  ]) // biome-ignore format: the contract's line
  const rows = readCsv(out, 'step-verdicts.csv')
  const wanted = readFileSync(LABELLED, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { id: string; steps: string[]; labels: string[] })
    .flatMap(({ id, labels }) => labels.map((label, step) => ({ id, step: String(step), label })))
  expect(rows.map(({ id, step }) => ({ id, step }))).toEqual(wanted.map(({ id, step }) => ({ id, step })))
  const wrong = rows.filter((row, i) => row.step_verdict !== 'unverifiable' && row.step_verdict !== wanted[i]!.label)
  expect(wrong).toEqual([])
  for (const row of rows) {
    expect(row.step_claims === '').toBe(row.step_verdict === 'unverifiable')
    expect(row.step_reason === '').toBe(row.step_verdict !== 'fail')
    expect(row.candidate).toBe('')
  }
  // the shares of agreement.csv, counted by hand
  const decided = rows.filter(({ step_verdict }) => step_verdict !== 'unverifiable')
  const passed = decided.filter(({ step_verdict }) => step_verdict === 'pass')
  const statistics = readCsv(out, 'agreement.csv').filter(({ scope }) => scope === 'step_verdicts')
  expect(statistics.map(({ statistic, value, n }) => [statistic, Number(value), Number(n)])).toEqual([
    ['step_decided_rate', decided.length / rows.length, rows.length],
    ['step_pass_rate', passed.length / decided.length, decided.length],
  ])
  expect(manifestOf(out).models).toEqual([])
})

it('every claim is where its words are, and the step has its counts', async () => {
  const steps = ['**Benzene** has the formula C₆H₆ and seven carbons.', 'I think that it is aromatic.']
  const done = await go(made('spans', [{ id: 'a', steps }]))
  expect(done).toMatchObject({ code: 0 })
  const out = join(folder.path, 'no-model/spans')
  const claims = readCsv(out, 'step-claims.csv')
  for (const { step, claim_text: text, claim_start: start, claim_end: end } of claims)
    expect(steps[Number(step)]!.slice(Number(start), Number(end))).toBe(text)
  expect(claims.map((one) => [one.claim_kind, one.claim_verdict, one.claim_computed])).toEqual([
    ['formula', 'pass', 'C6H6'],
    ['atom_count', 'fail', '6'],
    ['ring_count', 'unverifiable', '1'],
  ])
  expect(readCsv(out, 'step-verdicts.csv')[0]).toMatchObject({
    step_verdict: 'fail',
    step_claims: 'formula: the formula C₆H₆; atom_count: seven carbons',
    step_reason: 'Benzene has 6 C atoms, not 7',
    claims_decided: '2',
    claims_undecided: '0',
  })
})

it('candidates stand behind the steps, at the next step', async () => {
  const done = await go(
    made('candidates', [
      {
        id: 'a',
        prompt: [{ role: 'user', content: 'How many carbons does CCO have?' }],
        steps: ['The molecule has an oxygen atom.'],
        candidates: ['It has two carbons.', 'It has three carbons.', 'Easy.'],
      },
      { id: 'b', steps: [], candidates: ['CCN has one nitrogen.'] },
      { id: 'c', completions: ['CCN has two nitrogens.'], labels: [false], prompt: 'x' },
    ]),
  )
  expect(done, done.stderr).toMatchObject({ code: 0 })
  const rows = readCsv(folder.path, 'no-model/candidates/step-verdicts.csv')
  expect(rows.map(({ id, step, candidate, step_verdict }) => [id, step, candidate, step_verdict])).toEqual([
    ['a', '0', '', 'pass'],
    ['a', '1', '0', 'pass'],
    ['a', '1', '1', 'fail'],
    ['a', '1', '2', 'unverifiable'],
    ['b', '0', '0', 'pass'],
    ['c', '0', '', 'fail'],
  ])
})

it('sentences of a whole answer are its steps', async () => {
  const completion =
    '<|think_start|>Benzene is C6H6. It has two rings.\nSo what?<|think_end|><|answer_start|>CCO<|answer_end|>'
  const done = await go(made('answers', [{ id: 'a', completion }]))
  expect(done, done.stderr).toMatchObject({ code: 0 })
  const rows = readCsv(folder.path, 'no-model/answers/step-verdicts.csv')
  expect(rows.map(({ step, step_verdict }) => [step, step_verdict])).toEqual([
    ['0', 'pass'],
    ['1', 'fail'],
    ['2', 'unverifiable'],
    ['3', 'unverifiable'],
  ])
})

it('a bad row is listed, and what is hostile ends no run', async () => {
  const done = await go(
    made('hostile', [
      { id: 'a', steps: 'Benzene is C6H6.' },
      { id: 'b', prompt: 'no steps' },
      {
        id: 'c',
        steps: ['('.repeat(100_000), `${'['.repeat(1500)} is a valid SMILES.`, '', `${'C('.repeat(900)} is ethanol.`],
      },
      { id: 'd', steps: ['=HYPERLINK("x") CCO has two carbons.', `The SMILES ${'C'.repeat(1990)} has 1990 carbons.`] },
    ]),
  )
  expect(done.code).toBe(4)
  const rows = readCsv(folder.path, 'no-model/hostile/step-verdicts.csv')
  expect(rows.map(({ id, step_verdict }) => [id, step_verdict])).toEqual([
    ['c', 'unverifiable'],
    ['c', 'unverifiable'],
    ['c', 'unverifiable'],
    ['c', 'unverifiable'],
    ['d', 'pass'],
    ['d', 'pass'],
  ])
  expect(rows[0]!.step_note).toContain('100000 characters')
  expect(readCsv(folder.path, 'no-model/hostile/failures.csv').map(({ id, reason }) => [id, reason])).toEqual([
    ['a', 'wrong_type'],
    ['b', 'no_steps'],
  ])
})

it('says what it does not use, and refuses what contradicts it', async () => {
  const file = made('plain', [{ id: 'a', steps: ['Benzene is C6H6.'] }])
  const unused = await go(file, '--heuristic', 'random', '--model', 'org/x')
  expect(unused.code).toBe(0)
  expect(unused.stderr).toMatch(/--model.* change nothing here|--model.* changes nothing here/)
  expect(unused.stderr).toContain('--heuristic')
  expect((await go(file, '--filter-rationales', file)).code).toBe(2)
})

it('every column is in the code book', () => {
  expect(undocumented(STEP_VERDICT_FILES)).toEqual([])
})
