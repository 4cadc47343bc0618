import type { Budget } from './budget.ts'
import { floatRepr } from './decimal.ts'
import { typeError } from './error.ts'
import { lessThan } from './operators.ts'
import { byCodePoint } from './strings.ts'
import { Dict, HostObject, isList, Tuple, typeName, type Value } from './values.ts'

export interface JsonOptions {
  readonly ensureAscii: boolean
  /** One level of indentation, or null for a single line. */
  readonly indent: string | null
  readonly separators: readonly [item: string, key: string]
  readonly sortKeys: boolean
}

/** Python's json.dumps. */
export function dumps(value: Value, options: JsonOptions, budget: Budget, depth = 0): string {
  budget.charge(1)
  budget.depth(depth)
  if (value === null) return 'null'
  switch (typeof value) {
    case 'boolean':
      return String(value)
    case 'bigint':
      return value.toString()
    case 'number':
      return floatJson(value)
    case 'string':
      budget.charge(value.length / 32)
      return quote(value, options.ensureAscii)
  }
  if (value instanceof HostObject && value.isText) return quote(value.str(budget), options.ensureAscii)
  if (isList(value) || value instanceof Tuple) {
    const items = isList(value) ? value : value.items
    return container('[', ']', items, (item) => dumps(item, options, budget, depth + 1), options, budget, depth)
  }
  if (value instanceof Dict) {
    let entries = value.entries()
    if (options.sortKeys)
      entries = entries.toSorted(([a], [b]) =>
        typeof a === 'string' && typeof b === 'string'
          ? byCodePoint(a, b)
          : lessThan(a, b, budget)
            ? -1
            : Number(lessThan(b, a, budget)),
      )
    const entry = ([key, item]: readonly [Value, Value]): string =>
      quote(keyText(key), options.ensureAscii) + options.separators[1] + dumps(item, options, budget, depth + 1)
    return container('{', '}', entries, entry, options, budget, depth)
  }
  throw typeError(`Object of type ${typeName(value)} is not JSON serializable`)
}

function container<T>(
  open: string,
  close: string,
  items: readonly T[],
  show: (item: T) => string,
  { indent, separators }: JsonOptions,
  budget: Budget,
  depth: number,
): string {
  if (items.length === 0) return open + close
  const newline = indent === null ? '' : `\n${indent.repeat(depth + 1)}`
  let text = open + newline
  items.forEach((item, i) => {
    text += (i > 0 ? separators[0] + newline : '') + show(item)
    budget.chars(text.length)
  })
  return `${text}${indent === null ? '' : `\n${indent.repeat(depth)}`}${close}`
}

function keyText(key: Value): string {
  if (typeof key === 'string') return key
  if (key === null) return 'null'
  if (typeof key === 'boolean' || typeof key === 'bigint') return String(key)
  if (typeof key === 'number') return floatJson(key)
  throw typeError(`keys must be str, int, float, bool or None, not ${typeName(key)}`)
}
function floatJson(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity'
  return floatRepr(value)
}

const SHORT: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\f': '\\f',
  '\b': '\\b',
}
function quote(text: string, ensureAscii: boolean): string {
  const special = ensureAscii ? /[\\"]|[^\x20-\x7e]/g : /[\\"\x00-\x1f]/g
  const escaped = (unit: string): string => SHORT[unit] ?? `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
  return `"${text.replace(special, escaped)}"`
}
