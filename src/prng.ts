/** A stream of uniform numbers in [0, 1). Randomness is an argument everywhere: no Math.random. */
export type Prng = () => number

/** State of the streams that `prng` made: what draws many numbers at once reads and leaves it. */
const states = new WeakMap<Prng, Int32Array>()

/**
 * sfc32 (PractRand's small fast counter, 128-bit state), seeded from one 32-bit integer through splitmix32.
 * @example const random = prng(0); random() // the same first number on every machine
 */
export function prng(seed: number): Prng {
  let s = seed >>> 0
  const split = (): number => {
    s = (s + 0x9e3779b9) >>> 0
    let t = s ^ (s >>> 16)
    t = Math.imul(t, 0x21f0aaad)
    t ^= t >>> 15
    t = Math.imul(t, 0x735a2d97)
    return (t ^ (t >>> 15)) >>> 0
  }
  // In a typed array: a number beyond 31 bits that closures share is a new object at every write.
  const state = Int32Array.of(split(), split(), split(), 1)
  const next = (): number => {
    const a = state[0]!
    const b = state[1]!
    const c = state[2]!
    const d = state[3]!
    const t = (((a + b) | 0) + d) | 0
    state[3] = d + 1
    state[0] = b ^ (b >>> 9)
    state[1] = c + (c << 3)
    state[2] = ((c << 21) | (c >>> 11)) + t
    return (t >>> 0) / 4294967296
  }
  for (let i = 0; i < 12; i++) next()
  states.set(next, state)
  return next
}

/** Adds one to counts[⌊u · counts.length⌋] for the next `times` numbers u of the stream, as calling it so often would. */
export function countDraws(random: Prng, counts: Int32Array | Uint8Array, times: number): void {
  const n = counts.length
  const state = states.get(random)
  if (state === undefined) {
    for (let i = 0; i < times; i++) {
      const at = Math.floor(random() * n)
      counts[at] = counts[at]! + 1
    }
    return
  }
  advance(state, counts, times)
}

/** The loop of `countDraws`, on locals. */
function advance(state: Int32Array, counts: Int32Array | Uint8Array, times: number): void {
  const n = counts.length
  let a = state[0]!
  let b = state[1]!
  let c = state[2]!
  let d = state[3]!
  for (let i = 0; i < times; i++) {
    const t = (((a + b) | 0) + d) | 0
    d = (d + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + t) | 0
    const at = Math.floor(((t >>> 0) / 4294967296) * n)
    counts[at] = counts[at]! + 1
  }
  state[0] = a
  state[1] = b
  state[2] = c
  state[3] = d
}

/** 32-bit FNV-1a of a text's UTF-16 units. */
export function hash32(text: string): number {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  return h >>> 0
}

/**
 * The stream of one name under a seed: streams of different names are independent of each other, and do not depend on the order in
 * which they are asked for.
 * @example namedPrng(0, 'hep-python') // another stream than namedPrng(0, 'hep-rust')
 */
export const namedPrng = (seed: number, name: string): Prng => prng(hash32(`${seed} ${name}`))

/** A uniform integer in [0, n). */
export const below = (random: Prng, n: number): number => Math.floor(random() * n)
