import * as Plot from '@observablehq/plot'
import { JSDOM } from 'jsdom'
import { describe, expect, it } from 'vitest'
import { SvgDocument, type SvgElement, serialised } from '../../src/report/plots/svg-document.ts'

const { document, XMLSerializer } = new JSDOM('').window

/** The same picture on a whole DOM, and as the W3C's serialiser writes it. */
const byJsdom = (options: Plot.PlotOptions): string =>
  new XMLSerializer().serializeToString(Plot.plot({ ...options, document }))
const byOurs = (options: Plot.PlotOptions): string =>
  serialised(Plot.plot({ ...options, document: new SvgDocument() as unknown as Document }) as unknown as SvgElement)

const data = Array.from({ length: 24 }, (_, i) => ({
  x: i % 6,
  y: Math.sin(i) * 5,
  name: ['a', '<b> & "c"', "d\t'e'", 'two\nlines', ''][i % 5]!,
}))
const axes = [Plot.gridX(), Plot.gridY({ stroke: 'var(--rule)' }), Plot.axisX({ label: 'x → <y>', ticks: 4 })]

describe('a picture is written as jsdom writes it', () => {
  it.each<[string, Plot.Markish[]]>([
    ['dots with titles', [Plot.dot(data, { x: 'x', y: 'y', stroke: 'name', title: 'name', mixBlendMode: 'multiply' })]],
    ['texts of several lines', [Plot.text(data, { x: 'x', y: 'y', text: 'name', lineWidth: 6, fontWeight: 'bold' })]],
    ['bars', [Plot.rectY(data, Plot.binX({ y: 'count' }, { x: 'y' }))]],
    ['bars to the right', [Plot.rectX(data, Plot.binY({ x: 'count' }, { y: 'y' }))]],
    ['lines and areas', [Plot.line(data, { x: 'x', y: 'y', z: 'name' }), Plot.areaY(data, { x: 'x', y1: 0, y2: 'y' })]],
    ['rules and links', [Plot.ruleX([0]), Plot.ruleY([0]), Plot.link(data, { x1: 'x', y1: 0, x2: 'x', y2: 'y' })]],
    ['an arrow at the end', [Plot.link(data, { x1: 'x', y1: 0, x2: 'x', y2: 'y', markerEnd: 'arrow' })]],
    ['cells', [Plot.cell(data, { x: 'x', y: 'name', fill: 'y' })]],
  ])('%s', (_, marks) => {
    const options = { width: 680, style: { fontSize: '12px', fontFamily: 'inherit' }, marks: [...axes, ...marks] }
    // Plot counts the markers of a process
    const unnumbered = (svg: string): string => svg.replace(/plot-marker-\d+/g, 'plot-marker')
    expect(unnumbered(byOurs(options))).toBe(unnumbered(byJsdom(options)))
  })

  it('attributes, texts and styles that anything stands in', () => {
    const svg = new SvgDocument().createElementNS('http://www.w3.org/2000/svg', 'text')
    const theirs = document.createElementNS('http://www.w3.org/2000/svg', 'text')
    for (const element of [svg, theirs as unknown as SvgElement]) {
      element.setAttribute('title', `<&>"'\t\n\r`)
      element.setAttribute('x', 1.5)
      element.textContent = `<&>"'\t\n`
      element.append('more', 'and more')
      element.style.setProperty('mix-blend-mode', 'multiply')
      element.removeAttribute('x')
    }
    expect(serialised(svg)).toBe(new XMLSerializer().serializeToString(theirs))
    svg.textContent = null
    theirs.textContent = null
    expect(serialised(svg)).toBe(new XMLSerializer().serializeToString(theirs))
  })
})

it('what is no SVG is refused: no figure around a picture, no legend of Plot', () => {
  expect(() => new SvgDocument().createElementNS('http://www.w3.org/1999/xhtml', 'p')).toThrow('only SVG is drawn here')
})
