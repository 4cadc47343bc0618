import type { TokenIds, Tokenizer } from '../types.ts'

/** Special tokens that the post-processor puts around a text. */
export interface Frame {
  readonly prefix: Int32Array
  readonly suffix: Int32Array
}

/**
 * Finds the frame by encoding a text with and without special tokens.
 * @throws RangeError where the framed ids do not contain the plain ones
 */
export function frameOf(tokenizer: Tokenizer): Frame {
  const framed = tokenizer.encode('a', { addSpecialTokens: true }).ids
  const plain = tokenizer.encode('a', { addSpecialTokens: false }).ids
  for (let start = 0; start + plain.length <= framed.length; start++) {
    if (!plain.every((id, i) => framed[start + i] === id)) continue
    return { prefix: framed.slice(0, start), suffix: framed.slice(start + plain.length) }
  }
  throw new RangeError('the post-processor changes the text itself')
}

export type Side = 'left' | 'right'

/** Content between the special tokens, cut to `room` ids: `left` drops the first ones. */
export const cut = (ids: Int32Array, room: number, side: Side): Int32Array =>
  ids.length <= room ? ids : side === 'left' ? ids.slice(ids.length - room) : ids.slice(0, room)

/** transformers' `truncation=True, max_length`: special tokens stay, content is cut on a side. */
export function truncateFramed(ids: Int32Array, frame: Frame, maxLength: number, side: Side): Int32Array {
  const { prefix, suffix } = frame
  const content = ids.subarray(prefix.length, ids.length - suffix.length)
  const room = Math.max(0, maxLength - prefix.length - suffix.length)
  return Int32Array.from([...prefix, ...cut(content, room, side), ...suffix])
}

/** Special tokens around and between the two texts of a pair. */
export interface PairFrame {
  readonly before: number
  readonly between: number
  readonly after: number
}
export function pairFrameOf(tokenizer: Tokenizer): PairFrame {
  const { ids } = tokenizer.encode('a', { addSpecialTokens: true, pair: 'a' })
  const plain = tokenizer.encode('a', { addSpecialTokens: false }).ids
  const starts = Array.from(ids.keys()).filter((start) => plain.every((id, i) => ids[start + i] === id))
  const first = starts[0]
  const second = starts.findLast((start) => first !== undefined && start >= first + plain.length)
  if (first === undefined || second === undefined)
    throw new RangeError('the post-processor changes the texts themselves')
  return { before: first, between: second - first - plain.length, after: ids.length - second - plain.length }
}

/**
 * The same for a pair, `longest_first` as the `tokenizers` library has it (utils/truncation.rs): the shorter text is kept
 * whole where it fits in half of the room, else both get half.
 * @param firstLength ids of the first text, special tokens not counted
 */
export function truncatePair(
  { ids, typeIds }: TokenIds,
  frame: PairFrame,
  firstLength: number,
  maxLength: number,
  side: Side,
): TokenIds {
  const added = frame.before + frame.between + frame.after
  const secondLength = ids.length - added - firstLength
  const [first, second] = longestFirst([firstLength, secondLength], Math.max(0, maxLength - added))
  const startA = frame.before
  const startB = frame.before + firstLength + frame.between
  const keeps = (i: number, start: number, length: number, room: number): boolean =>
    side === 'left' ? i >= start + length - room : i < start + room
  const kept = Array.from(ids.keys()).filter((i) => {
    if (i >= startA && i < startA + firstLength) return keeps(i, startA, firstLength, first)
    if (i >= startB && i < startB + secondLength) return keeps(i, startB, secondLength, second)
    return true
  })
  return {
    ids: Int32Array.from(kept, (i) => ids[i]!),
    typeIds: typeIds && Int32Array.from(kept, (i) => typeIds[i]!),
  }
}

function longestFirst([first, second]: readonly [number, number], room: number): [number, number] {
  const [short, long] = first <= second ? [first, second] : [second, first]
  let a = short
  let b = short > room ? short : Math.max(short, room - short)
  if (a + b > room) {
    a = Math.floor(room / 2)
    b = a + (room % 2)
  }
  a = Math.min(a, short)
  b = Math.min(b, long)
  return first <= second ? [a, b] : [b, a]
}
