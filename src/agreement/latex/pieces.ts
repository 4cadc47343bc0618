/** A run of characters that stays on one line, and what stands between it and the next. */
export interface Piece {
  readonly text: string
  readonly after: 'space' | 'break' | 'end'
}

/** Words up to this long are never broken. */
const WHOLE = 12
/** A run of letters and digits in a longer word may be broken after so many. */
const STEP = 8

/** Where lines may end: at spaces, and in long words behind a mark, or where there is none for long, behind some characters. */
export function pieces(text: string): Piece[] {
  const words = text.trim().split(/\s+/)
  return words.flatMap((word, w) => {
    const parts = word.length <= WHOLE ? [word] : broken(word)
    return parts.map(
      (part, i): Piece => ({
        text: part,
        after: i < parts.length - 1 ? 'break' : w < words.length - 1 ? 'space' : 'end',
      }),
    )
  })
}

/** @example broken('demo-policy__vs__x') // ['demo-', 'policy__', 'vs__', 'x'] */
function broken(word: string): string[] {
  const atMarks = word.match(/[^-_/.:,;=@|+\]]*[-_/.:,;=@|+\]]+|[^-_/.:,;=@|+\]]+/g) ?? [word]
  return atMarks.flatMap((part) => {
    const characters = Array.from(part)
    if (characters.length <= WHOLE) return [part]
    const out: string[] = []
    for (let i = 0; i < characters.length; i += STEP) out.push(characters.slice(i, i + STEP).join(''))
    return out
  })
}
