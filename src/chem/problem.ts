import { PythonError } from '../python/error.ts'

/** `property-cat-safety/ghs` → `property-cat-safety`. */
export const getProblemCategory = (problemType: string | null): string => (problemType ?? '').split('/', 1)[0]!

/** `problem_type`, else `type`; raises KeyError as ether0 does where a row has neither. */
export function getProblemType(row: Readonly<Record<string, string | null | undefined>>): string | null {
  if (row.problem_type !== undefined && row.problem_type !== null && row.problem_type !== '') return row.problem_type
  if (row.type === undefined) throw new PythonError('KeyError', "'type'")
  return row.type
}
