import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RowTable } from '../../src/report/html/row-table.ts'
import type { StepDetail, StepItem } from '../../src/report/html/step-table.ts'
import { type CsvRow, jsonLines, readCsv, run, temporaryFolder } from './bin.ts'

/** report.html of runs on steps, against the CSV files beside it. */
const folder = temporaryFolder()
afterAll(() => folder.remove())

type Table = Omit<RowTable, 'details'> & { readonly details: readonly StepDetail[] }
const pageOf = (out: string) => {
  const html = readFileSync(join(out, 'report.html'), 'utf8')
  const table = JSON.parse(/id="steps-data">(.*?)<\/script>/s.exec(html)![1]!) as Table
  const ids = table.columns.find(({ key }) => key === 'id')!.values as string[]
  const figure = (id: string): string[][] => {
    const body = new RegExp(`<figure id="fig-${id}">(.*?)</figure>`, 's').exec(html)![1]!
    return parse(Buffer.from(/base64,([^"]*)"/.exec(body)![1]!, 'base64').toString('utf8')) as string[][]
  }
  return { html, table, figure, detail: (id: string): StepDetail => table.details[ids.indexOf(id)]!, ids }
}
/** Verdicts of a row's steps, or of its candidates, as step-verdicts.csv has them. */
const verdictsIn = (verdicts: readonly CsvRow[], id: string, candidates: boolean): string[] =>
  verdicts.filter((row) => row.id === id && (row.candidate !== '') === candidates).map((row) => row.step_verdict!)
const words = (items: readonly StepItem[]): (string | null)[] => items.map(({ verdict }) => verdict)

describe('the embedded steps', () => {
  const out = join(folder.path, 'demo-policy-dpo/demo-steps')
  beforeAll(async () => {
    const done = await run('run-process', ['--output-dir', folder.path, '--device', 'cpu', '--resamples', '200'])
    expect(done.code, done.stderr).toBe(0)
    expect(done.stderr).toContain('report.html in a browser')
  })

  it('have the accuracies of agreement.csv', () => {
    const statistics = readCsv(out, 'agreement.csv').filter((row) => row.scope === 'steps' && row.subset === 'all')
    const { figure } = pageOf(out)
    for (const [heuristic, ...numbers] of figure('choice-accuracy').slice(1, -1)) {
      const line = statistics.find((row) => row.statistic === `choice_accuracy_${heuristic}`)!
      expect(numbers).toEqual([line.value, line.ci_low, line.ci_high, line.n])
    }
    expect(figure('choice-accuracy')).toHaveLength(1 + 3 + 1)
  })

  it('have the choices and log-probabilities of steps.csv, and the verdicts of step-verdicts.csv', () => {
    const { detail, ids } = pageOf(out)
    const lines = readCsv(out, 'steps.csv')
    const verdicts = readCsv(out, 'step-verdicts.csv')
    expect(ids.toSorted()).toEqual([...new Set(lines.map(({ id }) => id))].toSorted())
    for (const id of ids) {
      const { candidates, steps, numbers } = detail(id)
      const own = lines.filter((line) => line.id === id)
      expect(numbers.rows.map((row) => row.slice(2))).toEqual(
        own
          .filter(({ heuristic }) => heuristic !== 'random')
          .map((line) =>
            [line.tokens, line.decayed_sum, line.decayed_mean, line.mean, line.sum, line.score].map(Number),
          ),
      )
      for (const [i, { notes }] of candidates.entries()) {
        const choosers = own.filter((line) => line.candidate === String(i) && line.chosen === '1')
        expect(notes).toEqual([
          own.find((line) => line.candidate === String(i))!.right === '1' ? '✓ right' : '✗ wrong',
          ...(choosers.length === 0 ? [] : [`★ chosen by ${choosers.map(({ heuristic }) => heuristic).join(', ')}`]),
        ])
      }
      expect(words(steps)).toEqual(verdictsIn(verdicts, id, false))
      expect(words(candidates)).toEqual(verdictsIn(verdicts, id, true))
    }
  })
})

it('--verify-steps: verdicts and claims as in the CSV files, and no heuristic', async () => {
  const file = join(folder.path, 'claims.jsonl')
  writeFileSync(
    file,
    jsonLines([
      { id: 'a', steps: ['Benzene is C6H6.', 'It has two rings.'] },
      { id: 'b', steps: ['</script><img src=x>'] },
    ]),
  )
  const done = await run('run-process', ['--verify-steps', file, '--output-dir', folder.path])
  expect(done.code, done.stderr).toBe(0)
  const out = join(folder.path, 'no-model/claims')
  const { html, figure, detail, ids } = pageOf(out)
  const verdicts = readCsv(out, 'step-verdicts.csv')
  const claims = readCsv(out, 'step-claims.csv')
  for (const id of ids) {
    expect(words(detail(id).steps)).toEqual(verdictsIn(verdicts, id, false))
    expect(
      detail(id).steps.flatMap((step) => step.claims.map(({ kind, outcome, text }) => [kind, outcome, text])),
    ).toEqual(claims.filter((row) => row.id === id).map((row) => [row.claim_kind, row.claim_verdict, row.claim_text]))
  }
  expect(figure('step-verdicts').slice(1)).toEqual(
    ['pass', 'fail', 'unverifiable'].map((word) => [
      'steps',
      word,
      String(verdicts.filter((row) => row.step_verdict === word).length),
    ]),
  )
  expect(html).not.toContain('<img')
  expect(html).not.toContain('id="choosing-steps"')
})
