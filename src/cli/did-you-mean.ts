import { closest, distance } from 'fastest-levenshtein'

/** The known name that a misspelt one probably means, as a question; '' where none is near. @example didYouMean('modle', ['model'], '--') // 'Did you mean --model?' */
export const didYouMean = (word: string, known: readonly string[], dash: string): string => {
  const name = closest(word, [...known])
  return distance(word, name) <= Math.max(2, word.length / 3) ? `Did you mean ${dash}${name}?` : ''
}
