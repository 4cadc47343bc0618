import type { Limits } from '../../html/limits.ts'
import { count, plural } from '../../html/numbers.ts'
import { browser, leftText } from '../../html/row-browser.ts'
import type { Section } from '../../html/section.ts'
import { comparedGroupTable } from '../group-rows.ts'
import type { CompareInput } from '../input.ts'
import { lettersOf } from '../names.ts'

/** The groups one by one, each with what every scorer picks of it. null without groups. */
export function groupRows(input: CompareInput, limits: Limits): Section | null {
  const { groups = null, molecules } = input
  const table = groups === null ? null : comparedGroupTable(groups, lettersOf(input), input, limits)
  if (groups === null || table === null) return null
  const { shown, rows } = table.left
  const said = [
    shown === rows
      ? `All ${plural(rows, 'group')} that the runs share`
      : `${count(shown)} of ${count(rows)} groups that the runs share; the others are in groups.csv and scores.csv of each run`,
    `, the first to read first: those of which some models pick a right completion and others a wrong one (${count(groups.differing)}), those of which none picks a right one though it is there, those without a pick or a verdict, then the others.`,
    groups.apart === 0
      ? ''
      : ` ${plural(groups.apart, 'group')} of one run not in another, or with other completions there, left out.`,
    ' A pick is the completion with the highest score, the first of equal ones. Choose two scorers and what the pick of each is to be.',
    groups.withoutTexts === null ? '' : ` No texts: ${groups.withoutTexts}.`,
  ].join('')
  return {
    id: 'groups',
    title: 'Groups, one by one',
    body: browser(
      table,
      [said, ...leftText(table, molecules !== null)].join(' '),
      'groups.csv and scores.csv of each run',
    ),
  }
}
