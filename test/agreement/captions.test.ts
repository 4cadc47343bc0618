import { describe, expect, it } from 'vitest'
import { agreementPaperTables } from '../../src/agreement/agreement-table.ts'
import { curvePaperTable } from '../../src/agreement/curve-table.ts'
import { faultPaperTable } from '../../src/agreement/fault-table.ts'
import { accuracyByFault } from '../../src/agreement/faults.ts'
import { groupPaperTable } from '../../src/agreement/group-table.ts'
import { invarianceTables, sensitivityTable } from '../../src/agreement/invariance/table.ts'
import { escapeLatex } from '../../src/agreement/latex/escape.ts'
import { markdownTable, type PaperTable } from '../../src/agreement/tables.ts'
import type { Statistic } from '../../src/types.ts'

const USUAL = 'cluster bootstrap, percentile, 2000 resamples, seed 0'
const WILSON = 'wilson over prompts'
const line = (scope: string, subset: string, statistic: string, value: number, clusters = 30): Statistic => ({
  scope,
  subset,
  statistic,
  value,
  ciLow: value - 0.1,
  ciHigh: value + 0.1,
  ciMethod: value === 1 ? WILSON : USUAL,
  n: clusters,
  clusters,
  ties: 0,
  missing: 0,
  reason: null,
})
const levels = (value: number): Statistic[] =>
  [
    ['pairs', 'all', 0.5],
    ['stratum:rejected_fault', 'format', value],
  ].flatMap(([scope, subset, of]) =>
    ['accuracy_strict', 'accuracy_half', 'pair_share'].map((name) =>
      line(scope as string, subset as string, name, name === 'pair_share' ? 0.4 : (of as number)),
    ),
  )
const groups = (value: number): Statistic[] =>
  ['all', 'few'].flatMap((subset) =>
    ['top1', 'pass_at_n', 'rerank', 'kendall_tau_b'].map((name) =>
      line('groups', subset, name, name === 'pass_at_n' ? value : 0.5, subset === 'few' ? 5 : 30),
    ),
  )
const twins = (value: number): Statistic[] =>
  ['flip_rate', 'mean_abs_delta', 'sensitivity', 'changed_mean_abs_delta'].map((name) =>
    line('invariance', 'all', name, name.endsWith('delta') ? 0.5 : value),
  )
const bins = (value: number) => ({
  statistics: [],
  curve: [
    {
      measure: 'edit_distance' as const,
      bin: '0-1',
      distance: 0.5,
      margin: line('sensitivity', 'edits:0-1', 'margin', 0.5),
      accuracy: line('sensitivity', 'edits:0-1', 'accuracy_half', value),
    },
  ],
})
const curve = (value: number) => [
  {
    subset: 'all',
    method: 'pass_at_n' as const,
    points: [
      { n: 1, value: 0.5, low: 0.4, high: 0.6, ciMethod: USUAL },
      { n: 2, value, low: 0.9, high: 1, ciMethod: value === 1 ? WILSON : USUAL },
    ].map((point) => ({ ...point, groups: 30, clusters: 30, missing: 0, kl: null, reason: null })),
  },
]

describe('the caption of a table names how each of its intervals was made', () => {
  const tables: Readonly<Record<string, (value: number) => readonly PaperTable[]>> = {
    faults: (value) => [faultPaperTable(accuracyByFault(levels(value)), 'm', 'd', USUAL)],
    agreement: (value) => [...agreementPaperTables(levels(value), 'm', 'd', USUAL)],
    groups: (value) => [groupPaperTable(groups(value), 'm', 'd', USUAL)],
    invariance: (value) => invarianceTables(twins(value), 'm', 'd', USUAL),
    sensitivity: (value) => [sensitivityTable(bins(value), 'm', 'd', USUAL)!],
    curves: (value) => [curvePaperTable(curve(value), 'm', 'd', USUAL)!],
  }
  it.each(Object.entries(tables))('%s', (_name, made) => {
    for (const table of made(1))
      expect(table.intervals).toBe(`In brackets 95 % intervals: ${USUAL}; for some, ${WILSON}.`)
    for (const table of made(0.6)) expect(table.intervals).toBe(`In brackets 95 % intervals: ${USUAL}.`)
  })
})

it('marks every statistic of few prompts, those without an interval, too', () => {
  const table = markdownTable(groupPaperTable(groups(0.6), 'm', 'd', USUAL))
  const few = table.split('\n').find((row) => row.startsWith('| few'))!
  expect(few.match(/†/g)).toHaveLength(4)
  const kappa = levels(0.6).map((one) => ({ ...one, clusters: 5 }))
  const [agreement] = agreementPaperTables(
    [...kappa, { ...kappa[0]!, statistic: 'cohen_kappa', value: 0.2 }],
    'm',
    'd',
    USUAL,
  )
  expect(markdownTable(agreement!)).toContain('| 0.20† |')
})

it('sets a root sign', () => {
  expect(escapeLatex('√5')).toBe('$\\surd$5')
})
