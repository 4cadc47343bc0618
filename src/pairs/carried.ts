import { BadRecord } from './failure.ts'

/** Nesting beyond which no file is about chemistry; writers recurse. */
const MAX_DEPTH = 100

/**
 * The value of a column that is carried through, as JSON can hold it: integers beyond 2^53 and numbers that are none become text.
 * @throws BadRecord where it is nested more than 100 deep
 * @example carried({ a: [9007199254740993n, NaN] }, 'x') // { a: ['9007199254740993', 'NaN'] }
 */
export function carried(value: unknown, column: string, depth = 0): unknown {
  if (typeof value === 'bigint') return String(value)
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  if (typeof value !== 'object' || value === null) return value
  if (depth >= MAX_DEPTH)
    throw new BadRecord('nested_too_deep', `"${column}" is nested more than ${MAX_DEPTH} deep`, 'Leave the column out.')
  if (Array.isArray(value)) return value.map((item) => carried(item, column, depth + 1))
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, carried(item, column, depth + 1)]))
}
