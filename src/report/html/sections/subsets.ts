import { linesWhere } from '../../../statistic-lines.ts'
import { subsetName } from '../../../subset-name.ts'
import { intervalDots } from '../../plots/interval-dots.ts'
import { figure } from '../figure.ts'
import type { AccuracyLine, ReportInput } from '../input.ts'
import type { Limits } from '../limits.ts'
import { EMPTY, html, type Markup } from '../markup.ts'
import { count, numberCell, percent, percentInterval } from '../numbers.ts'
import { absent, rowsHref, type Section } from '../section.ts'
import { ALL, whyNoInterval, whyNot } from '../statistic-table.ts'

type Named = readonly [name: string, line: AccuracyLine]

/** Accuracy of every subset and section, as a table and as a plot. */
export function subsets({ accuracy, statistics }: ReportInput, limits: Limits): Section {
  const title = 'Accuracy by subset'
  if (accuracy === null)
    return { id: 'subsets', title, body: absent('No accuracy to divide: nothing was scored in pairs.') }
  // where no row has a subset, its line would be the overall line again
  const all = Object.entries(accuracy.subsets).filter(([name], _, every) => name !== '' || every.length > 1)
  const lines = largest(all, limits.tableRows)
  const drawn = largest(all, MOST_DOTS)
  const sections: readonly Named[] = Object.entries(accuracy.sections)
  const shown = new Set([...lines.map(([name]) => name), ALL])
  const halves = linesWhere(
    statistics,
    ({ scope, subset, statistic }) => scope === 'pairs' && statistic === 'accuracy_half' && shown.has(subset),
  )
  const halfOf = new Map(Array.from(halves, (one) => [one.subset, one]))
  const row = (name: Markup, line: AccuracyLine, subset: string | null): Markup => {
    const same = subset === null ? undefined : halfOf.get(subset)
    return tableRow(name, line, same === undefined ? whyNot(line.ci.method) : whyNoInterval(same))
  }
  const named: readonly Named[] = drawn.map(([name, line]) => [subsetName(name), line])
  const dots = [...named, ...sections, ['overall', accuracy.overall] as const].map(([name, line], i) => ({
    name,
    value: line.half,
    low: line.ci.half?.low ?? null,
    high: line.ci.half?.high ?? null,
    n: line.n,
    emphasis: i >= drawn.length || sections.length === 0,
  }))
  const body = html`${
    lines.length === 0
      ? EMPTY
      : figure({
          id: 'accuracy-by-subset',
          picture: intervalDots(
            dots,
            `Accuracy by subset: ${dots.map((dot) => `${dot.name} ${percent(dot.value)}`).join(', ')}.`,
          ),
          caption: html`<b>Accuracy by subset.</b> n counts pairs; bars are 95% intervals, unadjusted for the number of subsets: of twenty, one is expected to miss its true value.${leftOut(drawn, all)}`,
          data: {
            header: ['subset', 'accuracy', 'ci_low', 'ci_high', 'n'],
            rows: dots.map((dot) => [dot.name, dot.value, dot.low, dot.high, dot.n]),
          },
        })
  }
<div class="scroll"><table>
<caption>A tie counts ½ in <i>accuracy</i> and nothing in <i>strict</i>. Choose a subset to see its rows.${leftOut(lines, all)}</caption>
<thead><tr><th scope="col">Subset</th><th scope="col" class="num">Accuracy</th><th scope="col" class="num">95% interval</th><th scope="col" class="num">Strict</th><th scope="col" class="num">Ties</th><th scope="col" class="num">Pairs</th><th scope="col" class="num">Prompts</th><th scope="col" class="num">Unscored</th></tr></thead>
<tbody>${lines.map(([name, line]) => row(html`<a href="${rowsHref('pairs', { subset: name })}">${subsetName(name)}</a>`, line, name))}</tbody>
<tbody class="total">${sections.map(([name, line]) => row(html`${name} <small>section</small>`, line, null))}${row(html`Overall`, accuracy.overall, ALL)}</tbody>
</table></div>
`
  return { id: 'subsets', title, body }
}

/** Subsets of which a dot is drawn. */
const MOST_DOTS = 60

/** Those with most pairs, in the order in which they came. */
function largest(all: readonly Named[], most: number): readonly Named[] {
  if (all.length <= most) return all
  const kept = new Set(all.toSorted(([, a], [, b]) => b.n - a.n).slice(0, most))
  return all.filter((one) => kept.has(one))
}
const leftOut = (shown: readonly Named[], all: readonly Named[]): string =>
  shown.length === all.length
    ? ''
    : ` The ${count(shown.length)} of ${count(all.length)} subsets that have most pairs; agreement.csv has all.`

/** @param why there is no interval, where that is known */
const tableRow = (name: Markup, line: AccuracyLine, why: string | null): Markup =>
  html`<tr><th scope="row">${name}</th>${numberCell(percent(line.half))}${
    line.ci.half === null && why !== null
      ? html`<td class="num why">${why}</td>`
      : numberCell(percentInterval(line.ci.half?.low ?? null, line.ci.half?.high ?? null))
  }${numberCell(percent(line.strict))}${numberCell(count(line.ties))}${numberCell(count(line.n))}${numberCell(
    count(line.clusters),
  )}${numberCell(count(line.missing))}</tr>
`
