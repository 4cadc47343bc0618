import { jsonPieces } from './json-pieces.ts'

/** Text, or what makes it in pieces each time it is read: a block of data of many megabytes is never one string. */
type Part = string | (() => Iterable<string>)

/** HTML that is already safe to write. Made only by the tag `html`, by `svgMarkup` of the plots and by `jsonScript`. */
export class Markup {
  readonly parts: readonly Part[]

  constructor(text: string | readonly Part[]) {
    this.parts = typeof text === 'string' ? [text] : text
  }

  /** All of it. */
  get text(): string {
    return this.parts.length === 1 && typeof this.parts[0] === 'string' ? this.parts[0] : [...this.pieces()].join('')
  }

  /** The same in pieces, in order, for what is written to a file. */
  *pieces(): Generator<string> {
    for (const part of this.parts)
      if (typeof part === 'string') yield part
      else yield* part()
  }
}

/** What a template hole takes: text and numbers are escaped, Markup is not, null and false write nothing. */
export type Hole = string | number | null | false | Markup | readonly Markup[]

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/**
 * Control characters, which HTML forbids, as their pictures (U+0000 → ␀), so that a completion with a stray escape code reads as
 * what it is; half of a surrogate pair, and what turns the direction of the page behind it, as U+FFFD.
 */
export const visibleControls = (text: string): string =>
  text
    .replace(/[\p{Surrogate}\u202a-\u202e\u2066-\u2069]/gu, '\ufffd')
    .replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, (c) => {
      const code = c.charCodeAt(0)
      return code < 0x20 ? String.fromCharCode(0x2400 + code) : code === 0x7f ? '\u2421' : '\ufffd'
    })

/**
 * Text for an element's content or a quoted attribute.
 * @example escapeHtml('<b>\u0007') // '&lt;b&gt;␇'
 */
export const escapeHtml = (text: string): string => visibleControls(text).replace(/[&<>"']/g, (c) => ENTITIES[c]!)

function fill(hole: Hole): readonly Part[] {
  if (hole === null || hole === false) return []
  if (hole instanceof Markup) return hole.parts
  if (typeof hole === 'object') return hole.flatMap(({ parts }) => parts)
  return [escapeHtml(String(hole))]
}

/**
 * Template tag: the template's own text is HTML, every hole is escaped unless it is Markup itself. Attributes are to be quoted.
 * @example html`<td title="${'"'}">${'<script>'}</td>`.text // '<td title="&quot;">&lt;script&gt;</td>'
 */
export function html(strings: TemplateStringsArray, ...holes: readonly Hole[]): Markup {
  const parts: Part[] = []
  let text = strings[0]!
  holes.forEach((hole, i) => {
    for (const part of fill(hole)) {
      if (typeof part === 'string') text += part
      else {
        parts.push(text, part)
        text = ''
      }
    }
    text += strings[i + 1]!
  })
  return new Markup([...parts, text])
}

const CHARACTERS = new Map(Object.entries(ENTITIES).map(([character, entity]) => [entity, character]))

/** What a reader sees of markup: its text, without tags. @example textOf(html`<b>a</b> &${'<'}`) // 'a &<' */
export const textOf = ({ text }: Markup): string =>
  text.replace(/<[^>]*>/g, '').replace(/&(?:amp|lt|gt|quot|#39);/g, (entity) => CHARACTERS.get(entity)!)

/**
 * A data block that the page's script parses. `<` is written \u003c, so that no text of the data can end the block or open a
 * comment in it; a lone surrogate is written as its escape by JSON itself. The text is made when it is read, row by row.
 */
export const jsonScript = (id: string, value: unknown): Markup =>
  new Markup([
    `<script type="application/json" id="${escapeHtml(id)}">`,
    function* () {
      for (const piece of jsonPieces(value)) yield piece.replaceAll('<', '\\u003c')
    },
    '</script>',
  ])

export const EMPTY = new Markup('')
