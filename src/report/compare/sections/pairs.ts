import type { Limits } from '../../html/limits.ts'
import { count, plural } from '../../html/numbers.ts'
import { browser, leftText } from '../../html/row-browser.ts'
import { absent, type Section } from '../../html/section.ts'
import type { CompareInput } from '../input.ts'
import { lettersOf } from '../names.ts'
import { comparedTable } from '../pair-rows.ts'

/** The pairs one by one, each with what every scorer makes of it. */
export function pairs(input: CompareInput, limits: Limits): Section | null {
  const { rows, molecules, runs } = input
  const table = rows === null ? null : comparedTable(rows, lettersOf(input), input, limits)
  if ((rows === null || table === null) && input.groups) return null
  if (rows === null || table === null)
    return {
      id: 'pairs',
      title: 'Pairs',
      body: absent(
        runs.some((run) => run.pairs > 0)
          ? 'No pair to show: the runs have none in common.'
          : 'No pair to show: no run has pairs.',
      ),
    }
  const { shown, rows: all } = table.left
  const said = [
    shown === all
      ? `All ${plural(all, 'pair')} that the runs share`
      : `${count(shown)} of ${count(all)} pairs that the runs share; the other ${count(all - shown)} are in pairs.csv of each run`,
    ', the first to read first: those that some models have right and others have not, those that all have wrong, those with a tie or without a score, then the others.',
    ' Choose two scorers and what each is to have made of a pair. Numbers are margins, in each model’s own unit: ✓ above 0, ✗ below.',
    rows.withoutVerdicts === null ? '' : ` No verdicts: ${rows.withoutVerdicts}.`,
    rows.withoutTexts === null ? '' : ` No texts: ${rows.withoutTexts}.`,
  ].join('')
  return {
    id: 'pairs',
    title: 'Pairs, one by one',
    body: browser(
      table,
      [said, ...leftText(table, molecules !== null)].join(' '),
      'pairs.csv and scores.csv of each run',
    ),
  }
}
