import { JSDOM } from 'jsdom'
import { describe, expect, it } from 'vitest'
import { figure, legend } from '../../src/report/html/figure.ts'
import { html } from '../../src/report/html/markup.ts'
import { renderReport } from '../../src/report/html/report.ts'
import { histogramPlot } from '../../src/report/plots/histogram.ts'
import { intervalDots } from '../../src/report/plots/interval-dots.ts'
import { withLegend } from '../../src/report/plots/legend.ts'
import { pictureOf } from '../../src/report/plots/picture.ts'
import { standaloneSvg } from '../../src/report/plots/standalone.ts'
import { groupsInput } from './demo-groups.ts'
import { demoInput } from './demo-input.ts'
import { stepsInput } from './demo-steps.ts'

const { DOMParser } = new JSDOM('').window
const parsed = (svg: string) => new DOMParser().parseFromString(svg, 'image/svg+xml')
const HOSTILE = '</text><script>alert(1)</script> & "q" var(--blue) \uffff\u0000'
const dots = [{ name: HOSTILE, value: 0.5, low: 0.4, high: 0.6, n: 10, emphasis: false }]

/** The files that a page offers, by name. */
const filesOf = (page: string, type: string): ReadonlyMap<string, string> =>
  new Map(
    [...page.matchAll(new RegExp(`download="([^"]*)" href="data:${type}[^,"]*,([^"]*)"`, 'g'))].map(
      ([, name, base64]) => [name!, Buffer.from(base64!, 'base64').toString('utf8')],
    ),
  )

describe('a figure as an SVG file', () => {
  it('stands alone: well-formed, named, fonts and colours in numbers, whatever the data hold', () => {
    const file = standaloneSvg(intervalDots(dots, HOSTILE), {
      title: HOSTILE,
      description: HOSTILE,
      heading: [HOSTILE],
    })
    const document = parsed(file)
    expect(document.querySelector('parsererror')).toBeNull()
    expect(document.querySelector('script')).toBeNull()
    expect(document.documentElement.getAttribute('font-family')).toContain('Helvetica')
    const markup = file.replace(/>[^<]*</g, '><') // texts of the data may say what they like
    expect(markup).not.toMatch(/var\(|currentColor|inherit|system-ui/)
    expect(markup).toContain('#737b85')
    expect(document.querySelector('title')!.textContent).toBe(
      '</text><script>alert(1)</script> & "q" var(--blue) \ufffd␀',
    )
  })

  it('holds the legend that the page shows, in lines that fit', () => {
    const plot = histogramPlot([{ low: 0, high: 1 }], [{ name: 'a', counts: [1] }], 'x', 'label')
    const words = Array.from({ length: 9 }, (_, i) => `a name of the length of thirty ${i}`)
    const items = legend(...words.map((word) => ['dot', word] as const))
    const drawn = withLegend(plot, items)
    expect(pictureOf(drawn).height).toBe(pictureOf(plot).height + 5 * 20 + 2) // two in each line of 680 px
    const places = [...drawn.text.matchAll(/<g transform="translate\((\d+),(\d+)\)"><circle/g)].map((m) => [
      +m[1]!,
      +m[2]!,
    ])
    expect(places.map(([x]) => x)).toEqual(words.map((_, i) => (i % 2 === 0 ? 52 : places[1]![0])))
    const page = figure({
      id: 'x',
      picture: plot,
      legend: items,
      caption: html`<b>A &amp; B.</b> More.`,
      data: { header: ['a'], rows: [[1]] },
    })
    const file = filesOf(page.text, 'image/svg\\+xml').get('x.svg')!
    for (const word of words) expect(file).toContain(`>${word}</text>`)
    expect(parsed(file).querySelector('title')!.textContent).toBe('A & B')
    expect(parsed(file).querySelector('desc')!.textContent).toBe('A & B. More.')
  })

  it.each([
    ['pairs', () => renderReport(demoInput())],
    ['groups', () => renderReport(groupsInput())],
    ['steps', () => renderReport(stepsInput())],
  ])('is offered beside its data for every figure of a report on %s', (_, render) => {
    const page = render()
    const ids = [...page.matchAll(/<figure id="fig-([^"]*)"/g)].map(([, id]) => id!)
    const pictures = filesOf(page, 'image/svg\\+xml')
    const data = filesOf(page, 'text/csv')
    expect(ids.length).toBeGreaterThan(1)
    for (const id of ids) {
      const picture = parsed(pictures.get(`${id}.svg`)!)
      expect(picture.querySelector('parsererror'), id).toBeNull()
      expect(picture.querySelector('title')!.textContent, id).not.toBe('')
      expect(pictures.get(`${id}.svg`), id).not.toMatch(/(fill|stroke)="(var|currentColor)/)
      expect(data.get(`${id}.csv`)!.split('\n').length, id).toBeGreaterThan(2)
    }
  })
})
