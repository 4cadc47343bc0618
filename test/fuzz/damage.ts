import fc from 'fast-check'
import type { Target } from './target.ts'

/** What stands in the place of some bytes. */
const PIECES = [
  ...[
    '{',
    '}',
    '[',
    ']',
    '"',
    '\\',
    ',',
    ':',
    '(',
    ')',
    '<',
    '>',
    '%',
    '{{',
    '%}',
    "'",
    '\n',
    '\r\n',
    '\t',
    '#',
    '&a',
    '*a',
  ],
  ...['null', 'true', '-1', '1e999', '0', '1.5', '9'.repeat(30), 'NaN', '__proto__', '\\ud800', '!!binary', '=cmd'],
  ...['\u0000', '\ud800', '\u202e', '\u001b[2J', '\u009b', '\ufeff', '😀'],
  ...['[['.repeat(200), '((('.repeat(100), 'C'.repeat(3000), '{"a":'.repeat(300)],
]
const edit = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  drop: fc.oneof({ weight: 4, arbitrary: fc.nat(12) }, { weight: 1, arbitrary: fc.nat(400) }),
  put: fc.oneof(
    fc.constantFrom(...PIECES).map((text) => Buffer.from(text)),
    fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes)),
  ),
})

/** What stands in the place of a value of JSON. */
const odd = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    false,
    0,
    -1,
    1.5,
    1e308,
    -1e-308,
    2 ** 53,
    2 ** 31,
    4294967296,
    [],
    {},
    [[]],
    '',
  ),
  fc.constantFrom<unknown>('\ud800', '\u0000', '=cmd', '../../x', '\u001b[2J', 'x'.repeat(5000), '__proto__'),
  fc.constantFrom<unknown>(Array(300).fill(0), Array(3).fill(null), { constructor: 1 }, nested(150)),
  fc.string({ maxLength: 8 }),
  fc.integer(),
)
function nested(depth: number): unknown {
  let value: unknown = 1
  for (let i = 0; i < depth; i++) value = i % 2 === 0 ? [value] : { a: value }
  return value
}
const swap = fc.record({ at: fc.nat(), how: fc.constantFrom('put', 'put', 'drop', 'copy', 'rename'), value: odd })
type Swap = typeof swap extends fc.Arbitrary<infer S> ? S : never

/** Swaps one value of many; `at` counts over all of them. */
function swapped(root: unknown, { at, how, value }: Swap): unknown {
  const places: (readonly [Record<string, unknown>, string])[] = []
  const walk = (node: unknown): void => {
    if (typeof node !== 'object' || node === null || places.length > 2000) return
    for (const key of Object.keys(node)) {
      places.push([node as Record<string, unknown>, key])
      walk((node as Record<string, unknown>)[key])
    }
  }
  walk(root)
  const place = places[at % (places.length + 1)]
  if (place === undefined) return value
  const [holder, key] = place
  if (how === 'put') holder[key] = value
  else if (how === 'drop' && !Array.isArray(holder)) delete holder[key]
  else if (how === 'copy') holder[key] = holder[places[(at >> 8) % places.length]![1]] ?? root
  else if (how === 'rename' && !Array.isArray(holder)) {
    holder[typeof value === 'object' ? 'x' : String(value).slice(0, 40)] = holder[key]
    delete holder[key]
  }
  return root
}
function jsonText(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'null'
  } catch {
    return '[' // a value inside itself
  }
}
function swappedText(text: string, swaps: readonly Swap[]): string {
  try {
    return jsonText(swaps.reduce(swapped, JSON.parse(text) as unknown))
  } catch {
    return text
  }
}

/** A seed with values of its JSON swapped, and then bytes. */
export const damaged = ({ seeds, json = false }: Target): fc.Arbitrary<Buffer> =>
  fc
    .tuple(
      fc.constantFrom(...seeds),
      json === false ? fc.constant([]) : fc.array(swap, { maxLength: 4 }),
      fc.oneof(
        { weight: json === false ? 0 : 2, arbitrary: fc.constant([]) },
        { weight: 1, arbitrary: fc.array(edit, { maxLength: 6 }) },
      ),
    )
    .map(([from, swaps, edits]) => {
      const text = (): string => from.toString()
      const whole =
        swaps.length === 0
          ? from
          : json === true
            ? Buffer.from(swappedText(text(), swaps))
            : Buffer.from(
                text()
                  .split('\n')
                  .map((line, i, { length }) =>
                    swappedText(
                      line,
                      swaps.filter(({ at }) => (at >> 4) % length === i),
                    ),
                  )
                  .join('\n'),
              )
      return edits.reduce((bytes, { at, drop, put }) => {
        const place = Math.floor(at * bytes.length)
        return Buffer.concat([bytes.subarray(0, place), put, bytes.subarray(place + drop)])
      }, whole)
    })
