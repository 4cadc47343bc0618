import type { Budget } from './budget.ts'
import { exponentOf, fixed, scientific } from './decimal.ts'
import { indexError, keyError, typeError, unsupported, valueError } from './error.ts'
import { asIndex, asNumber, toFloat } from './numbers.ts'
import { pyRepr, pyStr } from './repr.ts'
import { head, pyLength } from './strings.ts'
import { Dict, HostObject, isList, type Kwargs, Range, Tuple, typeName, type Value } from './values.ts'

/** One number or text to be laid out; the spelling of both `%` and str.format. */
interface Layout {
  readonly fill: string
  readonly align: '<' | '>' | '^' | '='
  readonly width: number
}

/** Pads to a width in code points; `=` puts the filling after the sign. */
function pad(text: string, { fill, align, width }: Layout, budget: Budget): string {
  const missing = width - pyLength(text)
  if (missing <= 0) return text
  budget.chars(text.length + missing)
  if (align === '<') return text + fill.repeat(missing)
  if (align === '>') return fill.repeat(missing) + text
  if (align === '^') return fill.repeat(missing >> 1) + text + fill.repeat(missing - (missing >> 1))
  const sign = /^[-+ ]?(?:0[xXobB])?/.exec(text)![0]
  return sign + fill.repeat(missing) + text.slice(sign.length)
}

// ── floats ─────────────────────────────────────────────────────────────────────────────────────────────────

/** Magnitude of a float by a conversion letter (f, e, g, upper case alike). */
function floatDigits(value: number, letter: string, precision: number, alternate: boolean): string {
  const upper = letter !== letter.toLowerCase()
  const cased = (text: string): string => (upper ? text.toUpperCase() : text)
  if (Number.isNaN(value)) return cased('nan')
  if (!Number.isFinite(value)) return cased('inf')
  const withPoint = (text: string): string => (alternate && !text.includes('.') ? `${text}.` : text)
  switch (letter.toLowerCase()) {
    case 'f':
      return withPoint(fixed(value, precision))
    case 'e': {
      const { mantissa, exponent } = scientific(value, precision)
      return cased(withPoint(mantissa) + exponentOf(exponent))
    }
    default: {
      const significant = precision === 0 ? 1 : precision
      const { mantissa, exponent } = scientific(value, significant - 1)
      const trim = (text: string): string =>
        alternate || !text.includes('.') ? withPoint(text) : text.replace(/\.?0+$/, '')
      if (exponent < -4 || exponent >= significant) return cased(trim(mantissa) + exponentOf(exponent))
      return trim(fixed(value, significant - 1 - exponent))
    }
  }
}
const signOf = (negative: boolean, sign: string): string => (negative ? '-' : sign === '-' ? '' : sign)
const isNegative = (value: number): boolean => value < 0 || Object.is(value, -0)
const MAX_PRECISION = 400
const checkPrecision = (precision: number): number => {
  if (precision > MAX_PRECISION) throw unsupported(`a precision above ${MAX_PRECISION}`)
  return precision
}

// ── % ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

const PERCENT = /%(?:\(([^)]*)\))?([-+ 0#]*)(\*|\d+)?(?:\.(\*|\d*))?[hlL]?([\s\S]?)/gu

/** Python's `format % values`. @example formatPercent('%s-%03d', new Tuple(['a', 7n]), budget) // 'a-007' */
export function formatPercent(format: string, values: Value, budget: Budget): string {
  const args = values instanceof Tuple ? values.items : [values]
  let next = 0
  let named = false
  const take = (): Value => {
    if (next >= args.length) throw typeError('not enough arguments for format string')
    return args[next++]!
  }
  const starred = (text: string | undefined): number | null =>
    text === '*' ? asIndex(take(), '*') : text === undefined ? null : Number(text)
  const pieces = format.replace(PERCENT, (whole, key: string | undefined, flags: string, width, precision, letter) => {
    if (letter === '%' && whole === '%%') return '%'
    let value: Value | null = null
    let given = false
    if (key !== undefined) {
      if (!(values instanceof Dict)) throw typeError('format requires a mapping')
      const found = values.getString(key)
      if (found === undefined) throw keyError(`'${key}'`)
      value = found
      given = named = true
    }
    let minimum = starred(width) ?? 0
    const left = flags.includes('-') || minimum < 0
    minimum = Math.abs(minimum)
    const places = starred(precision)
    if (letter === '') throw valueError('incomplete format')
    if (letter === '%') return '%'
    if (!given) value = take()
    const text = convert(value!, letter, places, flags, budget)
    const numeric = 'diuoxXeEfFgG'.includes(letter)
    const zero = flags.includes('0') && numeric && !left
    const layout: Layout = { fill: zero ? '0' : ' ', align: left ? '<' : zero ? '=' : '>', width: minimum }
    return pad(text, layout, budget)
  })
  // Whatever has __getitem__ may go unused, but for a text and a tuple.
  const mapping =
    values instanceof Dict ||
    isList(values) ||
    values instanceof Range ||
    (values instanceof HostObject && values.isMapping)
  if (!named && next < args.length && !(mapping && next === 0))
    throw typeError('not all arguments converted during string formatting')
  return budget.text(pieces)
}

function convert(value: Value, letter: string, precision: number | null, flags: string, budget: Budget): string {
  const sign = flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '-'
  switch (letter) {
    case 's':
    case 'r': {
      const text = letter === 's' ? pyStr(value, budget) : pyRepr(value, budget)
      return precision === null ? text : head(text, 0, precision)
    }
    case 'd':
    case 'i':
    case 'u': {
      if (value instanceof HostObject && !value.isText) value.operate()
      const number = asNumber(value)
      if (number === null) throw typeError(`%${letter} format: a real number is required, not ${typeName(value)}`)
      const integer = typeof number === 'bigint' ? number : truncate(number)
      return signOf(integer < 0n, sign) + magnitude(integer, 10).padStart(checkPrecision(precision ?? 0), '0')
    }
    case 'o':
    case 'x':
    case 'X': {
      const number = asNumber(value)
      if (typeof number !== 'bigint')
        throw typeError(`%${letter} format: an integer is required, not ${typeName(value)}`)
      const digits = magnitude(number, letter === 'o' ? 8 : 16).padStart(checkPrecision(precision ?? 0), '0')
      const prefixed = `${flags.includes('#') ? `0${letter.toLowerCase()}` : ''}${digits}`
      return signOf(number < 0n, sign) + (letter === 'X' ? prefixed.toUpperCase() : prefixed)
    }
    case 'c':
      if (typeof value === 'string' && pyLength(value) === 1) return value
      if (typeof value === 'bigint' && value >= 0n && value < 0x110000n) return String.fromCodePoint(Number(value))
      throw typeError('%c requires int or char')
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G': {
      if (value instanceof HostObject && !value.isText) value.operate()
      const number = asNumber(value)
      if (number === null) throw typeError(`must be real number, not ${typeName(value)}`)
      const float = toFloat(number)
      return (
        signOf(isNegative(float), sign) +
        floatDigits(float, letter, checkPrecision(precision ?? 6), flags.includes('#'))
      )
    }
    case 'a':
      throw unsupported('the conversion %a')
    default:
      throw valueError(`unsupported format character '${letter}'`)
  }
}
const magnitude = (value: bigint, radix: number): string => (value < 0n ? -value : value).toString(radix)
function truncate(value: number): bigint {
  if (!Number.isFinite(value))
    throw valueError(`cannot convert float ${Number.isNaN(value) ? 'NaN' : 'infinity'} to integer`)
  return BigInt(Math.trunc(value))
}

// ── str.format ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** How a field of a format string reads on: `{0.name}`, `{0[key]}`. */
export interface FieldAccess {
  attribute(value: Value, name: string, budget: Budget): Value
  item(value: Value, key: string | bigint, budget: Budget): Value
}

/** Python's `format.format(*args, **kwargs)`. @example '{0:>4}|{name!r}' */
export function formatBraces(
  format: string,
  args: readonly Value[],
  kwargs: Kwargs,
  access: FieldAccess,
  budget: Budget,
): string {
  let automatic = 0
  let manual = false
  const field = (name: string): Value => {
    const [, first, rest] = /^([^.[]*)([\s\S]*)$/.exec(name)!
    let value: Value | undefined
    if (first === '' || /^\d+$/.test(first!)) {
      if (first === '' ? manual : automatic > 0)
        throw valueError('cannot switch between manual field specification and automatic field numbering')
      if (first !== '') manual = true
      value = args[first === '' ? automatic++ : Number(first)]
      if (value === undefined) throw indexError('Replacement index out of range for positional args tuple')
    } else {
      value = kwargs.get(first!)
      if (value === undefined) throw keyError(`'${first}'`)
    }
    for (const step of rest!.matchAll(/\.([^.[]+)|\[([^\]]+)\]|([\s\S])/g)) {
      if (step[3] !== undefined) throw valueError('Only "." or "[" may follow "]" in format field specifier')
      value =
        step[1] !== undefined
          ? access.attribute(value, step[1], budget)
          : access.item(value, /^\d+$/.test(step[2]!) ? BigInt(step[2]!) : step[2]!, budget)
    }
    return value
  }
  const expand = (text: string, depth: number): string => {
    if (depth < 0) throw valueError('Max string recursion exceeded')
    let built = ''
    for (let i = 0; i < text.length; i++) {
      const char = text[i]!
      if (char !== '{' && char !== '}') {
        built += char
      } else if (text[i + 1] === char) {
        built += char
        i++
      } else if (char === '}') {
        throw valueError("Single '}' encountered in format string")
      } else {
        let open = 1
        let end = i + 1
        for (; end < text.length && open > 0; end++) open += text[end] === '{' ? 1 : text[end] === '}' ? -1 : 0
        if (open > 0) throw valueError("expected '}' before end of string")
        const parts = /^([^!:]*(?:\[[^\]]*\][^!:]*)*)(?:!([^:]*))?(?::([\s\S]*))?$/.exec(text.slice(i + 1, end - 1))
        if (!parts) throw valueError('invalid format field')
        let value = field(parts[1]!)
        if (parts[2] === 'r') value = pyRepr(value, budget)
        else if (parts[2] === 's') value = pyStr(value, budget)
        else if (parts[2] !== undefined) throw unsupported(`the conversion !${parts[2]}`)
        built += formatValue(value, expand(parts[3] ?? '', depth - 1), budget)
        budget.chars(built.length)
        i = end - 1
      }
    }
    return built
  }
  return budget.text(expand(format, 1))
}
const SPEC = /^(?:([\s\S])?([<>=^]))?([-+ ])?(z)?(#)?(0)?(\d+)?([,_])?(?:\.(\d+))?([a-zA-Z%])?$/u

/** Python's format(value, spec). */
function formatValue(value: Value, spec: string, budget: Budget): string {
  if (spec === '') return pyStr(value, budget)
  const parts = SPEC.exec(spec)
  if (!parts) throw valueError(`Invalid format specifier '${spec}' for object of type '${typeName(value)}'`)
  const [, fill, align, sign, z, alternate, zero, width, grouping, precision, letter] = parts
  if (z) throw unsupported('the format option z')
  const number = typeof value === 'string' ? null : asNumber(value)
  if (number === null) {
    if (typeof value !== 'string') throw typeError(`unsupported format string passed to ${typeName(value)}.__format__`)
    if (letter !== undefined && letter !== 's')
      throw valueError(`Unknown format code '${letter}' for object of type 'str'`)
    if (sign || alternate || grouping || align === '=')
      throw valueError('this option is not allowed in string format specifier')
    const text = precision === undefined ? value : head(value, 0, Number(precision))
    const layout = {
      fill: fill ?? (zero ? '0' : ' '),
      align: (align ?? '<') as Layout['align'],
      width: Number(width ?? 0),
    }
    return pad(text, layout, budget)
  }
  const asFloat = typeof number === 'number' || (letter !== undefined && 'eEfFgG%'.includes(letter))
  if (grouping && zero) throw unsupported('zero padding with grouping')
  const group = (digits: string): string => {
    if (!grouping) return digits
    const [, whole, rest] = /^(\d*)([\s\S]*)$/.exec(digits)!
    return whole!.replace(/\B(?=(\d{3})+$)/g, grouping) + rest
  }
  let body: string
  let negative: boolean
  if (asFloat) {
    const float = toFloat(number)
    negative = isNegative(float)
    if (letter === undefined) {
      if (precision !== undefined) throw unsupported('a float format with a precision and no letter')
      body = group(pyRepr(Math.abs(float), budget))
    } else {
      const places = checkPrecision(Number(precision ?? 6))
      const shown = letter === '%' ? `${floatDigits(float * 100, 'f', places, !!alternate)}%` : ''
      if (!'eEfFgG%'.includes(letter)) throw valueError(`Unknown format code '${letter}' for object of type 'float'`)
      body = group(shown || floatDigits(float, letter, places, !!alternate))
    }
  } else {
    if (precision !== undefined) throw valueError('Precision not allowed in integer format specifier')
    negative = number < 0n
    const radix = { d: 10, n: 10, b: 2, o: 8, x: 16, X: 16 }[letter ?? 'd']
    if (radix === undefined || typeof value === 'boolean') {
      if (radix === undefined)
        throw valueError(`Unknown format code '${letter}' for object of type '${typeName(value)}'`)
    }
    if (grouping && radix !== 10) throw unsupported('grouping of digits in this base')
    const digits = magnitude(number, radix)
    body = group((alternate && radix !== 10 ? `0${letter!.toLowerCase()}` : '') + digits)
    if (letter === 'X') body = body.toUpperCase()
  }
  const layout: Layout = {
    fill: fill ?? (zero ? '0' : ' '),
    align: (align ?? (zero ? '=' : '>')) as Layout['align'],
    width: Number(width ?? 0),
  }
  return pad(signOf(negative, sign ?? '-') + body, layout, budget)
}
