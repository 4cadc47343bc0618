import { parse } from 'csv-parse/sync'
import { describe, expect, it } from 'vitest'
import { LIMITS } from '../../src/report/html/limits.ts'
import { renderReport } from '../../src/report/html/report.ts'
import type { RowTable } from '../../src/report/html/row-table.ts'
import type { StepDetail } from '../../src/report/html/step-table.ts'
import type { Statistic } from '../../src/types.ts'
import { stepRows, stepsInput, stepVerdicts } from './demo-steps.ts'

const tableOf = (html: string): RowTable & { readonly details: readonly StepDetail[] } =>
  JSON.parse(/id="steps-data">(.*?)<\/script>/s.exec(html)![1]!)
const csvOf = (html: string, figure: string): string[][] => {
  const body = new RegExp(`<figure id="fig-${figure}">(.*?)</figure>`, 's').exec(html)![1]!
  return parse(Buffer.from(/base64,([^"]*)"/.exec(body)![1]!, 'base64').toString('utf8')) as string[][]
}
const textOf = (html: string): string =>
  html
    .replace(/<(script|style)[\s\S]*?<\/\1>/g, '')
    .replace(/<[^>]*>/g, '')
    .replaceAll('&#39;', "'")

describe('steps in report.html', () => {
  const html = renderReport(stepsInput())
  const text = textOf(html)
  const ids = (page: string): unknown => tableOf(page).columns.find(({ key }) => key === 'id')!.values

  it('need neither pairs nor completions', () => {
    expect([...html.matchAll(/<section id="([^"]*)"/g)].map(([, id]) => id)).toEqual([
      'headline',
      'choosing-steps',
      'claims',
      'failures',
      'steps',
      'provenance',
    ])
    expect(text).toContain('steps, 4 rows of steps')
    expect(text).toContain('66.7%[20.0, 94.0]Choice accuracy. world_model (decayed likelihood of the candidate)')
    expect(text).not.toMatch(/\b(NaN|undefined|Infinity|No accuracy)\b/)
    expect(renderReport(stepsInput())).toBe(html)
  })

  it('plot the accuracies of agreement.csv with what a draw and a perfect choice reach', () => {
    expect(csvOf(html, 'choice-accuracy').slice(1)).toEqual([
      ['world_model', String(2 / 3), '0.2', '0.94', '3'],
      ['random', String(2 / 3), '0.2', '0.94', '3'],
      ['ceiling: a right one is there', '1', '', '', '3'],
    ])
    expect(text).toContain('4 rows; n counts those whose candidate is known to be right or wrong, up to 1 are not')
    expect(text).toContain('The dashed line is a draw, 44.4%')
    expect(text).toContain('world_modelrandom33.3[0.0, 100.0]11' + '1033')
  })

  it('count verdicts and claims, and list the first step that fails', () => {
    const of = (candidate: boolean, word: string): string =>
      String(stepVerdicts.filter((v) => (v.candidate !== null) === candidate && v.verdict === word).length)
    expect(csvOf(html, 'step-verdicts').slice(1)).toEqual(
      [false, true].flatMap((candidate) =>
        ['pass', 'fail', 'unverifiable'].map((word) => [candidate ? 'candidates' : 'steps', word, of(candidate, word)]),
      ),
    )
    expect(text).toContain('6 claims, 5 decided')
    expect(text).toContain('ring count01100.0%0')
    expect(text).toContain('a11ring count2 ringsit has 0 rings')
  })

  it('show first what was wrongly chosen, then what fails, then what is not judged', () => {
    expect(ids(html)).toEqual(['a1', 'b2', 'a2', 'b1'])
    // without the choices: a1 fails, none of the others is labelled
    expect(ids(renderReport(stepsInput({ heuristics: [], lines: [] })))).toEqual(['a1', 'a2', 'b1', 'b2'])
    const small = renderReport(stepsInput(), { ...LIMITS, rows: 1 })
    expect(ids(small)).toEqual(['a1'])
    expect(textOf(small)).toContain('1 of 4 rows (the CSV files beside this page have all)')
  })

  it('say that rows of a long run are picked from its first ones', () => {
    const long = renderReport(stepsInput({ total: 1_000_000 }))
    expect(textOf(long)).toContain('4 of 1,000,000 rows (the CSV files beside this page have all)')
    expect(textOf(long)).toContain('They are picked from the first 4 rows of the data.')
    expect(text).not.toContain('picked from the first')
  })

  it('mark label, choice and verdict of every candidate in words, beside the numbers', () => {
    const { details, texts } = tableOf(html)
    const [first] = details
    expect(first!.candidates.map((one) => [texts[one.text], one.verdict, ...one.notes])).toEqual([
      ['So it is C2H6O.', 'pass', '✓ right', '★ chosen by random'],
      ['So it is C3H8O.', 'fail', '✗ wrong', '★ chosen by world_model'],
      ['I do not know.', 'unverifiable', '✗ wrong'],
    ])
    expect(first!.steps.map(({ text: place, verdict }) => [texts[place], verdict])).toEqual([
      ['CCO is ethanol.', 'pass'],
      ['It has 2 rings.', 'fail'],
    ])
    expect(texts[first!.rationale!]).toBe('Count the atoms of each element.')
    expect(first!.numbers.rows.slice(0, 2)).toEqual([
      ['world_model', '0', 4, 3.439 * -1.25, 0.85975 * -1.25, -1.25, -5, 0.85975 * -1.25],
      ['world_model', '1 ★', 4, 3.439 * -0.5, 0.85975 * -0.5, -0.5, -2, 0.85975 * -0.5],
    ])
  })

  it('show a finished answer with the labels and probabilities of its steps', () => {
    const labelled = {
      ...stepRows[0]!,
      id: 'l1',
      candidates: [],
      rationale: null,
      labels: [true, false],
      probabilities: [0.75, null],
    }
    const page = renderReport(stepsInput({ rows: [labelled], heuristics: [], lines: [], tests: [], verdicts: null }))
    expect(tableOf(page).details[0]!.steps.map(({ notes }) => notes)).toEqual([
      ['label: right', 'probability 0.750'],
      ['label: wrong'],
    ])
    expect(page).not.toContain('id="claims"')
    expect(textOf(page)).toContain('Rewards of the steps')
  })

  it('begin with what a process reward model is worth on labelled steps', () => {
    const statistic = (name: string, value: number | null, n: number): Statistic => ({
      scope: 'steps',
      subset: 'all',
      statistic: name,
      value,
      ciLow: null,
      ciHigh: null,
      ciMethod: 'none: one prompt',
      n,
      clusters: 1,
      ties: 0,
      missing: 0,
      reason: value === null ? 'no_right_row' : null,
    })
    const statistics = [
      statistic('step_accuracy', 0.75, 4),
      statistic('pass_rate', 0.5, 4),
      statistic('process_bench_f1', null, 1),
    ]
    const report = textOf(renderReport({ ...stepsInput({ heuristics: [], lines: [], tests: [] }), statistics }))
    expect(report).toContain('75.0%Steps judged right. The probability is on the right side of ½')
    expect(report).toContain(
      '50.0%Steps labelled right. Who calls every step right is right for this share of 4 steps.',
    )
    expect(report).toContain('Steps that are right, by label or verdict0.500')
    expect(report).not.toContain('Harmonic mean')
  })

  it('say how many of the steps are candidates', () => {
    const candidates = stepVerdicts.filter(({ candidate }) => candidate !== null).length
    expect(text).toContain(`Verdicts on ${stepVerdicts.length} steps, ${candidates} of them candidates, by the claims`)
    const alone = renderReport(stepsInput({ verdicts: stepVerdicts.filter(({ candidate }) => candidate === null) }))
    expect(textOf(alone)).toContain(`Verdicts on ${stepVerdicts.length - candidates} steps, by the claims`)
  })

  it('say so where there is no row', () => {
    const none = renderReport(stepsInput({ rows: [], lines: [], verdicts: [] }))
    expect(textOf(none)).toContain('There is no row to show')
    expect(textOf(none)).toContain('No step to verify')
  })

  it('keep hostile texts out of the markup', () => {
    const hostile = '</script><img src=x onerror=alert(1)>'
    const rows = [{ ...stepRows[0]!, id: hostile, prompt: hostile, steps: [hostile], subset: hostile }]
    const claims = [{ kind: hostile, outcome: 'fail' as const, text: hostile, computed: hostile, reason: hostile }]
    const verdicts = [{ id: hostile, step: 0, candidate: null, verdict: 'fail' as const, claims, reason: hostile }]
    const page = renderReport(stepsInput({ rows, verdicts, heuristics: [hostile] }))
    expect(page).not.toContain('<img')
    expect(page.match(/<script/g)).toHaveLength(2)
  })
})
