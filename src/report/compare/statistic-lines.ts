import type { Statistic } from '../../types.ts'
import { html } from '../html/markup.ts'
import { interval, measured, percent, percentInterval } from '../html/numbers.ts'
import { whyNoInterval } from '../html/statistic-table.ts'
import { titleOf } from '../html/statistic-titles.ts'
import type { ScorerStatistic } from './statistics.ts'
import type { ValueCell, ValueLine } from './value-table.ts'

/** Statistics one below another, a scorer per column; what is absent for all of them has no line. */
export function statisticLines(
  statistics: readonly ScorerStatistic[],
  scorers: readonly string[],
  nameOf: (line: ScorerStatistic) => string = titleOf,
): readonly ValueLine[] {
  const byKey = new Map<string, Map<string, ScorerStatistic>>()
  for (const line of statistics) {
    const key = [line.scope, line.subset, line.statistic].join('\0')
    const own = byKey.get(key) ?? new Map<string, ScorerStatistic>()
    byKey.set(key, own.set(line.scorer, line))
  }
  return [...byKey.values()]
    .filter((own) => [...own.values()].some(({ value }) => value !== null))
    .map((own) => {
      const [first] = own.values()
      return {
        name: html`<span title="${first!.statistic}">${nameOf(first!)}</span>`,
        cells: scorers.map((scorer) => measuredCell(own.get(scorer))),
      }
    })
}

export function measuredCell(line: Statistic | undefined): ValueCell | null {
  if (line === undefined) return null
  const { value, ciLow, ciHigh, n, reason } = line
  return {
    value: value === null ? null : measured(value),
    interval: ciLow === null ? whyNoInterval(line) : interval(ciLow, ciHigh),
    n,
    why: (reason ?? '').replaceAll('_', ' '),
  }
}

/** The same for a share. */
export function shareCell(line: Statistic | undefined, heat: number | null = null): ValueCell | null {
  const cell = measuredCell(line)
  if (cell === null || line === undefined || line.value === null) return cell
  const { value, ciLow, ciHigh } = line
  return {
    ...cell,
    value: percent(value),
    interval: ciLow === null ? whyNoInterval(line) : percentInterval(ciLow, ciHigh),
    heat,
  }
}
