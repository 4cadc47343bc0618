import type { Budget } from '../python/budget.ts'
import { overflowError, typeError, valueError } from '../python/error.ts'
import { asInteger } from '../python/numbers.ts'
import { pyStr } from '../python/repr.ts'
import { strftime } from '../python/strftime.ts'
import {
  bind,
  Callable,
  Dict,
  firstOf,
  iterate,
  type Kwargs,
  Range,
  toArray,
  typeName,
  type Value,
} from '../python/values.ts'
import { runtimeError, TemplateFault, unsupported } from './exceptions.ts'
import { Namespace } from './runtime.ts'
import { MAX_RANGE } from './sandbox.ts'

/**
 * The functions that transformers' environment gives every template.
 * @param now the clock that strftime_now shows
 * @param onClock called when it is looked at
 */
export function templateGlobals(budget: Budget, now: Date, onClock?: () => void): ReadonlyMap<string, Value> {
  const define = (name: string, call: (args: readonly Value[], kwargs: Kwargs) => Value): [string, Value] => [
    name,
    new Callable(name, call),
  ]
  return new Map<string, Value>([
    define('range', (args) => {
      const bounds = args.map((value) => asInteger(value))
      if (bounds.length < 1 || bounds.length > 3)
        throw typeError(`range expected 1 to 3 arguments, got ${bounds.length}`)
      const [start, stop] = bounds.length === 1 ? [0n, bounds[0]!] : [bounds[0]!, bounds[1]!]
      const step = bounds[2] ?? 1n
      if (step === 0n) throw valueError('range() arg 3 must not be zero')
      const range = new Range(start, stop, step)
      if (range.size > MAX_RANGE)
        throw overflowError(`Range too big. The sandbox blocks ranges larger than MAX_RANGE (${MAX_RANGE}).`)
      return range
    }),
    define('dict', (args, kwargs) => Dict.of([...pairs('dict', args, budget), ...kwargs], budget)),
    define('namespace', (args, kwargs) => {
      const given = pairs('namespace', args, budget).map(([key, value]) => [pyStr(key, budget), value] as const)
      return new Namespace([...given, ...kwargs])
    }),
    define('cycler', (args, kwargs) => {
      bind('cycler', [], 0, [], kwargs)
      if (args.length === 0) throw runtimeError('RuntimeError', 'at least one item has to be provided')
      return cycler(args)
    }),
    define('joiner', (args, kwargs) => {
      const separator = firstOf(bind('joiner', ['sep'], 0, args, kwargs)[0], ', ')
      let used = false
      return new Callable('joiner', () => {
        const shown = used ? separator : ''
        used = true
        return shown
      })
    }),
    define('lipsum', () => {
      throw unsupported('lipsum, which is random,')
    }),
    define('raise_exception', (args, kwargs) => {
      const [message] = bind('raise_exception', ['message'], 1, args, kwargs)
      throw new TemplateFault('raised', 'TemplateError', pyStr(message!, budget))
    }),
    define('strftime_now', (args, kwargs) => {
      const [format] = bind('strftime_now', ['format'], 1, args, kwargs)
      if (typeof format !== 'string') throw typeError(`strftime() argument 1 must be str, not ${typeName(format!)}`)
      onClock?.()
      return strftime(now, format)
    }),
  ])
}

/** What dict(…) takes besides keywords: a mapping, or pairs. */
function pairs(name: string, args: readonly Value[], budget: Budget): (readonly [Value, Value])[] {
  const [source] = bind(name, ['mapping'], 0, args, new Map())
  if (source === undefined) return []
  if (source instanceof Dict) return source.entries()
  return [...iterate(source, budget)].map((pair) => {
    const items = toArray(pair, budget)
    if (items.length !== 2) throw valueError('a dictionary update sequence element must have length 2')
    return [items[0]!, items[1]!] as const
  })
}

/** Jinja2's cycler: `next()`, `reset()`, `current`. */
function cycler(items: readonly Value[]): Callable {
  let at = 0
  const attributes = new Map<string, Value>()
  const show = (): void => {
    attributes.set('current', items[at]!)
  }
  show()
  attributes.set(
    'next',
    new Callable('next', () => {
      const current = items[at]!
      at = (at + 1) % items.length
      show()
      return current
    }),
  )
  attributes.set(
    'reset',
    new Callable('reset', () => {
      at = 0
      show()
      return null
    }),
  )
  const refuse = (): never => {
    throw typeError("'Cycler' object is not callable")
  }
  return new Callable('cycler', refuse, attributes)
}
