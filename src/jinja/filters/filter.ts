import type { Budget } from '../../python/budget.ts'
import { pyStr } from '../../python/repr.ts'
import { pyDigits } from '../../python/strings.ts'
import { Iter, type Kwargs, truthy, type Value } from '../../python/values.ts'
import { runtimeError, type TemplateFault } from '../exceptions.ts'
import { Markup, Undefined } from '../runtime.ts'
import { getItem } from '../sandbox.ts'

/** What a filter may ask of the environment: `map` and `select` call filters and tests by name. */
export interface FilterContext {
  readonly budget: Budget
  filter(name: string, value: Value, args: readonly Value[], kwargs: Kwargs): Value
  test(name: string, value: Value, args: readonly Value[], kwargs: Kwargs): boolean
}
export type Filter = (value: Value, args: readonly Value[], kwargs: Kwargs, context: FilterContext) => Value

export const argumentError = (message: string): TemplateFault => runtimeError('FilterArgumentError', message)
export const flag = (value: Value | undefined): boolean => value !== undefined && truthy(value)
export const generator = (items: Iterator<Value>): Iter => new Iter('generator', items)

/** Text of any value; what "safe" or "escape" has marked is not computed with. */
export function soft(value: Value, budget: Budget): string {
  if (value instanceof Markup) value.operate()
  return pyStr(value, budget)
}
export const ignoreCase = (value: Value): Value => (typeof value === 'string' ? value.toLowerCase() : value)

/** Follows "a.b.0" into an item, as Jinja2's make_attrgetter does. */
export function getter(
  attribute: Value | undefined,
  fallback: Value | undefined,
  budget: Budget,
): (item: Value) => Value {
  const parts: Value[] =
    attribute === undefined || attribute === null
      ? []
      : typeof attribute === 'string'
        ? attribute.split('.').map((part) => (/^\p{Nd}+$/u.test(part) ? pyDigits(part) : part))
        : [attribute]
  return (item) => {
    let value = item
    for (const part of parts) {
      value = getItem(value, part, budget)
      if (fallback !== undefined && fallback !== null && value instanceof Undefined) value = fallback
    }
    return value
  }
}
