/** Rows of a table on screen; the files have all. */
const MOST = 100

/**
 * The rows that a table on screen has room for: those of most, in the order in which they came.
 * @returns `left` says how many there are besides, where that is so
 */
export function largestRows<T>(
  rows: readonly T[],
  sizeOf: (row: T) => number,
  { what, of, file }: { readonly what: string; readonly of: string; readonly file: string },
): { readonly shown: readonly T[]; readonly left: string | null } {
  if (rows.length <= MOST) return { shown: rows, left: null }
  const kept = new Set(rows.toSorted((a, b) => sizeOf(b) - sizeOf(a)).slice(0, MOST))
  return {
    shown: rows.filter((row) => kept.has(row)),
    left: `the ${MOST} of ${rows.length.toLocaleString('en-US')} ${what} with most ${of}; ${file} has all`,
  }
}
