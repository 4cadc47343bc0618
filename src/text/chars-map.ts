/**
 * SentencePiece's precompiled character map, as the `spm_precompiled` crate reads it: a little-endian byte count, a
 * double-array trie (darts-clone) over UTF-8, and the replacements, each ended by a zero byte.
 */

/** Graphemes of this many bytes or more are looked up character by character. */
const MAX_GRAPHEME_BYTES = 6

/**
 * The normalizer of a `Precompiled` entry of tokenizer.json.
 * @param base64 the entry's `precompiled_charsmap`
 * @throws RangeError where it is cut off
 */
export function charsmapNormalizer(base64: string): (text: string) => string {
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
    return replacements.subarray(start, end === -1 ? replacements.length : end).toString('utf8')
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
    for (const grapheme of graphemes(text)) {
      if (grapheme.length === 1) {
        normalized += character(grapheme)
        continue
      }
      const key = encoder.encode(grapheme)
      const whole = key.length < MAX_GRAPHEME_BYTES ? transform(key) : null
      if (whole !== null) normalized += whole
      else for (const char of grapheme) normalized += character(char)
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
