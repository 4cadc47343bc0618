import { getItem } from './attributes.ts'
import { pyStr } from './display.ts'
import { type Budget, TemplateFault, unsupported } from './fault.ts'
import { Iter, type Kwargs, Markup, truthy, Undefined, type Value } from './values.ts'

/** What a filter may ask of the environment: `map` and `select` call filters and tests by name. */
export interface FilterContext {
  readonly budget: Budget
  filter(name: string, value: Value, args: readonly Value[], kwargs: Kwargs): Value
  test(name: string, value: Value, args: readonly Value[], kwargs: Kwargs): boolean
}
export type Filter = (value: Value, args: readonly Value[], kwargs: Kwargs, context: FilterContext) => Value

export const argumentError = (message: string): TemplateFault =>
  new TemplateFault('runtime', 'FilterArgumentError', message)
export const flag = (value: Value | undefined): boolean => value !== undefined && truthy(value)
export const generator = (items: Iterator<Value>): Iter => new Iter('generator', items)

/** Text of any value; what "safe" or "escape" has marked is not computed with. */
export function soft(value: Value, budget: Budget): string {
  if (value instanceof Markup) throw unsupported('computing with text that "safe" or "escape" has marked')
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
        ? attribute.split('.').map((part) => (/^\p{Nd}+$/u.test(part) ? BigInt(part) : part))
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
