import { Markup } from '../html/markup.ts'

/** A finished picture of `renderSvg`, taken apart. Lengths are CSS pixels. */
export interface Picture {
  readonly width: number
  readonly height: number
  /** What stands in the root element. */
  readonly content: string
}

const ROOT = /^<svg ([^>]*)>(.*)<\/svg>$/s

/** @throws RangeError for what `renderSvg` did not write */
export function pictureOf({ text }: Markup): Picture {
  const [, attributes, content] = ROOT.exec(text) ?? []
  const of = (name: string): string => {
    const value = new RegExp(`(?:^| )${name}="([^"]*)"`).exec(attributes ?? '')?.[1]
    if (value === undefined) throw new RangeError(`a picture without ${name}`)
    return value
  }
  return { width: Number(of('width')), height: Number(of('height')), content: content! }
}

/** The picture as the page has it, with other content in another height. */
export const resized = (svg: Markup, height: number, content: string): Markup =>
  new Markup(
    svg.text
      .replace(/ height="[^"]*"/, ` height="${height}"`)
      .replace(/ viewBox="0 0 ([^ "]*) [^"]*"/, ` viewBox="0 0 $1 ${height}"`)
      .replace(ROOT, (_, attributes: string) => `<svg ${attributes}>${content}</svg>`),
  )
