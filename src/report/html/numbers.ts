import { html, type Markup } from './markup.ts'

const MINUS = '\u2212'

/** Digits with a true minus sign. */
const typeset = (digits: string): string => digits.replace(/^-/, MINUS).replace(/e-/, `e${MINUS}`)

/** What stands in a cell without a value; the reason stands beside it or in its title. */
export const ABSENT = '–'

/** @example count(12345) // '12,345' */
export const count = (n: number): string => n.toLocaleString('en-US')

/** @example plural(1, 'pair') // '1 pair' */
export const plural = (n: number, noun: string, nouns = `${noun}s`): string => `${count(n)} ${n === 1 ? noun : nouns}`

/** A share in [0, 1] as percent with one decimal. @example percent(0.8367) // '83.7%' */
export const percent = (share: number | null): string => (share === null ? ABSENT : `${(share * 100).toFixed(1)}%`)

/** A difference of shares in points of a percent. @example points(-0.0123) // '−1.2' */
export const points = (share: number): string => typeset((share * 100).toFixed(1))

/** @example percentInterval(0.79, 0.875) // '[79.0, 87.5]' */
export const percentInterval = (low: number | null, high: number | null): string =>
  low === null || high === null ? ABSENT : `[${points(low)}, ${points(high)}]`

/**
 * A statistic of unknown size: three decimals where these say something, else three significant digits.
 * @example decimal(0.41234) // '0.412'; decimal(0.0000123) // '1.23e−5'
 */
export function decimal(value: number | null): string {
  if (value === null) return ABSENT
  if (Number.isInteger(value))
    return typeset(Math.abs(value) < 1e6 ? value.toLocaleString('en-US') : value.toExponential(3))
  const size = Math.abs(value)
  if (size >= 1e6 || size < 5e-4) return typeset(value.toExponential(2))
  return typeset(size >= 100 ? value.toFixed(1) : value.toFixed(3))
}

/** A statistic: as `decimal`, and a whole number with its zeros, since it is a measured value. @example measured(1) // '1.000' */
export const measured = (value: number): string =>
  Number.isInteger(value) && Math.abs(value) < 100 ? typeset(value.toFixed(3)) : decimal(value)

/** @example interval(-0.1, 0.25) // '[−0.100, 0.250]' */
export const interval = (low: number | null, high: number | null): string =>
  low === null || high === null ? ABSENT : `[${measured(low)}, ${measured(high)}]`

/** A right-aligned cell of a table. */
export const numberCell = (text: string): Markup => html`<td class="num">${text}</td>`
