import type { Prng } from '../../src/prng.ts'

/** A standard normal number (Box–Muller). */
export const normal = (random: Prng): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
