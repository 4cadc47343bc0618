import { allRows, notAll, rowsByCode } from '../src/agreement/columns.ts'
import type { Cell } from '../src/report/csv.ts'
import { mean, quantile } from '../src/stats/index.ts'
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
] as const

/**
 * Length of chosen and rejected completions by subset, in tokens of the run's tokenizer and in characters (HERM's
 * get_subtoken_statistics), a completion of several pairs once; longer_share = pairs in which this side is the longer one, ties as ½.
 */
export function lengthRows(pairs: RunPairs): Cell[][] {
  const parts: [string, Int32Array][] = [
    ['all', allRows(pairs.n)],
    ...rowsByCode(pairs.subset).map((rows, c): [string, Int32Array] => [notAll(pairs.subset.names[c]!), rows]),
  ]
  const first = { chosen: firstOf(pairs, 'chosen'), rejected: firstOf(pairs, 'rejected') }
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
        const completions = rows.filter((i) => first[side][i] === 1)
        const values = Float64Array.from(
          completions.filter((i) => !Number.isNaN(own[i])),
          (i) => own[i]!,
        )
        const longer = Float64Array.from(known, (i) => (Math.sign(own[i]! - other[i]!) + 1) / 2)
        return [
          subset,
          unit,
          side,
          values.length,
          completions.length - values.length,
          mean(values),
          quantile(values, 0),
          quantile(values, 0.5),
          quantile(values, 1),
          mean(longer),
          known.length,
        ]
      })
    }),
  )
}

/** 1 where a pair is the first of its chosen, or rejected, completion. */
function firstOf({ key, n }: RunPairs, side: 'chosen' | 'rejected'): Uint8Array {
  const seen = new Set<string>()
  const out = new Uint8Array(n)
  key.forEach((pair, i) => {
    const [id, rejected, chosen] = pair.split('\u0000') as [string, string, string]
    const completion = `${id}\u0000${side === 'chosen' ? chosen : rejected}`
    // an imported pair without an id is known by its place alone
    if (id !== '' && seen.has(completion)) return
    seen.add(completion)
    out[i] = 1
  })
  return out
}
