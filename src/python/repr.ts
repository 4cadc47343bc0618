import type { Budget } from './budget.ts'
import { floatRepr } from './decimal.ts'
import { unsupported } from './error.ts'
import { Dict, DictView, HostObject, isList, Range, Tuple, typeName, type Value } from './values.ts'

/** Python's str(value): what `{{ value }}` prints. */
export function pyStr(value: Value, budget: Budget): string {
  if (typeof value === 'string') return value
  if (value instanceof HostObject) return value.str(budget)
  return budget.text(pyRepr(value, budget))
}

/** Python's repr(value). */
export function pyRepr(value: Value, budget: Budget, depth = 0): string {
  budget.charge(1)
  budget.depth(depth)
  if (value === null) return 'None'
  switch (typeof value) {
    case 'boolean':
      return value ? 'True' : 'False'
    case 'bigint':
      return value.toString()
    case 'number':
      return floatRepr(value)
    case 'string':
      budget.charge(value.length / 32)
      return stringRepr(value)
  }
  const list = (items: readonly Value[]): string => {
    let text = ''
    for (const item of items) {
      if (text !== '') text += ', '
      text += pyRepr(item, budget, depth + 1)
      budget.chars(text.length)
    }
    return text
  }
  if (isList(value)) return `[${list(value)}]`
  if (value instanceof Tuple) return value.items.length === 1 ? `(${list(value.items)},)` : `(${list(value.items)})`
  if (value instanceof Dict) return dictRepr(value.entries(), budget, depth)
  if (value instanceof DictView) return `${value.what}([${list(value.items())}])`
  if (value instanceof Range) return `range(${value.start}, ${value.stop}${value.step === 1n ? '' : `, ${value.step}`})`
  if (value instanceof HostObject) return value.repr(budget, depth)
  // Python prints an address here, different in every run.
  throw unsupported(`printing a ${typeName(value)}`)
}

/** `{key: value}` of a dict's entries. */
export function dictRepr(entries: readonly (readonly [Value, Value])[], budget: Budget, depth: number): string {
  let text = ''
  for (const [key, value] of entries) {
    if (text !== '') text += ', '
    text += `${pyRepr(key, budget, depth + 1)}: ${pyRepr(value, budget, depth + 1)}`
    budget.chars(text.length)
  }
  return `{${text}}`
}

const NEEDS_ESCAPE = /[\\\p{C}\p{Z}]/u
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** repr of a str: single quotes unless it holds some and no double ones; what str.isprintable denies is escaped. */
export function stringRepr(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  let body = ''
  for (const char of text) {
    if (char === quote) body += `\\${char}`
    else if (char === ' ' || !NEEDS_ESCAPE.test(char)) body += char
    else body += ESCAPES[char] ?? numericEscape(char.codePointAt(0)!)
  }
  return quote + body + quote
}
function numericEscape(code: number): string {
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`
  if (code < 0x10000) return `\\u${code.toString(16).padStart(4, '0')}`
  return `\\U${code.toString(16).padStart(8, '0')}`
}
