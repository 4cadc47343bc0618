import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { subsetPaperTable } from '../../analysis/subsets.ts'
import { type AccuracyTable, accuracyBySubset } from '../../src/agreement/accuracy.ts'
import { accuracyPaperTable } from '../../src/agreement/accuracy-table.ts'
import { breakableLatex, escapeLatex } from '../../src/agreement/latex/escape.ts'
import { labelOf } from '../../src/agreement/latex/label.ts'
import { COLUMN, layoutsOf, TEXT } from '../../src/agreement/latex/layout.ts'
import { latexTable } from '../../src/agreement/latex/table.ts'
import { decimal, figure, type PaperTable, percent, text } from '../../src/agreement/tables.ts'
import { complaints, hasTex, TEX } from '../tex.ts'

const HOSTILE = [
  'a_b%\\input{x}',
  '#1 & $x$ ^~{}\\',
  'tab\tnew\nline\u001b[2J\u202e\u0000',
  '中文🙂 naïve Łódź ðþ ą',
  "a--b``c''d,,?`!`",
  '[x]',
  'thequickbrownfoxjumpsoverthelazydogandrunsawayintothewoodswherenobodywilleverfindhimagain!!',
  '\\end{tabular}\\end{table}',
  '%',
]
const subset = (i: number): string => HOSTILE[i] ?? `subset_with_a_name_${i}`
const made = new Map<string, AccuracyTable>()
function accuracy(subsets: number, seed: number): AccuracyTable {
  const key = `${subsets} ${seed}`
  const rows = Array.from({ length: subsets * 12 }, (_, k) => ({
    subset: subset(k % subsets),
    cluster: `p${k}`,
    margin: ((k * 7919 + seed * 104729) % 13) - 4 + (seed % 2),
  }))
  const table = made.get(key) ?? accuracyBySubset(rows, { seed: 0, resamples: 100 })
  made.set(key, table)
  return table
}
const METHOD = 'cluster bootstrap, percentile, 2000 resamples, seed 0'
const ofRun = (subsets: number, model = 'org/model'): PaperTable =>
  accuracyPaperTable(accuracy(subsets, 3), model, HOSTILE[0]!, METHOD)
const MODELS = ['x'.repeat(90), HOSTILE[0]!, ...Array.from({ length: 10 }, (_, i) => `org__model-${i}-70b-instruct`)]
const ofRuns = (subsets: number, scorers: number): PaperTable =>
  subsetPaperTable(
    'data_set',
    MODELS.slice(0, scorers).map((marked, i) => ({ scorer: marked, marked, table: accuracy(subsets, i) }) as never),
    'subsets',
  )!
const wide: PaperTable = {
  name: 'wide',
  caption: 'Columns, κ & λ.',
  source: 'x.csv',
  columns: [{ title: '' }, ...Array.from({ length: 40 }, (_, i) => ({ title: `a long title of column ${i}` }))],
  rows: Array.from({ length: 9 }, (_, r) => [
    text(subset(r)),
    ...Array.from({ length: 40 }, (_, c) => decimal(r * c - 5)),
  ]),
  notes: [...HOSTILE],
}
const LABEL = labelOf(['m', 'd'], 'abc123')
const tex = (table: PaperTable): string => latexTable(table, LABEL)

describe('LaTeX tables', () => {
  it('are as wide as one column of a two-column article, or say why they are not', () => {
    const cases: readonly [PaperTable, 'table' | 'table*'][] = [
      [ofRun(1), 'table'],
      [ofRun(3), 'table'],
      [ofRuns(2, 2), 'table'],
      [ofRuns(6, 2), 'table'],
      [ofRuns(50, 12), 'table*'],
      [wide, 'table*'],
    ]
    for (const [table, environment] of cases) {
      const out = tex(table)
      expect(out, table.name).toContain(`\\begin{${environment}}[t]`)
      expect(out.includes('% table*: at its narrowest')).toBe(environment === 'table*')
      const all = table.columns.map((_, c) => c)
      for (const layout of layoutsOf(table, all))
        expect(layout.width).toBeLessThanOrEqual(layout.environment === 'table' ? COLUMN : TEXT)
    }
    // 50 subsets × 12 scorers have no room for intervals: the caption does not promise them, the notes say where they are
    const many = tex(ofRuns(50, 12))
    expect(many).not.toContain('--')
    expect(
      many.match(/95 \\% intervals, for which there is no room here, are in subsets\.csv/g)!.length,
    ).toBeGreaterThan(0)
    expect(many).toMatch(/A: x+/)
  })

  it('have every row once, under labels of their own', () => {
    const out = tex(ofRuns(50, 12))
    for (let i = HOSTILE.length; i < 50; i++)
      expect(
        out.replaceAll('\\allowbreak{}', '').split(`subset\\_with\\_a\\_name\\_${i} &`).length - 1,
        String(i),
      ).toBe(
        layoutsOf(
          ofRuns(50, 12),
          Array.from({ length: 14 }, (_, c) => c),
        ).length,
      )
    const labels = out.match(/\\label\{[^}]*\}/g)!
    expect(new Set(labels).size).toBe(labels.length)
    expect(labels[0]).toBe('\\label{tab:subsets:m:d:abc123:1}')
    expect(labelOf(['a b_c%'], 'f').of('t', { part: 1, parts: 1 })).toBe('tab:t:a-b-c-:f')
  })

  it('leave out what says nothing, with a sentence, and keep what says something', () => {
    const without = tex(ofRun(3))
    expect(without).toContain('Every pair was scored.')
    expect(without).not.toContain('not scored')
    const some = accuracyBySubset([
      { subset: 'a', cluster: '1', margin: 1 },
      { subset: 'a', cluster: '1', margin: null },
      { subset: 'b', cluster: '2', margin: 0 },
    ])
    const lost = tex(accuracyPaperTable(some, 'm', 'd', METHOD))
    expect(lost).toMatch(/not\\\\scored|not scored/)
    expect(lost).toContain('ties')
  })

  it('set numbers to the right, totals under a rule, † only where it stands', () => {
    const table: PaperTable = {
      name: 't',
      caption: 'C.',
      intervals: 'In brackets 95 % intervals: m.',
      source: 't.csv',
      columns: [{ title: 'scorer' }, { title: 'half', best: 'high' }, { title: 'n' }],
      rows: [
        [text('a'), percent(0.8, { low: 0.7, high: 0.9 }), figure('1,200')],
        [text('ensemble'), { ...percent(0.9, { low: 0.8, high: 1 }), aside: true } as never, figure('3')],
        [text('b'), { ...decimal(-0.5), low: -0.9, high: -0.1 } as never, figure('7')],
      ],
      breaks: [{ before: 2 }],
      notes: [],
    }
    const out = tex(table)
    expect(out).toContain('\\begin{tabular}{@{}lr@{\\enspace}rr@{}}')
    expect(out).toContain('a & \\textbf{80.0} & {\\footnotesize (70.0, 90.0)} & 1,200 \\\\')
    // the best is among those that are not ensembles
    expect(out).toContain('ensemble & 90.0 & ')
    expect(out).toContain('\\midrule\nb & $-$0.500 & {\\footnotesize ($-$0.900, $-$0.100)} & 7 \\\\')
    expect(out).not.toContain('dagger')
    const few = tex({ ...table, rows: [[text('a'), percent(0.8, null, true), figure('1')], ...table.rows] })
    expect(few).toContain('\\textbf{80.0}\\rlap{$^\\dagger$}')
    expect(few).toContain('$^\\dagger$ fewer than 20 prompts.')
  })

  it('exchange rows and columns where only so they fit', () => {
    const out = tex({
      name: 't',
      caption: 'C.',
      intervals: 'In brackets 95 % intervals: m.',
      source: 't.csv',
      columns: [{ title: '' }, ...'abcdefghij'.split('').map((title) => ({ title: `way ${title}` }))],
      rows: [[text('m'), ...Array.from({ length: 10 }, () => percent(0.5, { low: 0.4, high: 0.6 }))]],
      notes: [],
    })
    expect(out).toContain('\\begin{table}[t]')
    expect(out).toContain('way j & 50.0 & {\\footnotesize (40.0--60.0)} \\\\')
  })

  it('guard what TeX would obey, join or not have', () => {
    expect(escapeLatex("a--b``c''d")).toBe("a-{}-b`{}`c'{}'d")
    expect(escapeLatex('Łódź ñ ć å ß Å')).toBe("\\L{}\\'{o}d\\'{z} \\~{n} \\'{c} \\aa{} \\ss{} \\AA{}")
    expect(escapeLatex('α₂ ≤ ½ µ')).toBe('$\\alpha$$_2$ $\\leq$ $\\frac{1}{2}$ $\\mu$')
    // OT1 has neither: eth, thorn, an ogonek
    expect(escapeLatex('ðþą中')).toBe('[U+00F0][U+00FE][U+0105][U+4E2D]')
    expect(breakableLatex('demo-policy__vs__demo-ref short-ones')).toBe(
      'demo-\\allowbreak{}policy\\_\\_\\allowbreak{}vs\\_\\_\\allowbreak{}demo-\\allowbreak{}ref short-ones',
    )
    // nothing but printable ASCII comes out
    for (const table of [ofRun(9), ofRuns(9, 12), wide]) expect(tex(table)).toMatch(/^[\x20-\x7e\n]*$/)
  })
})

describe.skipIf(!hasTex)(`LaTeX tables compile without a warning, in one column and in two (${TEX})`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'chemherm-tex-'))
  it('with hostile names, 90 characters, 50 subsets, 12 scorers', () => {
    const tables = [
      ...[1, 3, 9, 50].map((n) => ofRun(n)),
      ofRun(4, `${'verylongname'.repeat(7)} against the reference a_b`),
      ...([[2, 12], [3, 3], [9, 2], [50, 2], [50, 12]] as const).map(([n, s]) => ofRuns(n, s)),
      wide,
    ] // biome-ignore format: a table
    const files = tables.map((table, i) => {
      writeFileSync(join(folder, `t${i}.tex`), latexTable(table, labelOf(['run', String(i)], 'abc123')))
      return `t${i}.tex`
    })
    expect(complaints(folder, files)).toEqual([])
  })
  it('with every letter and sign that has one, alone', () => {
    const letters = Array.from({ length: 0x2300 }, (_, i) => String.fromCharCode(i)).filter(
      (c) => !/\p{Surrogate}/u.test(c),
    )
    writeFileSync(join(folder, 'letters.tex'), `{\\raggedright ${letters.map((c) => escapeLatex(c)).join(' ')}\\par}\n`)
    expect(complaints(folder, ['letters.tex'], 1)).toEqual([])
  })
})

it('reads a cell as often in a table of many floats as in one of few', () => {
  const readsPerCell = (rows: number): number => {
    let reads = 0
    const cell = () => ({
      kind: 'number' as const,
      get value() {
        reads++
        return 0.5
      },
    })
    const table = {
      name: 'many',
      caption: 'Many.',
      source: 'many.csv',
      columns: ['', 'a', 'b'].map((title) => ({ title, best: 'high' as const })),
      rows: Array.from({ length: rows }, () => [{ kind: 'text' as const, text: 'x' }, cell(), cell()]),
      notes: [],
    }
    latexTable(table, labelOf(['analysis', 'd'], 'abc'))
    return reads / rows
  }
  expect(readsPerCell(3000)).toBeLessThan(2 * readsPerCell(200))
})
