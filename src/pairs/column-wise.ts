import { isRecord } from '../is-record.ts'
import { isConversation, isMessageLike } from './message.ts'

export const COLUMN_WISE = 'the data are column by column (pandas, to_dict), expected record by record'
export const RECORDS_HINT = 'Write them with df.to_json(path, orient="records", lines=True), or dataset.to_json(path).'

/**
 * Whether one object is a whole table instead of a row: columns of numbered cells (pandas' `to_json`), rows under their index
 * (orient="index"), columns of lists (`to_dict`), or column names beside lists of cells (orient="split").
 * @example isColumnWise({ prompt: { 0: 'a', 1: 'b' }, chosen: { 0: 'c', 1: 'd' }, rejected: { 0: 'e', 1: 'f' } }) // true
 */
export function isColumnWise(record: Readonly<Record<string, unknown>>): boolean {
  const values = Object.values(record)
  const [first] = values
  if (isRecord(first)) {
    if (!values.every(isRecord)) return false
    const indexed = Object.keys(record).every((key) => /^\d+$/.test(key))
    if (indexed) return true
    if (values.length < 2 || isMessageLike(first)) return false
    const keys = Object.keys(first).join('\n')
    return keys !== '' && values.every((value) => Object.keys(value).join('\n') === keys)
  }
  if (!Array.isArray(first)) return false
  if (Array.isArray(record.columns) && Array.isArray(record.data)) return true
  // a prompt is a text or one conversation, never a list of texts
  const prompts = record.prompt ?? record.question ?? record.instruction ?? record.query ?? record.problem
  return (
    Array.isArray(prompts) &&
    prompts.length > 0 &&
    !isConversation(prompts) &&
    values.every((value) => Array.isArray(value) && value.length === prompts.length)
  )
}
