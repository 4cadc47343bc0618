import type { Token } from './tokens.ts'

const MAKES = new Set(
  'give gives giving yield yields yielding afford affords affording produces producing form forms forming get gets obtain obtains furnishes becomes'.split(
    ' ',
  ),
)
const MADE = new Set(
  'product products result molecule compound byproduct side-product intermediate precursor alcohol structure one'.split(
    ' ',
  ),
)
const FILLERS = new Set('the a an corresponding desired new final modified resulting'.split(' '))

/** `gives the acid of CCO` */
const OTHERS = new Set('of from with in by than for and or as via on at not'.split(' '))

/**
 * Does the sentence bring in the molecule of token `i` as what a change gives (`adding water gives CCO`, `the product is CCO`)? What is said
 * of it then is said of that molecule.
 */
export function isResult(tokens: readonly Token[], i: number): boolean {
  let k = i - 1
  for (let skipped = 0; skipped < 5 && k >= 0; skipped++, k--) {
    const { kind, text } = tokens[k]!
    if (kind === 'mark' && /^(?:->|-->|=>)$/.test(text)) return true
    if (kind === 'mark' && (text === '(' || text === ':')) continue
    // "ethanol (CCO)"
    if (kind === 'chemical' || kind === 'number') continue
    if (kind !== 'word') return false
    if (MAKES.has(text)) return true
    if (text === 'have' && /^(?:we|i)$/.test(tokens[k - 1]?.text ?? '')) return true
    if (text === 'to' && /^(?:leads?|leading)$/.test(tokens[k - 1]?.text ?? '')) return true
    if (text === 'is' || text === 'are') return MADE.has(tokens[k - 1]?.text ?? '')
    if (MADE.has(text) && k === i - 1) return true
    // "gives two molecules of CC=O"
    if (text === 'of' && /^(?:molecules?|equivalents?|equiv|moles?)$/.test(tokens[k - 1]?.text ?? '')) continue
    if (OTHERS.has(text) || !(FILLERS.has(text) || /^[a-z-]+$/.test(text))) return false
  }
  return false
}
