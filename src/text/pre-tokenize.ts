import { portMember } from './port.ts'
import type { Json } from './tokenizer-files.ts'
import { SPACES, WORD } from './whitespace.ts'

/**
 * Pre-tokenizers as the Rust library has them. The JavaScript port knows fewer ways to split, ASCII's digits and words
 * only, and JavaScript's white space; its objects keep their patterns (Oniguruma's syntax, rewritten) and get these methods.
 */

/** What happens to the delimiters (SplitDelimiterBehavior). */
const BEHAVIORS = ['Removed', 'Isolated', 'MergedWithPrevious', 'MergedWithNext', 'Contiguous'] as const
type Behavior = (typeof BEHAVIORS)[number]

/** One of the port's pre-tokenizers. `section_index` 0 is a text's very beginning, where `prepend_scheme: first` applies. */
export interface PreTokenizerLike {
  pre_tokenize_text(text: string, options?: { section_index?: number }): string[]
}

/** Replaces the methods of a pre-tokenizer and its parts. @param config its entry in tokenizer.json */
export function mendPreTokenizer(part: PreTokenizerLike | null, config: Json): void {
  if (part === null) return
  portMember(part, 'pre_tokenize_text', 'method', nameOf(config))
  const method = methodOf(part, config)
  if (method !== null) Object.defineProperty(part, 'pre_tokenize_text', { value: method })
}

const nameOf = ({ type }: Json): string => `pre-tokenizer ${String(type)}`

type Method = PreTokenizerLike['pre_tokenize_text']
function methodOf(part: PreTokenizerLike, config: Json): Method | null {
  switch (config.type) {
    case 'Sequence':
      return sequence(portMember(part, 'tokenizers', 'list', nameOf(config)), config.pretokenizers as readonly Json[])
    case 'Split':
      return split(config, part)
    case 'Metaspace':
      return metaspace(config)
    case 'Digits':
      return delimited(/\p{N}/gu, config.individual_digits === true ? 'Isolated' : 'Contiguous')
    case 'Punctuation':
      return delimited(PUNCTUATION, behaviorOf(config.behavior ?? 'Isolated'))
    case 'WhitespaceSplit':
      return delimited(SPACE, 'Removed')
    case 'Whitespace':
      return (text) => text.match(WORDS) ?? []
    case 'BertPreTokenizer':
      return (text) => delimited(SPACE, 'Removed')(text).flatMap((word) => delimited(PUNCTUATION, 'Isolated')(word))
    case 'FixedLength':
      return fixedLength(Number(config.length ?? 5))
    case 'ByteLevel':
      portMember(part, 'pattern', 'pattern', nameOf(config))
      Object.assign(part, { pattern: BYTE_LEVEL })
      return byteLevel(config, part)
    default:
      return null
  }
}

const exactly = (text: string): RegExp => new RegExp(text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'), 'gu')
const SPACE = new RegExp(`[${SPACES}]`, 'gu')
const PUNCTUATION = /[\p{P}!-/:-@[-`{-~]/gu
const WORDS = new RegExp(`[${WORD}]+|[^${WORD}${SPACES}]+`, 'gu')
/** GPT-2's pattern. */
const BYTE_LEVEL = new RegExp(
  `'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^${SPACES}\\p{L}\\p{N}]+|[${SPACES}]+(?![^${SPACES}])|[${SPACES}]+`,
  'gu',
)

/** Bytes that are spelt as other characters are those outside of this, and two of these: the space and the end of a line. */
const PLAIN = /^[\n -~]*$/

/** As the port does it, which goes through each piece byte by byte; of plain text that takes ten times as long as the splitting. */
function byteLevel({ add_prefix_space: prefixed, use_regex: splits }: Json, part: PreTokenizerLike): Method {
  const own = part.pre_tokenize_text.bind(part)
  return (given, options) => {
    if (!PLAIN.test(given)) return own(given, options)
    const text = prefixed === true && !given.startsWith(' ') ? ` ${given}` : given
    const pieces = splits === false ? [text] : (text.match(BYTE_LEVEL) ?? [])
    return pieces.map((piece) => piece.replaceAll(' ', 'Ġ').replaceAll('\n', 'Ċ'))
  }
}

/** The first piece of a text's beginning is a beginning too, unless something before it was removed. */
function sequence(parts: readonly (PreTokenizerLike | null)[], configs: readonly Json[]): Method {
  for (const [i, part] of parts.entries()) mendPreTokenizer(part, configs[i]!)
  return (text, options) => {
    let pieces = [{ text, start: options?.section_index === 0 }]
    for (const part of parts)
      if (part !== null)
        pieces = pieces.flatMap((piece) =>
          part
            .pre_tokenize_text(piece.text, { section_index: piece.start ? 0 : 1 })
            .map((text, i) => ({ text, start: piece.start && i === 0 && piece.text.startsWith(text) })),
        )
    return pieces.map((piece) => piece.text)
  }
}

function split(config: Json, part: PreTokenizerLike): Method {
  const { pattern, behavior, invert } = config
  const { String: literal, Regex: regex } = (pattern ?? {}) as Json
  if (typeof literal !== 'string' && typeof regex !== 'string') throw new RangeError('a Split without a pattern')
  const delimiter =
    typeof literal === 'string' ? exactly(literal) : portMember<RegExp>(part, 'pattern', 'pattern', nameOf(config))
  return delimited(delimiter, behaviorOf(behavior), invert === true)
}

function behaviorOf(name: unknown): Behavior {
  const plain = String(name).toLowerCase().replaceAll('_', '')
  const found = BEHAVIORS.find((behavior) => behavior.toLowerCase() === plain)
  if (found === undefined) throw new RangeError(`unknown behavior ${JSON.stringify(name)?.slice(0, 40)} of a split`)
  return found
}

interface Piece {
  readonly start: number
  readonly end: number
  readonly isDelimiter: boolean
}
function delimited(pattern: RegExp, behavior: Behavior, invert = false): Method {
  return (text) => {
    const pieces: Piece[] = []
    let done = 0
    const add = (start: number, end: number, matched: boolean): void => {
      if (end > start) pieces.push({ start, end, isDelimiter: matched !== invert })
    }
    for (const { index, 0: match } of text.matchAll(pattern)) {
      add(done, index, false)
      done = index + match.length
      add(index, done, true)
    }
    add(done, text.length, false)
    return merged(pieces, behavior).map(({ start, end }) => text.slice(start, end))
  }
}

/** tokenizer/normalizer.rs, `NormalizedString::split`. */
function merged(pieces: readonly Piece[], behavior: Behavior): readonly Piece[] {
  switch (behavior) {
    case 'Removed':
      return pieces.filter(({ isDelimiter }) => !isDelimiter)
    case 'Isolated':
      return pieces
    case 'Contiguous':
      return joined(pieces, (piece, before) => piece.isDelimiter === before.isDelimiter)
    case 'MergedWithPrevious':
      return joined(pieces, (piece, before) => piece.isDelimiter && !before.isDelimiter)
    case 'MergedWithNext':
      return joined(pieces, (piece, before) => before.isDelimiter && !piece.isDelimiter)
  }
}

/** Joins neighbours by a rule over the pieces as they were. */
function joined(pieces: readonly Piece[], joins: (piece: Piece, before: Piece) => boolean): Piece[] {
  const result: Piece[] = []
  pieces.forEach((piece, i) => {
    const last = result.at(-1)
    if (last !== undefined && joins(piece, pieces[i - 1]!)) result[result.length - 1] = { ...last, end: piece.end }
    else result.push(piece)
  })
  return result
}

/** SentencePiece's ▁ for a space, and one before the text by `prepend_scheme`: always, first or never. */
function metaspace(config: Json): Method {
  const mark = typeof config.replacement === 'string' ? config.replacement : '▁'
  const scheme = config.prepend_scheme ?? (config.add_prefix_space === false ? 'never' : 'always')
  const words = delimited(exactly(mark), 'MergedWithNext')
  return (text, options) => {
    const marked = text.replaceAll(' ', mark)
    const prepends = scheme === 'always' || (scheme === 'first' && options?.section_index === 0)
    const whole = prepends && !marked.startsWith(mark) ? mark + marked : marked
    return config.split === false ? [whole] : words(whole)
  }
}

function fixedLength(length: number): Method {
  return (text) => {
    const characters = [...text]
    const count = Math.ceil(characters.length / length)
    return Array.from({ length: count }, (_, i) => characters.slice(i * length, (i + 1) * length).join(''))
  }
}
