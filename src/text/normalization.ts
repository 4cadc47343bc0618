import { isRecord } from '../is-record.ts'
import { charsmapNormalizer } from './chars-map.ts'

/**
 * Whether a tokenizer's normalizer changes a text for good: case, accents, Unicode forms, control characters. What is undone when tokens
 * are read back (▁ for a space, a space in front) is no change. Null where the normalizer cannot: nothing needs to be looked at.
 */
export function normalizationOf(normalizer: unknown): ((text: string) => boolean) | null {
  const steps = stepsOf(normalizer)
  if (steps.length === 0) return null
  return (text) => steps.some((changes) => changes(text))
}

const ASCII = /^[\x00-\x7f]*$/

function stepsOf(normalizer: unknown): ((text: string) => boolean)[] {
  if (!isRecord(normalizer)) return []
  const { type } = normalizer
  if (type === 'Sequence') return (Array.isArray(normalizer.normalizers) ? normalizer.normalizers : []).flatMap(stepsOf)
  if (type === 'NFC' || type === 'NFD' || type === 'NFKC' || type === 'NFKD')
    return [(text) => !ASCII.test(text) && text.normalize(type) !== text]
  if (type === 'Lowercase') return [hasCapitals]
  if (type === 'StripAccents') return [hasAccents]
  if (type === 'BertNormalizer') {
    const lowercase = normalizer.lowercase !== false
    const accents = normalizer.strip_accents ?? lowercase
    return [...(lowercase ? [hasCapitals] : []), ...(accents === true ? [hasAccents] : [])]
  }
  if (type === 'Precompiled' && typeof normalizer.precompiled_charsmap === 'string') {
    const normalize = charsmapNormalizer(normalizer.precompiled_charsmap)
    // Line ends and tabs become spaces there, in ASCII too.
    return [(text) => normalize(text) !== text]
  }
  return []
}

const hasCapitals = (text: string): boolean => text.toLowerCase() !== text
const hasAccents = (text: string): boolean => !ASCII.test(text) && /\p{Mn}/u.test(text.normalize('NFD'))
