/** What aligns the rows of two runs: ids and places, joined. */

/** Joined, not concatenated: a string of pieces takes four times the memory until something reads it. */
export const joinKey = (id: string, ...places: readonly string[]): string => [id, ...places].join('\u0000')
export const completionKey = (id: string, role: string, index: string): string => joinKey(id, role, index)
/** A pair's key: id, rejected index, chosen index. A pair without an id is its whole key, with the indices 0. */
export function keyParts(key: string): [id: string, rejected: number, chosen: number] {
  const [id, rejected, chosen] = key.split('\u0000') as [string, string, string]
  return id === '' ? [key, 0, 0] : [id, Number(rejected), Number(chosen)]
}
/** The row's id in a pair's or a completion's key. */
export const idOfKey = (key: string): string => key.slice(0, key.indexOf('\u0000'))
