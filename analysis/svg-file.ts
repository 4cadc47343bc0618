import { html, type Markup } from '../src/report/html/markup.ts'

/** The page's colours (report.css), so that a picture alone is light or dark as its reader's screen is. */
const STYLE = `
svg{--page:#fff;--ink:#1a1d21;--rule:#e2e5e9;--blue:#0072b2;--orange:#d55e00;--grey:#737b85;color:var(--ink);font:12px system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",Arial,sans-serif}
svg text{white-space:pre}
svg .plot{overflow:visible}
@media screen and (prefers-color-scheme:dark){svg{--page:#14171a;--ink:#e4e7ea;--rule:#2b3036;--blue:#5cb6ea;--orange:#f2935a;--grey:#8f98a2}}
`
const LINE = 18
const MARGIN = 12

/**
 * A plot as a file of its own: a title and lines that explain it above the picture, on a ground in the page's colour.
 * @param plot from `renderSvg`, which escapes what comes from data
 */
export function svgFile(plot: Markup, title: string, lines: readonly string[] = []): string {
  const [width, height] = ['width', 'height'].map((name) => {
    const value = new RegExp(`^<svg[^>]*? ${name}="([0-9.]+)"`).exec(plot.text)?.[1]
    if (value === undefined) throw new RangeError(`a plot without ${name}`)
    return Number(value)
  }) as [number, number]
  const top = MARGIN + LINE * (1 + lines.length)
  const [w, h] = [width + 2 * MARGIN, height + top + 2 * MARGIN]
  const inner = plot.text.replace('<svg', `<svg x="${MARGIN}" y="${top + MARGIN}"`)
  const head = html`<text x="${MARGIN}" y="${MARGIN + LINE - 5}" font-weight="600" font-size="14" fill="currentColor">${title}</text>`
  const rest = lines.map(
    (line, i) => html`<text x="${MARGIN}" y="${MARGIN + LINE * (i + 2) - 5}" fill="currentColor">${line}</text>`,
  )
  const texts = [head, ...rest].map(({ text }) => text).join('\n')
  return `<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" width="${w}" height="${h}" viewBox="0 0 ${w} ${h}">
<style>${STYLE}</style>
<rect width="100%" height="100%" style="fill:var(--page)"/>
${texts}
${inner}
</svg>
`
}
