import { allRows, derived, filterRows, notAll, pick, rowsByCode, valuesOf } from '../src/agreement/columns.ts'
import type { Cell } from '../src/report/csv.ts'
import { mean } from '../src/stats/index.ts'
import { quantileSorted } from '../src/stats/quantile.ts'
import { ascending } from '../src/stats/sort-order.ts'
import { KeyIndex } from './key-index.ts'
import type { Keys } from './key-list.ts'
import { joinKey, keyParts } from './keys.ts'
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
  const seen = { chosen: new Int32Array(pairs.n), rejected: new Int32Array(pairs.n) }
  const units = [
    ['tokens', pairs.chosenTokens, pairs.rejectedTokens],
    ['characters', pairs.chosenChars, pairs.rejectedChars],
  ] as const
  return parts.flatMap(([subset, rows], part) => {
    const first = (side: 'chosen' | 'rejected') => firstRows(rows, completions[side], seen[side], part + 1)
    const firsts = { chosen: first('chosen'), rejected: first('rejected') }
    return units.flatMap(([unit, chosen, rejected]) => {
      const known = filterRows(rows, (i) => !Number.isNaN(chosen[i]) && !Number.isNaN(rejected[i]))
      return (
        [
          ['chosen', chosen, rejected],
          ['rejected', rejected, chosen],
        ] as const
      ).map(([side, own, other]): Cell[] => {
        const once = firsts[side]
        const present = filterRows(once, (i) => !Number.isNaN(own[i]))
        const values = ascending(pick(own, present))
        const longer = valuesOf(known, (i) => (Math.sign(own[i]! - other[i]!) + 1) / 2)
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

interface CompletionCodes {
  readonly chosen: Int32Array
  readonly rejected: Int32Array
}
/**
 * Of each pair, which completion of the data stands on a side: the row's id and the index within the side, as the first pair that has it. Runs on
 * the same data have the same keys.
 */
const completionCodes = derived(
  (keys: Keys): CompletionCodes => (isOnePairEach(keys) ? ownCodes(keys.length) : codesByKey(keys)),
)

/** Whether no row of the data has two pairs. */
function isOnePairEach(keys: Keys): boolean {
  const end = joinKey('', '0', '0')
  for (const key of keys) if (!key.endsWith(end) || key.length === end.length) return false
  return KeyIndex.of(keys).distinct
}

function ownCodes(rows: number): CompletionCodes {
  const codes = allRows(rows)
  return { chosen: codes, rejected: codes }
}

function codesByKey(keys: Keys): CompletionCodes {
  const codesOf = (completion: (key: string) => string): Int32Array => {
    const index = new KeyIndex(keys.length, (row) => completion(keys.at(row)!))
    const codes = new Int32Array(keys.length)
    for (let row = 0; row < keys.length; row++) {
      const first = index.put(row)
      codes[row] = first === -1 ? row : first
    }
    return codes
  }
  return {
    chosen: codesOf((key) => {
      const [id, , chosen] = keyParts(key)
      return joinKey(id, String(chosen))
    }),
    rejected: codesOf((key) => {
      const [id, rejected] = keyParts(key)
      return joinKey(id, String(rejected))
    }),
  }
}

/** The first of the rows for each completion. @param seen by completion, the last part that had it @param part 1, 2, … */
const firstRows = (rows: Int32Array, codes: Int32Array, seen: Int32Array, part: number): Int32Array =>
  filterRows(rows, (i) => {
    const first = seen[codes[i]!] !== part
    seen[codes[i]!] = part
    return first
  })
