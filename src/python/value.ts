import { PythonError } from './error.ts'
import { asciiDigits, pyStrip } from './text.ts'

/** A value that `ast.literal_eval` can give. Dict entries keep insertion order; sets keep the order of the text. */
export type PyValue =
  | { readonly type: 'str'; readonly value: string }
  | { readonly type: 'bytes'; readonly value: readonly number[] }
  | { readonly type: 'int'; readonly value: bigint }
  | { readonly type: 'float'; readonly value: number }
  | { readonly type: 'complex'; readonly real: number; readonly imag: number }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'NoneType' }
  | { readonly type: 'ellipsis' }
  | { readonly type: 'tuple' | 'list' | 'set'; readonly items: readonly PyValue[] }
  | { readonly type: 'dict'; readonly entries: readonly (readonly [PyValue, PyValue])[] }

export const pyStr = (value: string): PyValue => ({ type: 'str', value })
export const pyInt = (value: bigint | number): PyValue => ({ type: 'int', value: BigInt(value) })

const numeric = (v: PyValue): [number, number] | null => {
  if (v.type === 'int' || v.type === 'float') return [Number(v.value), 0]
  if (v.type === 'bool') return [v.value ? 1 : 0, 0]
  return v.type === 'complex' ? [v.real, v.imag] : null
}

/** Python's `==`. */
export function pyEquals(a: PyValue, b: PyValue): boolean {
  if (a.type === 'int' && b.type === 'int') return a.value === b.value
  const [x, y] = [numeric(a), numeric(b)]
  if (x !== null && y !== null) return x[0] === y[0] && x[1] === y[1]
  if (a.type !== b.type) return false
  if (a.type === 'str') return a.value === (b as typeof a).value
  if (a.type === 'bytes') return a.value.join() === (b as typeof a).value.join()
  if (a.type === 'tuple' || a.type === 'list') {
    const other = (b as typeof a).items
    return a.items.length === other.length && a.items.every((item, i) => pyEquals(item, other[i]!))
  }
  if (a.type === 'set') {
    const other = (b as typeof a).items
    return a.items.length === other.length && a.items.every((item) => other.some((o) => pyEquals(item, o)))
  }
  if (a.type === 'dict') {
    const other = (b as typeof a).entries
    return (
      a.entries.length === other.length &&
      a.entries.every(([k, v]) => other.some(([l, w]) => pyEquals(k, l) && pyEquals(v, w)))
    )
  }
  return true
}

/** `value[index]` for an integer index. */
export function pyItem(value: PyValue, index: number): PyValue {
  if (value.type === 'dict') {
    const entry = value.entries.find(([key]) => pyEquals(key, pyInt(index)))
    if (entry === undefined) throw new PythonError('KeyError', String(index))
    return entry[1]
  }
  const items = sequence(value)
  if (items === null) throw new PythonError('TypeError', `'${value.type}' object is not subscriptable`)
  const item = items[index]
  if (item === undefined) throw new PythonError('IndexError', `${typeName(value)} index out of range`)
  return item
}

/** `value[:end]` as a list of its items; what it is taken from must be a sequence. */
export function pyHead(value: PyValue, end: number): readonly PyValue[] {
  if (value.type === 'dict') throw new PythonError('TypeError', "unhashable type: 'slice'")
  const items = sequence(value)
  if (items === null) throw new PythonError('TypeError', `'${value.type}' object is not subscriptable`)
  return items.slice(0, end)
}

/** The items that `for x in value` visits. */
export function pyIterate(value: PyValue): readonly PyValue[] {
  if (value.type === 'set') return value.items
  if (value.type === 'dict') return value.entries.map(([key]) => key)
  const items = sequence(value)
  if (items === null) throw new PythonError('TypeError', `'${value.type}' object is not iterable`)
  return items
}

/** `value.lower()`; bytes lower to bytes, which equal no string: null. */
export function pyLower(value: PyValue): string | null {
  if (value.type === 'str') return value.value.toLowerCase()
  if (value.type === 'bytes') return null
  throw new PythonError('AttributeError', `'${value.type}' object has no attribute 'lower'`)
}

function sequence(value: PyValue): readonly PyValue[] | null {
  if (value.type === 'str') return [...value.value].map(pyStr)
  if (value.type === 'bytes') return value.value.map(pyInt)
  return value.type === 'tuple' || value.type === 'list' ? value.items : null
}
const typeName = (value: PyValue): string => (value.type === 'str' ? 'string' : value.type)

const FLOAT = /^[+-]?(?:(?:\d+(?:_\d+)*)(?:\.(?:\d+(?:_\d+)*)?)?|\.\d+(?:_\d+)*)(?:[eE][+-]?\d+(?:_\d+)*)?$/
const SPECIAL_FLOAT = /^([+-]?)(inf|infinity|nan)$/i

/** `float(value)`: numbers, booleans, and text such as `' 5e-1 '`, `'1_0'`, `'nan'`, digits of any script. */
export function pyFloat(value: PyValue): number {
  if (value.type === 'float') return value.value
  if (value.type === 'bool') return value.value ? 1 : 0
  if (value.type === 'int') {
    const number = Number(value.value)
    if (!Number.isFinite(number)) throw new PythonError('OverflowError', 'int too large to convert to float')
    return number
  }
  if (value.type === 'str' || value.type === 'bytes') {
    const given = value.type === 'str' ? value.value : String.fromCharCode(...value.value)
    const text = value.type === 'str' ? asciiDigits(pyStrip(given)) : given.replace(ASCII_SPACE, '')
    const special = SPECIAL_FLOAT.exec(text)
    if (special !== null) {
      if (special[2]!.toLowerCase() === 'nan') return Number.NaN
      return special[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
    }
    if (FLOAT.test(text)) return Number(text.replaceAll('_', ''))
    throw new PythonError('ValueError', `could not convert string to float: ${JSON.stringify(given)}`)
  }
  throw new PythonError('TypeError', `float() argument must be a string or a real number, not '${value.type}'`)
}
const ASCII_SPACE = /^[\t-\r ]+|[\t-\r ]+$/g
