import { describe, expect, it } from 'vitest'
import { accuracyBySubset } from '../../src/agreement/accuracy.ts'
import { accuracyPaperTable } from '../../src/agreement/accuracy-table.ts'
import { codebook, undocumented } from '../../src/agreement/codebook/codebook.ts'
import { escapeLatex } from '../../src/agreement/latex/escape.ts'
import { labelOf } from '../../src/agreement/latex/label.ts'
import { latexTable } from '../../src/agreement/latex/table.ts'
import { count, decimal, markdownTable, type PaperTable, percent, text } from '../../src/agreement/tables.ts'
import { SCORE_COLUMNS } from '../../src/report/scores.ts'
import { DPO_COLUMNS } from '../../src/score/scorer.ts'

const table: PaperTable = {
  name: 'demo table',
  source: 'demo.csv',
  caption: 'A & B, 100 % of κ',
  columns: [{ title: 'scorer' }, { title: 'half', best: 'high' }, { title: 'loss', best: 'low' }, { title: 'n' }],
  rows: [
    [text('a_b'), percent(0.80004, { low: 0.7, high: 0.9 }), decimal(0.3), count(1200)],
    [text('[x] | y'), percent(0.79996), decimal(0.25), count(3)],
    [text('low'), percent(0.5), decimal(0.4), count(7)],
    [text('=cmd()'), percent(null), decimal(null), count(0)],
  ],
  notes: ['n as given; weights 1.'],
}

describe('paper tables', () => {
  it('sets the best in bold after rounding, and absent values as a dash', () => {
    const md = markdownTable(table)
    // 80.004 and 79.996 both print as 80.0: neither may look better than the other.
    expect(md).toContain('| a\\_b | **80.0** (70.0–90.0) | 0.300 | 1,200 |')
    expect(md).toContain('| \\[x\\] \\| y | **80.0** | **0.250** | 3 |')
    expect(md).toContain('| =cmd() | — | — | 0 |')
    expect(md).toContain('n as given; weights 1.')
  })
  it('writes booktabs LaTeX with every special character guarded', () => {
    const tex = latexTable(table, labelOf([], ''))
    expect(tex).toContain('{A \\& B, 100 \\% of $\\kappa$.}')
    expect(tex).toContain('a\\_b & \\textbf{80.0} & {\\footnotesize (70.0--90.0)} & 0.300 & 1,200 \\\\')
    expect(tex).toContain('{[x] \\textbar{} y} &')
    for (const rule of ['\\toprule', '\\midrule', '\\bottomrule']) expect(tex).toContain(rule)
    expect(escapeLatex('\\{}$&#%_^~<>"中🙂')).toBe(
      "\\textbackslash{}\\{\\}\\$\\&\\#\\%\\_\\textasciicircum{}\\textasciitilde{}\\textless{}\\textgreater{}''[U+4E2D][U+1F642]",
    )
    expect(escapeLatex('a\nb\tc')).toBe('a b c')
  })
  it('prints weights and n under RewardBench’s sections', () => {
    const rows = ['math-prm', 'hep-go'].flatMap((subset) =>
      [1, 1, -1].map((margin, i) => ({ subset, cluster: `${subset}${i}`, margin })),
    )
    const md = markdownTable(accuracyPaperTable(accuracyBySubset(rows), 'a/b', 'd', 'bootstrap'))
    expect(md).toContain('Weights of the subsets in their section: Reasoning: math-prm 984, hep-go 164.')
    expect(md).toContain('66.7†')
    expect(md).toContain('n = 6')
  })
  it('calls rows without a subset (none), as the screen does, and has no line for them where no row has one', () => {
    const of = (...subsets: string[]): string =>
      markdownTable(
        accuracyPaperTable(
          accuracyBySubset(subsets.map((subset, i) => ({ subset, cluster: `p${i}`, margin: 1 }))),
          'a/b',
          'd',
          'bootstrap',
        ),
      )
    expect(of('', 'x')).toMatch(/^\| \(none\) \|.*\n\| x \|.*\n\| all pairs \|/m)
    expect(of('', '')).toMatch(/^\| --- .*\n\| all pairs \|/m)
  })
})

describe('codebook', () => {
  it('has unit and definition of every column and names those it does not know', () => {
    const files = { 'pairs.csv': ['id', 'margin', 'toString'] }
    expect(undocumented(files)).toEqual(['pairs.csv: toString'])
    expect(undocumented({ 'scores.csv': [...SCORE_COLUMNS, ...DPO_COLUMNS] })).toEqual([])
    expect(codebook(files)).toContain("| `margin` | the score's own unit | chosen_score − rejected_score;")
    expect(codebook(files)).toContain("| `toString` | the data's own | a column of the data, carried through |")
  })
  it('says what a column means in the file that it stands in', () => {
    const of = (file: string, column: string): string | undefined =>
      codebook({ [file]: [column] })
        .split('\n')
        .find((line) => line.startsWith(`| \`${column}\``))
    expect(of('groups.csv', 'n')).toContain('completions of the group')
    expect(of('curves.csv', 'n')).toContain('chosen among')
    expect(of('agreement.csv', 'n')).toContain('rows that the value rests on')
    expect(of('curriculum.csv', 'step')).toContain('from 1')
    expect(of('step-scores.csv', 'step')).toContain('from 0')
    expect(of('over-optimisation.csv', 'left_out')).toContain('groups')
    expect(of('heterogeneity.csv', 'left_out')).toContain('subsets')
    expect(of('curriculum.csv', 'groups')).toContain('batch')
  })
})
