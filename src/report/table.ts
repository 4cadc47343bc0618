import { cutText } from '../visible-text.ts'
import { visibleControls } from './html/markup.ts'

/** In UTF-16 units; the files have the whole text. */
const LONGEST_CELL = 200

/** Text of the data on one line of a terminal: no escape code acts, no line breaks, nothing turns the direction of what follows. */
const safe = (text: string): string =>
  visibleControls(cutText(text, LONGEST_CELL))
    .replace(/[\t\n\u2028\u2029]/g, ' ')
    .replace(/[\u061c\u200e\u200f]/g, '\ufffd')

/**
 * A plain-text table for the terminal: the first column flush left, the others flush right, two spaces between. `words` are columns of
 * words, by index, flush left as well.
 */
export function textTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  words: readonly number[] = [],
): string {
  const all = [header, ...rows].map((row) => row.map(safe))
  const widths = header.map((_, i) => Math.max(...all.map((row) => (row[i] ?? '').length)))
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => (i === 0 || words.includes(i) ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join('  ')
      .trimEnd()
  const [names, ...lines] = all.map(line)
  return [names, widths.map((w) => '─'.repeat(w)).join('  '), ...lines].join('\n')
}

/** @example percent(0.8367) // '83.7 %' */
export const percent = (share: number | null): string => (share === null ? '–' : `${(share * 100).toFixed(1)} %`)
