import { html } from '../../html/markup.ts'
import { percentInterval, points } from '../../html/numbers.ts'
import type { Section } from '../../html/section.ts'
import { MIN_PROMPTS } from '../../html/statistic-table.ts'
import type { CompareInput } from '../input.ts'
import { lettersOf, shownName } from '../names.ts'
import { shareCell } from '../statistic-lines.ts'
import { type ScorerStatistic, statisticsOf } from '../statistics.ts'
import { type ValueCell, valueTable } from '../value-table.ts'
import { NOT_DISTINGUISHABLE } from './differences.ts'

/** Each model against scorers that know no chemistry, those of its own report. null where no run has pairs. */
export function baselines(input: CompareInput): Section | null {
  const own = statisticsOf(input.files).filter(({ scope, subset }) => scope.startsWith('null:') && subset === 'all')
  if (own.length === 0) return null
  const letters = lettersOf(input)
  const scorers = [...new Set(own.map(({ scorer }) => scorer))]
  const scopes = [...new Set(own.map(({ scope }) => scope))]
  const find = (scope: string, statistic: string, scorer: string): ScorerStatistic | undefined =>
    own.find((line) => line.scope === scope && line.statistic === statistic && line.scorer === scorer)
  // a baseline is of the pairs that a model scored: mostly the same ones
  const accuracyOf = (scope: string): ScorerStatistic | undefined =>
    scorers.map((scorer) => find(scope, 'accuracy_half', scorer)).find((line) => line !== undefined)
  const lacking = scopes.some((scope) =>
    scorers.some((scorer) => find(scope, 'model_minus_null', scorer) === undefined),
  )
  return {
    id: 'baselines',
    title: 'Against baselines',
    body: valueTable(
      html`What scorers reach that know no chemistry, and each model’s accuracy less theirs, in points of a percent, on the pairs that the model scored: the baselines of each run’s own report (scopes <i>null:…</i> of agreement.csv). ${letters.key(scorers)}. Beneath: the 95% interval, prompts resampled, and the pairs. Where it covers 0 the model is <i>not distinguishable</i> from a scorer that reads no molecule; of fewer than ${MIN_PROMPTS} prompts nothing is said.${lacking ? ' An empty place: that run’s folder has no such baseline, which reads texts.' : ''}`,
      'Baseline',
      ['its accuracy', ...scorers.map((scorer) => `${letters.of(scorer)} −`)],
      [
        {
          lines: scopes.map((scope) => ({
            name: html`${shownName(scope).replace(/^baseline: /, '')}`,
            cells: [
              shareCell(accuracyOf(scope)),
              ...scorers.map((scorer) => leadCell(find(scope, 'model_minus_null', scorer))),
            ],
          })),
        },
      ],
    ),
  }
}

function leadCell(line: ScorerStatistic | undefined): ValueCell | null {
  if (line === undefined) return null
  const { value, ciLow, ciHigh, n, reason } = line
  if (value === null) return { value: null, why: (reason ?? '').replaceAll('_', ' ') }
  const covers = line.clusters >= MIN_PROMPTS && ciLow !== null && ciHigh !== null && ciLow <= 0 && ciHigh >= 0
  const range = percentInterval(ciLow, ciHigh)
  return {
    value: points(value),
    interval: covers ? `${range} ${NOT_DISTINGUISHABLE}` : ciLow === null ? null : range,
    n,
    heat: value,
  }
}
