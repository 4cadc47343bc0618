import { fixed } from '../../python/decimal.ts'
import { typeError, valueError } from '../../python/error.ts'
import { formatPercent } from '../../python/format.ts'
import { dumps } from '../../python/json.ts'
import { asIndex } from '../../python/numbers.ts'
import { pyStr } from '../../python/repr.ts'
import { replaceText, stringMethod } from '../../python/string-methods.ts'
import { PY_SPACE, rsplit, splitLines } from '../../python/strings.ts'
import { bind, Dict, firstOf, isList, lengthOf, Tuple, typeName, type Value } from '../../python/values.ts'
import { runtimeError } from '../exceptions.ts'
import { Markup, Undefined } from '../runtime.ts'
import { argumentError, type Filter, flag, soft } from './filter.ts'
import { NUMBER_FILTERS } from './number.ts'

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
export const TEXT_FILTERS: Readonly<Record<string, Filter>> = {
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
