import { createHash } from 'node:crypto'
import type { Entry } from '../../src/store/log.ts'

/** The i-th measurement of the tests: every third a log-prob, some with raw outputs, with awkward doubles. */
export function entry(i: number): Entry {
  const bytes = createHash('sha256').update(String(i)).digest()
  const value = bytes.readInt32LE(16) / 3
  return [
    bytes.toString('hex').slice(0, 32),
    i % 3 === 2
      ? { kind: 'logProb', sum: value, tokens: i, sumSquares: value * value }
      : {
          kind: 'head',
          values: i % 2 === 0 ? [value] : [value, -0, 5e-324],
          scoredTokenIndex: i,
          ...(i % 4 === 0 && { raw: [-0, value] }),
        },
  ]
}
