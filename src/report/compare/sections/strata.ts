import { figure } from '../../html/figure.ts'
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
import { type ValueLine, valueTable } from '../value-table.ts'

const FORM = 'stratum:well_formed'
const FAULT = 'stratum:rejected_fault'
/** Level of FORM in which both answers can be read. */
const BOTH = 'both'

/** How the rejected answer fails, the hardest first, in words. */
const FAULTS: Readonly<Record<string, string>> = {
  near_miss: 'near miss',
  wrong: 'wrong',
  wrong_or_near_miss: 'wrong or near miss',
  implausible: 'implausible',
  right: 'not wrong',
  invalid: 'invalid',
  format: 'format',
  no_verdict: 'no verdict',
}
const OTHERS: Readonly<Record<string, string>> = {
  problem_type: 'problem type',
  reject_kind: 'reject kind, as the input names it',
  rejected_reason: 'verdict on the rejected completion',
}

/** Accuracy where both answers are well-formed: what is left when the form gives nothing away. null where no run says. */
export function bothWellFormed(input: CompareInput): readonly ScorerStatistic[] {
  return statisticsOf(input.files).filter(
    ({ scope, subset, statistic, value }) =>
      scope === FORM && subset === BOTH && statistic === 'accuracy_half' && value !== null,
  )
}

/** Accuracy by why the rejected answer is wrong, and by what else pairs.csv says of a pair. null where no verdict says. */
export function strata(input: CompareInput, limits: Limits): Section | null {
  const all = statisticsOf(input.files).filter(({ scope }) => scope.startsWith('stratum:'))
  const faults = all.filter(({ scope }) => scope === FAULT || scope === FORM)
  const scorers = [...new Set(all.map(({ scorer }) => scorer))]
  if (all.length === 0) return null
  const others = [...new Set(all.map(({ scope }) => scope))].filter((scope) => scope !== FAULT && scope !== FORM)
  return {
    id: 'faults',
    title: 'Accuracy by why the rejected answer is wrong',
    body: html`${headline(input)}${faults.length === 0 ? EMPTY : faultTable(faults, input, scorers)}${others.map(
      (scope) =>
        stratum(
          scope,
          all.filter((line) => line.scope === scope),
          scorers,
          limits,
        ),
    )}`,
  }
}

function headline(input: CompareInput): Markup {
  const lines = bothWellFormed(input)
  if (lines.length === 0) return EMPTY
  const dots = lines.map(({ scorer, value, ciLow, ciHigh, n, clusters }) => ({
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
      rows: lines.map((line) => [line.scorer, line.value, line.ciLow, line.ciHigh, line.n, line.clusters]),
    },
  })
}

const halfOf = (
  all: readonly ScorerStatistic[],
  scope: string,
  subset: string,
  scorers: readonly string[],
): ValueLine['cells'] =>
  scorers.map((scorer) => {
    const line = all.find(
      (one) =>
        one.scorer === scorer && one.scope === scope && one.subset === subset && one.statistic === 'accuracy_half',
    )
    const few = line !== undefined && line.value !== null && line.clusters < MIN_PROMPTS
    const cell = shareCell(line, accuracyHeat(line?.value ?? null))
    return cell === null || cell.value === null ? cell : { ...cell, value: `${cell.value}${few ? ' †' : ''}` }
  })

function faultTable(all: readonly ScorerStatistic[], input: CompareInput, scorers: readonly string[]): Markup {
  const share = (scope: string, subset: string): ScorerStatistic | undefined =>
    all.find((one) => one.scope === scope && one.subset === subset && one.statistic === 'pair_share')
  const line = (scope: string, subset: string, name: string): ValueLine => ({
    name: html`${name}`,
    cells: [shareCell(share(scope, subset)), ...halfOf(all, scope, subset, scorers)],
  })
  const there = Object.keys(FAULTS).filter((level) =>
    all.some(({ scope, subset }) => scope === FAULT && subset === level),
  )
  const letters = lettersOf(input)
  return valueTable(
    html`Share of all pairs, then half accuracy of each scorer by how the rejected answer fails (codebook.md of a run says what each word means); beneath, the 95% interval and the pairs that it scored. ${letters.key(scorers)}. Tinted blue above one half, orange below; † fewer than ${MIN_PROMPTS} prompts.`,
    'The rejected answer is',
    ['of all pairs', ...scorers.map((scorer) => letters.of(scorer))],
    [
      { lines: [line(FORM, BOTH, 'both well-formed')], total: true },
      { lines: there.map((level) => line(FAULT, level, FAULTS[level]!)) },
    ],
  )
}

/** A further stratum, folded away. */
function stratum(scope: string, all: readonly ScorerStatistic[], scorers: readonly string[], limits: Limits): Markup {
  const levels = [...new Set(all.map(({ subset }) => subset))]
  const shown = levels.slice(0, limits.tableRows)
  const name = scope.slice('stratum:'.length)
  const left =
    shown.length < levels.length
      ? ` The first ${count(shown.length)} of ${count(levels.length)}; agreement.csv has all.`
      : ''
  return html`<details class="data"><summary>Accuracy by ${OTHERS[name] ?? name.replaceAll('_', ' ')} (${count(levels.length)})</summary>
${valueTable(
  html`Half accuracy, 95% interval and pairs, each scorer on those that it scored itself.${left}`,
  'Level',
  scorers.map(shownName),
  [{ lines: shown.map((level) => ({ name: html`${level}`, cells: halfOf(all, scope, level, scorers) })) }],
)}</details>
`
}
