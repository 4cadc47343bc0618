import type { Budget } from '../../python/budget.ts'
import { typeError } from '../../python/error.ts'
import { asIndex } from '../../python/numbers.ts'
import { binary, equals, lessThan, Slice } from '../../python/operators.ts'
import { pyStr } from '../../python/repr.ts'
import { joinText } from '../../python/string-methods.ts'
import {
  bind,
  Dict,
  firstOf,
  hashKey,
  Iter,
  iterate,
  lengthOf,
  Range,
  Tuple,
  toArray,
  truthy,
  typeName,
  type Value,
} from '../../python/values.ts'
import { GroupTuple, Undefined } from '../runtime.ts'
import { getItem, plainAttribute } from '../sandbox.ts'
import { argumentError, type Filter, flag, generator, getter, ignoreCase } from './filter.ts'

type Ordered = { readonly key: Value; readonly value: Value }
function sorted(items: Ordered[], reverse: boolean, budget: Budget): Value[] {
  const order = (a: Value, b: Value): number => (lessThan(a, b, budget) ? -1 : lessThan(b, a, budget) ? 1 : 0)
  return items.toSorted((a, b) => (reverse ? order(b.key, a.key) : order(a.key, b.key))).map(({ value }) => value)
}

const attributeSorted = (
  value: Value,
  reverse: boolean,
  caseSensitive: boolean,
  attribute: Value | undefined,
  budget: Budget,
): Value[] => {
  const attributes = typeof attribute === 'string' ? attribute.split(',') : [attribute]
  const getters = attributes.map((part) => getter(part, undefined, budget))
  const keyed = toArray(value, budget).map((item) => ({
    value: item,
    key: getters.map((get) => (caseSensitive ? get(item) : ignoreCase(get(item)))),
  }))
  return sorted(keyed, reverse, budget)
}

const extreme =
  (name: 'min' | 'max'): Filter =>
  (value, args, kwargs, { budget }) => {
    const [caseSensitive, attribute] = bind(name, ['case_sensitive', 'attribute'], 0, args, kwargs)
    const get = getter(attribute, undefined, budget)
    const key = (item: Value): Value => (flag(caseSensitive) ? get(item) : ignoreCase(get(item)))
    let best: Ordered | null = null
    for (const item of iterate(value, budget)) {
      const candidate = { key: key(item), value: item }
      if (best === null) best = candidate
      else if (name === 'min' ? lessThan(candidate.key, best.key, budget) : lessThan(best.key, candidate.key, budget))
        best = candidate
    }
    return best === null ? new Undefined('No aggregated item, sequence was empty.') : best.value
  }

/** select, reject, selectattr, rejectattr: lazily, as Jinja2's generators. */
const selector =
  (keep: boolean, byAttribute: boolean): Filter =>
  (value, args, kwargs, context) => {
    const choose = function* (): Generator<Value> {
      if (!truthy(value)) return
      const [attribute, ...afterAttribute] = args
      if (byAttribute && attribute === undefined) throw argumentError('Missing parameter for attribute name')
      const [name, ...rest] = byAttribute ? afterAttribute : args
      const get = byAttribute ? getter(attribute, undefined, context.budget) : (item: Value) => item
      for (const item of iterate(value, context.budget)) {
        const seen = get(item)
        const holds = name === undefined ? truthy(seen) : context.test(pyStr(name, context.budget), seen, rest, kwargs)
        if (holds === keep) yield item
      }
    }
    return generator(choose())
  }

const map: Filter = (value, args, kwargs, context) => {
  const apply = function* (): Generator<Value> {
    if (!truthy(value)) return
    let change: (item: Value) => Value
    if (args.length === 0 && kwargs.has('attribute')) {
      for (const key of kwargs.keys())
        if (key !== 'attribute' && key !== 'default') throw argumentError(`Unexpected keyword argument '${key}'`)
      change = getter(kwargs.get('attribute'), kwargs.get('default'), context.budget)
    } else {
      const [name, ...rest] = args
      if (name === undefined) throw argumentError('map requires a filter argument')
      change = (item) => context.filter(pyStr(name, context.budget), item, rest, kwargs)
    }
    for (const item of iterate(value, context.budget)) yield change(item)
  }
  return generator(apply())
}

const length: Filter = (value, args, kwargs) => {
  bind('len', [], 0, args, kwargs)
  return BigInt(lengthOf(value))
}
const fallbackTo: Filter = (value, args, kwargs) => {
  const [fallback, boolean] = bind('default', ['default_value', 'boolean'], 0, args, kwargs)
  return value instanceof Undefined || (flag(boolean) && !truthy(value)) ? firstOf(fallback, '') : value
}
/** Filters of jinja2/filters.py on sequences and mappings; those that are generators in Python are lazy here too. */
export const SEQUENCE_FILTERS: Readonly<Record<string, Filter>> = {
  attr(value, args, kwargs, { budget }) {
    const name = pyStr(bind('attr', ['name'], 1, args, kwargs)[0]!, budget)
    if (value instanceof Undefined && !name.startsWith('__')) value.fail()
    return firstOf(
      plainAttribute(value, name, budget),
      new Undefined(`'${typeName(value)} object' has no attribute '${name}'`),
    )
  },
  batch(value, args, kwargs, { budget }) {
    const [count, fill] = bind('batch', ['linecount', 'fill_with'], 1, args, kwargs)
    return generator(
      (function* () {
        let group: Value[] = []
        for (const item of iterate(value, budget)) {
          if (equals(BigInt(group.length), count!, budget)) {
            yield group
            group = []
          }
          group.push(item)
        }
        if (group.length === 0) return
        if (fill !== undefined && fill !== null) {
          budget.items(asIndex(count!))
          while (group.length < asIndex(count!)) group.push(fill)
        }
        yield group
      })(),
    )
  },
  count: length,
  d: fallbackTo,
  default: fallbackTo,
  dictsort(value, args, kwargs, { budget }) {
    const [caseSensitive, by, reverse] = bind('dictsort', ['case_sensitive', 'by', 'reverse'], 0, args, kwargs)
    if (by !== undefined && by !== 'key' && by !== 'value')
      throw argumentError('You can only sort by either "key" or "value"')
    if (value instanceof Undefined) value.fail()
    if (!(value instanceof Dict)) throw typeError(`'${typeName(value)}' object has no attribute 'items'`)
    const keyed = value.entries().map((entry) => {
      const key = entry[by === 'value' ? 1 : 0]
      return { key: flag(caseSensitive) ? key : ignoreCase(key), value: new Tuple(entry) }
    })
    return sorted(keyed, flag(reverse), budget)
  },
  first(value, args, kwargs, { budget }) {
    bind('first', [], 0, args, kwargs)
    const next = iterate(value, budget).next()
    return next.done ? new Undefined('No first item, sequence was empty.') : next.value
  },
  groupby(value, args, kwargs, { budget }) {
    const [attribute, fallback, caseSensitive] = bind(
      'groupby',
      ['attribute', 'default', 'case_sensitive'],
      1,
      args,
      kwargs,
    )
    const get = getter(attribute, fallback, budget)
    const key = (item: Value): Value => (flag(caseSensitive) ? get(item) : ignoreCase(get(item)))
    const items = sorted(
      toArray(value, budget).map((item) => ({ key: key(item), value: item })),
      false,
      budget,
    )
    const groups: { key: Value; items: Value[] }[] = []
    for (const item of items) {
      const last = groups.at(-1)
      if (last && equals(last.key, key(item), budget)) last.items.push(item)
      else groups.push({ key: key(item), items: [item] })
    }
    return groups.map((group) => new GroupTuple([flag(caseSensitive) ? group.key : get(group.items[0]!), group.items]))
  },
  items(value, args, kwargs, { budget }) {
    bind('items', [], 0, args, kwargs)
    return generator(
      (function* () {
        if (value instanceof Undefined) return
        if (!(value instanceof Dict)) throw typeError('Can only get item pairs from a mapping.')
        for (const entry of value.entries()) {
          budget.charge(1)
          yield new Tuple(entry)
        }
      })(),
    )
  },
  join(value, args, kwargs, { budget }) {
    const [separator, attribute] = bind('join', ['d', 'attribute'], 0, args, kwargs)
    const get = getter(attribute, undefined, budget)
    const parts = function* (): Generator<string> {
      for (const item of iterate(value, budget)) yield pyStr(get(item), budget)
    }
    return joinText(pyStr(firstOf(separator, ''), budget), parts(), budget)
  },
  last(value, args, kwargs, { budget }) {
    bind('last', [], 0, args, kwargs)
    const next = reversed(value, budget).next()
    return next.done ? new Undefined('No last item, sequence was empty.') : next.value
  },
  length,
  list(value, args, kwargs, { budget }) {
    bind('list', [], 0, args, kwargs)
    return toArray(value, budget)
  },
  map,
  max: extreme('max'),
  min: extreme('min'),
  reject: selector(false, false),
  rejectattr: selector(false, true),
  reverse(value, args, kwargs, { budget }) {
    bind('reverse', [], 0, args, kwargs)
    if (typeof value === 'string') return getItem(value, new Slice(null, null, -1n), budget)
    if (value instanceof Iter) return toArray(value, budget).reverse()
    return new Iter('reversed', reversed(value, budget))
  },
  select: selector(true, false),
  selectattr: selector(true, true),
  slice(value, args, kwargs, { budget }) {
    const [slices, fill] = bind('slice', ['slices', 'fill_with'], 1, args, kwargs)
    return generator(
      (function* () {
        const items = toArray(value, budget)
        const count = asIndex(slices!)
        const each = Math.floor(items.length / count)
        const extra = items.length % count
        let start = 0
        for (let i = 0; i < count; i++) {
          budget.charge(1)
          const end = start + each + (i < extra ? 1 : 0)
          const group = items.slice(start, end)
          if (fill !== undefined && fill !== null && i >= extra) group.push(fill)
          yield group
          start = end
        }
      })(),
    )
  },
  sort(value, args, kwargs, { budget }) {
    const [reverse, caseSensitive, attribute] = bind(
      'sort',
      ['reverse', 'case_sensitive', 'attribute'],
      0,
      args,
      kwargs,
    )
    return attributeSorted(value, flag(reverse), flag(caseSensitive), attribute, budget)
  },
  sum(value, args, kwargs, { budget }) {
    const [attribute, start] = bind('sum', ['attribute', 'start'], 0, args, kwargs)
    const get = getter(attribute, undefined, budget)
    if (typeof start === 'string') throw typeError("sum() can't sum strings [use ''.join(seq) instead]")
    let total: Value = firstOf(start, 0n)
    for (const item of iterate(value, budget)) total = binary('+', total, get(item), budget)
    return total
  },
  unique(value, args, kwargs, { budget }) {
    const [caseSensitive, attribute] = bind('unique', ['case_sensitive', 'attribute'], 0, args, kwargs)
    const get = getter(attribute, undefined, budget)
    return generator(
      (function* () {
        const seen = new Set<string>()
        for (const item of iterate(value, budget)) {
          const key = hashKey(flag(caseSensitive) ? get(item) : ignoreCase(get(item)), budget)
          if (seen.has(key)) continue
          seen.add(key)
          yield item
        }
      })(),
    )
  },
}
/** Python's reversed(): what has a length and an order. */
function reversed(value: Value, budget: Budget): Iterator<Value> {
  if (value instanceof Iter || !(typeof value === 'object' || typeof value === 'string') || value === null)
    throw typeError(`'${typeName(value)}' object is not reversible`)
  if (value instanceof Range) return iterate(getItem(value, new Slice(null, null, -1n), budget), budget)
  return toArray(value, budget).reverse()[Symbol.iterator]()
}
