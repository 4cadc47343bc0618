import { UsageError } from '../errors.ts'
import { pythonRegex } from '../python-regex.ts'

/** A decision over the names of one row (its problem type, its subset). */
export type TypeFilter = (names: readonly (string | null)[]) => boolean

/** Python's `str.strip()`: other than `trim()` it keeps U+FEFF and takes U+001C–U+001F and U+0085. */
const strip = (text: string): string => text.replace(/^[\t-\r\x1c-\x20\x85\p{Z}]+|[\t-\r\x1c-\x20\x85\p{Z}]+$/gu, '')

/**
 * ether0's three syntaxes (`make_problem_types_filter`): `name` keeps, `!name` drops, `re:pattern` keeps what the pattern matches from the
 * start. A pattern must be the only filter, names to keep and to drop cannot be mixed. Filters are stripped, rows are not.
 * A name to keep must be one of a row's names, a name to drop none of them; a pattern must match one of them.
 * @example typeFilter(['!simple-formula'])(['functional-group']) // true
 */
export function typeFilter(filters: readonly string[], where = '--filter'): TypeFilter {
  const wanted = [...new Set(filters.map(strip))]
  const listed = wanted.map((filter) => `"${filter}"`).join(', ')
  const pattern = wanted.find((filter) => filter.startsWith('re:'))
  if (pattern !== undefined) {
    if (wanted.length > 1) throw new UsageError(`a pattern must be the only filter, got ${listed}`, where)
    const regex = compile(pattern.slice('re:'.length), where)
    return (names) => names.some((name) => name !== null && regex.test(name))
  }
  const dropped = new Set(wanted.filter((filter) => filter.startsWith('!')).map((filter) => filter.slice(1)))
  const kept = new Set(wanted.filter((filter) => !filter.startsWith('!')))
  if (kept.size === 0) return (names) => !names.some((name) => name !== null && dropped.has(name))
  if (dropped.size > 0) throw new UsageError(`names to keep and names to drop cannot be mixed, got ${listed}`, where)
  return (names) => names.some((name) => name !== null && kept.has(name))
}

function compile(pattern: string, where: string): { test(text: string): boolean } {
  try {
    return pythonRegex(pattern)
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause
    throw new UsageError(`"re:${pattern}" is not a usable pattern: ${cause.message}`, where, null, { cause })
  }
}

type Rows = readonly Readonly<Record<string, unknown>>[]

/**
 * ether0's `filter_problem_types(dataset, problem_types)`: rows, or splits of rows, whose `problem_type` (else `type`, if no row has the
 * former) passes `typeFilter`. `null` keeps all.
 * @throws UsageError where Python raises
 * @example filterProblemTypes([{ problem_type: 'a' }, { problem_type: 'b' }], '!a') // [{ problem_type: 'b' }]
 */
export function filterProblemTypes<T extends Rows | Readonly<Record<string, Rows>>>(
  dataset: T,
  problemTypes: string | Iterable<string> | null | undefined,
): T {
  if (problemTypes === null || problemTypes === undefined) return dataset
  const keep = typeFilter(typeof problemTypes === 'string' ? [problemTypes] : [...problemTypes], 'filterProblemTypes')
  const first: Rows = Array.isArray(dataset) ? dataset : (Object.values(dataset)[0] ?? [])
  const column = first.some((row) => 'problem_type' in row) ? 'problem_type' : 'type'
  const absent = first.some((row) => column in row) ? null : undefined
  const filter = (rows: Rows): Rows =>
    rows.filter((row, index) => {
      const type = row[column] ?? absent
      if (typeof type !== 'string' && type !== null)
        throw new UsageError(
          type === undefined
            ? 'has neither "problem_type" nor "type"'
            : `"${column}" is a ${typeof type}, expected a string`,
          `row ${index + 1}`,
        )
      return keep([type])
    })
  const kept = Array.isArray(dataset)
    ? filter(dataset)
    : Object.fromEntries(Object.entries(dataset as Readonly<Record<string, Rows>>).map(([k, v]) => [k, filter(v)]))
  return kept as T
}
