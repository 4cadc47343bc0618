/**
 * The page's colours, light and dark; in style sheets and pictures `var(--name)`. Hues after Okabe and Ito (2008), "Color Universal Design",
 * with lightness set apart: text has 4.5 : 1 and marks 3 : 1 on the page (WCAG 2.2, 1.4.3 and 1.4.11), and the colours of series stay apart
 * for readers without one kind of cone. test/report-html/palette.test.ts measures both.
 */
export interface Palette {
  readonly page: string
  readonly tint: string
  readonly ink: string
  readonly muted: string
  readonly rule: string
  readonly edge: string
  readonly blue: string
  readonly orange: string
  /** The orange of text. */
  readonly warn: string
  readonly grey: string
  readonly green: string
  readonly purple: string
  readonly 'blue-tint': string
  readonly 'orange-tint': string
  readonly mark: string
}

/** Those that series of one picture may have. */
export const SERIES = ['blue', 'orange', 'grey', 'green', 'purple'] as const

/** Areas over or under other marks are lighter than these; their outline has the whole colour. */
export const AREA_OPACITY = 0.5
/** Of the parts of a bar, in which their names stand. */
export const PART_OPACITY = 0.35
/** The darkest cell of a heat map, on which its number is read. */
export const MOST_SHADE = 0.5

export const LIGHT: Palette = {
  page: '#ffffff',
  tint: '#f5f6f8',
  ink: '#1a1d21',
  muted: '#59616b',
  rule: '#e2e5e9',
  edge: '#b9c0c8',
  blue: '#0072b2',
  orange: '#d55e00',
  warn: '#ad4a00',
  grey: '#737b85',
  green: '#1a5c45',
  purple: '#6f2c66',
  'blue-tint': '#e8f3fa',
  'orange-tint': '#fbeadf',
  mark: '#ffe3a3',
}

export const DARK: Palette = {
  page: '#14171a',
  tint: '#1c2024',
  ink: '#e4e7ea',
  muted: '#9ca5af',
  rule: '#2b3036',
  edge: '#4a525b',
  blue: '#5cb6ea',
  orange: '#f2935a',
  warn: '#f2935a',
  grey: '#aab2ba',
  green: '#2f8a66',
  purple: '#b3559f',
  'blue-tint': '#17303f',
  'orange-tint': '#3c2618',
  mark: '#5a4410',
}

const variables = (palette: Palette): string =>
  Object.entries(palette)
    .map(([name, colour]) => `--${name}: ${colour};`)
    .join(' ')

/** Light is the default, so that print is light; dark is for screens only. */
export const PALETTE_CSS = `:root { color-scheme: light; ${variables(LIGHT)} }
@media screen and (prefers-color-scheme: dark) { :root { color-scheme: dark; ${variables(DARK)} } }
`
