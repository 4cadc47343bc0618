/**
 * A pure function of a text with its last results kept: prompts stand in two completions and more, words in most. Two generations of
 * at most `maxChars` characters each; what is asked for again goes over into the younger one, the elder is dropped when that is full.
 * A text that throws is not kept.
 */
export function remembered<Result>(make: (text: string) => Result, maxChars: number): (text: string) => Result {
  let young = new Map<string, Result>()
  let old = new Map<string, Result>()
  let chars = 0
  return (text) => {
    const known = young.get(text)
    if (known !== undefined) return known
    const result = old.get(text) ?? make(text)
    if (text.length > maxChars) return result
    if (chars + text.length > maxChars) {
      old = young
      young = new Map()
      chars = 0
    }
    // a copy: a piece of a longer text would keep the whole of it
    young.set(` ${text}`.slice(1), result)
    // an entry costs something, however short its text
    chars += Math.max(16, text.length)
    return result
  }
}
