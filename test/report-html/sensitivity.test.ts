import { expect, it } from 'vitest'
import type { ReportInput, SensitivityRecord } from '../../src/report/html/input.ts'
import { LIMITS } from '../../src/report/html/limits.ts'
import { sensitivity } from '../../src/report/html/sections/sensitivity.ts'

it('the axis names the mean distances of the bins, with no digit that is not theirs', () => {
  const bin = (bin: string, distance: number): SensitivityRecord => ({
    measure: 'tanimoto_distance',
    bin,
    distance,
    margin: { value: 0.5, ciLow: 0.25, ciHigh: 0.75, n: 10 },
    accuracy: { value: 0.75 },
  })
  const statistics = [
    {
      scope: 'sensitivity',
      subset: 'all',
      statistic: 'spearman_tanimoto_distance',
      value: 0.5,
      ciLow: 0.25,
      ciHigh: 0.75,
      ciMethod: null,
      n: 20,
      clusters: 20,
      ties: 0,
      missing: 0,
      reason: null,
    },
  ]
  const input = { run: {}, statistics, sensitivity: [bin('0-0.2', 0.02773), bin('0.2-0.4', 0.32144)] }
  const { text } = sensitivity(input as unknown as ReportInput, LIMITS)!.body
  expect(text).toContain('>0.028<')
  expect(text).toContain('>0.321<')
  expect(text).not.toContain('>0.030<')
  // two figures, one per distance, under names of their own
  expect(text).toContain('<b>Margin over 1 − Tanimoto similarity of the two answers</b>')
})
