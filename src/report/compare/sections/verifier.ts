import { figure } from '../../html/figure.ts'
import { EMPTY, html, type Markup } from '../../html/markup.ts'
import { measured, percent } from '../../html/numbers.ts'
import { absent, type Section } from '../../html/section.ts'
import { ALL, type Chapter, chapterOf } from '../../html/statistic-table.ts'
import { intervalDots } from '../../plots/interval-dots.ts'
import type { CompareInput } from '../input.ts'
import { shownName } from '../names.ts'
import { statisticLines } from '../statistic-lines.ts'
import { type ScorerStatistic, statisticsOf } from '../statistics.ts'
import { valueTable } from '../value-table.ts'

const CHAPTERS: readonly (readonly [Chapter, string])[] = [
  ['agreement', 'Agreement'],
  ['length', 'Length'],
  ['calibration', 'Calibration'],
  ['reasons', 'Failed completions with a high score'],
]

/** What agreement.csv says of each scorer over all rows, one scorer per column. */
export function verifier({ files }: CompareInput): Section {
  const all = statisticsOf(files).filter(
    ({ scope, subset }) => subset === ALL && (scope === 'pairs' || scope === 'completions'),
  )
  const scorers = [...new Set(all.map(({ scorer }) => scorer))]
  const verified = all.some(({ statistic, value }) => statistic === 'pass_rate' && value !== null)
  const parts = CHAPTERS.flatMap(([chapter, title]) =>
    (['pairs', 'completions'] as const).flatMap((scope) => {
      const lines = statisticLines(
        all.filter((line) => line.scope === scope && chapterOf(line) === chapter),
        scorers,
      )
      return lines.length === 0 ? [] : [{ title: `${title}, ${scope}`, lines }]
    }),
  )
  return {
    id: 'verifier',
    title: 'Scores and verifiable rewards',
    body: html`${verified ? separation(all) : absent('No completion has a verdict: the runs hold no verifiable rewards, so that scores are held against `chosen` and `rejected` alone.')}${
      parts.length === 0
        ? EMPTY
        : valueTable(
            html`Statistics over all rows of each run, a scorer per column: value, 95% interval, n. Each is over the run’s own rows. By subset, and with prompts, ties, missing rows and methods, they are in agreement.csv.`,
            'Statistic',
            scorers.map(shownName),
            parts,
          )
    }`,
  }
}

function separation(all: readonly ScorerStatistic[]): Markup {
  const lines = all.filter(
    ({ scope, statistic, value }) => scope === 'completions' && statistic === 'auroc' && value !== null,
  )
  if (lines.length === 0) return EMPTY
  const dots = lines.map(({ scorer, value, ciLow, ciHigh, n }) => ({
    name: shownName(scorer),
    value,
    low: ciLow,
    high: ciHigh,
    n,
    emphasis: true,
  }))
  return figure({
    id: 'auroc',
    picture: intervalDots(
      dots,
      `AUROC: ${dots.map(({ name, value }) => `${name} ${measured(value ?? 0)}`).join(', ')}.`,
      'a passing completion scores above a failing one, % (AUROC; a tie counts ½)',
    ),
    caption: html`<b>Does the score tell passing from failing completions?</b> The share of (passing, failing) pairs of completions, of all prompts together, in which the passing one scores higher: ${dots.map(({ name, value }) => `${name} ${percent(value)}`).join(', ')}. n counts completions; bars are 95% intervals; the dashed line is a score that says nothing.`,
    data: {
      header: ['scorer', 'auroc', 'ci_low', 'ci_high', 'n'],
      rows: lines.map((line) => [line.scorer, line.value, line.ciLow, line.ciHigh, line.n]),
    },
  })
}
