/** A stretch of a text. */
export interface Stretch {
  readonly text: string
  readonly start: number
}

const ABBREVIATIONS = /(?:^|[\s(])(?:e\.g|i\.e|ca|cf|vs|approx|etc|fig|eq|no|resp|incl|mol|dr|al)\.$/i

/**
 * Sentences of a text: they end at a full stop, a question or exclamation mark before white space, and at a line's end. A decimal point, the
 * dot of a salt's SMILES and that of a common abbreviation end none.
 */
export function sentencesOf(text: string): Stretch[] {
  const found: Stretch[] = []
  let start = 0
  const close = (end: number): void => {
    const piece = text.slice(start, end)
    const lead = piece.length - piece.trimStart().length
    if (piece.trim() !== '') found.push({ text: piece.trim(), start: start + lead })
    start = end
  }
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!
    if (c === '\n') close(i)
    else if (c === '.' || c === '?' || c === '!') {
      let end = i + 1
      while (end < text.length && /[.?!)"'\]]/.test(text[end]!) && !/\s/.test(text[end]!)) end++
      if (end < text.length && !/\s/.test(text[end]!)) continue
      if (c === '.' && end === i + 1 && ABBREVIATIONS.test(text.slice(Math.max(start, i - 8), i + 1))) continue
      close(end)
      i = end - 1
    }
  }
  close(text.length)
  return found
}

const TAGS = /<\|[A-Za-z0-9_]{1,40}\|>|<\/?(?:think|thought|answer|reasoning|final)>/gi

/**
 * A completion's steps, where a row has none of its own: its sentences and lines, tags cut. A step that is only white space is none.
 * @example stepsOfText('<|think_start|>Benzene is C6H6. It has one ring.<|think_end|>') // ['Benzene is C6H6.', 'It has one ring.']
 */
export const stepsOfText = (completion: string): string[] =>
  sentencesOf(completion.replace(TAGS, '\n')).map(({ text }) => text)
