import * as Plot from '@observablehq/plot'
import { Markup, visibleControls } from '../html/markup.ts'
import { SvgDocument, SvgElement, serialised } from './svg-document.ts'

const document = new SvgDocument()

/** Plot's own width of every figure, CSS pixels; the page scales it. */
export const PLOT_WIDTH = 680
/** Of a figure that is drawn once more for a telephone. */
export const NARROW_WIDTH = 350

/** A picture, and the same drawn for a narrow page. The page shows one of the two. */
export class TwoWidths extends Markup {
  constructor(
    { text }: Markup,
    readonly narrow: Markup,
  ) {
    super(text)
  }
}

/** Colours are CSS variables of the page, so that one SVG serves light, dark and print. */
export const COLOUR = {
  blue: 'var(--blue)',
  orange: 'var(--orange)',
  grey: 'var(--grey)',
  faint: 'var(--rule)',
} as const

const COORDINATES = ['d', 'transform', 'x', 'y', 'x1', 'x2', 'y1', 'y2', 'cx', 'cy', 'r', 'width', 'height']

/** Two decimals: no reader sees more, and the bytes do not depend on the last bit of a platform's arithmetic. */
function roundCoordinates(element: SvgElement): void {
  for (const name of COORDINATES) {
    const value = element.getAttribute(name)
    if (value?.includes('.') === true)
      element.setAttribute(
        name,
        value.replace(/-?\d+\.\d+(e-?\d+)?/g, (digits) => String(Math.round(Number(digits) * 100) / 100 || 0)),
      )
  }
}

/** What is below an element as the page has it. */
function tidy(element: SvgElement): void {
  for (const child of [...element.childNodes]) {
    if (!(child instanceof SvgElement)) continue
    if (child.tagName === 'style') {
      element.removeChild(child)
      continue
    }
    // Plot names its layers; inside a picture with a name of its own these are not allowed
    child.removeAttribute('aria-label')
    child.removeAttribute('aria-description')
    roundCoordinates(child)
    tidy(child)
  }
}

/**
 * Renders an Observable Plot to inline SVG, the same bytes for the same options. Plot writes all texts through the document, and its
 * serialiser escapes what comes from data, in attributes too (HTML's own leaves `<` there). The page's own style sheet stands in for the one that Plot would add.
 * @param label what a screen reader says instead of the picture
 * @param narrow what is other where the page is narrow; the picture is then drawn twice, the second time without tool tips
 */
export function renderSvg(options: Plot.PlotOptions, label: string, narrow?: Plot.PlotOptions): Markup {
  const wide = drawn(options, label)
  if (narrow === undefined) return wide
  const second = drawn({ width: NARROW_WIDTH, ...options, ...narrow }, label).text
  return new TwoWidths(
    wide,
    new Markup(second.replace('class="plot"', 'class="plot narrow"').replace(/<title>[^<]*<\/title>/g, '')),
  )
}

function drawn(options: Plot.PlotOptions, label: string): Markup {
  const svg = Plot.plot({
    width: PLOT_WIDTH,
    style: { fontSize: '12px', fontFamily: 'inherit' },
    ...options,
    document: document as unknown as Document,
    className: 'plot',
  }) as unknown as SvgElement
  tidy(svg)
  svg.setAttribute('role', 'img')
  svg.setAttribute('aria-label', label)
  return new Markup(visibleControls(serialised(svg)))
}
