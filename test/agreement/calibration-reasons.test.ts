import { expect, it } from 'vitest'
import { completionCalibration } from '../../src/agreement/calibration.ts'
import { allRows, coded } from '../../src/agreement/columns.ts'
import { DEFAULT_SETTINGS } from '../../src/agreement/intervals.ts'

/** Twenty prompts of two completions, the first of every second prompt passes. */
function reasons(score: (i: number) => number, passes: (i: number) => boolean) {
  const n = 40
  const columns = {
    n,
    score: Float64Array.from({ length: n }, (_, i) => score(i)),
    reward: Float64Array.from({ length: n }, (_, i) => (passes(i) ? 1 : 0)),
    cluster: coded(
      Array.from({ length: n }, (_, i) => `prompt ${i >> 1}`),
      n,
    ),
  }
  const sample = { columns, rows: allRows(n), scope: 'completions', subset: 'all', settings: DEFAULT_SETTINGS }
  return completionCalibration(sample as never)
    .filter(({ statistic }) => statistic.endsWith('_platt'))
    .map(({ value, reason }) => [value === null, reason])
}

it('says why no logistic curve is fitted: what it would rest on is constant, or its slope has no bound', () => {
  const mixed = (i: number): boolean => i % 4 === 0
  expect(reasons((i) => (i * 7) % 11, mixed)).toEqual([
    [false, null],
    [false, null],
  ])
  expect(reasons(() => 1.5, mixed)).toEqual(Array(2).fill([true, 'constant_or_collinear']))
  // float64 sees no slope beside 1
  expect(reasons((i) => (i % 3 === 0 ? 4e149 : -4e149), mixed)).toEqual(Array(2).fill([true, 'constant_or_collinear']))
  expect(reasons((i) => (mixed(i) ? 1 : 0), mixed)).toEqual(Array(2).fill([true, 'one_class_or_separated']))
  expect(
    reasons(
      (i) => i % 7,
      () => false,
    ),
  ).toEqual(Array(2).fill([true, 'one_class_or_separated']))
})
