import type { Budget } from '../python/budget.ts'
import { fixed, parseFloating, parseInteger, roundInteger } from '../python/decimal.ts'
import { typeError, valueError } from '../python/error.ts'
import { formatPercent } from '../python/format.ts'
import { dumps } from '../python/json.ts'
import { asIndex, asNumber, toFloat } from '../python/numbers.ts'
import { binary, equals, lessThan, negate, Slice } from '../python/operators.ts'
import { pyStr } from '../python/repr.ts'
import { joinText, replaceText, stringMethod } from '../python/string-methods.ts'
import { PY_SPACE, pyDigits, rsplit, splitLines } from '../python/strings.ts'
import {
  bind,
  Dict,
  firstOf,
  hashKey,
  Iter,
  isList,
  iterate,
  type Kwargs,
  lengthOf,
  Range,
  Tuple,
  toArray,
  truthy,
  typeName,
  type Value,
} from '../python/values.ts'
import { runtimeError, type TemplateFault, unsupported } from './exceptions.ts'
import { GroupTuple, Markup, Undefined } from './runtime.ts'
import { getItem, plainAttribute } from './sandbox.ts'

/** What a filter may ask of the environment: `map` and `select` call filters and tests by name. */
export interface FilterContext {
  readonly budget: Budget
  filter(name: string, value: Value, args: readonly Value[], kwargs: Kwargs): Value
  test(name: string, value: Value, args: readonly Value[], kwargs: Kwargs): boolean
}
export type Filter = (value: Value, args: readonly Value[], kwargs: Kwargs, context: FilterContext) => Value

const argumentError = (message: string): TemplateFault => runtimeError('FilterArgumentError', message)
const flag = (value: Value | undefined): boolean => value !== undefined && truthy(value)
const generator = (items: Iterator<Value>): Iter => new Iter('generator', items)

/** Text of any value; what "safe" or "escape" has marked is not computed with. */
function soft(value: Value, budget: Budget): string {
  if (value instanceof Markup) value.operate()
  return pyStr(value, budget)
}
const ignoreCase = (value: Value): Value => (typeof value === 'string' ? value.toLowerCase() : value)

/** Follows "a.b.0" into an item, as Jinja2's make_attrgetter does. */
function getter(attribute: Value | undefined, fallback: Value | undefined, budget: Budget): (item: Value) => Value {
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

// ── numbers ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Filters of jinja2/filters.py that give numbers. */
const NUMBER_FILTERS: Readonly<Record<string, Filter>> = {
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
  int(value, args, kwargs) {
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

// ── sequences ───────────────────────────────────────────────────────────────────────────────────────────────────────

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
const SEQUENCE_FILTERS: Readonly<Record<string, Filter>> = {
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

// ── text ────────────────────────────────────────────────────────────────────────────────────────────────────────────

const throughMethod =
  (method: string): Filter =>
  (value, args, kwargs, { budget }) => {
    bind(method, [], 0, args, kwargs)
    return stringMethod(method)!(soft(value, budget), [], new Map(), budget)
  }

const escapeHtml: Filter = (value, args, kwargs, { budget }) => {
  bind('escape', [], 0, args, kwargs)
  if (value instanceof Markup) return value
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&#34;',
    "'": '&#39;',
  }
  return new Markup(budget.text(pyStr(value, budget).replace(/[&<>"']/g, (char) => entities[char]!)))
}

/** Filters of jinja2/filters.py that give text, and transformers' own `tojson`. */
const TEXT_FILTERS: Readonly<Record<string, Filter>> = {
  capitalize: throughMethod('capitalize'),
  center(value, args, kwargs, { budget }) {
    const [width] = bind('center', ['width'], 0, args, kwargs)
    return stringMethod('center')!(soft(value, budget), [firstOf(width, 80n)], new Map(), budget)
  },
  e: escapeHtml,
  escape: escapeHtml,
  filesizeformat(value, args, kwargs, context) {
    const binaryUnits = flag(bind('filesizeformat', ['binary'], 0, args, kwargs)[0])
    const bytes = NUMBER_FILTERS.float!(value, [Number.NaN], new Map(), context)
    if (typeof bytes !== 'number' || Number.isNaN(bytes)) throw typeError('filesizeformat needs a number')
    const base = binaryUnits ? 1024 : 1000
    if (bytes === 1) return '1 Byte'
    if (bytes < base) return `${Math.trunc(bytes)} Bytes`
    const prefixes = ['k', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y']
    const index = prefixes.findIndex((_, i) => bytes < base ** (i + 2))
    const at = index === -1 ? prefixes.length - 1 : index
    const letter = binaryUnits ? `${prefixes[at]!.toUpperCase()}iB` : `${prefixes[at]}B`
    return `${fixed((base * bytes) / base ** (at + 2), 1)} ${letter}`
  },
  format(value, args, kwargs, { budget }) {
    if (args.length > 0 && kwargs.size > 0)
      throw argumentError("can't handle positional and keyword arguments at the same time")
    return formatPercent(soft(value, budget), kwargs.size > 0 ? Dict.named(kwargs) : new Tuple(args), budget)
  },
  indent(value, args, kwargs, { budget }) {
    const [width, first, blank] = bind('indent', ['width', 'first', 'blank'], 0, args, kwargs)
    if (value instanceof Undefined) value.fail()
    if (value instanceof Markup) soft(value, budget)
    if (typeof value !== 'string') throw typeError(`can only concatenate str (not "${typeName(value)}")`)
    const size = typeof width === 'string' ? width.length : Math.max(0, asIndex(firstOf(width, 4n)))
    const lines = splitLines(`${value}\n`, false)
    budget.chars(value.length + lines.length * size)
    const indention = typeof width === 'string' ? width : ' '.repeat(size)
    const body = lines.map((line, i) => (i === 0 || (line === '' && !flag(blank)) ? line : indention + line)).join('\n')
    return flag(first) ? indention + body : body
  },
  lower: throughMethod('lower'),
  replace(value, args, kwargs, { budget }) {
    const [old, replacement, count] = bind('replace', ['old', 'new', 'count'], 2, args, kwargs)
    const times = count === undefined || count === null ? -1 : asIndex(count)
    return replaceText(soft(value, budget), soft(old!, budget), soft(replacement!, budget), times, budget)
  },
  safe(value, args, kwargs, { budget }) {
    bind('safe', [], 0, args, kwargs)
    return value instanceof Markup ? value : new Markup(pyStr(value, budget))
  },
  string(value, args, kwargs, { budget }) {
    bind('string', [], 0, args, kwargs)
    return value instanceof Markup ? value : pyStr(value, budget)
  },
  /** Not str.title: a word starts after white space and any of -({[<. */
  title(value, args, kwargs, { budget }) {
    bind('title', [], 0, args, kwargs)
    return soft(value, budget)
      .split(WORD_BEGINNING)
      .map((part) => {
        const [head, ...rest] = part
        return head === undefined ? '' : head.toUpperCase() + rest.join('').toLowerCase()
      })
      .join('')
  },
  tojson(value, args, kwargs, { budget }) {
    const [ensureAscii, indent, separators, sortKeys] = bind(
      'tojson',
      ['ensure_ascii', 'indent', 'separators', 'sort_keys'],
      0,
      args,
      kwargs,
    )
    let unit: string | null = null
    if (typeof indent === 'string') unit = indent
    else if (indent !== undefined && indent !== null) {
      budget.chars(Math.max(0, asIndex(indent)))
      unit = ' '.repeat(Math.max(0, asIndex(indent)))
    }
    const items = separators instanceof Tuple ? separators.items : separators
    const pair: readonly [string, string] = [unit === null ? ', ' : ',', ': ']
    if (items !== undefined && items !== null && !(isList(items) && items.length === 2))
      throw valueError('separators must be a pair of strings')
    const [item, key] = isList(firstOf(items)) ? (items as readonly Value[]).map((part) => pyStr(part, budget)) : pair
    const options = { ensureAscii: flag(ensureAscii), indent: unit, sortKeys: flag(sortKeys) }
    return dumps(value, { ...options, separators: [item!, key!] }, budget)
  },
  trim(value, args, kwargs, { budget }) {
    const [chars] = bind('trim', ['chars'], 0, args, kwargs)
    return stringMethod('strip')!(soft(value, budget), chars === undefined ? [] : [chars], new Map(), budget)
  },
  truncate(value, args, kwargs, { budget }) {
    const [size, killWords, end, leeway] = bind('truncate', ['length', 'killwords', 'end', 'leeway'], 0, args, kwargs)
    const limit = asIndex(firstOf(size, 255n))
    const tail = pyStr(firstOf(end, '...'), budget)
    const slack = asIndex(leeway ?? 5n)
    if (value instanceof Undefined) return value
    const points = typeof value === 'string' ? Array.from(value) : null
    const tailLength = Array.from(tail).length
    if (limit < tailLength || slack < 0) throw runtimeError('AssertionError', 'truncate: bad length')
    if ((points?.length ?? lengthOf(value)) <= limit + slack) return value
    if (points === null) throw typeError(`'${typeName(value)}' object cannot be truncated`)
    const head = points.slice(0, limit - tailLength).join('')
    return (flag(killWords) ? head : rsplit(head, ' ', 1)[0]!) + tail
  },
  upper: throughMethod('upper'),
  wordcount(value, args, kwargs, { budget }) {
    bind('wordcount', [], 0, args, kwargs)
    return BigInt(soft(value, budget).match(/[\p{L}\p{N}_]+/gu)?.length ?? 0)
  },
}
const WORD_BEGINNING = new RegExp(`([-${PY_SPACE}({[<]+)`)

// ── by name ─────────────────────────────────────────────────────────────────────────────────────────────────────────

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
