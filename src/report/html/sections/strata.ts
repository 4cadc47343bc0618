import { linesWhere, type StatisticLines } from '../../../statistic-lines.ts'
import { type IntervalDot, intervalDots } from '../../plots/interval-dots.ts'
import { figure } from '../figure.ts'
import type { ReportInput } from '../input.ts'
import { html, type Markup } from '../markup.ts'
import { count, percent } from '../numbers.ts'
import { absent, type Section } from '../section.ts'
import { accuracyDots, MIN_PROMPTS } from '../statistic-table.ts'

/** What the levels of a stratum of agreement.csv are levels of. A name that is not here is shown as it stands in the file. */
const LEVELS_OF: Readonly<Record<string, string>> = {
  problem_type: 'problem type',
  reject_kind: 'reject kind, the fault of the rejected completion as the input names it',
  rejected_reason: 'verdict on the rejected completion',
  smiles_length: 'length of the SMILES that the chosen completion answers with, characters',
  stereo: 'stereo marks in the SMILES that the chosen completion answers with',
  charge: 'charged atoms in the SMILES that the chosen completion answers with',
  rings: 'ring closures in the SMILES that the chosen completion answers with',
}

/** Levels that are ranges of a number, in its order. @example inOrder of '11–20', '≤ 10', '> 80' is '≤ 10', '11–20', '> 80' */
function inOrder(dots: readonly IntervalDot[]): readonly IntervalDot[] {
  const start = ({ name }: IntervalDot): number => {
    const [, sign, digits] = /^(≤ |> )?(\d+)\b/.exec(name) ?? []
    return Number(digits) + (sign === '> ' ? 0.5 : 0)
  }
  return dots.some((dot) => Number.isNaN(start(dot))) ? dots : dots.toSorted((a, b) => start(a) - start(b))
}

/** More levels than this make no figure; agreement.csv has them. */
const MAX_LEVELS = 40

/** Shown beside the headline, and with the lengths. */
const ELSEWHERE = /^stratum:(rejected_fault$|well_formed$|length_)/

/** Accuracy by what the rows are made of: kind of fault, verdict, size and features of the molecule. */
export function strata({ statistics }: ReportInput): Section {
  const lines = linesWhere(
    statistics,
    ({ scope, statistic }) => scope.startsWith('stratum:') && !ELSEWHERE.test(scope) && statistic === 'accuracy_half',
  )
  const scopes = [...new Set(Array.from(lines, ({ scope }) => scope))].filter((scope) =>
    accuracyDots(lines, scope).some(({ value }) => value !== null),
  )
  const body =
    scopes.length === 0
      ? absent('No strata: no pair was scored, or all pairs are of one kind.')
      : html`${scopes.map((scope) => stratum(lines, scope))}`
  return { id: 'strata', title: 'Accuracy by stratum', body }
}

function stratum(statistics: StatisticLines, scope: string): Markup {
  const every = inOrder(accuracyDots(statistics, scope))
  const dots = every.length <= MAX_LEVELS ? every : [...every].sort((a, b) => b.n! - a.n!).slice(0, MAX_LEVELS)
  const name = scope.slice('stratum:'.length)
  const left = dots.length < every.length ? ` The ${MAX_LEVELS} largest of ${count(every.length)} levels.` : ''
  return figure({
    id: `accuracy-by-${name.replaceAll('_', '-')}`,
    picture: intervalDots(
      dots,
      `Accuracy by ${name}: ${dots.map((dot) => `${dot.name} ${percent(dot.value)}`).join(', ')}.`,
    ),
    caption: html`<b>Accuracy by ${LEVELS_OF[name] ?? name.replaceAll('_', ' ')}.</b> n counts pairs; bars are 95% intervals, prompts resampled. Hollow: fewer than ${MIN_PROMPTS} prompts, which carry no conclusion.${left}`,
    data: {
      header: [name, 'accuracy', 'ci_low', 'ci_high', 'n'],
      rows: dots.map((dot) => [dot.name, dot.value, dot.low, dot.high, dot.n]),
    },
  })
}
