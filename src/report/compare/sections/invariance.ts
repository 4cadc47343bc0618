import { figure } from '../../html/figure.ts'
import { html, type Markup } from '../../html/markup.ts'
import { percent } from '../../html/numbers.ts'
import type { Section } from '../../html/section.ts'
import { ALL, MIN_PROMPTS } from '../../html/statistic-table.ts'
import { titleOf } from '../../html/statistic-titles.ts'
import { transformationWords } from '../../html/transformation-words.ts'
import { intervalDots } from '../../plots/interval-dots.ts'
import type { CompareInput } from '../input.ts'
import { shownName } from '../names.ts'
import { shareCell, statisticLines } from '../statistic-lines.ts'
import { type ScorerStatistic, statisticsOf } from '../statistics.ts'
import { valueTable } from '../value-table.ts'

/** Does each score stay where chemistry stays? null where no run asks. */
export function invariance({ files }: CompareInput): Section | null {
  const own = statisticsOf(files).filter(({ scope }) => scope === 'invariance')
  if (own.length === 0) return null
  const scorers = [...new Set(own.map(({ scorer }) => scorer))]
  return {
    id: 'invariance',
    title: 'Equal chemistry, other words',
    body: html`${flips(own)}${byTransformation(own, scorers)}${valueTable(
      html`Over all transformations, a scorer per column: value, 95% interval, n.`,
      'Statistic',
      scorers.map(shownName),
      [
        {
          lines: statisticLines(
            own.filter(({ subset }) => subset === ALL),
            scorers,
            titleOf,
          ),
        },
      ],
    )}`,
  }
}

const isFlip = ({ statistic, value }: ScorerStatistic): boolean => statistic === 'flip_rate' && value !== null

function flips(own: readonly ScorerStatistic[]): Markup {
  const lines = own.filter((line) => isFlip(line) && line.subset === ALL)
  const dots = lines.map(({ scorer, value, ciLow, ciHigh, n, clusters }) => ({
    name: shownName(scorer),
    value,
    low: ciLow,
    high: ciHigh,
    n,
    emphasis: clusters >= MIN_PROMPTS,
  }))
  return figure({
    id: 'flips',
    picture: intervalDots(
      dots,
      `Share of orders that turn: ${dots.map(({ name, value }) => `${name} ${percent(value)}`).join(', ')}.`,
      'orders to wrong answers that turn, %',
      null,
    ),
    caption: html`<b>Orders that turn though the chemistry is the same</b>, over all transformations; 0 for a score of chemistry alone. n counts twins; bars are 95% intervals, prompts resampled. Hollow: fewer than ${MIN_PROMPTS} prompts.`,
    data: {
      header: ['scorer', 'flip_rate', 'ci_low', 'ci_high', 'n', 'prompts'],
      rows: lines.map((line) => [line.scorer, line.value, line.ciLow, line.ciHigh, line.n, line.clusters]),
    },
  })
}

function byTransformation(own: readonly ScorerStatistic[], scorers: readonly string[]): Markup {
  const lines = own.filter((line) => isFlip(line) && line.subset !== ALL)
  const names = [...new Set(lines.map(({ subset }) => subset))]
  const several = names.filter((name) => name.includes(':'))
  const part = (some: readonly string[]) => ({
    lines: some.map((name) => ({
      name: html`${transformationWords(name)}`,
      cells: scorers.map((scorer) => {
        const found = lines.find((line) => line.scorer === scorer && line.subset === name)
        // all of the tint is for one that turns: none should
        return shareCell(found, found?.value == null ? null : -found.value)
      }),
    })),
  })
  return valueTable(
    html`The same by transformation: share of orders that turn, 95% interval, twins. Tinted by the share.`,
    'Transformation',
    scorers.map(shownName),
    [part(names.filter((name) => !several.includes(name))), { ...part(several), total: true }].filter(
      ({ lines: some }) => some.length > 0,
    ),
  )
}
