import type { Markup } from '../src/report/html/markup.ts'
import { standaloneSvg } from '../src/report/plots/standalone.ts'

/**
 * A plot as a file of its own: a title and lines that explain it above the picture.
 * @param plot from `renderSvg`, which escapes what comes from data
 */
export const svgFile = (plot: Markup, title: string, lines: readonly string[] = []): string =>
  standaloneSvg(plot, { title, description: lines.join('; '), heading: [title, ...lines] })
