import { valueError } from './error.ts'
import { asciiDigits, pyStrip } from './strings.ts'

/** Numbers to decimal text and back, exactly as C and Python round them. */

// ── to text ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** repr of a float: the shortest digits that read back, an exponent below 1e-4 and from 1e16 on. @example floatRepr(1e16) // '1e+16' */
export function floatRepr(value: number): string {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  const sign = value < 0 || Object.is(value, -0) ? '-' : ''
  const [mantissa, exponentText] = Math.abs(value).toExponential().split('e') as [string, string]
  const digits = mantissa.replace('.', '')
  const exponent = Number(exponentText)
  if (exponent < -4 || exponent >= 16) return sign + mantissa + exponentOf(exponent)
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0')
  return `${sign}${whole}.${digits.slice(exponent + 1) || '0'}`
}
/** An exponent as C and Python write it, with at least two digits. */
export const exponentOf = (exponent: number): string =>
  `e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`

/** |value| as a fraction of integers. */
function fraction(value: number): { numerator: bigint; denominator: bigint } {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, Math.abs(value))
  const bits = view.getBigUint64(0)
  const biased = Number(bits >> 52n)
  const mantissa = (bits & 0xfffffffffffffn) | (biased === 0 ? 0n : 1n << 52n)
  const exponent = (biased === 0 ? 1 : biased) - 1075
  return exponent >= 0
    ? { numerator: mantissa << BigInt(exponent), denominator: 1n }
    : { numerator: mantissa, denominator: 1n << BigInt(-exponent) }
}
/** round(|value| · 10^places), halves to even on the exact binary value, as C's printf does. */
function scaled(value: number, places: number): bigint {
  let { numerator, denominator } = fraction(value)
  if (places >= 0) numerator *= 10n ** BigInt(places)
  else denominator *= 10n ** BigInt(-places)
  const quotient = numerator / denominator
  const twice = (numerator % denominator) * 2n
  const up = twice > denominator || (twice === denominator && quotient % 2n === 1n)
  return up ? quotient + 1n : quotient
}
/** |value| with `places` decimals. @example fixed(0.125, 2) // '0.12' */
export function fixed(value: number, places: number): string {
  const digits = scaled(value, places)
    .toString()
    .padStart(places + 1, '0')
  return places === 0 ? digits : `${digits.slice(0, -places)}.${digits.slice(-places)}`
}
/** |value| as d.ddd and its exponent, with `places` decimals. */
export function scientific(value: number, places: number): { mantissa: string; exponent: number } {
  if (value === 0) return { mantissa: places === 0 ? '0' : `0.${'0'.repeat(places)}`, exponent: 0 }
  let exponent = Number(Math.abs(value).toExponential().split('e')[1])
  let digits = scaled(value, places - exponent).toString()
  if (digits.length > places + 1) {
    exponent++
    digits = scaled(value, places - exponent).toString()
  }
  return { mantissa: places === 0 ? digits : `${digits[0]}.${digits.slice(1)}`, exponent }
}

// ── rounding ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Half to even, to a multiple of 10^places. */
export function roundInteger(value: bigint, places: number): bigint {
  const unit = 10n ** BigInt(places)
  const rest = ((value % unit) + unit) % unit
  const floor = value - rest
  const up = rest * 2n > unit || (rest * 2n === unit && (floor / unit) % 2n !== 0n)
  return up ? floor + unit : floor
}

// ── from text ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** Python's int(text, base); null where it raises ValueError. */
export function parseInteger(text: string, base = 10): bigint | null {
  if (base !== 0 && (base < 2 || base > 36)) throw valueError('int() base must be >= 2 and <= 36, or 0')
  let body = asciiDigits(pyStrip(text)).toLowerCase()
  if (body.length > 4300 + 2) return null
  const negative = body.startsWith('-')
  if (negative || body.startsWith('+')) body = body.slice(1)
  let radix = base
  const prefix = { '0b': 2, '0o': 8, '0x': 16 }[body.slice(0, 2)]
  if (prefix !== undefined && (base === prefix || base === 0)) {
    radix = prefix
    body = body.slice(2).replace(/^_/, '')
  } else if (base === 0) {
    if (/^0[\d_]/.test(body) && !/^[0_]*$/.test(body)) return null
    radix = 10
  }
  if (!/^[0-9a-z]+(_[0-9a-z]+)*$/.test(body)) return null
  if (radix === 10) {
    const digits = body.replaceAll('_', '')
    return /[a-z]/.test(digits) ? null : BigInt(negative ? `-${digits}` : digits)
  }
  let value = 0n
  for (const digit of body.replaceAll('_', '')) {
    const worth = Number.parseInt(digit, 36)
    if (worth >= radix) return null
    value = value * BigInt(radix) + BigInt(worth)
  }
  return negative ? -value : value
}
/** Python's float(text); null where it raises ValueError. */
export function parseFloating(text: string): number | null {
  const body = asciiDigits(pyStrip(text))
  if (/^[+-]?(?:\d+(?:_\d+)*\.?(?:\d+(?:_\d+)*)?|\.\d+(?:_\d+)*)(?:e[+-]?\d+(?:_\d+)*)?$/i.test(body))
    return Number(body.replaceAll('_', ''))
  const word = /^([+-]?)(inf|infinity|nan)$/i.exec(body)
  if (!word) return null
  if (word[2]!.toLowerCase() === 'nan') return Number.NaN
  return word[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
}
