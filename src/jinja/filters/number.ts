import { fixed, parseFloating, parseInteger, roundInteger } from '../../python/decimal.ts'
import { typeError } from '../../python/error.ts'
import { asIndex, asNumber, toFloat } from '../../python/numbers.ts'
import { lessThan, negate } from '../../python/operators.ts'
import { bind, firstOf, typeName } from '../../python/values.ts'
import { unsupported } from '../exceptions.ts'
import { Undefined } from '../runtime.ts'
import { argumentError, type Filter } from './filter.ts'

/** Filters of jinja2/filters.py that give numbers. */
export const NUMBER_FILTERS: Readonly<Record<string, Filter>> = {
  abs(value, args, kwargs, { budget }) {
    bind('abs', [], 0, args, kwargs)
    if (value instanceof Undefined) value.fail()
    const number = asNumber(value)
    if (number === null) throw typeError(`bad operand type for abs(): '${typeName(value)}'`)
    return lessThan(number, 0n, budget) || Object.is(number, -0) ? negate(number) : number
  },
  float(value, args, kwargs) {
    const fallback = firstOf(bind('float', ['default'], 0, args, kwargs)[0], 0)
    if (value instanceof Undefined) value.fail()
    const number = typeof value === 'string' ? parseFloating(value) : asNumber(value)
    return number === null ? fallback : toFloat(number)
  },
  int(value, args, kwargs, { budget }) {
    // of 4,300 digits at most; it takes longer than a look at them
    if (typeof value === 'string') budget.charge(Math.min(value.length, 4300))
    const [fallback, base] = bind('int', ['default', 'base'], 0, args, kwargs)
    if (value instanceof Undefined) value.fail()
    let whole: bigint | number | null
    if (typeof value === 'string')
      whole = parseInteger(value, base === undefined ? 10 : asIndex(base)) ?? parseFloating(value)
    else whole = asNumber(value)
    if (typeof whole === 'bigint') return whole
    return whole === null || !Number.isFinite(whole) ? firstOf(fallback, 0n) : BigInt(Math.trunc(whole))
  },
  round(value, args, kwargs) {
    const [precision, method] = bind('round', ['precision', 'method'], 0, args, kwargs)
    const places = asIndex(firstOf(precision, 0n))
    if (method !== undefined && method !== 'common' && method !== 'ceil' && method !== 'floor')
      throw argumentError('method must be common, ceil or floor')
    if (value instanceof Undefined) value.fail()
    const number = asNumber(value)
    if (number === null) throw typeError(`type ${typeName(value)} doesn't define __round__ method`)
    if (Math.abs(places) > 300) throw unsupported('rounding to more than 300 places')
    if (method === 'ceil' || method === 'floor') {
      const power = 10 ** places
      return Math[method](toFloat(number) * power) / power
    }
    if (typeof number === 'number') {
      if (!Number.isFinite(number)) return number
      const rounded =
        places >= 0 ? Number(fixed(number, places)) : Number(roundInteger(BigInt(Math.trunc(number)), -places))
      return number < 0 ? -Math.abs(rounded) : Math.abs(rounded)
    }
    return places >= 0 ? number : roundInteger(number, -places)
  },
}
