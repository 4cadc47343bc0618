import { nearest } from '../nearest.ts'

/** The known name that a misspelt one probably means, as a question; '' where none is near. @example didYouMean('modle', ['model'], '--') // 'Did you mean --model?' */
export function didYouMean(word: string, known: readonly string[], dash: string): string {
  const name = nearest(word, known)
  return name === null ? '' : `Did you mean ${dash}${name}?`
}
