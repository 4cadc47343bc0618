import type { TokenIds } from '../types.ts'

/** Special tokens that the post-processor puts around a text. */
export interface Frame {
  readonly prefix: Int32Array
  readonly suffix: Int32Array
}

type Wrap = (first: Int32Array, second: Int32Array | null) => Int32Array
/** Ids that no tokenizer has, in place of the texts. */
const [A, B] = [-1, -2]

/**
 * Finds the frame by wrapping a text's place.
 * @throws RangeError where the post-processor leaves the text out or repeats it
 */
export function frameOf(wrap: Wrap): Frame {
  const ids = wrap(Int32Array.of(A), null)
  const at = ids.indexOf(A)
  if (at === -1 || ids.lastIndexOf(A) !== at) throw new RangeError('the post-processor does not take the text once')
  return { prefix: ids.slice(0, at), suffix: ids.slice(at + 1) }
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
export function pairFrameOf(wrap: Wrap): PairFrame {
  const ids = wrap(Int32Array.of(A), Int32Array.of(B))
  const [first, second] = [ids.indexOf(A), ids.indexOf(B)]
  if (first === -1 || second < first || ids.filter((id) => id < 0).length !== 2)
    throw new RangeError('the post-processor does not take the two texts once, in their order')
  return { before: first, between: second - first - 1, after: ids.length - second - 1 }
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
): TokenIds & { readonly firstLength: number } {
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
    firstLength: first,
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
