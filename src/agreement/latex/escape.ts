import { pieces } from './pieces.ts'

const SYMBOLS: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '{': '\\{',
  '}': '\\}',
  $: '\\$',
  '&': '\\&',
  '#': '\\#',
  '%': '\\%',
  _: '\\_',
  '^': '\\textasciicircum{}',
  '~': '\\textasciitilde{}',
  '<': '\\textless{}',
  '>': '\\textgreater{}',
  '|': '\\textbar{}',
  '"': "''",
  '“': '``',
  '”': "''",
  '‘': '`',
  '’': "'",
  '—': '---',
  '–': '--',
  '−': '$-$',
  '…': '\\ldots{}',
  '≤': '$\\leq$',
  '≥': '$\\geq$',
  '≠': '$\\neq$',
  '≈': '$\\approx$',
  '∞': '$\\infty$',
  '→': '$\\rightarrow$',
  '←': '$\\leftarrow$',
  '⇌': '$\\rightleftharpoons$',
  '×': '$\\times$',
  '±': '$\\pm$',
  '√': '$\\surd$',
  '·': '$\\cdot$',
  '°': '$^{\\circ}$',
  '½': '$\\frac{1}{2}$',
  '²': '$^2$',
  '³': '$^3$',
  '¹': '$^1$',
  µ: '$\\mu$',
  '†': '$^\\dagger$',
  '‡': '$^\\ddagger$',
  '§': '\\S{}',
  '©': '\\copyright{}',
  '¡': '!`',
  '¿': '?`',
  ß: '\\ss{}',
  æ: '\\ae{}',
  Æ: '\\AE{}',
  œ: '\\oe{}',
  Œ: '\\OE{}',
  ø: '\\o{}',
  Ø: '\\O{}',
  å: '\\aa{}',
  Å: '\\AA{}',
  ł: '\\l{}',
  Ł: '\\L{}',
  ı: '\\i{}',
  '\u00a0': ' ',
  '\u202f': ' ',
  '\u2009': ' ',
  '\u2010': '-',
  '\u2011': '-',
}
const GREEK: Readonly<Record<string, string>> = Object.fromEntries([
  ...'αβγδεζηθικλμνξπρστυφχψω'.split('').map((letter, i) => {
    const names =
      'alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi omega'
    return [letter, `$\\${names.split(' ')[i]}$`]
  }),
  ...'ΓΔΘΛΞΠΣΥΦΨΩ'
    .split('')
    .map((letter, i) => [letter, `$\\${'Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega'.split(' ')[i]}$`]),
  ...'₀₁₂₃₄₅₆₇₈₉'.split('').map((digit, i) => [digit, `$_${i}$`]),
  ...'⁰⁴⁵⁶⁷⁸⁹'.split('').map((digit, i) => [digit, `$^${[0, 4, 5, 6, 7, 8, 9][i]}$`]),
])
/** Combining marks that OT1 can set, as macros. */
const ACCENTS: Readonly<Record<string, string>> = {
  '\u0300': '\\`',
  '\u0301': "\\'",
  '\u0302': '\\^',
  '\u0303': '\\~',
  '\u0304': '\\=',
  '\u0306': '\\u',
  '\u0307': '\\.',
  '\u0308': '\\"',
  '\u030a': '\\r',
  '\u030b': '\\H',
  '\u030c': '\\v',
  '\u0323': '\\d',
  '\u0327': '\\c',
  '\u0331': '\\b',
}

/** Neighbours that TeX's fonts would draw as one. */
const LIGATURES: ReadonlySet<string> = new Set(['--', "''", '``', ',,', '!`', '?`'])

/** null where pdfLaTeX's oldest fonts have no such character. */
function characterOf(c: string): string | null {
  const known = SYMBOLS[c] ?? GREEK[c]
  if (known !== undefined) return known
  if (/^[\x20-\x7e]$/.test(c)) return c
  const [letter, mark, ...more] = c.normalize('NFD')
  const accent = mark === undefined || more.length > 0 ? undefined : ACCENTS[mark]
  if (accent === undefined || !/^[A-Za-z]$/.test(letter!)) return null
  return `${accent}{${{ i: '\\i', j: '\\j' }[letter!] ?? letter}}`
}

/** Text with [U+4E2D] for every character that cannot be set (other scripts, emoji, controls), and one space for a run of white space. */
export const settable = (value: string): string =>
  Array.from(value.normalize('NFC').replace(/\s+/g, ' '), (c) =>
    characterOf(c) === null ? `[U+${c.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}]` : c,
  ).join('')

/**
 * Text as pdfLaTeX sets it with its oldest fonts and no package but the kernel's, in ASCII: nothing of it is a command, a comment or a
 * ligature that would change a name (`a--b`). Accents become macros; what cannot be set is named, as `settable` does.
 */
export function escapeLatex(value: string): string {
  const characters = Array.from(settable(value))
  return characters.map((c, i) => characterOf(c) + (LIGATURES.has(c + (characters[i + 1] ?? '')) ? '{}' : '')).join('')
}

/** The same with places in long words at which a line may end, without a hyphen: names of models and subsets have no other. */
export const breakableLatex = (value: string): string =>
  pieces(settable(value))
    .map(({ text, after }) => escapeLatex(text) + (after === 'space' ? ' ' : after === 'break' ? '\\allowbreak{}' : ''))
    .join('')

/** Whether some of it is printed as its code point. */
export const hasCodePoints = (value: string): boolean => settable(value) !== value.normalize('NFC').replace(/\s+/g, ' ')
