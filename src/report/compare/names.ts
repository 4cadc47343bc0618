/**
 * What a scorer of the files is called on the page.
 * @example shownName('null:answer_tag') // 'baseline: answer tag'; shownName('ensemble:mean of 3') // 'ensemble: mean of 3'
 */
export function shownName(scorer: string): string {
  const [, kind, rest] = /^(null|ensemble):(.*)$/s.exec(scorer) ?? []
  if (kind === undefined) return scorer
  return kind === 'null' ? `baseline: ${rest!.replaceAll('_', ' ')}` : `ensemble: ${rest}`
}

/** Short names of columns. @example letterOf(0) // 'A'; letterOf(26) // 'AA' */
export function letterOf(i: number): string {
  const letter = String.fromCharCode(65 + (i % 26))
  return i < 26 ? letter : letterOf(Math.floor(i / 26) - 1) + letter
}
