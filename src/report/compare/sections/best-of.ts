import { subsetName } from '../../../subset-name.ts'
import { html } from '../../html/markup.ts'
import { percent, percentInterval } from '../../html/numbers.ts'
import type { Section } from '../../html/section.ts'
import { type FileRow, rowsOf } from '../csv-file.ts'
import type { CompareInput } from '../input.ts'
import { lettersOf } from '../names.ts'
import { type ValueCell, valueTable } from '../value-table.ts'

const LEVELS: Readonly<Record<string, string>> = {
  ties: 'Ties (RewardBench 2’s score)',
  overall: 'All rows',
  rewardbench_2: 'RewardBench 2, mean of its six subsets',
}

/** Rows with several completions on a side: how often the chosen one is the best of all. null where there are none. */
export function bestOf(input: CompareInput): Section | null {
  const rows = rowsOf(input.files, 'best-of.csv')
  if (rows.length === 0) return null
  const letters = lettersOf(input)
  const scorers = [...new Set(rows.map((row) => row.text('scorer')))]
  const lines = new Map(rows.map((row) => [`${row.text('level')}\0${row.text('subset')}`, row]))
  const line = (first: FileRow) => ({
    name: html`${LEVELS[first.text('level')] ?? subsetName(first.text('subset'))}`,
    cells: scorers.map((scorer) =>
      cellOf(
        rows.find(
          (row) =>
            row.text('scorer') === scorer &&
            row.text('level') === first.text('level') &&
            row.text('subset') === first.text('subset'),
        ),
      ),
    ),
  })
  const part = (subsets: boolean) => ({
    lines: [...lines.values()].filter((row) => (row.text('level') === 'subset') === subsets).map(line),
    total: !subsets,
  })
  return {
    id: 'best-of-row',
    title: 'Chosen above all others of its row',
    body: valueTable(
      html`Share of rows whose chosen completion scores highest of all; one of k highest counts 1/k (best-of.csv). ${letters.key(scorers)}. Beneath: the 95% interval and the rows.`,
      'Subset',
      scorers.map((scorer) => letters.of(scorer)),
      [part(true), part(false)].filter(({ lines: some }) => some.length > 0),
    ),
  }
}

function cellOf(row: FileRow | undefined): ValueCell | null {
  if (row === undefined) return null
  const score = row.number('best_of_score')
  const [low, high] = [row.number('ci_low'), row.number('ci_high')]
  return {
    value: score === null ? null : percent(score),
    interval: low === null ? null : percentInterval(low, high),
    n: row.number('n'),
    why: row.text('reason').replaceAll('_', ' '),
  }
}
