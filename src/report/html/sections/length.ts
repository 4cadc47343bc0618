import { characters } from '../../../plain-text.ts'
import type { StatisticLines } from '../../../statistic-lines.ts'
import type { ScoredPair } from '../../../types.ts'
import { intervalDots } from '../../plots/interval-dots.ts'
import { type LengthPoint, lengthScatter, MAX_POINTS } from '../../plots/length-scatter.ts'
import { figure, legend } from '../figure.ts'
import type { ReportInput } from '../input.ts'
import { EMPTY, html, type Markup } from '../markup.ts'
import { percent, plural } from '../numbers.ts'
import { differenceAxis } from '../scale.ts'
import { absent, type Section } from '../section.ts'
import { accuracyDots, MIN_PROMPTS, statisticsOf, statisticTable } from '../statistic-table.ts'

/** Does the model simply like longer completions? */
export function lengths({ pairs, statistics, run }: ReportInput): Section {
  const points = pairs.flatMap((pair) =>
    pair.margin === null ? [] : [{ id: pair.id, chars: charsApart(pair), margin: pair.margin }],
  )
  const body =
    points.length === 0
      ? absent('No margins to set against lengths: no pair has two scores.')
      : html`${scatter(points, differenceAxis(run, 'margin'))}${byLength(statistics)}${statisticTable(statisticsOf(statistics, 'length'), html`What length explains.`)}`
  return { id: 'length', title: 'Length', body }
}

/** Chosen minus rejected, in characters as pairs.csv counts them (code points). */
const charsApart = ({ chosen, rejected }: ScoredPair): number => characters(chosen.text) - characters(rejected.text)

function scatter(points: readonly LengthPoint[], margin: string): Markup {
  const longer = points.filter((point) => point.chars > 0).length
  const said = `the chosen completion is the longer one in ${percent(longer / points.length)} of ${plural(points.length, 'pair')}`
  const many = points.length > MAX_POINTS
  return figure({
    id: 'length-and-margin',
    picture: lengthScatter(points, margin, `Margin against difference of length; ${said}.`),
    legend: many
      ? legend(['filled', 'stronger: more pairs'])
      : legend(
          ['dot', 'win'],
          ['triangle', 'loss'],
          ...(points.some((p) => p.margin === 0) ? [['cross', 'tie'] as const] : []),
        ),
    caption: html`<b>Difference of length against margin</b>, in characters: ${said}. A model that scores length shows a slope.`,
    data: {
      header: ['id', 'chosen_minus_rejected_chars', 'margin'],
      rows: points.map((point) => [point.id, point.chars, point.margin]),
    },
  })
}

/** Accuracy by difference of length, from the run's own strata. */
function byLength(statistics: StatisticLines): Markup {
  const dots = ['stratum:length_sign', 'stratum:length_difference'].flatMap((scope) => accuracyDots(statistics, scope))
  if (dots.length === 0) return EMPTY
  return figure({
    id: 'accuracy-by-length',
    picture: intervalDots(
      dots,
      `Accuracy by difference of length: ${dots.map((dot) => `${dot.name} ${percent(dot.value)}`).join(', ')}.`,
    ),
    caption: html`<b>Accuracy by difference of length</b>, by its sign and by quintile (chosen − rejected, characters). n counts pairs; bars are 95% intervals, prompts resampled. Hollow: fewer than ${MIN_PROMPTS} prompts.`,
    data: {
      header: ['length', 'accuracy', 'ci_low', 'ci_high', 'n'],
      rows: dots.map((dot) => [dot.name, dot.value, dot.low, dot.high, dot.n]),
    },
  })
}
