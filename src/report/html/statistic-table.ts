import { linesWhere, type StatisticLines } from '../../statistic-lines.ts'
import { subsetName } from '../../subset-name.ts'
import type { Statistic } from '../../types.ts'
import type { IntervalDot } from '../plots/interval-dots.ts'
import { EMPTY, html, type Markup } from './markup.ts'
import { count, interval, measured, numberCell, plural } from './numbers.ts'
import { titleOf } from './statistic-titles.ts'

/** The subset of a statistic over all rows, in agreement.csv. */
export const ALL = 'all'

/** Which chapter of the page shows a statistic over all rows. */
export type Chapter = 'agreement' | 'length' | 'calibration' | 'reasons'

const CALIBRATION = /^(brier|log_loss|sharpness|confident_wrong|ece|temperature)/
const LENGTH = /^(length_|longer_|cmh_)|_given_length$/
const REASONS = /^hack_rate_/

export const chapterOf = ({ statistic }: Pick<Statistic, 'statistic'>): Chapter =>
  CALIBRATION.test(statistic)
    ? 'calibration'
    : LENGTH.test(statistic)
      ? 'length'
      : REASONS.test(statistic)
        ? 'reasons'
        : 'agreement'

/** Statistics of the scopes pairs and completions over all rows that belong to a chapter, in the file's order. */
export const statisticsOf = (statistics: StatisticLines, chapter: Chapter): readonly Statistic[] => [
  ...linesWhere(
    statistics,
    (statistic) =>
      statistic.subset === ALL &&
      (statistic.scope === 'pairs' || statistic.scope === 'completions') &&
      chapterOf(statistic) === chapter,
  ),
]

/** Half accuracies of one scope, as lines of a dot plot. Lines on few prompts are hollow. */
export const accuracyDots = (statistics: StatisticLines, scope: string): readonly IntervalDot[] =>
  Array.from(
    linesWhere(statistics, (line) => line.scope === scope && line.statistic === 'accuracy_half'),
    ({ subset, value, ciLow, ciHigh, n, clusters }) => ({
      name: subset,
      value,
      low: ciLow,
      high: ciHigh,
      n,
      emphasis: clusters >= MIN_PROMPTS,
    }),
  )

/** Fewer prompts than this carry no conclusion. */
export const MIN_PROMPTS = 20

/** How agreement.csv says that an interval is absent for a reason. */
const NO_INTERVAL = 'none: '

/** True for a method that made an interval. */
export const madeInterval = (method: string): boolean => !method.startsWith(NO_INTERVAL)

/** The reason that a method gives for having no interval; null for a method that made one. */
export const whyNot = (method: string | null): string | null =>
  method === null || madeInterval(method) ? null : method.slice(NO_INTERVAL.length)

/** Why a value has no interval; null where it has one. */
export const whyNoInterval = ({ value, ciLow, ciMethod }: Statistic): string | null =>
  value === null || ciLow !== null ? null : whyNot(ciMethod)

/** @param nameOf what stands in the first column; by default the statistic alone */
export function statisticTable(
  statistics: readonly Statistic[],
  caption: Markup,
  nameOf: (statistic: Statistic) => string = titleOf,
): Markup {
  if (statistics.length === 0) return EMPTY
  return html`<div class="scroll"><table>
<caption>${caption}</caption>
<thead><tr><th scope="col">Statistic</th><th scope="col" class="num">Value</th><th scope="col" class="num">95% interval</th><th scope="col" class="num">n</th><th scope="col" class="num">Prompts</th><th scope="col" class="num">Missing</th></tr></thead>
<tbody>${statistics.map((statistic) => row(statistic, nameOf(statistic)))}</tbody></table></div>
`
}

/** The same, folded away, as far as a page has room for it. */
export function foldedTable(
  statistics: StatisticLines,
  title: string,
  tableRows: number,
  nameOf: (statistic: Statistic) => string,
): Markup {
  if (statistics.length === 0) return EMPTY
  const shown: Statistic[] = []
  for (const line of statistics) {
    if (shown.length === tableRows) break
    shown.push(line)
  }
  const left = shown.length < statistics.length ? ` The first ${count(shown.length)}; agreement.csv has all.` : ''
  return html`<details class="data"><summary>${title} (${plural(statistics.length, 'row')})</summary>
${statisticTable(shown, html`Intervals are unadjusted for the number of lines.${left}`, nameOf)}</details>
`
}

/** @example ofSubset(line) // 'property · Spearman’s ρ' */
export const ofSubset = (line: Statistic): string => `${subsetName(line.subset)} · ${titleOf(line)}`

function row(statistic: Statistic, name: string): Markup {
  const { value, ciLow, ciHigh, ciMethod, reason } = statistic
  const why = whyNoInterval(statistic)
  const cells =
    value === null
      ? html`<td class="why" colspan="2">${(reason ?? 'absent').replaceAll('_', ' ')}</td>`
      : html`${numberCell(measured(value))}${
          why === null
            ? html`<td class="num"${ciMethod !== null && html` title="${ciMethod}"`}>${interval(ciLow, ciHigh)}</td>`
            : html`<td class="num why">${why}</td>`
        }`
  return html`<tr><th scope="row" title="${statistic.statistic}">${name}</th>${cells}${numberCell(count(statistic.n))}${numberCell(
    count(statistic.clusters),
  )}${numberCell(count(statistic.missing))}</tr>
`
}
