/** A text whole, or `[head, characters left out, tail]`. */
export type ShownText = string | readonly [string, number, string]

/** Texts of a page, each kept once. */
export class TextPool {
  readonly #index = new Map<string, number>()

  add(text: string): number {
    const known = this.#index.get(text)
    if (known !== undefined) return known
    this.#index.set(text, this.#index.size)
    return this.#index.size - 1
  }

  /** All texts, the longest ones clipped to one common length, `most` at most, such that together they fit the budget. */
  within(
    budget: number,
    most = Number.POSITIVE_INFINITY,
  ): { readonly texts: readonly ShownText[]; readonly clipped: number } {
    const texts = [...this.#index.keys()]
    const longest = Math.min(
      most,
      longestAllowed(
        texts.map((text) => Math.min(most, text.length)),
        budget,
      ),
    )
    const shown = texts.map((text) => clip(text, longest))
    return { texts: shown, clipped: shown.filter((text) => typeof text !== 'string').length }
  }
}

/**
 * The length to which all longer texts must be cut so that the sum fits.
 * @example longestAllowed([10, 20, 90], 60) // 30: 10 + 20 + 30
 */
export function longestAllowed(lengths: readonly number[], budget: number): number {
  const sorted = lengths.toSorted((a, b) => a - b)
  let left = budget
  for (let i = 0; i < sorted.length; i++) {
    const share = Math.floor(left / (sorted.length - i))
    if (sorted[i]! > share) return share
    left -= sorted[i]!
  }
  return Number.POSITIVE_INFINITY
}

const isLow = (code: number): boolean => code >= 0xdc00 && code < 0xe000

/** Two thirds from the start, where the reasoning begins, and a third from the end, where the answer stands. */
function clip(text: string, longest: number): ShownText {
  if (text.length <= longest) return text
  let head = Math.ceil((longest * 2) / 3)
  let tail = text.length - (longest - head)
  if (isLow(text.charCodeAt(head))) head++
  if (isLow(text.charCodeAt(tail))) tail++
  return [text.slice(0, head), tail - head, text.slice(tail)]
}
