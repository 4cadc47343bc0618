import type { Statistic } from '../../../types.ts'
import { intervalDots } from '../../plots/interval-dots.ts'
import { figure } from '../figure.ts'
import type { ReportInput } from '../input.ts'
import { html, type Markup } from '../markup.ts'
import { count, percent } from '../numbers.ts'
import { absent, type Section } from '../section.ts'
import { accuracyDots, MIN_PROMPTS } from '../statistic-table.ts'

/** More levels than this make no figure; agreement.csv has them. */
const MAX_LEVELS = 40

/** Accuracy by what the rows are made of: kind of fault, verdict, size and features of the molecule. */
export function strata({ statistics }: ReportInput): Section {
  const scopes = [...new Set(statistics.map(({ scope }) => scope))].filter(
    (scope) => scope.startsWith('stratum:') && !scope.startsWith('stratum:length_'),
  )
  const body =
    scopes.length === 0
      ? absent('No strata: no pair was scored, or all pairs are of one kind.')
      : html`${scopes.map((scope) => stratum(statistics, scope))}`
  return { id: 'strata', title: 'Accuracy by stratum', body }
}

function stratum(statistics: readonly Statistic[], scope: string): Markup {
  const every = accuracyDots(statistics, scope)
  const dots = every.length <= MAX_LEVELS ? every : [...every].sort((a, b) => b.n! - a.n!).slice(0, MAX_LEVELS)
  const name = scope.slice('stratum:'.length)
  const left = dots.length < every.length ? ` The ${MAX_LEVELS} largest of ${count(every.length)} levels.` : ''
  return figure({
    id: `accuracy-by-${name.replaceAll('_', '-')}`,
    picture: intervalDots(
      dots,
      `Accuracy by ${name}: ${dots.map((dot) => `${dot.name} ${percent(dot.value)}`).join(', ')}.`,
    ),
    caption: html`<b>By ${name.replaceAll('_', ' ')}.</b> Hollow: fewer than ${MIN_PROMPTS} prompts, which carry no conclusion.${left}`,
    data: {
      header: [name, 'accuracy', 'ci_low', 'ci_high', 'n'],
      rows: dots.map((dot) => [dot.name, dot.value, dot.low, dot.high, dot.n]),
    },
  })
}
