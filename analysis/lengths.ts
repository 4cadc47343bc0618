import { allRows, Coder, notAll, pick, rowsByCode } from '../src/agreement/columns.ts'
import type { Cell } from '../src/report/csv.ts'
import { mean } from '../src/stats/index.ts'
import { quantileSorted } from '../src/stats/quantile.ts'
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
  const completions = completionCodes(pairs.key)
  const units = [
    ['tokens', pairs.chosenTokens, pairs.rejectedTokens],
    ['characters', pairs.chosenChars, pairs.rejectedChars],
  ] as const
  return parts.flatMap(([subset, rows]) => {
    const firsts = { chosen: firstRows(rows, completions.chosen), rejected: firstRows(rows, completions.rejected) }
    return units.flatMap(([unit, chosen, rejected]) => {
      const known = rows.filter((i) => !Number.isNaN(chosen[i]) && !Number.isNaN(rejected[i]))
      return (
        [
          ['chosen', chosen, rejected],
          ['rejected', rejected, chosen],
        ] as const
      ).map(([side, own, other]): Cell[] => {
        const once = firsts[side]
        const values = pick(own, once)
          .filter((v) => !Number.isNaN(v))
          .sort()
        const longer = pick(own, known).map((v, k) => (Math.sign(v - other[known[k]!]!) + 1) / 2)
        const at = (q: number): number | null => (values.length === 0 ? null : quantileSorted(values, q))
        return [
          subset,
          unit,
          side,
          values.length,
          once.length - values.length,
          mean(values),
          at(0),
          at(0.5),
          at(1),
          mean(longer),
          known.length,
          values.length > 0 ? null : 'no_lengths',
        ]
      })
    })
  })
}

/** Of each pair, which completion of the data stands on a side: the row's id and the index within the side, as a number. */
function completionCodes(keys: readonly string[]): { readonly chosen: Int32Array; readonly rejected: Int32Array } {
  const codes = { chosen: new Int32Array(keys.length), rejected: new Int32Array(keys.length) }
  const coders = { chosen: new Coder(), rejected: new Coder() }
  keys.forEach((key, i) => {
    const [id, rejected, chosen] = keyParts(key)
    codes.chosen[i] = coders.chosen.add(`${id}\u0000${chosen}`)
    codes.rejected[i] = coders.rejected.add(`${id}\u0000${rejected}`)
  })
  return codes
}

/** The first of the rows for each completion. */
function firstRows(rows: Int32Array, codes: Int32Array): Int32Array {
  const seen = new Set<number>()
  return rows.filter((i) => seen.size < seen.add(codes[i]!).size)
}
