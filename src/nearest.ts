import { distance } from 'fastest-levenshtein'

/**
 * The known name that a misspelt one probably means; null if none. Near is a Levenshtein distance of at most 2 or a third of its letters,
 * capitals or not, and never as much as all letters of either name; else the one name that begins with it, from three letters on.
 * @example nearest('modle', ['model']) // 'model'
 * @example nearest('data', ['dataset', 'device']) // 'dataset'
 */
export function nearest(name: string, known: readonly string[]): string | null {
  const bound = Math.min(Math.max(2, name.length / 3), name.length - 1)
  const near = known
    .map((candidate) => [distance(name.toLowerCase(), candidate.toLowerCase()), candidate] as const)
    .filter(([edits, candidate]) => edits <= bound && edits < candidate.length)
    .sort(([a], [b]) => a - b)
  if (near.length > 0) return near[0]![1]
  if (name.length < MIN_PREFIX) return null
  const longer = known.filter((candidate) => candidate.toLowerCase().startsWith(name.toLowerCase()))
  return longer.length === 1 ? longer[0]! : null
}

/** Letters that a name which was cut short must have. */
const MIN_PREFIX = 3
