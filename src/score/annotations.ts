import { distance } from 'fastest-levenshtein'

/** A text that a model annotated with rationales, `<R>…<EOT>`, held against the text as it was. */
export interface AnnotationCheck {
  /** The annotated text without its rationales. */
  readonly stripped: string
  /** Edits between the two, spaces and line breaks aside. */
  readonly editDistance: number
  /** 1 − edits / characters of the text; null where it has none. */
  readonly similarity: number | null
  readonly pass: boolean
  /** Of a text that passes. */
  readonly triples: readonly AnnotationTriple[]
}
/** A rationale with what stands before it and up to the next one. */
export interface AnnotationTriple {
  readonly preceding: string
  readonly rationale: string
  readonly following: string
  /** Rationales from this one to the last. */
  readonly leftStep: number
}

/** Least similarity of a text that passes. */
export const SIMILAR = 0.9

/**
 * RATIONALYST's check before the filter (sampling/sampling_code/calculate_perplexity_sampled_rationale_new_method.py): each ` <R>…<EOT>`
 * is dropped with the space before it (a mark at the very beginning stays, as there; text behind a mark without an end is lost), and what is
 * left must be the text but for a tenth of its characters.
 */
export function checkAnnotations(input: string, output: string): AnnotationCheck {
  const [head = '', ...rest] = output.split(' <R>')
  const stripped = head + rest.map((part) => part.split('<EOT>')[1] ?? '').join('')
  const [given, left] = [unspaced(input), unspaced(stripped)]
  const length = [...given].length
  const editDistance = distance(...inUnits(given, left))
  const similarity = length === 0 ? null : 1 - editDistance / length
  const pass = similarity !== null && similarity >= SIMILAR
  return { stripped, editDistance, similarity, pass, triples: pass ? triplesOf(output) : [] }
}

const unspaced = (text: string): string => text.replace(/[\n ]/g, '')

/** Both texts with one UTF-16 unit a character, which is what `distance` counts. */
function inUnits(a: string, b: string): [string, string] {
  if (!/[\ud800-\udfff]/.test(a + b)) return [a, b]
  const units = new Map<string, string>()
  const unitOf = (character: string): string => {
    const known = units.get(character)
    if (known !== undefined) return known
    const unit = String.fromCharCode(units.size)
    units.set(character, unit)
    return unit
  }
  return [Array.from(a, unitOf).join(''), Array.from(b, unitOf).join('')]
}

/** As RATIONALYST cuts them: a mark without an end has no triple. */
function triplesOf(output: string): AnnotationTriple[] {
  const parts = output.split('<R>')
  const triples: AnnotationTriple[] = []
  let preceding = ''
  for (let i = 1; i < parts.length; i++) {
    const before = parts[i - 1]!
    preceding += before.split('<EOT>')[1] ?? before
    const [rationale = '', following] = parts[i]!.split('<EOT>')
    if (following !== undefined) triples.push({ preceding, rationale, following, leftStep: parts.length - i })
  }
  return triples
}
