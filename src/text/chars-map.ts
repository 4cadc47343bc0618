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
function* graphemes(text: string): Generator<string> {
  if (/^[\x00-\x7f]*$/.test(text)) {
    // ASCII has one grapheme of two characters, the line break \r\n.
    yield* text.match(/\r\n|[\s\S]/g) ?? []
  } else {
    for (const { segment } of segmenter.segment(text)) yield segment
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
