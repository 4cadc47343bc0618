import { settable } from './escape.ts'
import { pieces } from './pieces.ts'

/** Type sizes of the 10 pt classes. */
export type Size = 'small' | 'footnotesize' | 'scriptsize'
/** Size and line distance in points; digit width in em, by which the smaller cuts of Computer Modern are wider. */
const SIZES: Readonly<Record<Size, { points: number; line: number; digit: number }>> = {
  small: { points: 9, line: 11, digit: 0.5139 },
  footnotesize: { points: 8, line: 9.5, digit: 0.5313 },
  scriptsize: { points: 7, line: 8, digit: 0.5694 },
}
export const lineOf = (size: Size): number => SIZES[size].line

/** Widths of cmr10, ASCII 32 to 126, in thousandths of an em (cmr10.tfm; those of \textless and the like from cmmi10 and cmsy10). */
const WIDTHS = [
  333, 278, 500, 833, 500, 833, 778, 278, 389, 389, 500, 778, 278, 333, 278, 500, 500, 500, 500, 500, 500, 500, 500, 500, 500, 500, 278, 278, 778, 778, 778, 472,
  778, 750, 708, 722, 764, 681, 653, 785, 750, 361, 514, 778, 625, 917, 750, 778, 681, 778, 736, 556, 722, 750, 750, 1028, 750, 750, 611, 278, 500, 278, 500, 500,
  500, 500, 556, 444, 556, 444, 306, 500, 556, 278, 306, 528, 278, 833, 556, 500, 556, 528, 392, 394, 389, 556, 528, 722, 528, 528, 444, 500, 278, 500, 500,
] // biome-ignore format: a table
/** Of what is not ASCII: most symbols are narrower. */
const OTHER = 800

const emOf = (text: string): number => {
  let sum = 0
  for (const c of settable(text)) {
    const code = c.codePointAt(0)!
    if (code >= 32 && code < 127) sum += WIDTHS[code - 32]!
    else sum += OTHER
  }
  return sum
}

/** Width in points of text on one line, in Computer Modern: most other fonts are narrower. */
export const widthOf = (text: string, size: Size, bold = false): number => {
  const { points, digit } = SIZES[size]
  return ((emOf(text) / 1000) * points * digit * (bold ? 1.15 : 1)) / 0.5
}

/** Width of the widest piece: what a column of it needs at least. */
export const narrowest = (text: string, size: Size): number =>
  Math.max(...pieces(settable(text)).map((piece) => widthOf(piece.text, size)))

/** Text cut into lines of a width, each as full as it can be. */
export function linesOf(text: string, width: number, size: Size): string[] {
  const lines: string[] = []
  let line = ''
  let glue = ''
  for (const piece of pieces(settable(text))) {
    const longer = `${line}${glue}${piece.text}`
    if (line !== '' && widthOf(longer, size) > width) {
      lines.push(line)
      line = piece.text
    } else line = longer
    glue = piece.after === 'space' ? ' ' : ''
  }
  return [...lines, line]
}
