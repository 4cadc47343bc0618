import { count, plural } from '../numbers.ts'
import { browser, leftText } from '../row-browser.ts'
import type { LeftOut, RowTable, Stock, TableName } from '../row-table.ts'
import { absent, type Section } from '../section.ts'

const TITLES: Readonly<Record<TableName, string>> = {
  groups: 'Groups, one by one',
  steps: 'Steps, one by one',
  pairs: 'Pairs',
  completions: 'Completions',
}

/**
 * The browsers of rows. Their data stand in the page as JSON; the page's script builds the rest.
 * @param stock what several of them show
 * @param scale a sentence on what a score is
 */
export function rows(
  tables: readonly RowTable[],
  moleculesGiven: boolean,
  stock: Stock | null = null,
  scale = '',
): readonly Section[] {
  if (tables.length === 0) return [{ id: 'rows', title: 'Rows', body: absent('There is no row to show.') }]
  return tables.map((table, i) => ({
    id: table.name,
    title: TITLES[table.name],
    body: browser(
      table,
      [...LISTED[table.name](table.left), table.name === 'steps' ? '' : scale, ...leftText(table, moleculesGiven)]
        .filter((part) => part !== '')
        .join(' '),
      FILES[table.name],
      i === 0 ? stock : null,
    ),
  }))
}

const FILES: Readonly<Record<TableName, string>> = {
  pairs: 'pairs.csv and scores.csv',
  completions: 'pairs.csv and scores.csv',
  groups: 'groups.csv and scores.csv',
  steps: 'steps.csv and step-verdicts.csv',
}

/** What is listed, in what order, and what is not. */
const LISTED: Readonly<Record<TableName, (left: LeftOut) => readonly string[]>> = {
  pairs: rowsListed,
  completions: rowsListed,
  groups: (left) => [
    `${some(left, 'group')}, the first to read first: those in which the highest score goes to a wrong completion though a right one is there (the widest gap first), those in which the vote picks a wrong one and the score a right one, those without a pick or a verdict, the others from the narrowest lead up, and those that are all right or all wrong.`,
    'An opened group has its completions from the highest score down. Regret: the best reward of the group minus that of the pick.',
  ],
  steps: (left) => [
    `${some(left, 'row')}, the first to read first: those in which the first heuristic chooses a wrong candidate, those with a step that fails, those without a label, then the others.`,
    left.looked === undefined ? '' : `They are picked from the first ${count(left.looked)} rows of the data.`,
    'Verdicts of steps are on their claims alone: pass where a claim is verified and none fails, unverifiable where none could be decided.',
  ],
}

function rowsListed(left: LeftOut): readonly string[] {
  return [
    left.shown === left.rows
      ? `All ${plural(left.rows, 'row')} of the run.`
      : `${count(left.shown)} of ${plural(left.rows, 'row')}: disagreements first (widest margin first), then rows without a margin or a verdict, ties, and the narrowest margins. The CSV files beside this page have all.`,
  ]
}

const some = ({ shown, rows }: LeftOut, noun: string): string =>
  shown === rows
    ? `All ${plural(rows, noun)} of the run`
    : `${count(shown)} of ${plural(rows, noun)} (the CSV files beside this page have all)`
