import { createHash } from 'node:crypto'

/**
 * The uniform number that decides one token: the first 53 bits of SHA-256 over `seed`, the prompt's id, the completion's index and the
 * token's, with NUL between them. It depends on nothing else: not on the batch, the order, or what was drawn before.
 * @returns in [0, 1)
 */
export function uniformOf(seed: number, id: string, completion: number, token: number): number {
  const digest = createHash('sha256').update(`${seed}\0${id}\0${completion}\0${token}`).digest()
  return (digest.readUInt32BE(0) * 2 ** 21 + (digest.readUInt32BE(4) >>> 11)) / 2 ** 53
}
