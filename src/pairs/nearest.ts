import { distance } from 'fastest-levenshtein'

/** The known name that a misspelt one probably means: Levenshtein distance at most a third of its length; null if none. */
export function nearest(name: string, known: readonly string[]): string | null {
  let best: string | null = null
  let bestDistance = Math.floor(Math.max(name.length, 3) / 3) + 1
  for (const candidate of known) {
    const d = distance(name.toLowerCase(), candidate)
    if (d < bestDistance) {
      best = candidate
      bestDistance = d
    }
  }
  return best
}
