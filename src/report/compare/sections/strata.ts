import type { Statistic } from '../../../types.ts'
import { figure } from '../../html/figure.ts'
import type { FaultRecord } from '../../html/input.ts'
import type { Limits } from '../../html/limits.ts'
import { EMPTY, html, type Markup } from '../../html/markup.ts'
import { count, percent } from '../../html/numbers.ts'
import type { Section } from '../../html/section.ts'
import { MIN_PROMPTS } from '../../html/statistic-table.ts'
import { intervalDots } from '../../plots/interval-dots.ts'
import { accuracyHeat } from '../heat.ts'
import type { CompareInput } from '../input.ts'
import { lettersOf, shownName } from '../names.ts'
import { shareCell } from '../statistic-lines.ts'
import { type ScorerStatistic, statisticsOf } from '../statistics.ts'
import { type ValueCell, type ValueLine, valueTable } from '../value-table.ts'

const OTHERS: Readonly<Record<string, string>> = {
  problem_type: 'problem type',
  reject_kind: 'reject kind, as the input names it',
  rejected_reason: 'verdict on the rejected completion',
}

/** A scorer on the headline stratum. */
export interface Formed extends Pick<FaultRecord, 'half'> {
  readonly scorer: string
}

/** Accuracy where both answers are well-formed: what is left when the form gives nothing away. Empty where no run says. */
export const bothWellFormed = ({ faults }: Pick<CompareInput, 'faults'>): readonly Formed[] =>
  faults.flatMap(({ scorer, lines }) => {
    const line = lines.find(({ level, half }) => level === 'both_well_formed' && half.value !== null)
    return line === undefined ? [] : [{ scorer, half: line.half }]
  })

/** Accuracy by why the rejected answer is wrong, and by what else pairs.csv says of a pair. null where no verdict says. */
export function strata(input: CompareInput, limits: Limits): Section | null {
  const own = statisticsOf(input.files).filter(({ scope }) => scope.startsWith('stratum:'))
  const others = own.filter(({ scope }) => OTHERS[scope.slice('stratum:'.length)] !== undefined)
  if (input.faults.length === 0 && others.length === 0) return null
  return {
    id: 'faults',
    title: 'Accuracy by why the rejected answer is wrong',
    body: html`${headline(input)}${faultTable(input)}${[...new Set(others.map(({ scope }) => scope))].map((scope) =>
      stratum(
        scope,
        others.filter((line) => line.scope === scope),
        limits,
      ),
    )}`,
  }
}

function headline(input: CompareInput): Markup {
  const lines = bothWellFormed(input)
  if (lines.length === 0) return EMPTY
  const dots = lines.map(({ scorer, half: { value, ciLow, ciHigh, n, clusters } }) => ({
    name: shownName(scorer),
    value,
    low: ciLow,
    high: ciHigh,
    n,
    emphasis: clusters >= MIN_PROMPTS,
  }))
  return figure({
    id: 'both-well-formed',
    picture: intervalDots(
      dots,
      `Accuracy where both answers are well-formed: ${dots.map(({ name, value }) => `${name} ${percent(value)}`).join(', ')}.`,
    ),
    caption: html`<b>Accuracy where both answers are well-formed.</b> Both are in the format and, where a molecule or a reaction is expected, RDKit reads them: the form gives nothing away. Each on the pairs of these that it scored itself; bars are 95% intervals, prompts resampled; the dashed line is a coin. Hollow: fewer than ${MIN_PROMPTS} prompts.`,
    data: {
      header: ['scorer', 'accuracy', 'ci_low', 'ci_high', 'n', 'prompts'],
      rows: lines.map(({ scorer, half }) => [scorer, half.value, half.ciLow, half.ciHigh, half.n, half.clusters]),
    },
  })
}

/** A half accuracy as a cell; one on few prompts is marked. */
function halfCell(line: Statistic | undefined): ValueCell | null {
  const few = line !== undefined && line.value !== null && line.clusters < MIN_PROMPTS
  const cell = shareCell(line, accuracyHeat(line?.value ?? null))
  return cell === null || cell.value === null || !few ? cell : { ...cell, value: `${cell.value} †` }
}

function faultTable(input: CompareInput): Markup {
  const { faults } = input
  if (faults.length === 0) return EMPTY
  const letters = lettersOf(input)
  const scorers = faults.map(({ scorer }) => scorer)
  // what one run has no pair of, another may have
  const levels = new Map(faults.flatMap(({ lines }) => lines.map((line) => [line.level, line] as const)))
  const order = [...levels.keys()].sort((a, b) => rankOf(a, faults) - rankOf(b, faults))
  const row = (level: string): ValueLine => {
    const { title, part, definition } = levels.get(level)!
    const of = faults.map(({ lines }) => lines.find((line) => line.level === level))
    const share = of.find((line) => line !== undefined)?.share ?? null
    return {
      name: html`<span${part === true && html` class="part"`}${definition !== null && html` title="${definition}"`}>${title}</span>`,
      cells: [share === null ? null : shareCell(share), ...of.map((line) => halfCell(line?.half))],
    }
  }
  const parts = order.filter((level) => level !== 'both_well_formed' && level !== 'all')
  return valueTable(
    html`Share of all pairs${faults.length === 1 ? '' : html` (of ${letters.of(scorers[0]!)}’s)`}, then half accuracy of each scorer by how the rejected answer fails; beneath, the 95% interval and the pairs that it scored. ${letters.key(scorers)}. Tinted blue above one half, orange below; † fewer than ${MIN_PROMPTS} prompts.`,
    'The rejected answer is',
    ['of all pairs', ...scorers.map((scorer) => letters.of(scorer))],
    [
      { lines: order.filter((level) => level === 'both_well_formed').map(row), total: true },
      { lines: parts.map(row) },
      { lines: order.filter((level) => level === 'all').map(row), total: true },
    ].filter(({ lines }) => lines.length > 0),
  )
}

/** The place of a level in the run that has the most of them. */
function rankOf(level: string, faults: CompareInput['faults']): number {
  const fullest = faults.reduce((most, next) => (next.lines.length > most.lines.length ? next : most))
  const place = fullest.lines.findIndex((line) => line.level === level)
  return place < 0 ? fullest.lines.length : place
}

/** A further stratum, folded away. */
function stratum(scope: string, all: readonly ScorerStatistic[], limits: Limits): Markup {
  const scorers = [...new Set(all.map(({ scorer }) => scorer))]
  const levels = [...new Set(all.map(({ subset }) => subset))]
  const shown = levels.slice(0, limits.tableRows)
  const left =
    shown.length < levels.length
      ? ` The first ${count(shown.length)} of ${count(levels.length)}; agreement.csv has all.`
      : ''
  const find = (scorer: string, level: string): ScorerStatistic | undefined =>
    all.find((one) => one.scorer === scorer && one.subset === level && one.statistic === 'accuracy_half')
  return html`<details class="data"><summary>Accuracy by ${OTHERS[scope.slice('stratum:'.length)]!} (${count(levels.length)})</summary>
${valueTable(
  html`Half accuracy, 95% interval and pairs, each scorer on those that it scored itself.${left}`,
  'Level',
  scorers.map(shownName),
  [
    {
      lines: shown.map((level) => ({
        name: html`${level}`,
        cells: scorers.map((scorer) => halfCell(find(scorer, level))),
      })),
    },
  ],
)}</details>
`
}
