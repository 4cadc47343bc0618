import { html, jsonScript, type Markup } from '../markup.ts'
import { count, plural } from '../numbers.ts'
import type { LeftOut, RowTable } from '../row-table.ts'
import { absent, type Section } from '../section.ts'

const TITLES = { pairs: 'Pairs', completions: 'Completions' } as const

/** The browsers of rows. Their data stand in the page as JSON; the page's script builds the rest. */
export function rows(tables: readonly RowTable[], moleculesGiven: boolean): readonly Section[] {
  if (tables.length === 0) return [{ id: 'rows', title: 'Rows', body: absent('There is no row to show.') }]
  return tables.map((table) => ({
    id: table.name,
    title: TITLES[table.name],
    body: html`<p class="note">${sentences(table.left, moleculesGiven)} <span class="keys">Keys: <kbd>/</kbd> search, <kbd>↑</kbd> <kbd>↓</kbd> rows, <kbd>Enter</kbd> open, <kbd>Esc</kbd> close, <kbd>Page Up</kbd> <kbd>Page Down</kbd> pages.</span></p>
<div class="browser" data-table="${table.name}-data"><noscript><p class="absent">The rows are listed by a script, and scripts are off. They are also in pairs.csv and scores.csv.</p></noscript></div>
${jsonScript(`${table.name}-data`, table)}
`,
  }))
}

function sentences(left: LeftOut, moleculesGiven: boolean): Markup {
  const said = [
    left.shown === left.rows
      ? `All ${plural(left.rows, 'row')} of the run.`
      : `${count(left.shown)} of ${plural(left.rows, 'row')}: disagreements first (widest margin first), then rows without a margin or a verdict, ties, and the narrowest margins. The CSV files beside this page have all.`,
    left.clippedTexts === 0
      ? ''
      : `${plural(left.clippedTexts, 'long text')} lost the middle to fit the page, marked where it happened.`,
    moleculesGiven
      ? 'In the molecules of a pair the atoms that the two answers do not share are marked (elements, bonds and charges; stereo is not compared).'
      : 'Molecules are not drawn: the run gave no chemistry to draw with.',
    left.undrawn === 0
      ? ''
      : `${plural(left.undrawn, 'molecule')} of less informative rows ${left.undrawn === 1 ? 'is' : 'are'} not drawn, to keep the page small; the SMILES stands in the place.`,
    left.undrawable === 0
      ? ''
      : `${plural(left.undrawable, 'answer')} ${left.undrawable === 1 ? 'is' : 'are'} no molecule that RDKit can draw.`,
  ]
  return html`${said.filter((sentence) => sentence !== '').join(' ')}`
}
