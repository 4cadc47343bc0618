import type { Row } from '../types.ts'

/** What was read from where, over all rows of a data set. */
export interface Readings {
  readonly rows: number
  /** Part of the row → column → rows. */
  readonly columns: Readonly<Record<string, Readonly<Record<string, number>>>>
  /** What was done to read a row, or is worth a word → rows. */
  readonly notes: Readonly<Record<string, number>>
}

/** Counts readings row by row. */
export class ReadingCount implements Readings {
  rows = 0
  readonly columns: Record<string, Record<string, number>> = {}
  readonly notes: Record<string, number> = counts()

  add({ reading }: Row): void {
    this.rows++
    if (reading === undefined) return
    for (const [part, column] of Object.entries(reading.columns)) {
      this.columns[part] ??= counts()
      this.columns[part][column] = (this.columns[part][column] ?? 0) + 1
    }
    for (const note of reading.notes) {
      const known = this.notes[note] !== undefined || Object.keys(this.notes).length < MAX_NOTES
      const name = known ? note : 'message_field:…'
      this.notes[name] = (this.notes[name] ?? 0) + 1
    }
  }
}

/** Columns are called what their owner likes: `constructor` and `__proto__` have no count before they are counted. */
const counts = (): Record<string, number> => Object.create(null) as Record<string, number>

/** Fields of messages may have any name; beyond so many they are counted together. */
const MAX_NOTES = 100
/** Columns that are listed on one line. */
const LISTED = 30
/** A name from the data as it may go to a terminal. @example shown('a\u001b[2J') // 'a?[2J' */
const shown = (name: string): string => name.replace(/[\x00-\x1f\x7f-\x9f]/g, '?')

/** What a note says, before the count. `:` separates a note from what it is about. */
const SENTENCES: Readonly<Record<string, (about: string) => string>> = {
  implicit_prompt: () => 'no column is the prompt: it is what chosen and rejected begin with, whole turns',
  implicit_prompt_text: () =>
    'no column is the prompt: it is the text that chosen and rejected share at their beginning, which may cut a sentence',
  transcript: () => 'transcripts ("Human: … Assistant: …") were read as turns',
  transcript_prompt: () =>
    'the prompt is a transcript ("Human: … Assistant:") in one text: it is one turn, as it stands',
  repeated_prompt: () => 'the completions repeated turns of the prompt: these stand once now',
  longer_prompt: () => 'the completions had turns before the prompt: these are part of it now',
  prompt_in_completions: () => "every completion begins with the prompt's text: it was kept there",
  json_text: () => 'messages or lists written as JSON text were read as such',
  formula_guard: () => "cells had a ' before = + - or @, as spreadsheets and we guard a formula: one was taken off",
  separator: (name) => `cells of the CSV are taken to be separated by a ${name}: its header has no comma`,
  lone_message: () => 'a lone message was read as a conversation of one turn',
  sharegpt: () => 'turns {from, value} were read as messages {role, content}',
  transformation_without_same: () =>
    'completions name a transformation without "same" (true, false): whether the chemistry was left as it was is not known, and they are no part of the analysis of invariance',
  empty_prompt: () => 'the prompt is empty',
  unread: (column) => `the column "${column}" holds something and is not shown to the model`,
  message_field: (field) => `the field "${field}" of messages is not shown to the model`,
}
/** Readings that are as good as the plain form: said, not warned of. */
const PLAIN = new Set(['json_text', 'lone_message', 'separator', 'sharegpt'])

/**
 * One line saying which columns were read, and one a note.
 * @param carried columns that are no part of a row
 * @param analysed those among them that the statistics read; the others are not read
 */
export function describeReadings(
  { rows, columns, notes }: Readings,
  carried: readonly string[] = [],
  analysed: readonly string[] = [],
): { readonly columns: string; readonly notes: readonly { readonly text: string; readonly warning: boolean }[] } {
  const parts = Object.entries(columns).map(([part, sources]) => {
    const listed = Object.entries(sources).map(([name, count]) => {
      const often = count === rows ? '' : ` in ${count} of ${rows} rows`
      return name === part ? `${part}${often}` : `${part} from ${shown(name)}${often}`
    })
    return listed.join(', ')
  })
  const named = (what: string, names: readonly string[]): string => {
    if (names.length === 0) return ''
    const more = names.length > LISTED ? ` and ${names.length - LISTED} more` : ''
    return `; ${what}: ${names.slice(0, LISTED).map(shown).join(', ')}${more}`
  }
  const read = carried.filter((name) => analysed.includes(name))
  const unread = carried.filter((name) => !analysed.includes(name))
  return {
    columns: `columns: ${parts.join(', ')}${named('read by the statistics alone', read)}${named('not read', unread)}`,
    notes: Object.entries(notes).map(([note, count]) => {
      const [word, about = ''] = note.split(/:(.*)/s) as [string, string?]
      const sentence = SENTENCES[word]?.(shown(about)) ?? note
      return { text: `${sentence} (${count} of ${rows} rows)`, warning: !PLAIN.has(word) }
    }),
  }
}

/** Prompts that came from a column of another name though none was named; null where there are none. */
export function promptRemark({ columns }: Readings, named: boolean): string | null {
  const others = Object.entries(columns.prompt ?? {}).filter(([name]) => name !== 'prompt' && name !== 'problem')
  if (named || others.length === 0) return null
  return `no column "prompt": the prompt is ${others.map(([name, n]) => `"${name}" (${n} ${n === 1 ? 'row' : 'rows'})`).join(', ')}`
}

/** Part → its column, or its columns where rows differ; for the manifest. */
export const columnsOf = ({ columns }: Readings): Readonly<Record<string, string | readonly string[]>> =>
  Object.fromEntries(
    Object.entries(columns).map(([part, sources]) => {
      const names = Object.keys(sources)
      return [part, names.length === 1 ? names[0]! : names]
    }),
  )
