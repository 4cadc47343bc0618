import { describe, expect, it } from 'vitest'
import { agreementBounds, aurocBounds, aurocRange } from '../../src/agreement/bounds.ts'
import { STATISTIC_MEANINGS } from '../../src/agreement/codebook/statistics.ts'
import { allRows, type CompletionColumns, coded, type PairColumns } from '../../src/agreement/columns.ts'
import { prng } from '../../src/prng.ts'
import { auroc } from '../../src/stats/index.ts'
import type { Statistic } from '../../src/types.ts'

const settings = { seed: 0, resamples: 200 }
const random = prng(7)
const draw = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!
const column = (values: readonly number[]): Float64Array => Float64Array.from(values)
const byName = (list: readonly Statistic[]): Record<string, Statistic> =>
  Object.fromEntries(list.map((s) => [s.statistic, s]))

/** Every way to fill the NaNs of a list with 0 and 1. */
function* filled(rewards: readonly number[]): Generator<number[]> {
  const open = rewards.flatMap((r, i) => (Number.isNaN(r) ? [i] : []))
  for (let mask = 0; mask < 2 ** open.length; mask++)
    yield rewards.map((r, i) => (Number.isNaN(r) ? (mask >> open.indexOf(i)) & 1 : r))
}

describe('bounds of the AUROC', () => {
  it('are reached by a labelling, and by none exceeded: all labellings of 200 small samples, ties among them', () => {
    for (let sample = 0; sample < 200; sample++) {
      const n = 2 + Math.floor(random() * 7)
      const reward = Array.from({ length: n }, () => draw([0, 0.5, 1, Number.NaN, Number.NaN]))
      const score = Array.from({ length: n }, () => draw([-1, 0, 0.5, 2, 3]))
      const areas = [...filled(reward)].flatMap((r) => {
        const area = auroc(
          r.map((v) => (v >= 1 ? 1 : 0)),
          score,
        )
        return area === null ? [] : [area]
      })
      const { low, high } = aurocRange(reward, score)
      if (areas.length === 0) expect([low, high]).toEqual([null, null])
      else {
        expect(low).toBeCloseTo(Math.min(...areas), 12)
        expect(high).toBeCloseTo(Math.max(...areas), 12)
      }
    }
  })
  it('stand in agreement.csv with the two plain readings, where something is unverifiable', () => {
    const of = (reward: number[]): Record<string, Statistic> => {
      const n = reward.length
      const columns: CompletionColumns = {
        n,
        subset: coded(Array(n).fill('s'), n),
        cluster: coded(
          reward.map((_, i) => String(i)),
          n,
        ),
        score: column([3, 2, 1, Number.NaN].slice(0, n)),
        reward: column(reward),
        length: new Float64Array(n),
      }
      return byName(aurocBounds({ columns, rows: allRows(n), scope: 'completions', subset: 'all', settings }))
    }
    const bounds = of([1, 0, Number.NaN, Number.NaN])
    // the third passes: 3 beats 2, 1 does not → ½; it fails: 3 beats both → 1
    expect(bounds.auroc_if_unverifiable_pass).toMatchObject({ value: 0.5, n: 3, missing: 1 })
    expect(bounds.auroc_if_unverifiable_fail!.value).toBe(1)
    expect([bounds.auroc_lowest!.value, bounds.auroc_highest!.value]).toEqual([0.5, 1])
    expect(bounds.auroc_lowest).toMatchObject({ ciLow: null, ciMethod: 'none: a bound' })
    for (const name of Object.keys(bounds)) expect(STATISTIC_MEANINGS).toHaveProperty([name])
    expect(of([1, 0, 0])).toEqual({})
    expect(of([Number.NaN, Number.NaN])).toEqual({})
  })
})

describe('bounds of the agreement rate', () => {
  const columnsOf = (margin: number[], chosen: number[], rejected: number[]): PairColumns => ({
    n: margin.length,
    subset: coded(Array(margin.length).fill('s'), margin.length),
    cluster: coded(
      margin.map((_, i) => String(i)),
      margin.length,
    ),
    margin: column(margin),
    chosenReward: column(chosen),
    rejectedReward: column(rejected),
    chosenChars: new Float64Array(margin.length),
    rejectedChars: new Float64Array(margin.length),
  })
  const boundsOf = (columns: PairColumns): Record<string, Statistic> =>
    byName(agreementBounds({ columns, rows: allRows(columns.n), scope: 'pairs', subset: 'all', settings }))
  const rate = (margin: readonly number[], rewards: readonly number[]): number | null => {
    const decided = margin.flatMap((m, i) => {
      const sign = Math.sign(rewards[2 * i]! - rewards[2 * i + 1]!)
      return m === 0 || sign === 0 ? [] : [Math.sign(m) === sign ? 1 : 0]
    })
    return decided.length === 0 ? null : decided.reduce((s: number, v) => s + v, 0) / decided.length
  }
  it('are those of all fillings of 200 small samples', () => {
    for (let sample = 0; sample < 200; sample++) {
      const n = 1 + Math.floor(random() * 3)
      const margin = Array.from({ length: n }, () => draw([-2, -1, 0, 1]))
      const rewards = Array.from({ length: 2 * n }, () => draw([0, 1, Number.NaN]))
      if (rewards.every(Number.isNaN) || !rewards.some(Number.isNaN)) continue
      const bounds = boundsOf(
        columnsOf(
          margin,
          rewards.filter((_, i) => i % 2 === 0),
          rewards.filter((_, i) => i % 2 === 1),
        ),
      )
      const rates = [...filled(rewards)].flatMap((r) => rate(margin, r) ?? [])
      const [fail, pass] = [0, 1].map((v) =>
        rate(
          margin,
          rewards.map((r) => (Number.isNaN(r) ? v : r)),
        ),
      )
      expect(bounds.agreement_rate_if_unverifiable_fail!.value).toBe(fail)
      expect(bounds.agreement_rate_if_unverifiable_pass!.value).toBe(pass)
      if (rates.length === 0) continue
      expect(bounds.agreement_rate_lowest!.value).toBe(Math.min(...rates))
      expect(bounds.agreement_rate_highest!.value).toBe(Math.max(...rates))
    }
  })
  it('count what takes part', () => {
    // agree; disagree; the model ties; chosen unverifiable against a fail: a win or no decision
    const bounds = boundsOf(columnsOf([1, 1, 0, 1], [1, 0, 1, Number.NaN], [0, 1, 0, 0]))
    expect(bounds.agreement_rate_if_unverifiable_fail).toMatchObject({ value: 1 / 2, n: 2, ties: 2 })
    expect(bounds.agreement_rate_if_unverifiable_pass).toMatchObject({ value: 2 / 3, n: 3, ties: 1 })
    expect(bounds.agreement_rate_lowest!.value).toBe(1 / 2)
    expect(bounds.agreement_rate_highest!.value).toBe(2 / 3)
    expect(boundsOf(columnsOf([1], [1], [0]))).toEqual({})
  })
})
