/** How many items have each key, in order of first appearance. */
export function countBy<T>(items: readonly T[], key: (item: T) => string): Record<string, number> {
  const counts = new Map<string, number>()
  for (const item of items) counts.set(key(item), (counts.get(key(item)) ?? 0) + 1)
  return Object.fromEntries(counts)
}

/** @example counted(1, 'row') // '1 row'; counted(0, 'row') // '0 rows' */
export const counted = (n: number, thing: string): string => `${n} ${thing}${n === 1 ? '' : 's'}`

/** Behind what was read, how much was not. @example unreadNote(2) // ', 2 rows could not be read' */
export const unreadNote = (failures: number): string =>
  failures === 0 ? '' : `, ${counted(failures, 'row')} could not be read`
