import { linesWhere } from '../../../statistic-lines.ts'
import type { Statistic } from '../../../types.ts'
import { intervalDots } from '../../plots/interval-dots.ts'
import { figure } from '../figure.ts'
import { heuristicText } from '../heuristic-names.ts'
import type { ReportInput } from '../input.ts'
import type { Limits } from '../limits.ts'
import { EMPTY, html, type Markup } from '../markup.ts'
import { count, decimal, numberCell, percent, percentInterval, plural, points } from '../numbers.ts'
import type { Section } from '../section.ts'
import { ALL, foldedTable, MIN_PROMPTS, ofSubset, statisticTable } from '../statistic-table.ts'
import type { ChoiceTestRecord, StepsReport } from '../step-input.ts'

/** Which heuristic finds the right next step, or what the rewards of labelled steps are worth. null for a run without steps. */
export function steps({ steps: report, statistics }: ReportInput, limits: Limits): Section | null {
  const own = [...linesWhere(statistics, ({ scope }) => scope === 'steps')]
  if (report === undefined || (report.heuristics.length === 0 && own.length === 0)) return null
  return {
    id: 'choosing-steps',
    title: report.heuristics.length === 0 ? 'Rewards of the steps' : 'Choosing the next step',
    body: html`${choices(report, own)}${pairedTests(report)}${tables(own, limits)}`,
  }
}

const PREFIX = 'choice_accuracy_'

function choices({ total, heuristics }: StepsReport, own: readonly Statistic[]): Markup {
  const overall = own.filter(({ subset }) => subset === ALL)
  const of = (name: string): Statistic | undefined => overall.find(({ statistic }) => statistic === name)
  const found = heuristics.flatMap((heuristic) => {
    const line = of(PREFIX + heuristic)
    return line === undefined ? [] : [{ heuristic, line }]
  })
  if (found.length === 0) return EMPTY
  const [chance, ceiling] = [of('choice_chance'), of('choice_ceiling')]
  const dots = [
    ...found.map(({ heuristic, line }) => ({
      name: heuristic,
      value: line.value,
      low: line.ciLow,
      high: line.ciHigh,
      n: line.n,
      emphasis: heuristic !== 'random',
    })),
    ...(ceiling === undefined || ceiling.value === null
      ? []
      : [
          {
            name: 'ceiling: a right one is there',
            value: ceiling.value,
            low: null,
            high: null,
            n: ceiling.n,
            emphasis: false,
          },
        ]),
  ]
  const missing = Math.max(...found.map(({ line }) => line.missing))
  return figure({
    id: 'choice-accuracy',
    picture: intervalDots(
      dots,
      `Choice accuracy: ${dots.map((dot) => `${dot.name} ${percent(dot.value)}`).join(', ')}.`,
      'rows in which the chosen candidate is right, %',
      chance === undefined || chance.value === null ? null : 100 * chance.value,
    ),
    caption: html`<b>Choice accuracy of each heuristic</b>: ${found.map(({ heuristic }) => heuristicText(heuristic)).join(', ')}. ${plural(total, 'row')}; n counts those whose candidate is known to be right or wrong${missing === 0 ? '' : `, up to ${count(missing)} are not`}. Bars are 95% intervals, prompts resampled${found.every(({ line }) => line.clusters < MIN_PROMPTS) ? `; fewer than ${MIN_PROMPTS} prompts carry no conclusion` : ''}.${chance === undefined || chance.value === null ? '' : ` The dashed line is a draw, ${percent(chance.value)}: the mean share of right candidates.`}`,
    data: {
      header: ['heuristic', 'choice_accuracy', 'ci_low', 'ci_high', 'n'],
      rows: dots.map((dot) => [dot.name, dot.value, dot.low, dot.high, dot.n]),
    },
  })
}

function pairedTests({ tests }: StepsReport): Markup {
  if (tests.length === 0) return EMPTY
  return html`<div class="scroll"><table>
<caption>Two heuristics on the rows that both judge: difference of their accuracies in points, and in how many rows one alone is right. p by flipping the signs of whole prompts, adjusted by Holm over the tests here.</caption>
<thead><tr><th scope="col">First</th><th scope="col">Second</th><th scope="col" class="num">Points</th><th scope="col" class="num">95% interval</th><th scope="col" class="num">p</th><th scope="col" class="num">p, Holm</th><th scope="col" class="num">First alone</th><th scope="col" class="num">Second alone</th><th scope="col" class="num">Rows</th><th scope="col" class="num">Prompts</th></tr></thead>
<tbody>${tests.map(testRow)}</tbody></table></div>
`
}

function testRow({ a, b, difference, onlyA, onlyB, n, clusters, p, pHolm }: ChoiceTestRecord): Markup {
  const { value, ciLow, ciHigh, reason } = difference
  const middle =
    value === null
      ? html`<td class="why" colspan="2">${(reason ?? 'absent').replaceAll('_', ' ')}</td>`
      : html`${numberCell(points(value))}${numberCell(percentInterval(ciLow, ciHigh))}`
  return html`<tr><th scope="row">${a}</th><td>${b}</td>${middle}${[
    decimal(p),
    decimal(pHolm),
    count(onlyA),
    count(onlyB),
    count(n),
    count(clusters),
  ].map(numberCell)}</tr>
`
}

function tables(own: readonly Statistic[], limits: Limits): Markup {
  return html`${statisticTable(
    own.filter(({ subset }) => subset === ALL),
    html`Steps, over all rows. An absent value gives its reason.`,
  )}${foldedTable(
    own.filter(({ subset }) => subset !== ALL),
    'The same by subset',
    limits.tableRows,
    ofSubset,
  )}`
}
