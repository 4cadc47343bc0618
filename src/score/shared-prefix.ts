import type { Sequence } from '../types.ts'

/** Length of the longest common prefix; 0 where positions or frequencies differ, because then the same tokens give other states. */
export function sharedPrefix(a: Sequence, b: Sequence): number {
  if (a.positionStart !== b.positionStart || (a.turnsAs ?? 0) !== (b.turnsAs ?? 0)) return 0
  const most = Math.min(a.ids.length, b.ids.length)
  let n = 0
  while (n < most && a.ids[n] === b.ids[n]) n++
  return n
}

/** Sequences by their ids, so that each shares as much as possible with the one before; equal ones by index. */
export function preorder(indices: readonly number[], sequences: readonly Sequence[]): number[] {
  return [...indices].sort((i, j) => {
    const a = sequences[i]!
    const b = sequences[j]!
    if (a.positionStart !== b.positionStart) return a.positionStart - b.positionStart
    const turns = (a.turnsAs ?? 0) - (b.turnsAs ?? 0)
    if (turns !== 0) return turns
    const shared = sharedPrefix(a, b)
    return (a.ids[shared] ?? -1) - (b.ids[shared] ?? -1) || i - j
  })
}
