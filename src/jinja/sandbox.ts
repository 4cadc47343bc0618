import { attributeOf } from '../python/attributes.ts'
import type { Budget } from '../python/budget.ts'
import { typeError } from '../python/error.ts'
import { type FieldAccess, formatBraces } from '../python/format.ts'
import { itemOf, Slice } from '../python/operators.ts'
import { stringRepr } from '../python/repr.ts'
import { bind, Callable, Dict, type Kwargs, typeName, type Value } from '../python/values.ts'
import { GroupTuple, LoopContext, Markup, Namespace, Undefined } from './runtime.ts'

/** The longest range. */
export const MAX_RANGE = 100_000
/** What transformers' immutable sandbox forbids. */
const MUTATORS: Readonly<Record<string, ReadonlySet<string>>> = {
  list: new Set(['append', 'clear', 'pop', 'reverse', 'insert', 'sort', 'extend', 'remove']),
  dict: new Set(['clear', 'pop', 'popitem', 'setdefault', 'update']),
}

/** getattr(value, name) in the sandbox; JavaScript's undefined where Python raises AttributeError. */
export function plainAttribute(value: Value, name: string, budget: Budget): Value | undefined {
  const type = typeName(value)
  if (/^__.*__$/.test(name)) return unsafe(type, name)
  if (value instanceof Markup) value.operate()
  if (MUTATORS[type]?.has(name)) return unsafe(type, name)
  if (typeof value === 'string' && (name === 'format' || name === 'format_map')) return formatter(value, name, budget)
  if (value instanceof GroupTuple && name === 'grouper') return value.items[0]
  if (value instanceof GroupTuple && name === 'list') return value.items[1]
  if (value instanceof Namespace) return value.attributes.get(name)
  if (value instanceof LoopContext) return value.attribute(name)
  return attributeOf(value, name, budget)
}
const unsafe = (type: string, name: string): Undefined =>
  new Undefined(`access to attribute '${name}' of '${type}' object is unsafe.`, 'SecurityError')

/** `object.name` in a template: an attribute first, then an item. */
export function getAttribute(object: Value, name: string, budget: Budget): Value {
  if (object instanceof Undefined) object.fail()
  const attribute = plainAttribute(object, name, budget)
  if (attribute !== undefined) return attribute
  const item = itemOf(object, name, budget)
  return item === undefined ? missing(object, name) : item
}

/** `object[key]` in a template: an item first, then, for a text key, an attribute. */
export function getItem(object: Value, key: Value | Slice, budget: Budget): Value {
  const item = itemOf(object, key, budget)
  if (item !== undefined) return item
  const attribute = typeof key === 'string' ? plainAttribute(object, key, budget) : undefined
  return attribute === undefined ? missing(object, key) : attribute
}

/** Fields of a format string are read under the sandbox's rules too. */
const SANDBOXED: FieldAccess = { attribute: getAttribute, item: getItem }

function formatter(text: string, name: 'format' | 'format_map', budget: Budget): Callable {
  const plain = (args: readonly Value[], kwargs: Kwargs): string => formatBraces(text, args, kwargs, SANDBOXED, budget)
  const fromMapping = (args: readonly Value[], kwargs: Kwargs): string => {
    const [mapping] = bind(name, ['mapping'], 1, args, kwargs)
    if (!(mapping instanceof Dict)) throw typeError('format_map() argument must be a mapping')
    const named = mapping.entries().flatMap(([key, value]) => (typeof key === 'string' ? [[key, value] as const] : []))
    return plain([], new Map(named))
  }
  return new Callable(name, name === 'format' ? plain : fromMapping)
}

/** Jinja2's message for an attribute or an item that is not there. */
function missing(object: Value, key: Value | Slice): Undefined {
  const type = object === null ? 'None' : `${qualifiedName(object)} object`
  if (typeof key === 'string') return new Undefined(`'${type}' has no attribute ${stringRepr(key)}`)
  return new Undefined(`${type} has no element ${key instanceof Slice ? 'of this slice' : String(shown(key))}`)
}
const shown = (key: Value): string =>
  typeof key === 'bigint' || typeof key === 'number' ? String(key) : key === null ? 'None' : `of type ${typeName(key)}`
function qualifiedName(value: Value): string {
  if (value instanceof Namespace) return 'jinja2.utils.Namespace'
  if (value instanceof LoopContext) return 'jinja2.runtime.LoopContext'
  if (value instanceof Callable) return value.attributes.has('arguments') ? 'jinja2.runtime.Macro' : 'method'
  return typeName(value)
}
