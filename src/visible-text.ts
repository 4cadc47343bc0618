/**
 * Text that comes from files, from the hub or from a command line, as it may be printed or stand in a text that people read: what a
 * terminal would obey or what turns the direction of what follows is written as its escape (ESC → \u001b), as JSON and YAML have it.
 */

/**
 * Control characters of C0 and C1, line and paragraph separators, marks of direction, halves of a surrogate pair; and what nobody sees, so
 * that two names look the same: soft hyphen, spaces of no width, invisible operators, byte order mark, tags.
 */
const ACTING =
  /[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u2069\ufeff\u{e0000}-\u{e007f}]|\p{Surrogate}/gu
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }
const escapeOf = (c: string): string =>
  SHORT[c] ?? c.replace(/[\s\S]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)

/** Longest message, in UTF-16 units. */
const LONGEST_MESSAGE = 4000
/** Longest name, as of a label. */
const LONGEST_NAME = 200

/** Of many lines, each kept; nothing is cut. @example visibleLines('a\n\u001b[2J') // 'a\n\\u001b[2J' */
export const visibleLines = (text: string): string =>
  text.replace(ACTING, (c) => (c === '\n' || c === '\t' ? c : escapeOf(c)))

/** Cut behind `longest`, with a word of how long it was. */
export const cutText = (text: string, longest = LONGEST_MESSAGE): string =>
  text.length > longest ? `${text.slice(0, longest)}… (${text.length.toLocaleString('en-US')} characters)` : text

/** One line, cut. @example visibleLine('a\nb') // 'a\\nb' */
export const visibleLine = (text: string, longest?: number): string => cutText(text, longest).replace(ACTING, escapeOf)

/** A name that a file gives to a thing, such as a label. */
export const visibleName = (text: string): string => visibleLine(text, LONGEST_NAME)

/**
 * Text of a file as it may stand in Markdown: none of it becomes a link, a picture, HTML, code or a column of a table. A name's underscores
 * stay, which are no mark-up inside a word.
 * @example markdownText('![x](http://a)|<b>') // '!\\[x\\](http://a)\\|\\<b\\>'
 */
export const markdownText = (text: string): string =>
  visibleLines(text)
    .replace(/[\\|*`<>[\]]/g, (c) => `\\${c}`)
    .replace(/\s+/g, ' ')

/** A name as code in Markdown, in a table or not. @example markdownCode('a`b') // '`` a`b ``' */
export function markdownCode(text: string): string {
  const line = visibleLine(text).replaceAll('|', '\\|')
  const longest = Math.max(0, ...(line.match(/`+/g) ?? []).map((run) => run.length))
  const fence = '`'.repeat(longest + 1)
  return longest === 0 ? `\`${line}\`` : `${fence} ${line} ${fence}`
}

/** A value of a file as a message shows it: one line of JSON, cut; integers beyond 2^53 as their digits. */
export const shownJson = (value: unknown): string =>
  visibleName(
    typeof value === 'bigint'
      ? String(value)
      : (JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? String(item) : item)) ?? 'nothing'),
  )

/** JSON of one line or of many, with what JSON leaves raw (C1, DEL, marks of direction) as escapes; it reads as the same value. */
export const visibleJson = (value: unknown, indent?: number): string =>
  visibleLines(JSON.stringify(value, null, indent))
