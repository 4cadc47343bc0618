import { createHash } from 'node:crypto'
import { UsageError } from '../errors.ts'

/** Shard `index` (from 1) of `count`. */
export interface Shard {
  readonly index: number
  readonly count: number
}

/** @example parseShard('2/8') // { index: 2, count: 8 } */
export function parseShard(text: string): Shard {
  const match = /^([1-9]\d{0,5})\/([1-9]\d{0,5})$/.exec(text.trim())
  const index = Number(match?.[1])
  const count = Number(match?.[2])
  if (match === null || index > count)
    throw new UsageError(`"${text}" is not a shard i/n with 1 ≤ i ≤ n`, '--shard', 'For example --shard 1/4.')
  return { index, count }
}

/**
 * Whether a row belongs to a shard: the first 48 bits of SHA-256(id), modulo n. It depends on nothing but the id, so that order,
 * filters and other rows never move a row to another shard.
 */
export function inShard(id: string, { index, count }: Shard): boolean {
  return count === 1 || createHash('sha256').update(id).digest().readUIntBE(0, 6) % count === index - 1
}
