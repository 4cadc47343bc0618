/** ether0's answer tags; a completion keeps its format with exactly one pair. */
const OPEN = '<|answer_start|>'
const CLOSE = '<|answer_end|>'

const occurrences = (text: string, part: string): number => text.split(part).length - 1

/** True with exactly one opening and one closing answer tag, in that order. */
export const hasOneAnswerTag = (text: string): boolean =>
  occurrences(text, OPEN) === 1 && occurrences(text, CLOSE) === 1 && text.indexOf(OPEN) < text.indexOf(CLOSE)

/** Text between the last opening tag and the closing tag after it, trimmed; null without such a pair or when empty. */
export function taggedAnswer(text: string): string | null {
  const close = text.lastIndexOf(CLOSE)
  const open = close === -1 ? -1 : text.lastIndexOf(OPEN, close)
  if (open === -1) return null
  const answer = text.slice(open + OPEN.length, close).trim()
  return answer === '' ? null : answer
}

export interface SmilesTraits {
  /** Characters. */
  readonly length: number
  /** Tetrahedral (@) or double-bond (/ or \) marks. */
  readonly stereo: boolean
  /** A bracket atom with a charge. */
  readonly charged: boolean
  /** Ring closures: independent rings, as the string writes them. */
  readonly rings: number
}
/**
 * What a SMILES string itself shows, without a chemistry toolkit; good for grouping, not for chemistry. null for text with
 * white space or characters that SMILES does not have.
 * @example smilesTraits('C1CC1C[NH3+]') // { length: 12, stereo: false, charged: true, rings: 1 }
 */
export function smilesTraits(text: string): SmilesTraits | null {
  if (!/^[A-Za-z0-9@+\-[\]()=#$:/\\.%*~>]+$/.test(text) || !/[A-Za-z*]/.test(text)) return null
  // behind the last bracket that closes nothing does: looked through once for each that opens, a long text would take minutes
  const closed = text.slice(0, text.lastIndexOf(']') + 1)
  const atoms = closed.match(/\[[^\]]*\]/g) ?? []
  const outside = closed.replace(/\[[^\]]*\]/g, '*') + text.slice(closed.length)
  const closures = outside.match(/%\(\d+\)|%\d\d|\d/g)?.length ?? 0
  return {
    length: text.length,
    stereo: /@|[/\\]/.test(text),
    charged: atoms.some((atom) => /[+-]/.test(atom)),
    rings: Math.floor(closures / 2),
  }
}
