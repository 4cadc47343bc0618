import * as Plot from '@observablehq/plot'
import { JSDOM } from 'jsdom'
import { Markup } from '../html/markup.ts'

const { document, XMLSerializer } = new JSDOM('').window

/** Plot's own width of every figure, CSS pixels; the page scales it. */
export const PLOT_WIDTH = 680

/** Colours are CSS variables of the page, so that one SVG serves light, dark and print. */
export const COLOUR = {
  blue: 'var(--blue)',
  orange: 'var(--orange)',
  grey: 'var(--grey)',
  faint: 'var(--rule)',
} as const

const COORDINATES = ['d', 'transform', 'x', 'y', 'x1', 'x2', 'y1', 'y2', 'cx', 'cy', 'r', 'width', 'height']

/** Two decimals: no reader sees more, and the bytes do not depend on the last bit of a platform's arithmetic. */
function roundCoordinates(svg: Element): void {
  for (const element of svg.querySelectorAll('*'))
    for (const name of COORDINATES) {
      const value = element.getAttribute(name)
      if (value?.includes('.') === true)
        element.setAttribute(
          name,
          value.replace(/-?\d+\.\d+(e-?\d+)?/g, (digits) => String(Math.round(Number(digits) * 100) / 100 || 0)),
        )
    }
}

/**
 * Renders an Observable Plot to inline SVG, the same bytes for the same options. Plot writes all texts through the DOM, and the XML
 * serialiser escapes what comes from data, in attributes too (HTML's own leaves `<` there). The page's own style sheet stands in for the one that Plot would add.
 * @param label what a screen reader says instead of the picture
 */
export function renderSvg(options: Plot.PlotOptions, label: string): Markup {
  const svg = Plot.plot({
    width: PLOT_WIDTH,
    style: { fontSize: '12px', fontFamily: 'inherit' },
    ...options,
    document,
    className: 'plot',
  })
  for (const style of svg.querySelectorAll('style')) style.remove()
  roundCoordinates(svg)
  svg.setAttribute('role', 'img')
  svg.setAttribute('aria-label', label)
  return new Markup(new XMLSerializer().serializeToString(svg))
}

/** Room for the longest of some labels at 12 px, CSS pixels. */
export const labelRoom = (labels: readonly string[]): number =>
  24 + Math.round(6.6 * Math.min(LABEL_LENGTH, Math.max(4, ...labels.map((label) => [...label].length))))

const LABEL_LENGTH = 30

/** A label that fits `labelRoom`: the middle of a longer one is left out. */
export function shortLabel(label: string): string {
  const letters = [...label]
  return letters.length <= LABEL_LENGTH
    ? label
    : `${letters.slice(0, 17).join('')}…${letters.slice(-(LABEL_LENGTH - 18)).join('')}`
}
