import { expect, it } from 'vitest'
import { PackedKeys } from '../../analysis/key-list.ts'
import { joinKey } from '../../analysis/keys.ts'
import { LENGTH_COLUMNS, lengthRows } from '../../analysis/lengths.ts'
import type { RunPairs } from '../../analysis/runs.ts'

/** @param rows id, index of the rejected and of the chosen completion, tokens of either */
function pairsOf(rows: readonly (readonly [string, number, number, number, number])[]): RunPairs {
  const column = (of: (row: (typeof rows)[number]) => number): Float64Array => Float64Array.from(rows, of)
  const tokens = { chosenTokens: column((row) => row[3]), rejectedTokens: column((row) => row[4]) }
  const coded = { code: Int32Array.from(rows, (_, i) => i % 2), names: ['x', 'y'] }
  return {
    n: rows.length,
    key: PackedKeys.of(rows.map(([id, rejected, chosen]) => joinKey(id, String(rejected), String(chosen)))),
    subset: coded,
    chosenChars: tokens.chosenTokens,
    rejectedChars: tokens.rejectedTokens,
    ...tokens,
  } as unknown as RunPairs
}
const shown = (pairs: RunPairs, subset: string, side: string): unknown[] => {
  const row = lengthRows(pairs).find(([name, unit, which]) => name === subset && unit === 'tokens' && which === side)!
  return ['n', 'mean', 'longer_share', 'pairs'].map((column) => row[LENGTH_COLUMNS.indexOf(column as 'n')])
}

it('count every completion once, whichever of its pairs come in a subset', () => {
  const each = pairsOf([
    ['a', 0, 0, 4, 1],
    ['b', 0, 0, 6, 7],
    ['c', 0, 0, 8, 8],
  ])
  expect(shown(each, 'all', 'chosen')).toEqual([3, 6, 0.5, 3])
  expect(shown(each, 'x', 'rejected')).toEqual([2, 4.5, 0.25, 2])
  // one chosen completion against two, in two subsets; another row's pair
  const shared = pairsOf([
    ['a', 0, 0, 4, 1],
    ['a', 1, 0, 4, 9],
    ['c', 0, 0, 8, 8],
  ])
  expect(shown(shared, 'all', 'chosen')).toEqual([2, 6, 0.5, 3])
  expect(shown(shared, 'all', 'rejected')).toEqual([3, 6, 0.5, 3])
  expect(shown(shared, 'y', 'chosen')).toEqual([1, 4, 0, 1])
  // without ids a pair is known by its whole key
  const unnamed = pairsOf([
    ['', 0, 0, 4, 1],
    ['', 0, 1, 5, 2],
  ])
  expect(shown(unnamed, 'all', 'chosen')).toEqual([2, 4.5, 1, 2])
})
