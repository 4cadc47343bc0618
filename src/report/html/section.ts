import { html, type Markup } from './markup.ts'
import type { TableName } from './row-table.ts'

/** One chapter of the page. `id` is also its anchor. */
export interface Section {
  readonly id: string
  readonly title: string
  readonly body: Markup
}

/** What stands where a figure or table has nothing to show: the reason. */
export const absent = (why: string): Markup => html`<p class="absent">${why}</p>
`

/** Address of the rows that match, in the browser below. Keys are the columns' keys. */
export const rowsHref = (table: TableName, filters: Readonly<Record<string, string>>): string =>
  `#${table}?${new URLSearchParams(filters)}`

/**
 * How the browser names a pair or a completion in its address: id and numbers, without the zeros at the end. Slashes of the id
 * are written %2F, so that a/1 is the second of a, and never the first of "a/1".
 */
export function rowKey(id: string, ...numbers: readonly number[]): string {
  const last = numbers.findLastIndex((n) => n !== 0)
  return [id.replace(/[%/]/g, encodeURIComponent), ...numbers.slice(0, last + 1)].join('/')
}
