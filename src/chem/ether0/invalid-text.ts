import { byCodePoint, PY_SPACE } from '../../python/strings.ts'

/** Characters that ether0 allows in a chemical text (its `invalid_chars_regex`), beside Python's white space. */
const ALLOWED =
  'A-Za-z0-9Α-Ωα-ωₐₑₒₓₔₕₖₗₘₙₚₛₜ⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉×!"#$%&±⁻\'´ʻ‘’ʼ“”()*+⁺,\\-—–‐‑‒―−⏤./:;«<≤=≡≈≆≥>›»⇌?@\\[\\\\\\]^_`\\{|\\}~←⇐→➔➞➛➡➟➧➭⇨⇒⇛⟺⇔⟶…'
const INVALID_CHARACTER = new RegExp(`[^${ALLOWED}${PY_SPACE}]`, 'gu')

/**
 * ether0's `invalid_languages_regex`. Names without a prefix mean scripts in Python's `regex`, except where only a block has the name.
 * Latin Extended-A and -B, Additional and Braille Patterns are blocks.
 */
const SCRIPTS =
  'Arabic Armenian Bengali Cyrillic Devanagari Ethiopic Georgian Gujarati Gurmukhi Han Hangul Hebrew Hiragana Kannada Katakana Khmer Malayalam Myanmar Syriac Tamil Telugu Thaana Thai Tifinagh'
    .split(' ')
    .map((script) => `\\p{Script=${script}}`)
    .join('')
const BLOCKS = '\\u2800-\\u28ff\\u0100-\\u017f\\u1e00-\\u1eff\\u0180-\\u024f'
const INVALID_LANGUAGE = new RegExp(`[${SCRIPTS}${BLOCKS}]`, 'gu')

/** ether0's `contains_invalid`: are there at least `threshold` characters outside the allowed ones, or of foreign scripts; and which. */
export function containsInvalid(
  text: string,
  options: { readonly chars?: boolean; readonly languages?: boolean; readonly threshold?: number },
): [invalid: boolean, found: string[]] {
  const { chars = false, languages = false, threshold = 1 } = options
  for (const [asked, pattern] of [
    [chars, INVALID_CHARACTER],
    [languages, INVALID_LANGUAGE],
  ] as const) {
    if (!asked) continue
    const found = text.match(pattern) ?? []
    if (found.length >= threshold) return [true, found.sort(byCodePoint)]
  }
  return [false, []]
}
