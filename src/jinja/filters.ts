import type { Kwargs, Value } from '../python/values.ts'
import { runtimeError, unsupported } from './exceptions.ts'
import type { Filter, FilterContext } from './filters/filter.ts'
import { NUMBER_FILTERS } from './filters/number.ts'
import { SEQUENCE_FILTERS } from './filters/sequence.ts'
import { TEXT_FILTERS } from './filters/text.ts'

/** Jinja2's built-in filters (jinja2/filters.py) in transformers' environment. */
const FILTERS: Readonly<Record<string, Filter>> = { ...TEXT_FILTERS, ...NUMBER_FILTERS, ...SEQUENCE_FILTERS }
/** Filters of Jinja2 that are random, or made for HTML. */
const REFUSED: ReadonlySet<string> = new Set([
  'forceescape',
  'pprint',
  'random',
  'striptags',
  'urlencode',
  'urlize',
  'wordwrap',
  'xmlattr',
])

export const knowsFilter = (name: string): boolean => Object.hasOwn(FILTERS, name)
export const refusesFilter = (name: string): boolean => REFUSED.has(name)

export function applyFilter(
  name: string,
  value: Value,
  args: readonly Value[],
  kwargs: Kwargs,
  context: FilterContext,
): Value {
  context.budget.charge(typeof value === 'string' ? 1 + value.length / 32 : 1)
  if (refusesFilter(name)) throw unsupported(`the filter '${name}'`)
  if (!knowsFilter(name)) throw runtimeError('TemplateRuntimeError', `No filter named '${name}' found.`)
  const result = FILTERS[name]!(value, args, kwargs, context)
  return typeof result === 'string' ? context.budget.text(result) : result
}
