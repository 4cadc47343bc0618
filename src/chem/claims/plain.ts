/** Text without its dress (tags, Markdown, LaTeX, sub- and superscripts), and where each of its characters stood. */
export interface PlainText {
  readonly text: string
  /** Place of each character in the text as given, and the end of the last one. */
  readonly at: readonly number[]
}

type Rule = readonly [pattern: RegExp, replacement: string | ((match: RegExpExecArray) => string)]

const SUBSCRIPTS = '₀₁₂₃₄₅₆₇₈₉'
const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹'
const digits = (text: string): string =>
  [...text]
    .map((c) => {
      const low = SUBSCRIPTS.indexOf(c)
      if (low >= 0) return String(low)
      const high = SUPERSCRIPTS.indexOf(c)
      return high >= 0 ? String(high) : c
    })
    .join('')

/** LaTeX inside `$…$`, `\(…\)` or `\ce{…}`: as a chemist reads it. */
function mathToText(math: string): string {
  return math
    .replace(/[_^]\{([^{}]*)\}/g, '$1')
    .replace(/\\(?:boxed|mathrm|text|ce|mathbf|textbf|mathsf|operatorname|rm)\s*\{([^{}]*)\}/g, '$1')
    .replace(/\\(?:long)?(?:rightarrow|to)(?![a-z])|\\rightleftharpoons(?![a-z])/g, ' -> ')
    .replace(/\\(?:approx|sim|simeq)(?![a-z])/g, ' ≈ ')
    .replace(/\\(?:times|cdot)(?![a-z])/g, ' · ')
    .replace(/[_^]/g, '')
    .replace(/\\(?:quad|qquad|[,;:! ])/g, ' ')
    .replace(/\\%/g, '%')
    .replace(/[{}]/g, '')
}

/** In this order. Each works on what the one before has left. */
const RULES: readonly Rule[] = [
  // chat and reasoning tags: <|think_start|>, </think>, <answer>
  [/<\|[A-Za-z0-9_]{1,40}\|>|<\/?(?:think|thought|answer|reasoning|final|rationale|step|r)>/gi, ' '],
  [/\r\n?/g, '\n'],
  [/[\u00a0\u2007\u2009\u202f\u200a\u2002\u2003]/g, ' '],
  [/\u200b|\u200c|\u200d|\ufeff|\u00ad/g, ''],
  [/\$\$?([^$\n]{1,400})\$\$?/g, (m) => ` ${mathToText(m[1]!)} `],
  [/(?<![^\s(])\\\(([^\n]{1,400}?)\\\)/g, (m) => ` ${mathToText(m[1]!)} `],
  [/(?<![^\s(])\\\[([^\n]{1,400}?)\\\](?![^\s.,;:)])/g, (m) => ` ${mathToText(m[1]!)} `],
  [/\\(?:ce|boxed)\{((?:[^{}\n]|\{[^{}\n]{0,40}\}){1,400})\}/g, (m) => mathToText(m[1]!)],
  // units and charges: g·mol⁻¹, Na⁺, SO₄²⁻
  [/ {0,3}[·⋅*]? {0,3}mol ?(?:⁻¹|\^?-1|\^\{-1\}|−1)/g, '/mol'],
  [/[₀-₉]+/g, (m) => digits(m[0])],
  [/([⁰¹²³⁴⁵⁶⁷⁸⁹]*)([⁺⁻])/g, (m) => `${digits(m[1]!)}${m[2] === '⁺' ? '+' : '-'}`],
  [/[₊]/g, '+'],
  [/[₋−‐‑]/g, '-'],
  [/(?<=\d)–(?=\d)/g, '-'],
  [/(?<=[A-Za-z])–(?=[A-Za-z])/g, '-'],
  [/\s[–—]\s|—/g, ' ; '],
  [/\s--\s/g, ' ; '],
  [/[→⟶⇒⟹⇌⇄⟷➔➜]/g, ' -> '],
  [/[’‘]/g, "'"],
  [/[“”«»]/g, '"'],
  [/[≃≅∼]/g, '≈'],
  // Markdown: bold, headings, bullets, numbers of a list
  [/\*\*|__/g, ''],
  [/(?<![^\s("'])\*([^\s*][^*\n]{0,200})\*(?![^\s.,;:!?)"'])/g, (m) => m[1]!],
  [/^[ \t]*(?:#{1,6}[ \t]+|>[ \t]+|[-*•+][ \t]+|\d{1,2}[.)][ \t]+|\([a-z0-9]\)[ \t]+)/gim, ''],
  [/^[ \t]*(?:step|part)\s+\d{1,3}\s*[:.)][ \t]*/gim, ''],
]

export function plainText(given: string): PlainText {
  let text = given
  let at = Array.from({ length: given.length + 1 }, (_, i) => i)
  for (const [pattern, replacement] of RULES) {
    pattern.lastIndex = 0
    let out = ''
    const places: number[] = []
    let from = 0
    for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
      const put = typeof replacement === 'string' ? replacement : replacement(match)
      out += text.slice(from, match.index)
      for (let i = from; i < match.index; i++) places.push(at[i]!)
      // what takes the place of a longer piece is spread over it, so that the span of a claim stays inside
      const shift = put.length > 0 ? match[0].length / put.length : 0
      for (let i = 0; i < put.length; i++) places.push(at[match.index + Math.floor(i * shift)]!)
      out += put
      from = match.index + match[0].length
      if (match[0].length === 0) pattern.lastIndex++
    }
    if (from === 0) continue
    for (let i = from; i <= text.length; i++) places.push(at[i]!)
    out += text.slice(from)
    text = out
    at = places
  }
  return { text, at }
}
