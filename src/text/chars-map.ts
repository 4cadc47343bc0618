import type { Growth } from './growth.ts'

/**
 * SentencePiece's precompiled character map, as the `spm_precompiled` crate reads it: a little-endian byte count, a
 * double-array trie (darts-clone) over UTF-8, and the replacements, each ended by a zero byte.
 */

/** Graphemes of this many bytes or more are looked up character by character. */
const MAX_GRAPHEME_BYTES = 6
/** Unicode's longest compatibility form has 33 bytes. */
const MAX_REPLACEMENT_BYTES = 1000

/**
 * The normalizer of a `Precompiled` entry of tokenizer.json.
 * @param base64 the entry's `precompiled_charsmap`
 * @param growth what a text may grow by; without it any length
 * @throws RangeError where it is cut off
 */
export function charsmapNormalizer(base64: string, growth?: Growth): (text: string) => string {
  const bytes = Buffer.from(base64, 'base64')
  if (bytes.length < 4) throw new RangeError('precompiled_charsmap is cut off')
  const trieBytes = bytes.readUInt32LE(0)
  if (trieBytes % 4 !== 0 || 4 + trieBytes > bytes.length)
    throw new RangeError(`precompiled_charsmap says ${trieBytes} bytes of trie and has ${bytes.length - 4}`)
  const trie = new Uint32Array(trieBytes / 4)
  for (let i = 0; i < trie.length; i++) trie[i] = bytes.readUInt32LE(4 + 4 * i)
  const replacements = bytes.subarray(4 + trieBytes)
  const encoder = new TextEncoder()

  /** The replacement of the shortest prefix that has one; null where none has. */
  const transform = (key: Uint8Array): string | null => {
    const start = shortestPrefix(trie, key)
    if (start === null) return null
    const end = replacements.indexOf(0, start)
    const stop = end === -1 ? replacements.length : end
    if (stop - start > MAX_REPLACEMENT_BYTES) throw new RangeError('precompiled_charsmap has a replacement without end')
    return replacements.subarray(start, stop).toString('utf8')
  }
  const single = new Map<string, string>()
  const character = (char: string): string => {
    let mapped = single.get(char)
    if (mapped === undefined) {
      mapped = transform(encoder.encode(char)) ?? char
      single.set(char, mapped)
    }
    return mapped
  }
  return (text) => {
    let normalized = ''
    const put = (from: string, to: string): void => {
      if (to.length > from.length) growth?.add(to.length - from.length)
      normalized += to
    }
    for (const grapheme of graphemes(text)) {
      if (grapheme.length === 1) {
        put(grapheme, character(grapheme))
        continue
      }
      const key = encoder.encode(grapheme)
      const whole = key.length < MAX_GRAPHEME_BYTES ? transform(key) : null
      if (whole !== null) put(grapheme, whole)
      else for (const char of grapheme) put(char, character(char))
    }
    return normalized
  }
}

const segmenter = new Intl.Segmenter('und', { granularity: 'grapheme' })
/** The grapheme clusters of a text (UAX #29), as `unicode-segmentation` finds them. */
export function* graphemes(text: string): Generator<string> {
  if (/^[\x00-\x7f]*$/.test(text)) {
    // ASCII has one grapheme of two characters, the line break \r\n.
    yield* text.match(/\r\n|[\s\S]/g) ?? []
  } else {
    yield* segments(text)
  }
}

/** Characters that are segmented at once: the time of V8's iterator grows with the square of its text. */
const AT_ONCE = 1024

/** What begins at a boundary is segmented as it is within the whole text: no rule of UAX #29 looks back over one, nor on by more than a character. */
function* segments(text: string): Generator<string> {
  let from = 0
  let size = AT_ONCE
  while (from < text.length) {
    const end = Math.min(text.length, from + size)
    // never between the halves of a pair
    const to = end < text.length && (text.codePointAt(end - 1) ?? 0) > 0xffff ? end + 1 : end
    const found = Array.from(segmenter.segment(text.slice(from, to)), ({ segment }) => segment)
    // the last one may go on
    if (to < text.length) found.pop()
    yield* found
    const done = found.reduce((sum, { length }) => sum + length, 0)
    from += done
    size = done === 0 ? 2 * size : AT_ONCE
  }
}

/** darts-clone: a unit holds the offset to its children, its label, and whether a value hangs on it. */
function shortestPrefix(trie: Uint32Array, key: Uint8Array): number | null {
  const offset = (unit: number): number => (unit >>> 10) << ((unit & 0x200) >>> 6)
  let position = offset(trie[0] ?? 0)
  for (const byte of key) {
    if (byte === 0) return null
    position ^= byte
    const unit = trie[position]
    if (unit === undefined || (unit & 0x800000ff) >>> 0 !== byte) return null
    position ^= offset(unit)
    if ((unit >>> 8) & 1) {
      const leaf = trie[position]
      return leaf === undefined ? null : leaf & 0x7fffffff
    }
  }
  return null
}
