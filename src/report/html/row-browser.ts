import { html, jsonScript, type Markup } from './markup.ts'
import { plural } from './numbers.ts'
import type { RowTable, Stock } from './row-table.ts'

/**
 * A browser of rows. Its data stand in the page as JSON; the page's script builds the rest.
 * @param said what is listed, in what order, and what is not
 * @param files where the rows stand, too
 * @param stock what this browser and those behind it share
 */
export const browser = (
  table: RowTable,
  said: string,
  files: string,
  stock: Stock | null = null,
): Markup => html`<p class="note">${said} <span class="keys">Keys: <kbd>/</kbd> search, <kbd>↑</kbd> <kbd>↓</kbd> rows, <kbd>Enter</kbd> open, <kbd>Esc</kbd> close, <kbd>Page Up</kbd> <kbd>Page Down</kbd> pages.</span></p>
<div class="browser" data-table="${table.name}-data"><noscript><p class="absent">The rows are listed by a script, and scripts are off. They are also in ${files}.</p></noscript></div>
${stock !== null && jsonScript('stock-data', stock)}${jsonScript(`${table.name}-data`, table)}
`

/** Which texts and molecules of the listed rows are not there, and why. */
export function leftText({ name, left }: RowTable, moleculesGiven: boolean): readonly string[] {
  const said = [
    left.clippedTexts === 0
      ? ''
      : `${plural(left.clippedTexts, 'long text')} lost the middle to fit the page, marked where it happened.`,
    name === 'steps'
      ? ''
      : !moleculesGiven
        ? 'Molecules are not drawn: the run gave no chemistry to draw with.'
        : name === 'groups'
          ? ''
          : 'In the molecules of a pair the atoms that the two answers do not share are marked (elements, bonds and charges; stereo is not compared).',
    left.undrawn === 0
      ? ''
      : `${plural(left.undrawn, 'molecule')} of less informative rows ${left.undrawn === 1 ? 'is' : 'are'} not drawn, to keep the page small; the SMILES stands in the place.`,
    left.undrawable === 0
      ? ''
      : `${plural(left.undrawable, 'answer')} ${left.undrawable === 1 ? 'is' : 'are'} no molecule that RDKit can draw.`,
    left.unsearched === undefined
      ? ''
      : `In ${plural(left.unsearched, 'pair')} of less informative rows the atoms that differ are not marked: finding those of the others took the time that a page has for it (20 s of processor time).`,
  ]
  return said.filter((sentence) => sentence !== '')
}
