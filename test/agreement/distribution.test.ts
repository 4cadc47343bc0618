import { describe, expect, it } from 'vitest'
import {
  DISTRIBUTION_COLUMNS,
  distributionRow,
  SEPARATION_COLUMNS,
  separationRow,
} from '../../src/agreement/distribution.ts'
import { drift } from '../../src/agreement/drift.ts'
import { cohenD } from '../../src/stats/distribution.ts'

/** What has no value is absent with its reason; no infinity and no 0 stands for it. */
const group = (...values: number[]) => ({ subset: 'all', group: 'chosen', values: Float64Array.from(values) })
const zipped = (columns: readonly string[], row: readonly unknown[]) =>
  Object.fromEntries(columns.map((c, i) => [c, row[i]]))
const distribution = (...values: number[]) => zipped(DISTRIBUTION_COLUMNS, distributionRow(group(...values)))
const separation = (a: number[], b: number[]) =>
  zipped(SEPARATION_COLUMNS, separationRow(group(...a), { ...group(...b), group: 'rejected' }))

describe('distribution.csv', () => {
  it('has every value where there is one, and no reason', () => {
    const row = distribution(1, 2, 4, 8)
    expect(row).toMatchObject({ n: 4, mean: 3.75, min: 1, median: 3, max: 8, reason: null })
    // numpy.std(ddof=1), scipy.stats.skew and kurtosis
    expect(row.sd).toBeCloseTo(3.095695936834452, 12)
    expect(row.skewness).toBeCloseTo(0.6568077344996993, 12)
    expect(row.kurtosis).toBeCloseTo(-1.0989792060491494, 12)
  })
  it.each([
    [[0.5], 'sd: fewer_than_two_scores; skewness: fewer_than_two_scores; kurtosis: fewer_than_two_scores'],
    [[2, 2, 2], 'skewness: constant; kurtosis: constant'],
    [[-1e300, 1e300, 3e300], 'sd: overflow; skewness: overflow; kurtosis: overflow'],
    [[1.5e308, 1.6e308], 'mean: overflow; sd: overflow; skewness: overflow; kurtosis: overflow'],
  ])('says why moments of %j are absent', (values, reason) => {
    const row = distribution(...values)
    expect(row.reason).toBe(reason)
    for (const name of ['mean', 'sd', 'skewness', 'kurtosis'])
      expect([name, row[name] === null]).toEqual([name, reason.includes(`${name}: `)])
  })
})

describe('separation.csv', () => {
  it('equals the pooled formula, without a reason', () => {
    const row = separation([1, 2, 4], [0, 1])
    // (7/3 − 1/2) / √((2·7/3 + 1·1/2)/3)
    expect(row.cohen_d).toBeCloseTo(1.3970013970020956, 12)
    expect(row.reason).toBeNull()
  })
  it.each([
    [[1], [0, 2], 'cohen_d: fewer_than_two_scores'],
    [[1, 1], [0, 0], 'cohen_d: constant'],
    [[1e300, -1e300], [0, 1], 'cohen_d: overflow'],
  ])('says why %j and %j have no effect size', (a, b, reason) =>
    expect(separation(a, b)).toMatchObject({ cohen_d: null, reason }),
  )
  it('an infinite spread is no effect of 0', () => expect(cohenD([1e300, -1e300], [5e299, 1])).toBeNull())
})

it('two runs whose differences have no double are not said to be equal', () => {
  const a = Float64Array.of(1e300, -1e300, 2e300)
  const found = drift({ a, b: a.map((v) => 1.5 * v), marginA: Float64Array.of(1), marginB: Float64Array.of(1) })
  expect(found).toMatchObject({ largest: 1e300, rms: null, limits: null, equivalenceP: null })
  expect(found.reason).toBe('differences: overflow; equivalence: overflow')
})
