import { allRows, notAll, rowsByCode } from '../src/agreement/columns.ts'
import type { Cell } from '../src/report/csv.ts'
import { mean, quantile } from '../src/stats/index.ts'
import { keyParts } from './keys.ts'
import type { RunPairs } from './runs.ts'

export const LENGTH_COLUMNS = [
  'subset',
  'unit',
  'side',
  'n',
  'missing',
  'mean',
  'min',
  'median',
  'max',
  'longer_share',
  'pairs',
  'reason',
] as const

/**
 * Length of chosen and rejected completions by subset, in tokens of the run's tokenizer and in characters (HERM's
 * get_subtoken_statistics), each completion once; longer_share = pairs in which this side is the longer one, ties as ½.
 */
export function lengthRows(pairs: RunPairs): Cell[][] {
  const parts: [string, Int32Array][] = [
    ['all', allRows(pairs.n)],
    ...rowsByCode(pairs.subset).map((rows, c): [string, Int32Array] => [notAll(pairs.subset.names[c]!), rows]),
  ]
  const units = [
    ['tokens', pairs.chosenTokens, pairs.rejectedTokens],
    ['characters', pairs.chosenChars, pairs.rejectedChars],
  ] as const
  return parts.flatMap(([subset, rows]) =>
    units.flatMap(([unit, chosen, rejected]) => {
      const known = rows.filter((i) => !Number.isNaN(chosen[i]) && !Number.isNaN(rejected[i]))
      return (
        [
          ['chosen', chosen, rejected],
          ['rejected', rejected, chosen],
        ] as const
      ).map(([side, own, other]): Cell[] => {
        const seen = new Set<string>()
        const once = rows.filter((i) => {
          const [id, r, c] = keyParts(pairs.key[i]!)
          const completion = `${id}\u0000${side === 'chosen' ? c : r}`
          return !seen.has(completion) && seen.add(completion)
        })
        const values = Float64Array.from(
          once.filter((i) => !Number.isNaN(own[i])),
          (i) => own[i]!,
        )
        const longer = Float64Array.from(known, (i) => (Math.sign(own[i]! - other[i]!) + 1) / 2)
        return [
          subset,
          unit,
          side,
          values.length,
          once.length - values.length,
          mean(values),
          quantile(values, 0),
          quantile(values, 0.5),
          quantile(values, 1),
          mean(longer),
          known.length,
          values.length > 0 ? null : 'no_lengths',
        ]
      })
    }),
  )
}
