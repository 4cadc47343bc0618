import { html, Markup } from '../html/markup.ts'
import { LIGHT, type Palette } from './palette.ts'
import { pictureOf } from './picture.ts'

export interface SvgWords {
  /** Its name: `<title>`. */
  readonly title: string
  /** What stands beside the picture as a figure, or of what data it is: `<desc>`. */
  readonly description: string
  /** Lines above the picture, the first one bold. Default: none, as in a figure with a caption. */
  readonly heading?: readonly string[]
}

/** Faces that a drawing program has, widest first; the page's own "system-ui" means nothing to it. */
const FONTS = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
const MARGIN = 12
const LINE = 18

/**
 * A picture as a file of its own: fonts named, colours as numbers of the light page, on white, nothing referred to. Programs that know no
 * CSS variables (Inkscape, Illustrator, LaTeX through rsvg-convert) show it as the page does.
 * @param svg from `renderSvg`, which escapes what comes from data
 */
export function standaloneSvg(svg: Markup, { title, description, heading = [] }: SvgWords): string {
  const picture = pictureOf(svg)
  const top = MARGIN + (heading.length === 0 ? 0 : LINE * heading.length + 6)
  const [width, height] = [picture.width + 2 * MARGIN, picture.height + top + MARGIN]
  const lines = heading.map(
    (line, i) =>
      html`<text x="${MARGIN}" y="${MARGIN + LINE * (i + 1) - 5}" text-anchor="start"${i === 0 && html` font-weight="600" font-size="14"`}>${line}</text>`,
  )
  const file = html`<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${FONTS}" font-size="12" text-anchor="middle" fill="${LIGHT.ink}" xml:space="preserve"><title>${title}</title><desc>${description}</desc><rect width="100%" height="100%" fill="${LIGHT.page}"/>${lines}<g transform="translate(${MARGIN},${top})">${new Markup(resolved(picture.content))}</g></svg>
`
  return file.text.replace(/[\ufffe\uffff]/g, '\ufffd') // XML has no such characters
}

/** Colours as numbers. Texts of the data are escaped and keep their quotes, so that only attributes and styles of ours have these words. */
const resolved = (content: string): string =>
  content.replace(/<[^>]*>/g, (tag) =>
    tag
      .replace(/var\(--([a-z-]+)\)/g, (_, name: string) => LIGHT[name as keyof Palette])
      .replace(/"currentColor"/g, `"${LIGHT.ink}"`),
  )
