import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { fromJs, readTemplate, render } from '../../src/jinja/environment.ts'
import { TemplateFault } from '../../src/jinja/exceptions.ts'
import { Budget } from '../../src/python/budget.ts'
import { Dict, type Value } from '../../src/python/values.ts'

interface Snippet {
  readonly template: string
  readonly text?: string
  readonly error?: { readonly type: string; readonly message: string }
  /** The reference prints an address or a random choice. */
  readonly unstable?: true
}
const golden = JSON.parse(
  gunzipSync(readFileSync(new URL('../data/jinja/snippets.json.gz', import.meta.url))).toString(),
) as { readonly now: string; readonly variables: Readonly<Record<string, unknown>>; readonly cases: readonly Snippet[] }

/** JSON cannot tell 1.0 from 1, so these are written here; they equal VARIABLES of the oracle. */
const variables = new Map<string, Value>([
  ...Object.entries(golden.variables).map(([key, value]) => [key, fromJs(value)] as const),
  ['big', 10n ** 20n],
  ['f', 2.5],
  ['flo', [0.1, 1, 1e16, 1e-5, 123456789.125, -0, 1e22, 5e-324, 0.1 + 0.2]],
  ['mixed', [1n, 'a', null, true, 2.5, [1n], Dict.named([['k', 'v']])]],
])
function renderSnippet(source: string, budget?: Budget): string {
  const { tree } = readTemplate(source)
  return render(tree, { variables, now: new Date(golden.now), ...(budget ? { budget } : {}) })
}
function fault(run: () => unknown): TemplateFault {
  try {
    run()
  } catch (error) {
    if (error instanceof TemplateFault) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

/** Python prints these; we refuse them by name rather than print something else. */
const DIVERGENCES: Readonly<Record<string, string>> = {
  '{{ s.encode() }}': 'bytes are not supported',
  '{{ self }}': 'a template has no reference to itself',
}

describe('snippets against Jinja2 3.1.6', () => {
  it.each(golden.cases.map((c, i) => [i, c] as const))('snippet %i', (_, { template, text, error, unstable }) => {
    const divergence = DIVERGENCES[template]
    if (divergence !== undefined) {
      expect(text).toBeDefined()
      expect(fault(() => renderSnippet(template)).kind).toBe('unsupported')
    } else if (unstable) {
      expect(fault(() => renderSnippet(template)).kind).toBe('unsupported')
    } else if (error) {
      fault(() => renderSnippet(template))
    } else {
      expect(renderSnippet(template)).toBe(text)
    }
  })

  // Rendered by jinja2 3.1.6, as the snippets were.
  it.each([
    ["{{ 'Straße ﬁ'.casefold() }}", 'strasse fi'],
    ["{{ '٣٤'|int + 1 }} {{ '１.５'|float }} {{ '²'|int(9) }}", '35 1.5 9'],
    ["{{ [['a','b']]|map(attribute='١')|join }}", 'b'],
    ['{{ {1: 2}[[]] is defined }} {{ {1: 2}[{}.items()] is defined }}', 'False False'],
  ])('%s', (template, text) => {
    expect(renderSnippet(template)).toBe(text)
  })

  it('gives the message of raise_exception and its line', () => {
    const raised = fault(() => renderSnippet("a\nb{{ raise_exception('boom ' ~ n) }}"))
    expect([raised.kind, raised.message, raised.line]).toEqual(['raised', 'boom 7', 2])
  })
})

describe('templates from strangers', () => {
  it.each([
    ['a long range', '{% for x in range(10**9) %}{% endfor %}'],
    ['nested loops', '{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}'],
    [
      'doubling text',
      "{% set ns = namespace(s='x') %}{% for i in range(99) %}{% set ns.s = ns.s + ns.s %}{% endfor %}",
    ],
    [
      'doubling by ~',
      "{% set ns = namespace(s='x') %}{% for i in range(99) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
    ],
    [
      'doubling list',
      '{% set ns = namespace(l=[1]) %}{% for i in range(99) %}{% set ns.l = ns.l + ns.l %}{% endfor %}',
    ],
    ['repeated text', "{{ 'x' * 10**12 }}"],
    ['repeated list', '{{ [0] * 10**12 }}'],
    ['big power', '{{ 10 ** (10 ** 10) }}'],
    [
      'growing integer',
      '{% set ns = namespace(n=3) %}{% for i in range(99) %}{% set ns.n = ns.n * ns.n %}{% endfor %}',
    ],
    ['wide field', "{{ '{:>999999999}'.format(1) }}"],
    ['wide percent', "{{ '%999999999d' % 1 }}"],
    ['wide center', "{{ 'x'.center(10**10) }}"],
    ['wide indent', "{{ 'a\nb'|indent(10**10) }}"],
    ['wide json indent', '{{ [1]|tojson(indent=10**10) }}'],
    ['replace with much', "{% set a = 'a' * 9999 %}{{ a.replace('a', a).replace('a', a) }}"],
    ['join with much', "{% set a = 'a' * 9999 %}{{ a.join(a).join(a) }}"],
    [
      'shared lists printed',
      '{% set ns = namespace(l=[1]) %}{% for i in range(99) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l }}',
    ],
    [
      'shared lists compared',
      '{% set ns = namespace(l=[1], m=[1]) %}{% for i in range(99) %}{% set ns.l = [ns.l, ns.l] %}{% set ns.m = [ns.m, ns.m] %}{% endfor %}{{ ns.l == ns.m }}',
    ],
    ...['{{ {ns.t: 1} }}', '{{ {1: 2}[ns.t] }}', '{{ ns.t in {1: 2} }}', '{{ [ns.t]|unique|list }}'].map(
      (use): [string, string] => [
        `a shared tuple as a key: ${use}`,
        `{% set ns = namespace(t=()) %}{% for i in range(60) %}{% set ns.t = (ns.t, ns.t) %}{% endfor %}${use}`,
      ],
    ),
    ['endless recursion', '{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}'],
    ['recursive loop', '{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}'],
    ['deep parentheses', `{{ ${'('.repeat(5000)}1${')'.repeat(5000)} }}`],
    ['deep not', `{{ ${'not '.repeat(5000)}1 }}`],
    ['deep blocks', `${'{% if 1 %}'.repeat(5000)}${'{% endif %}'.repeat(5000)}`],
    ['many operands', `{{ ${'1 + '.repeat(200_000)}1 }}`],
    ['slow search', "{% set a = 'a' * 999999 %}{% for i in range(99999) %}{% if 'b' in a %}{% endif %}{% endfor %}"],
    ['output in a loop', "{% set a = 'a' * 99999 %}{% for i in range(99999) %}{{ a }}{% endfor %}"],
  ])('stops %s with a clear error', (_, source) => {
    const started = process.cpuUsage()
    const stopped = fault(() => renderSnippet(source))
    expect(['limit', 'runtime', 'syntax']).toContain(stopped.kind)
    // Measured at most 1.6 s on two shared cores; a hang would be minutes.
    expect(process.cpuUsage(started).user / 1e6).toBeLessThan(10)
  })

  it('spends steps, not time: the same budget always stops at the same place', () => {
    const source = '{% for x in range(100) %}{{ x }}{% endfor %}'
    expect(fault(() => renderSnippet(source, new Budget(100))).kind).toBe('limit')
    expect(renderSnippet(source, new Budget(10_000))).toHaveLength(190)
  })
})
