import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { Drawer } from '../../src/chem/toolkit/draw.ts'
import { compactDrawing } from '../../src/report/html/drawing.ts'
import { escapeHtml, html, jsonScript } from '../../src/report/html/markup.ts'
import { decimal, percent, percentInterval } from '../../src/report/html/numbers.ts'
import { longestAllowed, TextPool } from '../../src/report/html/texts.ts'
import { binsOf, countIn, decilesOf } from '../../src/report/plots/bins.ts'
import { marginHistogram } from '../../src/report/plots/histogram.ts'
import { intervalDots } from '../../src/report/plots/interval-dots.ts'
import { axisLabels } from '../../src/report/plots/labels.ts'

/** Scores are float32 from the graph. */
const finite = fc.float({ noNaN: true, min: -1e6, max: 1e6 })

describe('markup', () => {
  it('escapes what is not markup, also in attributes', () => {
    expect(html`<b title="${'"><i>'}">${"<'&"}</b>${html`<i>`}${null}${false}${[html`x`]}`.text).toBe(
      '<b title="&quot;&gt;&lt;i&gt;">&lt;&#39;&amp;</b><i>x',
    )
  })
  it('never lets a text open a tag, and shows control characters by their pictures', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => !/[<>"'\x00-\x08]/.test(escapeHtml(text))))
    expect(escapeHtml('\u001b[31m\ud800')).toBe('␛[31m\ufffd')
  })
  it('gives a data block that reads back as it was and cannot be ended by the data', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const { text } = jsonScript('x', value)
        const inside = text.slice(text.indexOf('>') + 1, -'</script>'.length)
        expect(inside).not.toContain('<')
        expect(inside).toBe(JSON.stringify(value).replaceAll('<', '\\u003c'))
        expect(JSON.parse(inside)).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
    const absent = { a: undefined, b: [undefined, { c: undefined, d: '→' }], e: -0 }
    expect(jsonScript('x', absent).text).toContain(`>${JSON.stringify(absent)}<`)
  })
  it('gives a large block in pieces, which are its text', () => {
    const rows = Array.from({ length: 20_000 }, (_, i) => ({ id: String(i), text: '→<'.repeat(i % 20) }))
    const markup = html`<p>${jsonScript('x', { rows })}</p>`
    const pieces = [...markup.pieces()]
    expect(pieces.length).toBeGreaterThan(10)
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(500_000)
    expect(pieces.join('')).toBe(markup.text)
    expect([...markup.pieces()]).toEqual(pieces)
    expect(jsonScript('x', ['</script><!--']).text).toBe(
      '<script type="application/json" id="x">["\\u003c/script>\\u003c!--"]</script>',
    )
  })
})

describe('numbers', () => {
  it.each([
    [0, '0'],
    [12345, '12,345'],
    [-0.5, '−0.500'],
    [0.0000123, '1.23e−5'],
    [123.456, '123.5'],
    [1e7, '1.000e+7'],
    [null, '–'],
  ])('%s is written %s', (value, text) => {
    expect(decimal(value)).toBe(text)
  })
  it('writes shares as percent', () => {
    expect(percent(251 / 300)).toBe('83.7%')
    expect(percentInterval(0.79, 0.875)).toBe('[79.0, 87.5]')
    expect(percentInterval(null, 0.9)).toBe('–')
  })
})

describe('labels of an axis', () => {
  it('fit, stay apart, and stay on one line', () => {
    const long = Array.from({ length: 30 }, (_, i) => `a rather long subset name, number ${i} of thirty, of molecules`)
    expect(axisLabels(long).slice(0, 2)).toEqual(['a rather…0 of thirty, of mole…', 'a rather…1 of thirty, of mole…'])
    expect(axisLabels(['short', 'a name of more than thirty letters'])).toEqual([
      'short',
      'a name of more t…hirty letters',
    ])
    expect(axisLabels(['one\ntwo\u2028three', '\rCR'])).toEqual(['one two three', '␍CR'])
    expect(axisLabels(['same', 'other', 'same'])).toEqual(['same 1', 'other', 'same 2'])
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ unit: fc.constantFrom('a', 'b', ' ', '\n'), maxLength: 60 })), (names) => {
        const labels = axisLabels(names)
        expect(labels.every((label) => [...label].length <= 30 && !label.includes('\n'))).toBe(true)
      }),
    )
  })
  it('give every line of a plot its own tip, also where two have one name, and name the picture once', () => {
    const dot = (value: number) => ({ name: 'twin', value, low: null, high: null, n: 7, emphasis: true })
    const { text } = intervalDots([dot(0.25), dot(0.75)], 'what it shows')
    expect([...text.matchAll(/<title>(twin: [^<]*)/g)].map(([, tip]) => tip)).toEqual([
      'twin: 25.0% –, n = 7',
      'twin: 75.0% –, n = 7',
    ])
    expect(text.match(/aria-label/g)).toHaveLength(1)
  })
})

describe('bins', () => {
  it('hold every value once, with 0 on an edge where values lie on both sides', () => {
    fc.assert(
      fc.property(fc.array(finite, { minLength: 1, maxLength: 60 }), (values) => {
        const bins = binsOf(values)
        expect(countIn(bins, values).reduce((a, b) => a + b)).toBe(values.length)
        expect(bins[0]!.low).toBeLessThanOrEqual(Math.min(...values))
        expect(bins.at(-1)!.high).toBeGreaterThanOrEqual(Math.max(...values))
        expect(bins.length).toBeLessThanOrEqual(62)
        if (bins[0]!.low < 0 && bins.at(-1)!.high > 0 && values.length > 1 && Math.min(...values) < Math.max(...values))
          expect(bins.some(({ low }) => low === 0)).toBe(true)
      }),
    )
  })
  it('put a value on an inner edge into the bin above it', () => {
    const bins = [
      { low: 0, high: 1 },
      { low: 1, high: 2 },
    ]
    expect(countIn(bins, [0, 1, 1, 2])).toEqual([1, 3])
  })
  it('never mix wins and losses; ties stand apart', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(finite, fc.constant(0)), { minLength: 1 }), (margins) => {
        const { bins, counts, ties } = marginHistogram(margins)
        const losses = counts.filter((_, i) => bins[i]!.high <= 0).reduce((a, b) => a + b, 0)
        const all = counts.reduce((a, b) => a + b, 0)
        expect([losses, all - losses, ties]).toEqual([
          margins.filter((m) => m < 0).length,
          margins.filter((m) => m > 0).length,
          margins.filter((m) => m === 0).length,
        ])
      }),
    )
  })
  it('give equal scores one decile, whatever the order', () => {
    // ranks of 1 2 3 of three: mean ranks 0.5, 1.5, 2.5 of 3 → deciles 1, 5, 8
    expect(decilesOf([3, 1, 2])).toEqual([8, 1, 5])
    // all equal: mean rank 2 of 4 → decile 5
    expect(decilesOf([7, 7, 7, 7])).toEqual([5, 5, 5, 5])
    expect(decilesOf(Array.from({ length: 100 }, (_, i) => i))).toEqual(
      Array.from({ length: 100 }, (_, i) => Math.floor(i / 10)),
    )
  })
})

describe('texts', () => {
  it('cuts only the longest, to one length', () => {
    expect(longestAllowed([10, 20, 90], 60)).toBe(30)
    expect(longestAllowed([10, 20, 30], 60)).toBe(Number.POSITIVE_INFINITY)
    expect(longestAllowed([50, 50], 60)).toBe(30)
  })
  it('keeps each text once and loses no character uncounted', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme', maxLength: 80 }), { minLength: 1 }),
        fc.nat(400),
        (texts, budget) => {
          const pool = new TextPool()
          const places = texts.map((text) => pool.add(text))
          const shown = pool.within(budget)
          expect(shown.texts).toHaveLength(new Set(texts).size)
          texts.forEach((text, i) => {
            const kept = shown.texts[places[i]!]!
            if (typeof kept === 'string') expect(kept).toBe(text)
            else {
              const [head, left, tail] = kept
              expect(text.startsWith(head) && text.endsWith(tail)).toBe(true)
              expect(head.length + left + tail.length).toBe(text.length)
              expect(head + tail).not.toMatch(/\p{Surrogate}/u) // no pair is cut in two
            }
          })
        },
      ),
    )
  })
})

describe('compact drawings', () => {
  let drawer: Drawer
  beforeAll(async () => {
    drawer = await Drawer.open()
  })
  const draw = (smiles: string, highlightAtoms: readonly number[] = []): string =>
    drawer.molecule(smiles, { width: 240, height: 170, highlightAtoms })!

  it.each([
    'CCO',
    'CC(=O)[O-].[Na+]',
    'C[C@H](N)C(=O)O',
    'c1ccc2c(c1)[nH]cc2',
    'F/C=C/Cl',
    '[13CH4]',
    'C~C',
    'C1=CC=CC=C1',
  ])('hold the picture of %s in a fraction of its size', (smiles) => {
    const svg = draw(smiles)
    const drawing = compactDrawing(svg)!
    expect(drawing).toMatchObject({ width: 2400, height: 1700, wash: [] })
    expect(JSON.stringify(drawing).length).toBeLessThan(svg.length * 0.75)
    expect(points(drawing.shapes.map(([, path]) => String(path)))).toEqual(
      points(
        [...svg.matchAll(/<path[^>]* d="([^"]*)"/g)].map(([, d]) =>
          d!.replace(/\d+\.\d+|\d+/g, (n) => String(Math.round(Number(n) * 10))),
        ),
      ),
    )
  })
  it('keep the marks of atoms apart, behind the rest', () => {
    const drawing = compactDrawing(draw('CCO', [0, 1]))!
    expect(drawing.wash.length).toBeGreaterThan(0)
    expect(drawing.wash.every(([paint]) => paint.includes('F2B134'))).toBe(true)
    expect(drawing.shapes.some(([paint]) => paint.includes('F2B134'))).toBe(false)
  })
  it('carry letters as letters, never as markup', () => {
    const text = `<text x='1.5' y='2' style='font-size:11px;fill:#FF0000' >&lt;b&gt;</text>`
    expect(compactDrawing(`<svg width='10px' height='10px'>${text}</svg>`)!.shapes).toEqual([
      ['FF0000 - 0', 15, 20, 110, '<b>'],
    ])
  })
  it('are refused whole where anything is not known', () => {
    const around = (inside: string) =>
      compactDrawing(`<svg width='10px' height='10px'><path d='M 0,0 L 1,1'/>${inside}</svg>`)
    expect(around('')).not.toBeNull()
    for (const inside of [
      '<image href="x"/>',
      '<script/>',
      `<path d='M 0,0 A 1 1 0 0 0 1 1'/>`,
      `<path d='M 0,0 L 1,1' fill='url(#a)'/>`,
    ])
      expect(around(inside)).toBeNull()
  })
})

/** End points of all segments in the order drawn, absolute, tenths of a pixel: relative and absolute paths come out alike. */
function points(paths: readonly string[]): number[][] {
  const out: number[][] = []
  for (const path of paths) {
    let at = [0, 0]
    for (const [, command, numbers] of path.matchAll(/([MLQmlqzZ])([^A-Za-z]*)/g)) {
      const values = (numbers!.match(/-?\d+/g) ?? []).map(Number)
      const each = command!.toLowerCase() === 'q' ? 4 : 2
      for (let i = 0; i < values.length; i += each) {
        const [x, y] = values.slice(i + each - 2, i + each) as [number, number]
        at = command === command!.toLowerCase() ? [at[0]! + x, at[1]! + y] : [x, y]
        out.push(at)
      }
    }
  }
  return out
}
