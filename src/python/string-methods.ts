import type { Budget } from './budget.ts'
import { PythonError, typeError, unsupported, valueError } from './error.ts'
import { asIndex } from './numbers.ts'
import * as py from './strings.ts'
import { Bytes, bind, firstOf, iterate, type Kwargs, Tuple, truthy, typeName, type Value } from './values.ts'

type Method = (self: string, args: readonly Value[], kwargs: Kwargs, budget: Budget) => Value

const text = (value: Value, method: string): string => {
  if (typeof value !== 'string') throw typeError(`${method}() argument must be str, not ${typeName(value)}`)
  return value
}
const textOrNone = (value: Value | undefined, method: string): string | null =>
  value === undefined || value === null ? null : text(value, method)
const limit = (value: Value | undefined): number => (value === undefined ? -1 : asIndex(value))
const notEmpty = (separator: string | null): string | null => {
  if (separator === '') throw valueError('empty separator')
  return separator
}

const stripper =
  (name: string, side: 'left' | 'right' | 'both'): Method =>
  (self, args, kwargs) =>
    py.strip(self, side, textOrNone(bind(name, ['chars'], 0, args, kwargs)[0], name))

const splitter =
  (name: 'split' | 'rsplit'): Method =>
  (self, args, kwargs, budget) => {
    const [separator, count] = bind(name, ['sep', 'maxsplit'], 0, args, kwargs)
    const parts = (name === 'split' ? py.split : py.rsplit)(self, notEmpty(textOrNone(separator, name)), limit(count))
    budget.items(parts.length)
    return parts
  }

const partition =
  (name: string, last: boolean): Method =>
  (self, args, kwargs) => {
    const separator = text(bind(name, ['sep'], 1, args, kwargs)[0]!, name)
    notEmpty(separator)
    const at = last ? self.lastIndexOf(separator) : self.indexOf(separator)
    if (at === -1) return new Tuple(last ? ['', '', self] : [self, '', ''])
    return new Tuple([self.slice(0, at), separator, self.slice(at + separator.length)])
  }

/** The window [start, stop) in code points, as Python's find, count, startswith take it. */
function window(
  self: string,
  start: Value | undefined,
  stop: Value | undefined,
): { text: string; from: number } | null {
  const size = py.pyLength(self)
  const clamp = (value: Value | undefined, absent: number): number => {
    if (value === undefined || value === null) return absent
    const index = asIndex(value)
    return index < 0 ? Math.max(0, index + size) : index
  }
  const from = clamp(start, 0)
  const to = Math.min(clamp(stop, size), size)
  if (from > to) return null
  return { text: py.head(self, from, to), from }
}

const affix =
  (name: 'startswith' | 'endswith'): Method =>
  (self, args, kwargs) => {
    const [affixes, start, stop] = bind(name, ['prefix', 'start', 'end'], 1, args, kwargs)
    const part = window(self, start, stop)
    const holds = (value: Value): boolean => {
      if (typeof value !== 'string')
        throw typeError(`${name} first arg must be str or a tuple of str, not ${typeName(value)}`)
      return part !== null && (name === 'startswith' ? part.text.startsWith(value) : part.text.endsWith(value))
    }
    return affixes instanceof Tuple ? affixes.items.some(holds) : holds(affixes!)
  }

const finder =
  (name: string, last: boolean, raises: boolean): Method =>
  (self, args, kwargs) => {
    const [part, start, stop] = bind(name, ['sub', 'start', 'end'], 1, args, kwargs)
    const view = window(self, start, stop)
    const wanted = text(part!, name)
    const at = view === null ? -1 : last ? view.text.lastIndexOf(wanted) : view.text.indexOf(wanted)
    if (at === -1 && raises) throw valueError('substring not found')
    return at === -1 ? -1n : BigInt(view!.from + py.pyLength(view!.text.slice(0, at)))
  }

const justify =
  (name: 'center' | 'ljust' | 'rjust'): Method =>
  (self, args, kwargs, budget) => {
    const [width, fill] = bind(name, ['width', 'fillchar'], 1, args, kwargs)
    const filler = fill === undefined ? ' ' : text(fill, name)
    if (py.pyLength(filler) !== 1) throw typeError('The fill character must be exactly one character long')
    const missing = asIndex(width!) - py.pyLength(self)
    if (missing <= 0) return self
    budget.chars(self.length + missing)
    // CPython: the odd blank goes left where both the gap and the width are odd.
    const left = name === 'ljust' ? 0 : name === 'rjust' ? missing : (missing >> 1) + (missing & asIndex(width!) & 1)
    return filler.repeat(left) + self + filler.repeat(missing - left)
  }

const plain =
  (name: string, change: (self: string) => Value): Method =>
  (self, args, kwargs) => {
    bind(name, [], 0, args, kwargs)
    return change(self)
  }

/** str.replace, with the size of the result known before it is built. */
export function replaceText(self: string, old: string, replacement: string, count: number, budget: Budget): string {
  const found = py.count(self, old)
  const replaced = count < 0 ? found : Math.min(count, found)
  budget.chars(self.length + replaced * (replacement.length - old.length))
  budget.charge(found)
  return py.replace(self, old, replacement, count)
}
export function joinText(separator: string, parts: Iterable<string>, budget: Budget): string {
  const list: string[] = []
  let length = 0
  for (const part of parts) {
    length += part.length + separator.length
    budget.chars(length)
    list.push(part)
  }
  return list.join(separator)
}

const METHODS: Readonly<Record<string, Method>> = {
  capitalize: plain('capitalize', py.capitalize),
  casefold: plain('casefold', py.casefold),
  center: justify('center'),
  count(self, args, kwargs) {
    const [part, start, stop] = bind('count', ['sub', 'start', 'end'], 1, args, kwargs)
    const view = window(self, start, stop)
    return view === null ? 0n : BigInt(py.count(view.text, text(part!, 'count')))
  },
  endswith: affix('endswith'),
  expandtabs(self, args, kwargs, budget) {
    const size = asIndex(firstOf(bind('expandtabs', ['tabsize'], 0, args, kwargs)[0], 8n))
    let built = ''
    let column = 0
    for (const char of self) {
      if (char === '\t') {
        const blanks = size > 0 ? size - (column % size) : 0
        budget.chars(built.length + blanks)
        built += ' '.repeat(blanks)
        column += blanks
      } else {
        built += char
        column = char === '\n' || char === '\r' ? 0 : column + 1
      }
    }
    return built
  },
  find: finder('find', false, false),
  index: finder('index', false, true),
  isdigit: plain('isdigit', (self) => digitLike(self, 'isdigit')),
  isnumeric: plain('isnumeric', (self) => digitLike(self, 'isnumeric')),
  istitle: plain('istitle', py.isTitle),
  join(self, args, kwargs, budget) {
    const parts = iterate(bind('join', ['iterable'], 1, args, kwargs)[0]!, budget)
    let index = -1
    const checked = function* (): Generator<string> {
      for (const part of parts) {
        index++
        if (typeof part !== 'string')
          throw typeError(`sequence item ${index}: expected str instance, ${typeName(part)} found`)
        yield part
      }
    }
    return joinText(self, checked(), budget)
  },
  ljust: justify('ljust'),
  lower: plain('lower', (self) => self.toLowerCase()),
  lstrip: stripper('lstrip', 'left'),
  partition: partition('partition', false),
  removeprefix(self, args, kwargs) {
    const prefix = text(bind('removeprefix', ['prefix'], 1, args, kwargs)[0]!, 'removeprefix')
    return self.startsWith(prefix) ? self.slice(prefix.length) : self
  },
  removesuffix(self, args, kwargs) {
    const suffix = text(bind('removesuffix', ['suffix'], 1, args, kwargs)[0]!, 'removesuffix')
    return suffix !== '' && self.endsWith(suffix) ? self.slice(0, -suffix.length) : self
  },
  replace(self, args, kwargs, budget) {
    const [old, replacement, count] = bind('replace', ['old', 'new', 'count'], 2, args, kwargs)
    return replaceText(self, text(old!, 'replace'), text(replacement!, 'replace'), limit(count), budget)
  },
  rfind: finder('rfind', true, false),
  rindex: finder('rindex', true, true),
  rjust: justify('rjust'),
  rpartition: partition('rpartition', true),
  rsplit: splitter('rsplit'),
  rstrip: stripper('rstrip', 'right'),
  split: splitter('split'),
  splitlines(self, args, kwargs, budget) {
    const lines = py.splitLines(self, truthy(firstOf(bind('splitlines', ['keepends'], 0, args, kwargs)[0], false)))
    budget.items(lines.length)
    return lines
  },
  startswith: affix('startswith'),
  strip: stripper('strip', 'both'),
  swapcase: plain('swapcase', py.swapCase),
  title: plain('title', py.title),
  upper: plain('upper', (self) => self.toUpperCase()),
  zfill(self, args, kwargs, budget) {
    const missing = asIndex(bind('zfill', ['width'], 1, args, kwargs)[0]!) - py.pyLength(self)
    if (missing <= 0) return self
    budget.chars(self.length + missing)
    const sign = /^[-+]?/.exec(self)![0]
    return sign + '0'.repeat(missing) + self.slice(sign.length)
  },
  ...Object.fromEntries(
    Object.entries(py.CHARACTER_TESTS).map(([name, pattern]) => [name, plain(name, (self) => pattern.test(self))]),
  ),
}
/** Superscripts, Kharosthi digits and CJK numerals are counted differently by Python's tables. */
function digitLike(self: string, name: string): boolean {
  if (/^[\x00-\x7f]*$/.test(self)) return /^\d+$/.test(self)
  if (/^\p{Nd}+$/u.test(self)) return true
  if (!/[\p{N}\p{Lo}]/u.test(self)) return false
  throw unsupported(`str.${name} beyond decimal digits`)
}
/** Methods of str that Python has and we refuse. */
const REFUSED: ReadonlySet<string> = new Set(['encode', 'translate', 'maketrans'])

/** A method of a str, or null where Python has none of that name; `format` and `format_map` are in format.ts. */
export function stringMethod(name: string): Method | null {
  if (Object.hasOwn(METHODS, name)) return METHODS[name]!
  if (REFUSED.has(name)) throw unsupported(`str.${name}`)
  return null
}

/** `value.lower()`; bytes lower to bytes, which equal no string: null. */
export function pyLower(value: Value): string | null {
  if (typeof value === 'string') return value.toLowerCase()
  if (value instanceof Bytes) return null
  throw new PythonError('AttributeError', `'${typeName(value)}' object has no attribute 'lower'`)
}
