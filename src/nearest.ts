import { distance } from 'fastest-levenshtein'

/**
 * The known name that a misspelt one probably means; null if none. Near is a Levenshtein distance of at most 2 or a third of its letters,
 * capitals or not, and never as much as all of its letters.
 * @example nearest('modle', ['model']) // 'model'
 */
export function nearest(name: string, known: readonly string[]): string | null {
  const bound = Math.min(Math.max(2, name.length / 3), name.length - 1)
  const near = known
    .map((candidate) => [distance(name.toLowerCase(), candidate.toLowerCase()), candidate] as const)
    .filter(([edits]) => edits <= bound)
    .sort(([a], [b]) => a - b)
  return near[0]?.[1] ?? null
}
